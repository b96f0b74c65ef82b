# shellcheck shell=sh
# toactl trust: whose options are read.
#
# A new list goes into the module with one write, so it is there whole or not at all.

cmd_trust_usage() {
	cat <<'END'
usage: toactl trust [list]
       toactl trust add PREFIX...
       toactl trust del PREFIX...
  Prefixes and addresses of the balancers, IPv4 and IPv6. Options from other sources
  are not read. An empty list reads them from anybody; del does not take away the
  last one, unless --empty is said.
  In force at once, until the module is unloaded. To have it after a reboot:
  options toa trust=LIST in /etc/modprobe.d/toa.conf
END
}

trust_lines() {
	trust_list | items
}

# Why the module refused is in its log, when that may be read.
trust_refused() {
	why=$(dmesg 2>/dev/null | sed -n 's/.*TOA: \(trust: .*\)/\1/p' | tail -n 1)
	die "$FAILED" "the module refused the list, the old one stays${why:+: $why}"
}

# trust_write FILE: its lines are the new list.
trust_write() {
	tr '\n' ',' <"$1" | sed 's/,$//' >"$TEMP/list"
	echo >>"$TEMP/list"
	dd if="$TEMP/list" of="$PROC/net/toa_trust" bs=4M 2>/dev/null || trust_refused
}

# valid_prefixes WORD...
valid_prefixes() {
	word=$(printf '%s\n' "$@" | awk -f "$PARTS/address.awk" -f "$PARTS/invalid.awk")
	[ -z "$word" ] || die "$USAGE" "$word is not an address or prefix"
}

# trust_merge add|del WORD...: the list with or without these; equal is what means
# the same, however it is written.
trust_merge() {
	merge=$1
	shift
	printf '%s\n' "$@" >"$TEMP/words"
	trust_lines >"$TEMP/old"
	awk -v merge="$merge" -f "$PARTS/address.awk" -f "$PARTS/trust.awk" \
		"$TEMP/words" "$TEMP/old" >"$TEMP/new"
}

# Two shells that change the list at once must not both begin with the old one. The
# lock goes with this process. A system without flock is without it.
trust_alone() {
	command -v flock >/dev/null || return 0
	exec 9<"$SYS/module/toa"
	flock 9
}

trust_add() {
	trust_merge add "$@"
	trust_write "$TEMP/new"
}

trust_del() {
	trust_merge del "$@" ||
		die "$FAILED" "not in the list: $(cat "$TEMP/new"); toactl trust list shows it"
	if [ ! -s "$TEMP/new" ] && [ -z "$empty" ]; then
		die "$FAILED" "that is the last prefix, and an empty list trusts any source; say --empty if you want that"
	fi
	trust_write "$TEMP/new"
}

cmd_trust() {
	action=list empty=
	case ${1:-} in
	list | add | del)
		action=$1
		shift
		;;
	esac
	if [ "${1:-}" = --empty ] && [ "$action" = del ]; then
		empty=y
		shift
	fi
	case $action:$# in
	list:0 | add:[1-9]* | del:[1-9]*) ;;
	list:*) wrong_use "$1" ;;
	*) die "$USAGE" "toactl trust $action needs a prefix, for example 10.0.0.0/24" ;;
	esac
	valid_prefixes "$@"
	[ "$action" = list ] || need_root
	need_loaded
	if [ "$action" = list ]; then
		trust_lines || say "the list is empty: any source may name a client"
		return 0
	fi
	make_temp
	trust_alone
	"trust_$action" "$@"
}
