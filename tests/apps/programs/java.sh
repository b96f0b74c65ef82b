# shellcheck shell=sh disable=SC2034 # read by lib.sh
# Java NIO: a dual-stack listener, which shows IPv4 clients as IPv4.
PORTS="8080 8082"

serve() {
	start server "$WORK/java.log" java -Xshare:auto -XX:TieredStopAtLevel=1 -cp /toa/bin \
		Nio 8080 8082
	serving 8080
	serving 8082
}

# It writes IPv6 addresses without "::".
long() {
	python3 -c 'import ipaddress, sys
print(":".join(f"{int(word, 16):x}" for word in ipaddress.ip_address(sys.argv[1]).exploded.split(":")))' "$1"
}

checks() {
	ask "$TO4" 8080 who
	said "IPv4" "$SEEN4" "$ANSWER"
	ask "$TO6" 8082 who
	said "IPv6" "$(long "$SEEN6")" "$ANSWER"
	ask "$TO4" 8082 who
	said "IPv4 to its IPv6 socket" "$SEEN4" "$ANSWER"
}
