# shellcheck shell=sh
# What the programs' files are made of. Each sets PORTS, and defines
#
#	serve	start it in the namespace "server", wait until it listens
#	checks	ask it, and compare; called once in each STATE
#	clean_up	take away what is not a process, where there is something
#
#	STATE     what                        TO4, TO6 are    SEEN4, SEEN6 are
#	without   no module, the balancer     virtual         the balancer's
#	direct    module, past the balancer   the server's    the client's
#	with      module, the balancer        virtual         the client's
#
# so that what is said of "direct" and of "with" is the same: nothing that a program
# says may differ between the two. What is not so is compared with STATE.

# shellcheck disable=SC2034 # for the scripts that source this
OTHER4=203.0.113.8
MODULE=/toa/toa.ko
HOOKS=/sys/module/toa/parameters/hooks

# not_ok NAME [DIAGNOSTIC]
not_ok() {
	[ -z "${2-}" ] || printf '%s\n' "$2" | sed 's/^/#   /'
	echo "not ok - $1"
}

# is NAME WANTED GOT
is() {
	if [ "$2" = "$3" ]; then
		echo "ok - $APP: $STATE: $1"
	else
		not_ok "$APP: $STATE: $1" "wanted: $2
got:    $3"
	fi
}

# has NAME WANTED TEXT: a part of it
has() {
	case $3 in
	*"$2"*) echo "ok - $APP: $STATE: $1" ;;
	*) not_ok "$APP: $STATE: $1" "wanted: $2
got:    $3" ;;
	esac
}

skip() {
	echo "ok - $APP: $STATE: $1 # SKIP $2"
}

# by_client YES NO: the first where the program sees the client, else the second
by_client() {
	if [ "$STATE" = without ]; then
		echo "$2"
	else
		echo "$1"
	fi
}

# ask OPTION... ADDRESS PORT [TEXT]: sends the text from the client; sets ANSWER, and
# MY_PORT to the port that it came from.
ask() {
	ask_said=$(in_ns client ask "$@" 2>&1) || true
	MY_PORT=${ask_said%%[!0-9]*}
	ANSWER=$(printf '%s\n' "$ask_said" | sed 1d | tr -d '\r')
}

# get OPTION... URL: the same with curl. CODE is HTTP's.
get() {
	get_said=$(in_ns client curl -sS -k --noproxy '*' -m 60 -o "$WORK/answer" \
		-w '%{local_port} %{http_code}' "$@" 2>"$WORK/curl.errors") || true
	MY_PORT=${get_said% *}
	CODE=${get_said#* }
	ANSWER=$(cat "$WORK/answer" "$WORK/curl.errors" 2>/dev/null)
	rm -f "$WORK/answer"
}

# peer NAME SEEN ADDRESS PORT: what a program says of its peer. The client's port is
# shown with its address; the balancer's has no meaning here.
peer() {
	if [ "$STATE" = without ]; then
		is "$1" "$2" "$3"
	else
		is "$1" "$2 $MY_PORT" "$3 $4"
	fi
}

# said NAME SEEN TEXT: the same, of an answer that begins with "ADDRESS PORT"
said() {
	said_port=${3#* }
	peer "$1" "$2" "${3%% *}" "${said_port%%[!0-9]*}"
}

# mptcp_peer NAME SEEN BALANCER TEXT: of a connection with MPTCP. Where the module has no
# hook for it, the balancer is shown.
mptcp_peer() {
	if [ "$STATE" != with ] || grep -q '^mptcp_' "$HOOKS"; then
		said "$1" "$2" "$4"
	else
		is "$1 shows the balancer" "$3" "${4%% *}"
	fi
}

# mptcp_without_room NAME SEEN BALANCER TEXT: where MPTCP's own option and the timestamps
# leave no room for the balancer's, that is the one who is seen.
mptcp_without_room() {
	if [ "$STATE" = with ]; then
		is "$1 shows the balancer" "$3" "${4%% *}"
	else
		said "$1" "$2" "$4"
	fi
}

# timestamps 0|1: whether the client sends TCP timestamps
timestamps() {
	in_ns client sh -c "echo $1 >/proc/sys/net/ipv4/tcp_timestamps"
}

# The three questions that each server of ours is asked: it answers each line with
# "ADDRESS PORT" of its peer. line_server PORT4 PORT6 PORT_DUAL [MAPPED]: MAPPED is
# how it shows an IPv4 client of an IPv6 socket.
line_server() {
	ask "$TO4" "$1" "who"
	said "IPv4" "$SEEN4" "$ANSWER"
	ask "$TO6" "$2" "who"
	said "IPv6" "$SEEN6" "$ANSWER"
	ask "$TO4" "$3" "who"
	said "IPv4 to its IPv6 socket" "${4-::ffff:}$SEEN4" "$ANSWER"
}

# last_line FILE TEXT: the last line of it with TEXT, once it is there
last_line() {
	wait_for 30 "$2 in $1" grep -qF -- "$2" "$1"
	grep -F -- "$2" "$1" | tail -n 1
}

# serving PORT: in the namespace "server"
serving() {
	wait_for 120 "the port $1" listening server "$1"
}

balance() {
	services=
	for port in $PORTS; do
		services="$services --service $VIP4:$port=$SERVER4:$port --service [$VIP6]:$port=[$SERVER6]:$port"
	done
	# They are words.
	# shellcheck disable=SC2086
	open_balancer balancer "$WORK/balancer.log" $services
}

# state NAME TO4 TO6 SEEN4 SEEN6
state() {
	# shellcheck disable=SC2034 # for the programs' files
	STATE=$1 TO4=$2 TO6=$3 SEEN4=$4 SEEN6=$5
	checks
}

# loaded COMMAND...
loaded() {
	if ! "$@"; then
		not_ok "$APP: $*"
		exit 1
	fi
}

clean_up() {
	:
}

# The balancer goes on: connections end as they should.
stop_servers() {
	for pid in $PIDS; do
		[ "$pid" = "$BALANCER" ] || stop "$pid"
	done
}

table_is_empty() {
	grep -q '^store_clients 0$' /proc/net/toa_counters
}

run_program() {
	STATE=start
	serve
	balance
	state without "$VIP4" "$VIP6" "$LIP4" "$LIP6"
	loaded insmod $MODULE
	state direct "$SERVER4" "$SERVER6" "$CLIENT4" "$CLIENT6"
	state with "$VIP4" "$VIP6" "$CLIENT4" "$CLIENT6"
	stop_servers
	wait_for 60 "the module's table to be empty" table_is_empty
	stop_all
	clean_up
	loaded rmmod toa
}
