# shellcheck shell=sh
# What the cases of toactl are made of. A case runs the command under $SHELL_PATH with
# the tools of $TOOLS and looks at status and words.

CTL=$PWD/scripts/toactl
SAID=/tmp/said

# ctl WORD...: toactl as this shell runs it
ctl() {
	case $SHELL_PATH in
	*/busybox) env PATH="${BEFORE_TOOLS:-}$TOOLS" "$SHELL_PATH" sh "$CTL" "$@" ;;
	*) env PATH="${BEFORE_TOOLS:-}$TOOLS" "$SHELL_PATH" "$CTL" "$@" ;;
	esac
}

# says CASE STATUS PATTERN WORD...: toactl WORD... ends so, and a line matches; without
# a PATTERN, it says nothing
says() {
	says_case=$1 says_status=$2 says_pattern=$3
	shift 3
	ctl "$@" >"$SAID" 2>&1 </dev/null
	judge_said $? "$says_case" "$says_status" "$says_pattern"
}

# judge_said STATUS CASE EXPECTED-STATUS PATTERN
judge_said() {
	if [ "$1" != "$3" ]; then
		result "$NAME: $2" 1 "status $1 and not $3: $(cat "$SAID")"
	elif [ -z "$4" ] && [ -s "$SAID" ]; then
		result "$NAME: $2" 1 "it has something to say: $(cat "$SAID")"
	elif [ "$4" ] && ! grep -q -e "$4" "$SAID"; then
		result "$NAME: $2" 1 "no line with $4: $(cat "$SAID")"
	else
		result "$NAME: $2" 0
	fi
}

# so CASE COMMAND...: the command succeeds
so() {
	so_case=$1
	shift
	check "$NAME: $so_case" "$@"
}

said() {
	grep -q -e "$1" "$SAID"
}

not_said() {
	! grep -e "$1" "$SAID"
}

# The sentence that people see is one, and says who speaks.
one_sentence() {
	[ "$(wc -l <"$SAID")" -eq 1 ] && grep -q '^toactl: ' "$SAID"
}

parameter() {
	cat "/sys/module/toa/parameters/$1"
}

parameter_is() {
	[ "$(parameter "$1")" = "$2" ] || {
		echo "$1 is $(parameter "$1")"
		return 1
	}
}

# wait_until SECONDS COMMAND...
wait_until() {
	tries=$(($1 * 10))
	shift
	while ! "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}
