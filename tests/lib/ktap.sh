# shellcheck shell=sh
# KTAP for shell: print results, number them, count them.
#
# A script sources this file, calls ktap_header, then one of ktap_ok, ktap_not_ok
# and ktap_skip for each result, and ktap_plan before or after them. Results may
# be indented below a parent result with KTAP_INDENT.

KTAP_N=0
KTAP_PASSED=0
KTAP_FAILED=0
KTAP_SKIPPED=0
KTAP_INDENT=${KTAP_INDENT:-}

ktap_header() {
	echo "${KTAP_INDENT}KTAP version 1"
}

ktap_plan() {
	echo "${KTAP_INDENT}1..$1"
}

# KTAP ends a result line at its line break and gives '#' a meaning.
ktap_text() {
	printf '%s' "$*" | tr '\n#' ' +'
}

ktap_note() {
	printf '%s\n' "$*" | sed "s/^/${KTAP_INDENT}# /"
}

ktap_ok() {
	KTAP_N=$((KTAP_N + 1))
	KTAP_PASSED=$((KTAP_PASSED + 1))
	echo "${KTAP_INDENT}ok $KTAP_N $(ktap_text "$@")"
}

ktap_not_ok() {
	KTAP_N=$((KTAP_N + 1))
	KTAP_FAILED=$((KTAP_FAILED + 1))
	echo "${KTAP_INDENT}not ok $KTAP_N $(ktap_text "$@")"
}

# ktap_skip DESCRIPTION REASON
ktap_skip() {
	KTAP_N=$((KTAP_N + 1))
	KTAP_SKIPPED=$((KTAP_SKIPPED + 1))
	echo "${KTAP_INDENT}ok $KTAP_N $(ktap_text "$1") # SKIP $(ktap_text "${2# }")"
}

# ktap_closing PASSED FAILED SKIPPED: the one line a reader or a CI looks for.
ktap_closing() {
	if [ "$3" -gt 0 ]; then
		echo "$1 passed, $2 failed, $3 skipped"
	else
		echo "$1 passed, $2 failed"
	fi
}

# ktap_number: a document from results without numbers ("ok - name"), as they
# come, so that a program that dies has told how far it came. Its plan is last.
# Whoever makes the results says ktap_end after the last one: a shell that dies in
# front of a pipe is not noticed by its status.
ktap_end() {
	echo "# no more results"
}

ktap_number() {
	awk '
	BEGIN { print "KTAP version 1" }
	/^(not )?ok - / {
		n++
		failed += /^not/
		sub(/ok - /, "ok " n " - ")
	}
	/^# no more results$/ { ended = 1; next }
	{ print; fflush() }
	END {
		if (!ended) {
			n++
			failed++
			print "not ok " n " - the results come to their end"
		}
		print "1.." n + 0
		exit failed > 0
	}'
}

# ktap_adopt FILE: the results of another KTAP document as results of this one.
# What else it says becomes notes.
ktap_adopt() {
	while IFS= read -r ktap_line; do
		ktap_rest=${ktap_line#not }
		ktap_rest=${ktap_rest#ok }
		ktap_rest=${ktap_rest#"${ktap_rest%%[!0-9]*}"}
		ktap_rest=${ktap_rest# }
		ktap_rest=${ktap_rest#- }
		case $ktap_line in
		"ok "*" # SKIP"*) ktap_skip "${ktap_rest%% # SKIP*}" "${ktap_rest#*# SKIP}" ;;
		ok | "ok "*) ktap_ok "$ktap_rest" ;;
		"not ok" | "not ok "*) ktap_not_ok "$ktap_rest" ;;
		"KTAP version "* | 1..[0-9]* | "") ;;
		"#"* | " "*) echo "$KTAP_INDENT$ktap_line" ;;
		*) ktap_note "$ktap_line" ;;
		esac
	done <"$1"
}

# ktap_judge DESCRIPTION FAULTS: one more result, ok when the file FAULTS is
# empty; its sentences become notes.
ktap_judge() {
	if [ -s "$2" ]; then
		ktap_not_ok "$1"
		ktap_note "$(cat "$2")"
	else
		ktap_ok "$1"
	fi
}

# ktap_count < KTAP: prints "passed failed skipped planned" of the top level.
# planned is -1 without a plan, and -2 when there are two plans or a number is
# not the next one, so that a lost line is noticed.
ktap_count() {
	awk '
	BEGIN { planned = -1 }
	/^1\.\.[0-9]+( |$)/ {
		planned = planned == -1 ? substr($1, 4) + 0 : -2
	}
	/^(not )?ok( |$)/ {
		number = $1 == "not" ? $3 : $2
		if (number != ++seen)
			disorder = 1
		if ($1 == "not")
			failed++
		else if ($0 ~ / # SKIP/)
			skipped++
		else
			passed++
	}
	END { print passed + 0, failed + 0, skipped + 0, disorder ? -2 : planned }'
}

# ktap_failures NAME < KTAP: what failed, as "NAME: description", each with the notes that
# follow it, of which 15 lines are enough to begin with.
ktap_failures() {
	awk -v name="$1" '
	/^not ok / {
		sub(/^not ok [0-9]* (- )?/, "")
		print name ": " $0
		notes = 15
		next
	}
	/^#/ && notes > 0 { print "    " $0; notes--; next }
	{ notes = 0 }'
}

# ktap_faults [STATUS] < KTAP: one sentence for each way in which a program that
# ended with STATUS broke its own word. Nothing when it kept it.
ktap_faults() {
	ktap_status=${1:-}
	# Four numbers, without anything to split or expand in them.
	# shellcheck disable=SC2046
	set -- $(ktap_count)
	ktap_results=$(($1 + $2 + $3))
	case $4 in
	-1) echo "it announced no plan" ;;
	-2) echo "it has two plans, or the numbers of its results are out of order" ;;
	"$ktap_results") ;;
	*) echo "it planned $4 results and gave $ktap_results" ;;
	esac
	[ $(($1 + $2)) -gt 0 ] || echo "it reported no result"
	case $ktap_status:$2 in
	:* | 0:0) ;;
	0:* | *:0) echo "it ended with status $ktap_status and $2 failed results" ;;
	esac
}
