# shellcheck shell=sh
# What an operator can see of the module: its files in every network namespace, the
# parameter hooks, the tracepoints.

HOOKS=/sys/module/toa/parameters/hooks
EVENTS=$TRACING/events/toa

# watch NAME MECHANISM: while the module is loaded with it
watch() {
	check "$1: the parameter hooks says $2" hooks_are "$2"
	check "$1: the parameter hooks with syn=1" hooks_with_syn "$2"
	group conns "$1"
	group reasons "$1"
	in_namespace "$1" conns
	in_namespace "$1" reasons
	unless "$(namespaces_lack)" check "$1: each network namespace has its own counters" counters_are_apart
	check "$1: the counters are those that are known" counters_are_known
}

# hooks_are MECHANISM: every function has it, and ftrace has missed nothing. Where
# IPv6 sockets have an unhash of their own is the kernel's affair.
hooks_are() {
	awk -F '\t' -v mechanism="$1" -v tags="$(cat /sys/module/toa/parameters/sk_user_data)" \
		-v ipv6="$(ipv6_is_there && echo Y)" '
	BEGIN {
		wanted = "getname (IPv4);syn_recv_sock (IPv4);" \
			 "inet_sock_destruct;tcp_disconnect;tcp_check_req"
		if (ipv6)
			wanted = wanted ";getname (IPv6);syn_recv_sock (IPv6)"
		if (tags == "Y")
			wanted = wanted ";unhash (IPv4)"
		count = split(wanted, names, ";")
	}
	function wrong(why) { print why ": " $0; bad = 1 }
	# Old kernels add a newline to what a parameter says.
	!NF { next }
	{ lines++ }
	NF != 3 || $3 !~ /^[0-9]+$/ { wrong("form") }
	$2 != mechanism { wrong("mechanism") }
	mechanism == "ftrace" && $3 != 0 { wrong("missed") }
	seen[$1]++ { wrong("twice") }
	END {
		for (i = 1; i <= count; i++)
			if (!(names[i] in seen)) {
				print names[i] " is not there"
				bad = 1
			}
		if (tags == "Y" && "unhash (IPv6)" in seen)
			count++
		if ("mptcp_disconnect" in seen)
			count++
		if (lines != count) {
			print lines " lines"
			bad = 1
		}
		exit bad
	}' $HOOKS
}

# hooks_with_syn MECHANISM: before 3.17 each family had a function of its own.
hooks_with_syn() {
	echo 1 >/sys/module/toa/parameters/syn &&
		grep -q "^tcp_\(v[46]_\)\{0,1\}conn_request	$1	[0-9]*$" $HOOKS &&
		echo 0 >/sys/module/toa/parameters/syn &&
		refuse grep conn_request $HOOKS
}

# counters_since OLD NEW: what has moved, the table's state left out
counters_since() {
	awk 'NR == FNR { old[$1] = $2; next }
		$1 !~ /^store_(clients|total)$/ { print $1, $2 - old[$1] }' "$1" "$2"
}

# The same connections, once here and once in a new namespace: it counts them as
# this one does, and neither counts the other's.
counters_are_apart() {
	here=/run/counters.here
	there=/run/counters.there
	cat /proc/net/toa_counters >$here.0
	toatest passages >/dev/null
	cat /proc/net/toa_counters >$here.1
	# The arguments are the inner shell's.
	# shellcheck disable=SC2016
	unshare -n sh -c '
		cat /proc/net/toa_counters >$1.0
		toatest passages >/dev/null
		cat /proc/net/toa_counters >$1.1' sh $there
	cat /proc/net/toa_counters >$here.2
	awk '$2 != 0 { print "a new namespace begins with " $0; bad = 1 }
		END { exit bad }' $there.0 || return
	counters_since $here.0 $here.1 >$here
	counters_since $there.0 $there.1 >$there
	grep -q '^syn_recv_sock_toa [1-9]' $there && grep -q '^getname_toa_ok [1-9]' $there &&
		diff $here $there && diff $here.1 $here.2
}

# By name, each once; only the first namespace tells of all.
counters_are_known() {
	known="syn_recv_sock_toa syn_recv_sock_no_toa getname_toa_ok \
getname_toa_mismatch getname_toa_bypass getname_toa_empty \
getname_toa_disabled option_malformed option_unusable option_duplicate \
option_untrusted option_other_port option_other_kind option_disabled \
option_on_syn syn_kept syn_used syn_lost ack_kept ack_used ack_lost \
child_foreign child_lost_race child_not_made store_full store_nomem store_clients"
	[ "$(cut -d ' ' -f 1 /proc/net/toa_counters | tr '\n' ' ')" = "$known store_total " ] &&
		[ "$(unshare -n cut -d ' ' -f 1 /proc/net/toa_counters | tr '\n' ' ')" = "$known " ] &&
		return
	cat /proc/net/toa_counters
	return 1
}

# A namespace that is there before the module, and after it: a process keeps it until
# it is told to go.
namespace_make() {
	mkfifo /run/namespace
	unshare -n sh -c ': >/run/namespace.up; read -r _ </run/namespace' &
	namespace=$!
	for _ in $(seq 100); do
		[ -e /run/namespace.up ] && return
		sleep 0.1
	done
	echo "no namespace"
	return 1
}

namespace_end() {
	echo >/run/namespace
	wait "$namespace"
	rm /run/namespace /run/namespace.up
}

namespace_counter() {
	sed -n "s/^$1 //p" "/proc/$namespace/net/toa_counters"
}

namespace_files() {
	set -- "/proc/$namespace/net"/toa_*
	[ -e "$1" ] || set --
	echo $#
}

# Loaded, used there, unloaded while somebody has a file of it open, and again.
namespace_outlives() {
	for mode in ftrace kretprobe; do
		[ -z "$(mechanism_lacks $mode)" ] || continue
		load $mode && [ "$(namespace_files)" = 3 ] &&
			[ "$(namespace_counter syn_recv_sock_toa)" = 0 ] &&
			nsenter -t "$namespace" -n toatest passages >/dev/null &&
			[ "$(namespace_counter syn_recv_sock_toa)" -gt 0 ] &&
			exec 3<"/proc/$namespace/net/toa_conns" && read -r _ <&3 &&
			rmmod toa && [ "$(namespace_files)" = 0 ] || return
		cat <&3 && echo "a file of a module that is gone can be read" && return 1
		exec 3<&-
	done
} 2>/dev/null

# It ends in any case: the guest would wait for it.
namespace_is_older() {
	namespace_make || return
	namespace_outlives
	outlived=$?
	namespace_end
	return $outlived
}

# They go, too, while the module is there, and while it goes.
namespaces_come_and_go() {
	load auto || return
	for _ in 1 2 3 4 5; do
		unshare -n toatest passages >/dev/null || return
	done
	for _ in $(seq 20); do
		unshare -n cat /proc/net/toa_stats >/dev/null || return
	done
	rmmod toa
}

# The module goes while its events are on: they go with it, and come back off.
trace_outlives() {
	load auto && echo 1 >"$EVENTS/enable" && clients_are_right &&
		grep -q ' toa_answered: ' "$TRACING/trace" && rmmod toa || return
	cat "$TRACING/trace" >/dev/null
	if [ -e "$EVENTS" ]; then
		echo "the events are still there"
		return 1
	fi
	load auto && [ "$(cat "$EVENTS/enable")" = 0 ] && rmmod toa
}

part_watch() {
	unless "$(namespaces_lack)" together "a network namespace that is older than the module" namespace_is_older
	unless "$(namespaces_lack)" together "network namespaces come and go" namespaces_come_and_go
	check "no namespace has a file left" refuse test -e /proc/net/toa_conns
	if [ -e "$TRACING/events" ]; then
		together "rmmod while tracepoints are on" trace_outlives
	else
		skip "rmmod while tracepoints are on" "no events in this kernel"
	fi
}
