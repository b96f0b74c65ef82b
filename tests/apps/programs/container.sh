# shellcheck shell=sh disable=SC2034 # read by lib.sh
# A server in a network namespace of its own, behind the DNAT of its host as Docker makes
# it, and the same with masquerading, where without the module even the balancer is not seen.
PORTS="8080 8081"
HOST4=172.17.0.1 INSIDE4=172.17.0.2
HOST6=fd00:17::1 INSIDE6=fd00:17::2

serve() {
	make_container || true
	container_rules | in_ns server nft -f - || die "nft takes no rules"
	start container "$WORK/server.log" python3 "$HERE/servers/line.py" 0.0.0.0 80 :: 81
	wait_for 60 "the container's port 80" listening container 80
	wait_for 60 "the container's port 81" listening container 81
}

make_container() {
	for module in nf_tables nft_chain_nat nft_nat nft_masq nf_conntrack bridge; do
		modprobe -q "$module"
	done
	ip netns add "$DEMO-container"
	in_ns server sh -c '
		echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
	ip link add eth0 netns "$DEMO-container" type veth peer name docker0 netns "$DEMO-server"
	addr server docker0 "$HOST4/24" "$HOST6/64"
	in_ns container sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
		echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad'
	addr container eth0 "$INSIDE4/24" "$INSIDE6/64"
	ip -n "$DEMO-container" link set lo up
	default_route container "$HOST4" "$HOST6"
}

# Port 8081 is published with masquerading.
container_rules() {
	cat <<END
table ip nat {
	chain prerouting {
		type nat hook prerouting priority dstnat;
		ip daddr $SERVER4 tcp dport { 8080, 8081 } dnat to $INSIDE4:80
	}
	chain postrouting {
		type nat hook postrouting priority srcnat;
		oifname docker0 ct original proto-dst 8081 masquerade
	}
}
table ip6 nat {
	chain prerouting {
		type nat hook prerouting priority dstnat;
		ip6 daddr $SERVER6 tcp dport { 8080, 8081 } dnat to [$INSIDE6]:81
	}
	chain postrouting {
		type nat hook postrouting priority srcnat;
		oifname docker0 ct original proto-dst 8081 masquerade
	}
}
END
}

# masqueraded NAME SEEN HOST ANSWER: a direct connection shows the host, since its
# client says nothing of itself.
masqueraded() {
	if [ "$STATE" = with ]; then
		said "$1" "$2" "$4"
	else
		is "$1" "$3" "${4%% *}"
	fi
}

checks() {
	ask "$TO4" 8080 who
	said "IPv4" "$SEEN4" "$ANSWER"
	ask "$TO6" 8080 who
	said "IPv6" "$SEEN6" "$ANSWER"
	ask "$TO4" 8081 who
	masqueraded "masqueraded, IPv4" "$SEEN4" "$HOST4" "$ANSWER"
	ask "$TO6" 8081 who
	masqueraded "masqueraded, IPv6" "$SEEN6" "$HOST6" "$ANSWER"
}

clean_up() {
	in_ns server nft flush ruleset
	ip netns del "$DEMO-container"
}
