# shellcheck shell=sh disable=SC2034 # read by lib.sh
# Node: net and http. libuv accepts without an address and asks by getpeername().
PORTS="8080 8081 8082 8083"

serve() {
	start server "$WORK/net.log" node "$HERE/servers/line.js" 8080 8081 8082
	start server "$WORK/http.log" node "$HERE/servers/http.js" 8083
	for port in $PORTS; do
		serving "$port"
	done
}

checks() {
	line_server 8080 8081 8082
	get "http://$TO4:8083/"
	said "http, IPv4" "::ffff:$SEEN4" "$ANSWER"
	get "http://[$TO6]:8083/"
	said "http, IPv6" "$SEEN6" "$ANSWER"
}
