# shellcheck shell=sh
# Doctor: do clients come, and are they shown?

doctor_traffic() {
	check_options_come
	check_ports
	check_answers
	check_lost
	check_cookies
}

check_options_come() {
	with=$(counter syn_recv_sock_toa) without=$(counter syn_recv_sock_no_toa)
	refused=0
	for name in untrusted other_port other_kind unusable on_syn disabled; do
		refused=$((refused + $(counter option_$name)))
	done
	if [ "$with" -gt 0 ]; then
		good traffic "$with connections had a client, $without did not"
	elif [ "$refused" -gt 0 ]; then
		bad traffic "options come, and all $refused were refused" "toactl sniff tells whose; then toactl trust add, or ports="
	elif [ "$without" -gt 0 ]; then
		warn traffic "$without connections, and none carried the option" "toactl sniff tells whether the balancer sends it, and of which kind"
	else
		note traffic "no connection was made since the module was loaded; toactl selftest makes one"
	fi
}

check_ports() {
	[ "$(counter option_other_kind)" = 0 ] ||
		warn kinds "$(counter option_other_kind) options were of a kind that is not in kinds ($(param kinds))" \
			"toactl sniff tells which; echo KINDS >/sys/module/toa/parameters/kinds"
	[ "$(counter option_on_syn)" = 0 ] ||
		warn syn "$(counter option_on_syn) options stood on SYNs of Fast Open, which are read only with syn=1" \
			"have the balancer write the option on the ACK"
	[ "$(counter option_other_port)" = 0 ] ||
		warn ports "$(counter option_other_port) options came to ports that are not in ports ($(param ports))" \
			"echo PORTS >/sys/module/toa/parameters/ports"
}

check_answers() {
	if [ "$(counter syn_recv_sock_toa)" -gt 0 ] && [ "$(counter getname_toa_ok)" = 0 ]; then
		warn answers "no program has asked for a peer's address yet: does the server only log a proxy's?"
	fi
	[ "$(counter getname_toa_mismatch)" = 0 ] ||
		warn NAT64 "$(counter getname_toa_mismatch) times an IPv4 socket had an IPv6 client and gave the balancer" \
			"have the program listen on IPv6, or use getsockopt(IPPROTO_IP, 4096), see toa(4)"
}

check_lost() {
	[ "$(counter child_foreign)" = 0 ] ||
		note "other owners" "$(counter child_foreign) clients were not kept: sk_user_data of these sockets is another's (NFS, nvmet, SMC)"
	[ "$(counter syn_lost)" = 0 ] ||
		warn syn "$(counter syn_lost) clients of SYNs were forgotten for newer ones: a SYN flood, or more than 16384 open handshakes"
	[ "$(counter ack_lost)" = 0 ] ||
		warn ACK "$(counter ack_lost) clients of ACKs that TCP_DEFER_ACCEPT drops were forgotten for newer ones: more than 16384 open handshakes" \
			"have the balancer write the option on the first data segment as well"
	[ "$(counter child_not_made)" = 0 ] ||
		note backlog "$(counter child_not_made) segments named a client and made no socket: the accept queue was full, or they came again"
}

check_cookies() {
	sent=$(awk '/^TcpExt:/ && !names { names = split($0, name); next }
		/^TcpExt:/ { split($0, value); for (i = 1; i <= names; i++) if (name[i] == "SyncookiesSent") print value[i] }' \
		"$PROC/net/netstat" 2>/dev/null)
	[ "${sent:-0}" -gt 0 ] || return 0
	if [ "$(param syn)" = Y ]; then
		warn "SYN cookies" "$sent were sent: a client that only the SYN named lasts two minutes, and a flood pushes it out" \
			"have the balancer write the option on the ACK as well"
	else
		note "SYN cookies" "$sent were sent, which makes no difference: the option is read from the ACK"
	fi
}
