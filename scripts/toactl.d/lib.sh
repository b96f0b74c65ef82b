# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # the parts use these names, toactl sets $command
# What all commands share: messages, exit statuses, colours, where to look.

VERSION=0.1.0

# Another tree to look at instead of this machine's /proc, /sys, /etc, /run and
# /lib/modules: the host's, seen from a container, or a recorded one.
ROOT=${TOACTL_ROOT:-}
PROC=$ROOT/proc
SYS=$ROOT/sys

# Exit statuses; toactl(8) documents them.
OK=0 FAILED=1 USAGE=2 NOT_LOADED=3 NO_RIGHTS=4 LACKING=5 WARNED=6

say() {
	echo "toactl: $*" >&2
}

# die STATUS SENTENCE
die() {
	die_status=$1
	shift
	say "$*"
	exit "$die_status"
}

part() {
	# shellcheck source=/dev/null
	. "$PARTS/$1.sh"
}

# verb COMMAND: its function, check_ko for check-ko.
verb() {
	echo "cmd_$1" | tr - _
}

wrong_use() {
	die "$USAGE" "$1 is not understood here; toactl $command --help says what is"
}

# needs_value OPTION COUNT: an option that wants a word after it.
needs_value() {
	[ "$2" -ge 2 ] || die "$USAGE" "$1 needs a value; toactl $command --help says which"
}

# needs_number OPTION VALUE: a whole number from 1 on.
needs_number() {
	case $2 in
	"" | *[!0-9]* | 0*) die "$USAGE" "$1 takes a whole number from 1 on, not $2" ;;
	esac
}

need_root() {
	[ "$(id -u)" = 0 ] || die "$NO_RIGHTS" "toactl $command needs root; run it with sudo"
}

have() {
	command -v "$1" >/dev/null 2>&1
}

# need_tool COMMAND PACKAGE
need_tool() {
	have "$1" || die "$LACKING" "the program $1 is not installed; its package is usually called $2"
}

is_terminal() {
	[ -t 1 ] && [ "${TERM:-dumb}" != dumb ] && [ -z "${NO_COLOR:-}" ]
}

if is_terminal; then
	ESC=$(printf '\033')
	GREEN="${ESC}[32m" YELLOW="${ESC}[33m" RED="${ESC}[31m" BOLD="${ESC}[1m" PLAIN="${ESC}[0m"
else
	GREEN='' YELLOW='' RED='' BOLD='' PLAIN=''
fi
readonly GREEN YELLOW RED BOLD PLAIN

# make_temp: a private folder in $TEMP, removed at the end.
make_temp() {
	TEMP=$(umask 077 && mktemp -d "${TMPDIR:-/tmp}/toactl.XXXXXX") ||
		die "$FAILED" "no temporary folder can be made in ${TMPDIR:-/tmp}"
	trap 'rm -rf "$TEMP"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

. "$PARTS/module.sh"
