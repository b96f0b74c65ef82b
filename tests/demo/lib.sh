# shellcheck shell=sh
# The three hosts of the demonstration, as network namespaces:
#
#	client 203.0.113.7 ---- balancer ---- server 192.0.2.200
#	    2001:db8:c::7        |    ^         2001:db8:5::200
#	                    lb0  v    |
#	                  the program "balancer"
#	                  VIP 198.51.100.10  2001:db8:f::10
#	                  LIP 192.0.2.10     2001:db8:b::10
#
# Their names carry the shell's process id, so that two runs do not meet.

CLIENT4=203.0.113.7
CLIENT6=2001:db8:c::7
VIP4=198.51.100.10
VIP6=2001:db8:f::10
LIP4=192.0.2.10
LIP6=2001:db8:b::10
SERVER4=192.0.2.200
SERVER6=2001:db8:5::200

DEMO=toa$$
PIDS=

die() {
	echo "demo: $*" >&2
	exit 1
}

# in_ns client|balancer|server COMMAND...
in_ns() {
	ns=$1
	shift
	ip netns exec "$DEMO-$ns" "$@"
}

# start NS LOG COMMAND...: in the background until stop_all; sets PID.
start() {
	start_ns=$1 start_log=$2
	shift 2
	ip netns exec "$DEMO-$start_ns" "$@" >"$start_log" 2>&1 &
	PID=$!
	PIDS="$PID $PIDS"
}

stop() {
	kill "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
	PIDS=$(echo " $PIDS " | sed "s/ $1 / /")
}

stop_all() {
	for pid in $PIDS; do
		stop "$pid"
	done
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
	deadline=$(($(date +%s) + $1))
	what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$deadline" ] || die "waited in vain: $what"
		sleep 0.1
	done
}

# addr NS DEVICE IPV4 IPV6
addr() {
	ip -n "$DEMO-$1" addr add "$3" dev "$2"
	ip -n "$DEMO-$1" addr add "$4" dev "$2"
	ip -n "$DEMO-$1" link set "$2" up
}

default_route() {
	ip -n "$DEMO-$1" route add default via "$2"
	ip -n "$DEMO-$1" -6 route add default via "$3"
}

make_network() {
	for ns in client balancer server; do
		ip netns add "$DEMO-$ns"
		# Nobody else is here: addresses need not be probed for a second.
		in_ns "$ns" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
		ip -n "$DEMO-$ns" link set lo up
	done
	ip link add eth0 netns "$DEMO-client" type veth peer name client netns "$DEMO-balancer"
	ip link add eth0 netns "$DEMO-server" type veth peer name server netns "$DEMO-balancer"
	addr client eth0 $CLIENT4/24 $CLIENT6/64
	addr balancer client 203.0.113.1/24 2001:db8:c::1/64
	addr balancer server 192.0.2.129/25 2001:db8:5::1/64
	addr server eth0 $SERVER4/25 $SERVER6/64
	default_route client 203.0.113.1 2001:db8:c::1
	default_route server 192.0.2.129 2001:db8:5::1
	route_to_balancer
}

# What is for a virtual or a local address goes into lb0, what comes out of it
# is forwarded.
route_to_balancer() {
	in_ns balancer sh -c '
		echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
	ip -n "$DEMO-balancer" tuntap add lb0 mode tun
	ip -n "$DEMO-balancer" link set lb0 up
	for to in $VIP4/32 $LIP4/32; do
		ip -n "$DEMO-balancer" route add "$to" dev lb0
	done
	for to in $VIP6/128 $LIP6/128; do
		ip -n "$DEMO-balancer" -6 route add "$to" dev lb0
	done
}

remove_network() {
	for ns in client balancer server; do
		ip netns del "$DEMO-$ns" 2>/dev/null || true
	done
}

# The device has a carrier while a program has it open.
lb0_is_up() {
	ip -n "$DEMO-balancer" link show lb0 | grep -q LOWER_UP
}

# open_balancer PROGRAM LOG OPTION...: sets BALANCER to its process id.
open_balancer() {
	program=$1 balancer_log=$2
	shift 2
	start balancer "$balancer_log" "$program" --local $LIP4 --local $LIP6 "$@"
	# shellcheck disable=SC2034 # for the scripts that source this
	BALANCER=$PID
	wait_for 10 "the balancer to open lb0" lb0_is_up
}

# start_balancer PROGRAM LOG [OPTION...]: port 80 is the server's port 8080, port 81 its
# port 8081; over IPv6 both are 8081.
start_balancer() {
	open_balancer "$@" \
		--service "$VIP4:80=$SERVER4:8080" \
		--service "$VIP4:81=$SERVER4:8081" \
		--service "[$VIP6]:80=[$SERVER6]:8081"
}

# listening NS PORT
listening() {
	in_ns "$1" ss -Hltn "sport = :$2" | grep -q .
}
