# shellcheck shell=sh disable=SC2034 # read by lib.sh
# A service that systemd starts for each connection (Accept=yes): what systemd says of the
# connection, and what the service finds out of its standard input.
PORTS="8080 8081"

# serve_on ADDRESS PORT
serve_on() {
	start server "$WORK/$2.log" systemd-socket-activate -l "$1:$2" --accept --inetd \
		python3 "$HERE/servers/inetd.py"
	serving "$2"
}

serve() {
	serve_on 0.0.0.0 8080
	serve_on '[::]' 8081
}

# "ADDRESS PORT" of "Connection from ADDRESS:PORT to ...". Brackets are around IPv6 addresses.
from() {
	grep 'Connection from' "$1" | tail -n 1 |
		sed 's/.*Connection from \[*\([^] ]*\)\]*:\([0-9]*\) to .*/\1 \2/'
}

checks() {
	ask "$TO4" 8080 who
	said "IPv4" "$SEEN4" "$ANSWER"
	said "IPv4, systemd's words" "$SEEN4" "$(from 8080.log)"
	ask "$TO6" 8081 who
	said "IPv6" "$SEEN6" "$ANSWER"
	said "IPv6, systemd's words" "$SEEN6" "$(from 8081.log)"
	ask "$TO4" 8081 who
	said "IPv4 to its IPv6 socket" "::ffff:$SEEN4" "$ANSWER"
}
