# shellcheck shell=sh disable=SC2034 # read by modes and soak
# What modes and soak are made of. The names of the accounts are crowd.c's.

MODULE=/toa/toa.ko
LISTEN="0.0.0.0 8080 :: 8081"
TARGETS="$VIP4 80 $VIP4 81 $VIP6 80"
# A second balancer, which stands between the first and the server.
SECOND_VIP4=198.51.100.20
SECOND_VIP6=2001:db8:f::20
SECOND_LIP4=192.0.2.11
SECOND_LIP6=2001:db8:b::11

make_hosts() {
	modprobe veth
	modprobe tun
	make_network
	in_ns client sh -c '
		echo "1024 65535" >/proc/sys/net/ipv4/ip_local_port_range
		echo 1 >/proc/sys/net/ipv4/tcp_tw_reuse'
	in_ns server sh -c 'echo 4096 >/proc/sys/net/core/somaxconn
		echo 4096 >/proc/sys/net/ipv4/tcp_max_syn_backlog'
}

# start_server ACCOUNT OPTION...: sets SERVER to its process id
start_server() {
	account=$1
	shift
	# The listeners are words.
	# shellcheck disable=SC2086
	start server "$account" crowd serve -b "$LIP4" -b "$LIP6" \
		-b "$SECOND_LIP4" -b "$SECOND_LIP6" "$@" $LISTEN
	SERVER=$PID
	wait_for 30 "the server's port 8080" listening server 8080
	wait_for 30 "the server's port 8081" listening server 8081
}

# value NAME FILE...: the sum of it
value() {
	name=$1
	shift
	awk -v name="$name" '$1 == name { sum += $2 } END { print sum + 0 }' "$@"
}

# What an account has that is not nothing, in one line.
in_short() {
	awk '$2 > 0 { if (!($1 in sum)) order[++n] = $1; sum[$1] += $2 }
		END { for (i = 1; i <= n; i++) printf "%s%s %s", (i == 1 ? "" : ", "), order[i], sum[order[i]] }' "$@"
}
