# shellcheck shell=sh
# Cases on a recorded machine: what is shown, and in which form.

machine_cases() {
	machine_loaded
	says "status" 0 '^toa 0.1.0 is loaded on Linux 6.12.117' status
	so "status: what happened" said '^ *10  sockets made with a client$'
	so "status: not what did not happen" not_said option_malformed
	says "conns" 0 '^203.0.113.7:40007  *10.0.0.1:1001  *10.0.1.9:80  *33  *nginx:_worker\[100\]$' conns
	so "conns: two programs have the socket" said '^\[2001:db8:c::7\]:40008 .* nginx:_worker\[100\],nginx:_worker\[101\]$'
	so "conns: not accepted yet" said '^198.51.100.7:40009 .* -$'
	says "conns --all" 0 '^203.0.113.9:40010 .* web\[200\]  (4026532000)$' conns --all
	says "conns --netns" 0 '^203.0.113.9:40010 .* (200)$' conns --netns 200
	ctl conns --json --all >"$SAID" 2>&1
	so "conns --json is JSON" json_lines 4
	ctl stats --json >"$SAID" 2>&1
	so "stats --json is JSON" json_lines 1
	ctl stats --prom >"$SAID" 2>&1
	so "stats --prom is what promtool wants" promtool_likes
	so "stats --prom: a counter" said '^toa_syn_recv_sock_toa_total 10$'
	so "stats --prom: trust" said '^toa_trust_prefixes 2$'
	so "stats --prom: a hook" said '^toa_hook_missed_total{hook="getname (IPv4)",mechanism="ftrace"} 0$'
	says "trust list" 0 '^2001:db8:b::/64$' trust
	older_module
	says "the module is another's" 3 'another toa module is loaded (toa)' status
}

# One of which a newer toactl knows more than it has.
older_module() {
	rm "$MACHINE/proc/net/toa_conns" "$MACHINE/sys/module/toa/parameters/hooks"
	says "an older module: conns" 5 'has no .*toa_conns; load a newer one' conns
	so "an older module: one sentence" one_sentence
	says "an older module: status" 0 'does not say' status
	says "an older module: stats" 0 '^syn_recv_sock_toa' stats
	rm -r "$MACHINE/sys/module/toa"
}

json_lines() {
	[ "$(wc -l <"$SAID")" -eq "$1" ] &&
		perl -MJSON::PP -ne 'decode_json($_)' "$SAID"
}

# It has opinions on names, too: toa_info without a unit is well.
promtool_likes() {
	promtool check metrics <"$SAID"
}
