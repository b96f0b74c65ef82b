# shellcheck shell=sh disable=SC2034 # read by lib.sh
# Go's net/http, which listens with MPTCP: for clients with and without it.
PORTS="8080 8081 8082"

serve() {
	start server "$WORK/go.log" go-server 8080 8081 8082
	for port in $PORTS; do
		serving "$port"
	done
}

# http OPTION... ADDRESS PORT: the answer's last line
http() {
	ask "$@" 'GET / HTTP/1.0\r\n\r'
	ANSWER=$(echo "$ANSWER" | tail -n 1)
}

listens_with_mptcp() {
	in_ns server ss -HlnM | grep -q ':8080 '
}

checks() {
	if listens_with_mptcp; then
		is "it listens with MPTCP" yes yes
	else
		skip "it listens with MPTCP" "this kernel has no MPTCP"
	fi
	http "$TO4" 8080
	said "IPv4" "$SEEN4" "$ANSWER"
	http "$TO6" 8081
	said "IPv6" "$SEEN6" "$ANSWER"
	http "$TO4" 8082
	said "IPv4 to its IPv6 socket" "$SEEN4" "$ANSWER"
	mptcp_clients
}

mptcp_clients() {
	if ! listens_with_mptcp; then
		skip "MPTCP clients" "this kernel has no MPTCP"
		return
	fi
	http -m "$TO4" 8080
	mptcp_peer "MPTCP, IPv4" "$SEEN4" "$LIP4" "$ANSWER"
	is "MPTCP, IPv4: it is MPTCP" mptcp "${ANSWER##* }"
	http -m "$TO4" 8082
	mptcp_peer "MPTCP, IPv4 to its IPv6 socket" "$SEEN4" "$LIP4" "$ANSWER"
	http -m "$TO6" 8081
	mptcp_without_room "MPTCP, IPv6" "$SEEN6" "$LIP6" "$ANSWER"
	timestamps 0
	http -m "$TO6" 8081
	mptcp_peer "MPTCP, IPv6, without timestamps" "$SEEN6" "$LIP6" "$ANSWER"
	timestamps 1
}
