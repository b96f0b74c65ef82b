# shellcheck shell=sh
# Doctor: who may name a client.

doctor_trust() {
	check_trust
	check_untrusted
	check_fastopen
}

# peers: the sources of the connections that have a client now, the busiest first.
peers() {
	[ -r "$PROC/net/toa_conns" ] || return 0
	awk 'NR > 1 { peer = $2; sub(/:[0-9]+$/, "", peer); gsub(/[][]/, "", peer); print peer }' \
		"$PROC/net/toa_conns" | sort | uniq -c | sort -rn | awk '{ print $2 }'
}

check_trust() {
	seen=$(peers | head -n 3 | tr '\n' ' ')
	if [ "$(trust_list)" ]; then
		good trust "$(trust_list | items | wc -l | tr -d ' ') prefixes may name clients"
	else
		warn trust "empty: whoever reaches this server can claim any address${seen:+; clients were named by ${seen% }}" \
			"toactl trust add ${seen:-PREFIX-OF-THE-BALANCERS}"
	fi
}

check_untrusted() {
	[ "$(counter option_untrusted)" = 0 ] ||
		warn untrusted "$(counter option_untrusted) options came from sources that are not in trust: a new balancer, or somebody who forges" \
			"toactl sniff"
	[ "$(counter option_duplicate)" = 0 ] ||
		warn duplicates "$(counter option_duplicate) segments had a second option: the balancer passes on what clients forge" \
			"have the balancer remove the option of clients"
	odd=$(($(counter option_unusable) + $(counter option_malformed)))
	[ "$odd" = 0 ] ||
		warn "odd options" "$odd were malformed or named an address that no client can have" "toactl sniff"
}

# A single forged packet is then enough: no handshake proves the source.
check_fastopen() {
	fastopen=$(cat "$PROC/sys/net/ipv4/tcp_fastopen" 2>/dev/null || echo 0)
	case $(param syn):$((fastopen / 512 % 2)) in
	Y:1) bad syn "syn=1 with Fast Open without cookies believes a single packet, whoever sends it" "echo 0 >/sys/module/toa/parameters/syn" ;;
	esac
}
