# shellcheck shell=sh disable=SC2034 # read by lib.sh
# Python: asyncio, and http.server, whose log is read, too.
PORTS="8080 8081 8082 8083 8084 8085"

serve() {
	start server "$WORK/asyncio.log" python3 "$HERE/servers/line.py" 0.0.0.0 8080 :: 8081
	start server "$WORK/http.log" python3 -u "$HERE/servers/dual.py" 8083 8084 8085
	for port in 8080 8081 8083 8084 8085; do
		serving "$port"
	done
}

# asyncio makes no dual-stack listeners; http.server does where it is told to.
checks() {
	ask "$TO4" 8080 who
	said "asyncio, IPv4" "$SEEN4" "$ANSWER"
	ask "$TO6" 8081 who
	said "asyncio, IPv6" "$SEEN6" "$ANSWER"
	get "http://$TO4:8083/$STATE-4"
	said "http.server, IPv4" "$SEEN4" "$ANSWER"
	has "http.server's log" "$SEEN4 - - " "$(last_line http.log "/$STATE-4 ")"
	get "http://[$TO6]:8084/"
	said "http.server, IPv6" "$SEEN6" "$ANSWER"
	get "http://$TO4:8085/"
	said "http.server, IPv4 to its IPv6 socket" "::ffff:$SEEN4" "$ANSWER"
}
