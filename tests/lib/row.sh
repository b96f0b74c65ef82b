# shellcheck shell=sh
# What a row of `make test` is: results in a file, how long they took, and a word at
# its start and its end. A script sources this file, ktap.sh and vm/lib.sh.

# row NAME COMMAND...: its results, as KTAP, into $WORK/report.ktap. True when none failed.
row() {
	row_name=$1
	shift
	mkdir -p "$WORK"
	rm -f "$WORK/report.ktap" "$WORK/seconds"
	row_start=$(date +%s)
	say "$row_name: started"
	"$@" >"$WORK/report.ktap"
	row_seconds=$(($(date +%s) - row_start))
	echo "$row_seconds" >"$WORK/seconds"
	# Four numbers, without anything to split or expand in them.
	# shellcheck disable=SC2046
	set -- $(ktap_count <"$WORK/report.ktap")
	say "$row_name: $(ktap_closing "$1" "$2" "$3") in $row_seconds s"
	ktap_failures "vm: $row_name" <"$WORK/report.ktap" >&2
	[ "$2" = 0 ]
}
