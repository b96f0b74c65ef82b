# shellcheck shell=sh
# toactl bugreport: one file to attach to a report.
#
# It is meant to be shown in public: addresses are taken out of everything, and nothing
# is read that holds more of the machine than its kernel and this module.

cmd_bugreport_usage() {
	cat <<'END'
usage: toactl bugreport [--addresses] [FILE]
  Writes what a bug report needs into FILE, or toa-bugreport.txt: versions,
  parameters, hooks, counters, what doctor says, and the module's lines of the kernel log.
  It names no host, and IP addresses are replaced by <IPv4> and <IPv6>.
  --addresses   leave the addresses in
END
}

# without_addresses: a time of day has no two colons in a row and fewer than three,
# a version no three dots between numbers.
without_addresses() {
	sed -e 's/[0-9]\{1,3\}\.[0-9]\{1,3\}\.[0-9]\{1,3\}\.[0-9]\{1,3\}/<IPv4>/g' \
		-e 's/[0-9a-fA-F]\{0,4\}\(:[0-9a-fA-F]\{0,4\}\)\{3,7\}/<IPv6>/g' \
		-e 's/[0-9a-fA-F]\{0,4\}::[0-9a-fA-F:]*/<IPv6>/g'
}

# A name of three letters would be found in other words.
without_host() {
	host=$(cat "$PROC/sys/kernel/hostname" 2>/dev/null)
	[ ${#host} -gt 3 ] || host='no such name'
	sed "s/$host/<host>/g"
}

# section TITLE COMMAND...
section() {
	echo
	echo "== $1"
	shift
	"$@" 2>&1
}

# Of the command line only the words that matter here: others may be secret.
kernel_words() {
	tr ' ' '\n' <"$PROC/cmdline" | grep -e '^lockdown' -e '^module\.sig_enforce' -e '^ipv6\.disable' \
		-e '^mitigations' -e '^ibt' -e '^cfi' -e '^kcfi' -e '^nosmp' -e '^toa\.'
}

kernel_facts() {
	cat "$PROC/version"
	kernel_words
	echo "tainted $(cat "$PROC/sys/kernel/tainted") lockdown $(lockdown) sig_enforce $(sig_enforced && echo Y)"
	echo "ftrace_enabled $(cat "$PROC/sys/kernel/ftrace_enabled" 2>/dev/null)"
	uname -m
	sed -n -e 's/^PRETTY_NAME=//p' "$ROOT/etc/os-release" 2>/dev/null || head -n 1 "$ROOT/etc/redhat-release"
}

kernel_config() {
	for config in "$(modules_dir)/build/.config" "$ROOT/boot/config-$(running_release)"; do
		[ -r "$config" ] || continue
		grep -e '^CONFIG_\(MODVERSIONS\|MODULE_SIG\|DYNAMIC_FTRACE\|KPROBES\|LIVEPATCH\|PREEMPT\|IPV6\|BPF\|NET_NS\|TUN\|CC_VERSION\)' "$config"
		return
	done
	echo "not installed"
}

module_facts() {
	if file=$(installed_ko); then
		modinfo "$file" 2>/dev/null | grep -v -e ^parm -e ^sig
	else
		echo "no toa.ko is installed for this kernel"
	fi
	grep '^toa ' "$PROC/modules" | sed 's/ 0x.*//'
}

neighbours() {
	cut -d ' ' -f 1 "$PROC/modules" | tr '\n' ' '
	echo
	ls "$SYS/kernel/livepatch" 2>/dev/null
}

log_lines() {
	dmesg 2>/dev/null | grep -e 'TOA: ' -e ' toa: ' -e '\[toa\]' -e 'ftrace' -e 'kprobe' | tail -n 100
}

report_status() {
	if is_loaded; then
		(cmd_status)
	else
		echo "toa is not loaded"
	fi
}

counters_of() {
	cat "$PROC/net/toa_counters" "$PROC/net/toa_stats"
}

report_doctor() {
	(cmd_doctor) || true
}

report_all() {
	echo "toactl $VERSION bugreport"
	section kernel kernel_facts
	section config kernel_config
	section module module_facts
	section status report_status
	section counters counters_of
	section doctor report_doctor
	section "other modules, livepatches" neighbours
	section "kernel log" log_lines
}

cmd_bugreport() {
	file=toa-bugreport.txt filter=without_addresses
	while [ $# -gt 0 ]; do
		case $1 in
		--addresses) filter='cat' ;;
		-*) wrong_use "$1" ;;
		*) file=$1 ;;
		esac
		shift
	done
	part status
	part doctor
	# doctor has a temporary folder of its own, and ends by itself.
	make_temp
	report_all 2>&1 | $filter | without_host >"$TEMP/report"
	cp "$TEMP/report" "$file" 2>/dev/null ||
		die "$FAILED" "$file cannot be written"
	say "written to $file; look it over before you send it"
}
