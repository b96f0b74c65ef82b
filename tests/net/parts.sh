# shellcheck shell=sh
# The parts of the guest's tests. lib.sh has what they are made of.

# The difference that the module makes is seen only against this.
part_without() {
	group balancer "no module"
}

# part_mechanism NAME TAGS MODE PARAMETERS...: all cases with the module so loaded. TAGS
# is Y where IPv4 clients must then be in sk_user_data.
part_mechanism() {
	lacking=$(mechanism_lacks "$3")
	if [ "$lacking" ]; then
		skip "$1" "$lacking"
		return
	fi
	set -- "$1" "$2" "hook=$(shift 2 && echo "$*")"
	log_mark
	# The parameters are words.
	# shellcheck disable=SC2086
	check "$1: insmod $3" insmod "$TOA_KO" $3
	check "$1: the log says that it is loaded" log_has 'TOA: toa loaded$'
	check_tags "$1: sk_user_data is $2" "$2"
	group handshakes "$1"
	group sockets "$1"
	group lives "$1"
	group mptcp "$1"
	group race "$1"
	group neighbours "$1"
	group services "$1"
	group contend "$1"
	watch "$1" "$(mechanism_of "$3")"
	check "$1: nothing is left in the store" store_is_empty
	check "$1: /proc/net/toa_stats has its layout" stats_layout
	group unload "$1"
	check "$1: the log says that it is unloaded" log_has 'TOA: toa unloaded$'
	check "$1: no file is left" refuse test -e /proc/net/toa_stats
}

# mechanism_of PARAMETERS
mechanism_of() {
	case $1 in
	*hook=kretprobe*) echo kretprobe ;;
	*) echo ftrace ;;
	esac
}

# No tags before sockmaps marked their pointers, nor where ftrace can be switched off.
tags_are_unsafe() {
	[ ! -e /toa/psock_has_mark ] || ftrace_off
}

check_tags() {
	tags=$(cat /sys/module/toa/parameters/sk_user_data)
	if [ "$tags" != "$2" ] && [ "$2" = Y ] && tags_are_unsafe; then
		skip "$1" "this kernel is none for tags (ftrace_enabled, SK_USER_DATA_PSOCK)"
	else
		check "$1" test "$tags" = "$2"
	fi
}

# Services in the kernel, once for the whole run. What cannot be set up is told by
# the tests that miss it.
part_services() {
	# Without rpcbind older kernels (4.9, 4.14) ask for it at ever longer intervals, and
	# nothing ends that.
	(exec >/dev/null && services_nfsd) &
	services_waited=0
	while kill -0 $! && [ "$services_waited" -lt 20 ]; do
		sleep 1
		services_waited=$((services_waited + 1))
	done
	services_nvmet
	modprobe rds_tcp
} 2>/dev/null

# Version 4 alone needs neither rpcbind nor mountd. Each word by itself: a kernel
# that does not know version 2 refuses to hear of it.
services_nfsd() {
	modprobe nfsd || return
	mount -t nfsd nfsd /proc/fs/nfsd
	mkdir -p /var/lib/nfs/v4recovery
	for version in -2 -3 +4; do
		echo $version >/proc/fs/nfsd/versions
	done
	echo tcp 2049 >/proc/fs/nfsd/portlist && echo 2 >/proc/fs/nfsd/threads && : >/run/toa-nfsd
}

services_nvmet() {
	modprobe nvmet_tcp || return
	mount -t configfs configfs /sys/kernel/config
	nvmet=/sys/kernel/config/nvmet
	mkdir $nvmet/subsystems/toa $nvmet/ports/1
	echo 1 >$nvmet/subsystems/toa/attr_allow_any_host
	echo tcp >$nvmet/ports/1/addr_trtype
	echo ipv4 >$nvmet/ports/1/addr_adrfam
	echo 0.0.0.0 >$nvmet/ports/1/addr_traddr
	echo 4420 >$nvmet/ports/1/addr_trsvcid
	ln -s $nvmet/subsystems/toa $nvmet/ports/1/subsystems/toa
}

store_is_empty() {
	[ "$(counter store_clients)" = 0 ] && return
	echo "$(counter store_clients) clients are left"
	return 1
}

# Each line at its place, each number in its column, one column a CPU.
stats_layout() {
	set -- /sys/devices/system/cpu/cpu[0-9]*
	awk -v cpus=$# '
	function fail(why) { print why ": " $0; bad = 1 }
	BEGIN {
		split("syn_recv_sock_toa syn_recv_sock_no_toa getname_toa_ok " \
		      "getname_toa_mismatch getname_toa_bypass " \
		      "getname_toa_empty", names, " ")
		head = sprintf("%34s", "")
		for (i = 0; i < cpus; i++)
			head = head sprintf("CPU%d       ", i)
	}
	NR == 1 { if ($0 != head) fail("header"); next }
	{
		if (substr($0, 1, 26) != sprintf("%-25s:", names[NR - 1]))
			fail("name")
		if (length($0) != 26 + 11 * cpus)
			fail("columns")
	}
	END { if (NR != 7) { print NR " lines"; bad = 1 }; exit bad }
	' /proc/net/toa_stats
}

part_load() {
	log_mark
	check "an unknown hook= is refused" refuse insmod "$TOA_KO" hook=magic
	check "the log says what is known" log_has 'hook=magic is not known'
	check "nothing is loaded" refuse is_loaded
	check "no file is left by the refusal" refuse test -e /proc/net/toa_stats

	check "insmod with defaults" insmod "$TOA_KO"
	if ftrace_off; then
		skip "ftrace cannot be switched off" "this kernel lets it be (ftrace_enabled)"
	else
		echo "ok - ftrace cannot be switched off"
	fi
	group handshakes "defaults"
	check "rmmod" rmmod toa
	group balancer "after rmmod"
}

ftrace_off() {
	echo 0 2>/dev/null >/proc/sys/kernel/ftrace_enabled
	enabled=$(cat /proc/sys/kernel/ftrace_enabled)
	echo 1 2>/dev/null >/proc/sys/kernel/ftrace_enabled
	[ "$enabled" = 0 ]
}

# Loads and unloads by itself. Once more in a network namespace with a table of
# connections of its own, where the kernel has that.
part_reloads() {
	group reloads "reloads"
	if echo 1024 2>/dev/null >/proc/sys/net/ipv4/tcp_child_ehash_entries; then
		in_namespace reloads reloads
		echo 0 >/proc/sys/net/ipv4/tcp_child_ehash_entries
	else
		skip "reloads in a namespace" "no tcp_child_ehash_entries in this kernel"
	fi
}

# Who may speak: first with the parameters that insmod was given.
part_trust() {
	log_mark
	check "trust: a wrong list at load is refused" refuse insmod "$TOA_KO" trust=192.0.2.2/24
	check "trust: the log says what is wrong" log_has 'trust: "192.0.2.2/24".*write 192.0.2.0/24'
	check "trust: a port that is none is refused" refuse insmod "$TOA_KO" ports=80,0
	check "trust: a kind that is none is refused" refuse insmod "$TOA_KO" kinds=9
	check "trust: nothing is loaded by then" refuse is_loaded
	check "trust: all parameters at load" insmod "$TOA_KO" trust=198.51.100.0/24 ports=80 kinds=200 syn=1 enable=0
	check "trust: they read as they were given" parameters_are 198.51.100.0/24 80 200 Y N
	check "trust: rmmod with syn=1" rmmod toa

	check "trust: insmod" insmod "$TOA_KO"
	check "trust: the defaults" parameters_are "" "" 254 N Y
	group trust "trust"
	in_namespace trust trust trust:
	group early "early"
	in_namespace early early
	check "trust: rmmod" rmmod toa
	check "trust: no file is left" refuse test -e /proc/net/toa_trust
}

part_hostile() {
	check "hostile: insmod" insmod "$TOA_KO"
	group hostile "hostile"
	check "hostile: rmmod" rmmod toa
}

# parameters_are TRUST PORTS KINDS SYN ENABLE
parameters_are() {
	for parameter in trust ports kinds syn enable; do
		value=$(cat /sys/module/toa/parameters/$parameter)
		if [ "$value" != "$1" ]; then
			echo "$parameter is $value and not $1"
			return 1
		fi
		shift
	done
}

part_capacity() {
	check "insmod max_clients=100" insmod "$TOA_KO" max_clients=100 sk_user_data=0
	group capacity "capacity"
	check "rmmod after that" rmmod toa
}

# Loads and unloads by itself.
part_storm() {
	group storm "storm"
}
