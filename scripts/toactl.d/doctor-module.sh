# shellcheck shell=sh
# Doctor: the module itself.

doctor_not_loaded() {
	if other=$(foreign_module); then
		bad module "another toa module is loaded ($other), which this tool does not know" "rmmod $other; toactl load"
	else
		bad module "toa is not loaded, so programs see the balancer" "toactl load"
	fi
	log_complaint
}

# What the module last said about not loading.
log_complaint() {
	complaint=$(dmesg 2>/dev/null | sed -n 's/.*TOA: \(.*\)/\1/p' |
		grep -v -e '^toa loaded' -e '^toa unloaded' | tail -n 1)
	[ -z "$complaint" ] || note "kernel log" "$complaint"
}

doctor_module() {
	good module "toa $(module_version) is loaded"
	check_enabled
	check_hooks
	check_hooks_work
	check_ipv6
	check_table
	check_counters_file
}

check_enabled() {
	[ "$(param enable)" != N ] ||
		bad enable "switched off: nobody is shown a client" "echo 1 >/sys/module/toa/parameters/enable"
}

check_hooks() {
	if [ -z "$(hooks)" ]; then
		unknown hooks "this version of the module does not say how it hooks" "toactl reload"
		return
	fi
	missed=$(hooks | awk -F '\t' '$3 > 0 { print $1 " missed " $3; exit }')
	probes=$(probed_hooks | grep -c .)
	if [ "$missed" ]; then
		warn hooks "$missed calls; some connections may have shown the balancer" "toactl reload hook=auto, and find out what holds the function: a livepatch?"
	elif [ "$probes" -gt 0 ] && [ "$(param hook)" != kretprobe ]; then
		warn hooks "$probes of $(hooks | grep -c .) are kretprobes, which are slower: a livepatch or tracer has the function" "toactl reload, when that is gone"
	else
		good hooks "$(hooks | grep -c .) in place, by $(hooks | awk -F '\t' '!seen[$2]++ { printf "%s%s", n++ ? " and " : "", $2 }')"
	fi
}

# Switches that take hooks away behind the module's back.
check_hooks_work() {
	hooks >"$TEMP/hooks"
	if grep -q ftrace "$TEMP/hooks" && [ "$(cat "$PROC/sys/kernel/ftrace_enabled" 2>/dev/null)" = 0 ]; then
		bad ftrace "kernel.ftrace_enabled is 0, so the hooks do not run" "sysctl kernel.ftrace_enabled=1"
	fi
	if [ "$(probed_hooks)" ] && [ "$(cat "$SYS/kernel/debug/kprobes/enabled" 2>/dev/null)" = 0 ]; then
		bad kprobes "they are switched off in debugfs, so the hooks do not run" "echo 1 >/sys/kernel/debug/kprobes/enabled"
	fi
}

check_ipv6() {
	[ -e "$PROC/net/if_inet6" ] && [ -s "$TEMP/hooks" ] || return 0
	if grep -q 'getname (IPv6)' "$TEMP/hooks"; then
		good IPv6 "IPv6 sockets are hooked as well"
	else
		bad IPv6 "IPv6 sockets are not hooked, and show the balancer; dmesg has the reason" "toactl reload"
	fi
}

check_table() {
	used=$(counter store_total) room=$(param max_clients)
	[ "${room:-0}" -gt 0 ] || return 0
	if [ "$(counter store_full)" -gt 0 ]; then
		warn table "$(counter store_full) clients found it full ($room places)" "toactl reload max_clients=$((room * 4))"
	elif [ $((used * 5)) -gt $((room * 4)) ]; then
		warn table "$used of $room places are taken" "toactl reload max_clients=$((room * 4))"
	fi
	[ "$(counter store_nomem)" = 0 ] ||
		warn memory "$(counter store_nomem) clients were not remembered for want of memory"
}

check_counters_file() {
	[ -r "$PROC/net/toa_stats" ] ||
		warn toa_stats "/proc/net/toa_stats cannot be read in this network namespace; scripts that read it fail" "toactl reload"
}
