# shellcheck shell=sh
# KTAP for shell: print results, number them, count them.
#
# A script sources this file, calls ktap_plan or ktap_plan_later, then one of
# ktap_ok, ktap_not_ok and ktap_skip for each result. Results may be indented
# below a parent result with KTAP_INDENT.

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
	printf '%s' "$*" | tr '\n#' '  '
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
	echo "${KTAP_INDENT}ok $KTAP_N $(ktap_text "$1") # SKIP $(ktap_text "$2")"
}

# ktap_run DESCRIPTION COMMAND...: ok when the command succeeds.
ktap_run() {
	ktap_description=$1
	shift
	if "$@"; then
		ktap_ok "$ktap_description"
	else
		ktap_not_ok "$ktap_description"
	fi
}

ktap_totals() {
	echo "${KTAP_INDENT}# Totals: pass:$KTAP_PASSED fail:$KTAP_FAILED skip:$KTAP_SKIPPED"
}

# ktap_closing PASSED FAILED SKIPPED: the one line a reader or a CI looks for.
ktap_closing() {
	if [ "$3" -gt 0 ]; then
		echo "$1 passed, $2 failed, $3 skipped"
	else
		echo "$1 passed, $2 failed"
	fi
}

# ktap_count < KTAP: prints "passed failed skipped planned" of the top level.
# A file without a plan has planned = -1; a second, different plan gives -2.
# A number that is not the next one also gives -2, so a lost line is noticed.
ktap_count() {
	awk '
	BEGIN { planned = -1 }
	{ sub(/\r$/, "") }
	/^1\.\.[0-9]+( |$)/ {
		n = substr($1, 4) + 0
		planned = planned == -1 ? n : -2
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
	END {
		if (disorder)
			planned = -2
		print passed + 0, failed + 0, skipped + 0, planned
	}'
}
