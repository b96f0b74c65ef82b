# shellcheck shell=sh disable=SC2034 # read by lib.sh
# io_uring's accept, one at a time and multishot.
PORTS="8080 8081 8082 8083"

serve() {
	start server "$WORK/once4.log" uring once 0.0.0.0 8080
	start server "$WORK/once6.log" uring once :: 8081
	start server "$WORK/many4.log" uring many 0.0.0.0 8082
	start server "$WORK/many6.log" uring many :: 8083
	for port in $PORTS; do
		serving "$port"
	done
}

checks() {
	line_server 8080 8081 8081
	ask "$TO4" 8082 who
	said "multishot, IPv4" "$SEEN4" "$ANSWER"
	ask "$TO6" 8083 who
	said "multishot, IPv6" "$SEEN6" "$ANSWER"
}
