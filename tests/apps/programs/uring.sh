# shellcheck shell=sh disable=SC2034 # read by lib.sh
# io_uring's accept, one at a time and multishot.
PORTS="8080 8081 8082 8083"

# Multishot: 5.19. A kernel without it says so when it is asked.
has_multishot() {
	! grep -qs . "$WORK/many4.log"
}

serve() {
	start server "$WORK/once4.log" uring once 0.0.0.0 8080
	start server "$WORK/once6.log" uring once :: 8081
	serving 8080
	serving 8081
	start server "$WORK/many4.log" uring many 0.0.0.0 8082
	start server "$WORK/many6.log" uring many :: 8083
	wait_for 30 "the multishot servers" multishot_has_come
}

multishot_has_come() {
	listening server 8083 || ! has_multishot
}

checks() {
	line_server 8080 8081 8081
	if ! has_multishot; then
		skip "multishot" "this kernel has no multishot accept"
		return
	fi
	ask "$TO4" 8082 who
	said "multishot, IPv4" "$SEEN4" "$ANSWER"
	ask "$TO6" 8083 who
	said "multishot, IPv6" "$SEEN6" "$ANSWER"
}
