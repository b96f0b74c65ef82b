# shellcheck shell=sh disable=SC2034 # read by lib.sh
# A server that knows no MPTCP, under mptcpize: for clients with and without it.
PORTS="8080 8081"

# Where MPTCP is missing the program would say so, and end.
has_mptcp() {
	[ -e /proc/sys/net/mptcp/enabled ]
}

serve() {
	has_mptcp || return 0
	start server "$WORK/server.log" mptcpize run python3 "$HERE/servers/line.py" \
		0.0.0.0 8080 :: 8081
	serving 8080
	serving 8081
}

checks() {
	if ! has_mptcp; then
		skip "MPTCP" "this kernel has no MPTCP"
		return
	fi
	ask "$TO4" 8080 who
	said "TCP, IPv4" "$SEEN4" "$ANSWER"
	ask "$TO6" 8081 who
	said "TCP, IPv6" "$SEEN6" "$ANSWER"
	ask -m "$TO4" 8080 who
	mptcp_peer "MPTCP, IPv4" "$SEEN4" "$LIP4" "$ANSWER"
	ask -m "$TO6" 8081 who
	mptcp_without_room "MPTCP, IPv6" "$SEEN6" "$LIP6" "$ANSWER"
	timestamps 0
	ask -m "$TO6" 8081 who
	mptcp_peer "MPTCP, IPv6, without timestamps" "$SEEN6" "$LIP6" "$ANSWER"
	timestamps 1
}
