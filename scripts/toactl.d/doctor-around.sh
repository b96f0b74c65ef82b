# shellcheck shell=sh
# Doctor: what else on this machine takes the option away, ends the connection before
# the program, or decides by another address.

doctor_around() {
	program_names >"$TEMP/programs"
	check_strip
	check_synproxy
	check_proxies
	check_mptcp
	check_sockmap
	check_fail2ban
}

# One for each process; its name has no line break or blank that matters here.
program_names() {
	cat "$PROC"/[0-9]*/stat 2>/dev/null | sed -n 's/^[0-9]* (\(.*\)) .*/\1/p' | sort -u
}

runs() {
	grep -qx "$1" "$TEMP/programs"
}

rules() {
	[ -z "$ROOT" ] || return 0
	{
		nft list ruleset
		iptables-save
		ip6tables-save
	} 2>/dev/null
}

check_strip() {
	rules >"$TEMP/rules"
	if grep -q -e TCPOPTSTRIP -e 'reset tcp option' "$TEMP/rules"; then
		note firewall "a rule removes TCP options: $(grep -e TCPOPTSTRIP -e 'reset tcp option' "$TEMP/rules" | head -n 1 | sed 's/^[[:space:]]*//')"
	fi
}

check_synproxy() {
	! grep -qi synproxy "$TEMP/rules" ||
		bad firewall "SYNPROXY answers handshakes itself, so the option of the ACK is lost" "take the balancers out of the SYNPROXY rule"
}

check_proxies() {
	! runs docker-proxy ||
		warn docker-proxy "it runs, and ends the connections it forwards: programs behind it see the bridge's gateway" \
			'{"userland-proxy": false} in /etc/docker/daemon.json'
	for proxy in envoy pilot-agent ztunnel linkerd2-proxy; do
		! runs "$proxy" ||
			note "$proxy" "it runs: it sees the client, programs behind it see it; use X-Forwarded-For or PROXY protocol there"
	done
}

mptcp_clients() {
	if hooks | grep -q '^mptcp_'; then
		echo "those that come with MPTCP when the balancer's option had room beside MPTCP's own"
	else
		echo "those that come with MPTCP show the balancer"
	fi
}

# MPTCP has no file of its own; ss knows.
check_mptcp() {
	[ -z "$ROOT" ] || return 0
	listeners=$(ss -HMln 2>/dev/null | grep -c .)
	[ "${listeners:-0}" = 0 ] ||
		note MPTCP "$listeners listeners speak it: clients that come with plain TCP are shown, $(mptcp_clients)"
}

check_sockmap() {
	[ "$(param sk_user_data)" = Y ] || return 0
	if [ -z "$ROOT" ] && bpftool map list 2>/dev/null | grep -q -e sockmap -e sockhash; then
		warn sockmap "BPF puts sockets into maps here, and gets EBUSY for those that have a client" "toactl reload sk_user_data=0"
	elif runs cilium-agent; then
		note cilium "should it accelerate sockets (sockmap), load toa with sk_user_data=0"
	fi
}

check_fail2ban() {
	runs fail2ban-server || [ -d "$ROOT/etc/fail2ban" ] || return 0
	warn fail2ban "it bans the addresses in logs, which are the clients'; the firewall sees the balancer, so such bans match nothing" \
		"ban in the program or on the balancer, see toa(4)"
}
