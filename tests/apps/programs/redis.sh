# shellcheck shell=sh disable=SC2034 # read by lib.sh
# Redis: CLIENT LIST, CLIENT KILL ADDR, protected mode.
PORTS="6379 6380"

serve() {
	for port in $PORTS; do
		protected=no
		[ "$port" = 6379 ] || protected=yes
		start server "$WORK/redis.$port.log" redis-server --port "$port" --save '' \
			--bind '*' '-::*' --protected-mode $protected --daemonize no
		serving "$port"
	done
}

# addr=ADDRESS:PORT or addr=[ADDRESS]:PORT of whoever asked, as "ADDRESS PORT"
list_addr() {
	grep 'cmd=client|list' | sed -n 's/.* addr=\[*\([^] ]*\)\]*:\([0-9]*\) .*/\1 \2/p'
}

list() {
	ask "$TO4" 6379 'CLIENT LIST\r\nQUIT\r'
	said "CLIENT LIST, IPv4" "$SEEN4" "$(printf '%s\n' "$ANSWER" | list_addr)"
	has "CLIENT LIST: the server's own address" " laddr=$SERVER4:6379 " "$ANSWER"
	ask "$TO6" 6379 'CLIENT LIST\r\nQUIT\r'
	said "CLIENT LIST, IPv6" "$SEEN6" "$(printf '%s\n' "$ANSWER" | list_addr)"
}

# A client is found by the address that the list has.
kill_addr() {
	start client "$WORK/victim" ask -t 30 "$TO4" 6379 'CLIENT LIST\r'
	victim=$PID
	wait_for 30 "the victim's list" grep -q 'cmd=client|list' victim
	at=$(list_addr <victim | tr ' ' :)
	is "CLIENT KILL: whom" "$SEEN4" "${at%:*}"
	ask "$TO4" 6379 "CLIENT KILL TYPE normal ADDR $at\\r\\nQUIT\\r"
	has "CLIENT KILL ADDR" ":1" "$ANSWER"
	wait "$victim" || true
}

# From another machine it refuses; the balancer is one, too. From this machine not.
protected() {
	ask "$TO4" 6380 'PING\r\nQUIT\r'
	has "protected mode, IPv4" "-DENIED" "$ANSWER"
	ask "$TO6" 6380 'PING\r\nQUIT\r'
	has "protected mode, IPv6" "-DENIED" "$ANSWER"
	has "protected mode, loopback" "+PONG" "$(in_ns server ask 127.0.0.1 6380 'PING\r\nQUIT\r')"
}

checks() {
	list
	kill_addr
	protected
}
