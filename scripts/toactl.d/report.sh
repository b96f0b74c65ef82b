# shellcheck shell=sh
# Findings with a verdict each, and the worst of them as the exit status. What cannot be
# told is counted, for who needs to know all.

WORST=0
UNKNOWN=0

# finding COLOUR VERDICT WHAT EVIDENCE [COMMAND]: the command mends it.
finding() {
	printf '%s%-5s%s %-16s %s\n' "$1" "$2" "$PLAIN" "$3" "$4"
	[ -z "${5:-}" ] || printf '%22s -> %s\n' "" "$5"
}

good() {
	finding "$GREEN" ok "$@"
}

# Neither good nor bad, but worth to know.
note() {
	finding "" note "$@"
}

unknown() {
	finding "" "?" "$@"
	UNKNOWN=$((UNKNOWN + 1))
}

warn() {
	finding "$YELLOW" WARN "$@"
	[ "$WORST" != 0 ] || WORST=$WARNED
}

bad() {
	finding "$RED" FAIL "$@"
	WORST=$FAILED
}
