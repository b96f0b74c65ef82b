# shellcheck shell=sh
# toactl selftest: connections with the option, made by the program toa-selftest in a
# network namespace of its own.
#
# The module must believe them, and its parameters hold for all namespaces: so they
# come from an address in trust, to a port in ports, with an option of kinds.

cmd_selftest_usage() {
	cat <<'END'
usage: toactl selftest
  Makes connections whose handshake names a client and asks accept() and
  getpeername() for it, over IPv4 and IPv6; and without an option, and from a source
  that is not in trust, where they must give the connection's own peer. No balancer
  is needed, nothing is sent to the network, and no setting is changed.
END
}

. "$PARTS/report.sh"

CLIENT4=203.0.113.7
CLIENT6=2001:db8:c::7
CLIENT_PORT=40007
PEER_PORT=40000

find_helper() {
	for helper in "$PARTS/../toa-selftest" "$PARTS/toa-selftest"; do
		[ ! -x "$helper" ] || return 0
	done
	die "$LACKING" "the program toa-selftest is not there; build it with: make toa-selftest"
}

# trusted FAMILY: an address that is in trust, or one of a documentation block when
# trust has nobody or everybody.
trusted() {
	trust_list | awk -v want="$1" -f "$PARTS/address.awk" -f "$PARTS/selftest.awk"
}

# wanted_port: the first of ports, or any.
wanted_port() {
	port=$(param ports | sed 's/[^0-9].*//')
	echo "${port:-80}"
}

# wanted_kind FAMILY: the first layout of that family that kinds lets in.
wanted_kind() {
	param kinds | items | awk -v family="$1" '
	NR == FNR {
		split($1, part, "/")
		layouts[++n] = $1
		kind[$1] = part[1]
		of[$1] = $4
		next
	}
	{
		for (i = 1; i <= n; i++)
			if (of[layouts[i]] == family && ($1 == layouts[i] || $1 == kind[layouts[i]])) {
				print layouts[i]
				exit
			}
	}' "$PARTS/layouts" -
}

# connection WHAT EXPECTED ARGUMENT...: one connection and its verdict. EXPECTED is
# ADDRESS PORT.
connection() {
	what=$1 expected=$2
	shift 2
	if ! said=$("$helper" "$@" 2>&1); then
		case $? in
		"$NO_RIGHTS" | "$LACKING") unknown "$what" "not tried: $said" ;;
		*) bad "$what" "the connection was not made: $said" ;;
		esac
		return
	fi
	if [ "$said" = "accept $expected
getpeername $expected" ]; then
		good "$what" "accept and getpeername give $expected"
		tried=$((tried + 1))
	else
		bad "$what" "expected $expected, got: $(echo "$said" | tr '\n' ' ')" "toactl doctor"
	fi
}

# family NUMBER LISTENER CLIENT SHOWN PEER ONLY-OPTION: with an option and without.
family() {
	kind=$(wanted_kind "$1")
	from=$(trusted "$1")
	if [ -z "$kind" ]; then
		unknown "IPv$1" "kinds has no option that can name an IPv$1 client"
	elif [ -z "$from" ]; then
		unknown "IPv$1" "trust has no IPv$1 balancer"
	elif [ "$1" = 4 ]; then
		family_v4
	else
		family_v6
	fi
}

# The port that is shown where the layout has none.
shown_port() {
	awk -v layout="$kind" -v port="$CLIENT_PORT" -v peer="$PEER_PORT" '
	$1 == layout { print $2 == "-" ? peer : port }' "$PARTS/layouts"
}

family_v4() {
	shown=$(shown_port)
	connection "IPv4" "$CLIENT4 $shown" "$from" "$port" "$kind" $CLIENT4 $CLIENT_PORT
	connection "IPv4, no option" "$from $PEER_PORT" "$from" "$port"
	! has_ipv6 || connection "dual-stack" "::ffff:$CLIENT4 $shown" \
		-6 "$from" "$port" "$kind" $CLIENT4 $CLIENT_PORT
}

family_v6() {
	if ! has_ipv6; then
		unknown "IPv6" "this machine has IPv6 switched off"
		return
	fi
	connection "IPv6" "$CLIENT6 $(shown_port)" "$from" "$port" "$kind" $CLIENT6 $CLIENT_PORT
	connection "IPv6, no option" "$from $PEER_PORT" "$from" "$port"
}

has_ipv6() {
	[ -e "$PROC/net/if_inet6" ]
}

# Only where trust is there to refuse somebody.
stranger() {
	[ "$(trust_list)" ] || return 0
	kind=$(wanted_kind 4)
	from=$(trusted stranger)
	[ "$kind" ] && [ "$from" ] || return 0
	connection "not in trust" "$from $PEER_PORT" "$from" "$port" "$kind" $CLIENT4 $CLIENT_PORT
}

cmd_selftest() {
	[ $# = 0 ] || wrong_use "$1"
	need_loaded
	need_root
	find_helper
	[ "$(param enable)" != N ] ||
		die "$FAILED" "the module is switched off; switch it on with: echo 1 >/sys/module/toa/parameters/enable"
	[ -c /dev/net/tun ] || modprobe tun 2>/dev/null
	port=$(wanted_port)
	tried=0
	family 4
	family 6
	stranger
	[ "$WORST" = 0 ] || exit "$WORST"
	[ "$tried" -gt 0 ] || die "$LACKING" "no connection could be tried"
}
