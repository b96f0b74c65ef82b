# shellcheck shell=sh
# Cases of doctor: a machine with one thing wrong each, and what is said of it.

# finds STATUS VERDICT WHAT EVIDENCE: of the machine as it is now
finds() {
	ctl doctor >"$SAID" 2>&1
	finds_status=$?
	if [ "$finds_status" = "$1" ] && grep -q "^$2 *$3  *.*$4" "$SAID"; then
		result "doctor: $2 $3: $4" 0
	else
		result "doctor: $2 $3: $4" 1 "status $finds_status: $(cat "$SAID")"
	fi
}

doctor_cases() {
	machine_loaded
	finds 0 ok traffic '10 connections had a client'
	doctor_module_cases
	doctor_traffic_cases
	doctor_around_cases
	doctor_kernel_cases
	machine
	rm "$MACHINE/proc/modules"
	finds 1 FAIL "module loading" 'without modules'
	says "load where there are no modules" 5 'without modules' load
	so "that is one sentence" one_sentence
}

doctor_module_cases() {
	machine
	finds 1 FAIL module 'not loaded'
	machine
	put proc/modules "toa 1 0 - Live 0x0"
	finds 1 FAIL module 'another toa module is loaded (toa)'
	machine_loaded
	parameter_put enable N
	finds 1 FAIL enable 'switched off'
	machine_loaded
	parameter_put hooks "getname (IPv4)	kretprobe	3"
	finds 1 WARN hooks 'getname (IPv4) missed 3'
	finds 1 FAIL IPv6 'not hooked'
	machine_loaded
	parameter_put hooks "getname (IPv4)	kretprobe	0
getname (IPv6)	ftrace	0"
	finds 6 WARN hooks '1 of 2 are kretprobes'
	parameter_put hooks "getname (IPv4)	ftrace	0
getname (IPv6)	ftrace	0
tcp_conn_request	ftrace	0"
	finds 0 ok hooks '3 in place, by ftrace'
	parameter_put hooks "getname (IPv4)	kretprobe	0
getname (IPv6)	ftrace	0"
	put proc/sys/kernel/ftrace_enabled 0
	finds 1 FAIL ftrace 'ftrace_enabled is 0'
	put sys/kernel/debug/kprobes/enabled 0
	finds 1 FAIL kprobes 'switched off in debugfs'
	machine_loaded
	counters_put syn_recv_sock_toa=1 getname_toa_ok=1 store_full=7
	finds 6 WARN table '7 clients found it full'
	rm "$MACHINE/proc/net/toa_stats"
	finds 6 WARN toa_stats 'cannot be read'
}

doctor_traffic_cases() {
	machine_loaded
	put proc/net/toa_trust ""
	finds 6 WARN trust 'empty.*10.0.0.1'
	machine_loaded
	parameter_put syn Y
	put proc/sys/net/ipv4/tcp_fastopen 515
	finds 1 FAIL syn 'a single packet'
	traffic_is 6 WARN untrusted '5 options' syn_recv_sock_toa=1 option_untrusted=5 getname_toa_ok=1
	traffic_is 6 WARN duplicates '5 segments' syn_recv_sock_toa=1 option_duplicate=5 getname_toa_ok=1
	traffic_is 6 WARN "odd options" '5 were' syn_recv_sock_toa=1 option_malformed=2 option_unusable=3 getname_toa_ok=1
	traffic_is 1 FAIL traffic 'all 5 were refused' option_untrusted=5
	traffic_is 6 WARN traffic '9 connections, and none' syn_recv_sock_no_toa=9
	traffic_is 0 note traffic 'no connection was made'
	traffic_is 6 WARN ports '4 options' syn_recv_sock_toa=1 option_other_port=4 getname_toa_ok=1
	traffic_is 6 WARN kinds '4 options' syn_recv_sock_toa=1 option_other_kind=4 getname_toa_ok=1
	traffic_is 6 WARN syn '4 options' syn_recv_sock_toa=1 option_on_syn=4 getname_toa_ok=1
	traffic_is 6 WARN answers 'no program has asked' syn_recv_sock_toa=1
	traffic_is 6 WARN NAT64 '2 times' syn_recv_sock_toa=1 getname_toa_ok=1 getname_toa_mismatch=2
	traffic_is 0 note "other owners" '3 clients' syn_recv_sock_toa=1 getname_toa_ok=1 child_foreign=3
	put proc/net/netstat "TcpExt: SyncookiesSent SyncookiesRecv" "TcpExt: 12 3"
	finds 0 note "SYN cookies" '12 were sent'
	parameter_put syn Y
	finds 6 WARN "SYN cookies" '12 were sent'
}

# traffic_is STATUS VERDICT WHAT EVIDENCE COUNTER...
traffic_is() {
	traffic_status=$1 traffic_verdict=$2 traffic_what=$3 traffic_evidence=$4
	shift 4
	machine_loaded
	counters_put "$@"
	finds "$traffic_status" "$traffic_verdict" "$traffic_what" "$traffic_evidence"
}

doctor_around_cases() {
	machine_loaded
	process 300 docker-proxy 4026531840
	finds 6 WARN docker-proxy 'bridge'
	process 300 envoy 4026531840
	finds 0 note envoy 'sees the client'
	process 300 cilium-agent 4026531840
	finds 0 note cilium 'sk_user_data=0'
	process 300 fail2ban-server 4026531840
	finds 6 WARN fail2ban 'match nothing'
}

doctor_kernel_cases() {
	machine_loaded
	rm "$MACHINE/etc/modules-load.d/toa.conf"
	finds 6 WARN boot 'nothing loads it'
	put etc/rc.local "/sbin/insmod /root/toa/toa.ko"
	finds 0 ok boot 'loaded at boot'
	put etc/modprobe.d/x.conf "blacklist toa"
	finds 1 FAIL boot 'blacklists'
	machine_loaded
	put lib/modules/6.12.118+deb13-cloud-amd64/modules.dep "kernel/a.ko:"
	finds 6 WARN "next kernel" '6.12.118.*has no toa.ko'
	machine_loaded
	put sys/kernel/security/lockdown "none [integrity] confidentiality"
	machine_is_not_loaded
	finds 1 FAIL signatures 'locked down (integrity'
	machine_loaded
	put proc/sys/kernel/modules_disabled 1
	finds 6 WARN "module loading" 'until the next boot'
	machine_loaded
	rm -r "$MACHINE/lib/modules/6.12.117+deb13-cloud-amd64"
	finds 6 WARN toa.ko 'none is installed'
	finds 6 note headers 'not installed'
}

machine_is_not_loaded() {
	rm -r "$MACHINE/sys/module/toa"
	put proc/modules "ext4 1 0 - Live 0x0"
	rm -f "$MACHINE"/proc/net/toa_*
}
