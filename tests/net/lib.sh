# shellcheck shell=sh
# What every part of the guest's tests uses.

TOA_KO=${TOA_KO:-/toa/toa.ko}

# result NAME STATUS [DIAGNOSTIC]
result() {
	if [ "$2" -eq 0 ]; then
		echo "ok - $1"
		return
	fi
	[ -z "${3-}" ] || echo "$3" | sed 's/^/#   /'
	echo "not ok - $1"
}

# skip NAME WHY
skip() {
	echo "ok - $1 # SKIP $2"
}

# check NAME COMMAND...: ok when the command succeeds, its output on failure
check() {
	check_name=$1
	shift
	check_output=$("$@" 2>&1)
	result "$check_name" $? "$check_output"
}

refuse() {
	! "$@"
}

# mechanism_lacks MODE: why this kernel has no such mechanism, or nothing. Where ftrace
# cannot divert calls there are only kretprobes.
mechanism_lacks() {
	[ "$1" = ftrace ] || return 0
	if [ ! -e /run/ftrace_lacks ]; then
		log_mark
		insmod "$TOA_KO" hook=ftrace 2>/dev/null && rmmod toa
		log_since | sed -n 's/.*TOA: \(hook=ftrace is not possible\).*/\1/p' >/run/ftrace_lacks
	fi
	cat /run/ftrace_lacks
}

# unless WHY COMMAND NAME...: the case, or that it is skipped and why
unless() {
	unless_why=$1
	shift
	if [ "$unless_why" ]; then
		skip "$2" "$unless_why"
	else
		"$@"
	fi
}

# namespaces_lack: why a network namespace of its own is no place for a test, or nothing.
# RHEL 6's first kernels let only lo be there.
namespaces_lack() {
	if [ ! -e /run/namespaces_lack ]; then
		unshare -n toatest -m nothing handshakes 2>&1 |
			sed -n 's/.*cannot make the TUN device: Operation not permitted/no devices in network namespaces of this kernel (EPERM)/p' \
				>/run/namespaces_lack
	fi
	cat /run/namespaces_lack
}

# in_namespace NAME GROUP [CASES]: as `group`, in a network namespace of its own
in_namespace() {
	namespace_why=$(namespaces_lack)
	if [ "$namespace_why" ]; then
		skip "$1 in a namespace: $2" "$namespace_why"
		return
	fi
	unshare -n toatest -p "$1 in a namespace: " ${3+-m "$3"} "$2" ||
		result "$1 in a namespace: toatest $2 ran to its end" $?
}

ipv6_is_there() {
	[ -e /proc/net/if_inet6 ]
}

is_loaded() {
	grep -q '^toa ' /proc/modules
}

# A mark in the kernel log, so that a check sees only what came after it.
log_mark() {
	log_marker="toa-test-mark-$(cat /proc/sys/kernel/random/uuid)"
	echo "$log_marker" >/dev/kmsg
}

log_since() {
	dmesg | sed "1,/$log_marker/d"
}

log_has() {
	log_since | grep -q "$1" && return
	echo "the kernel log has no line with: $1"
	log_since
	return 1
}

counter() {
	sed -n "s/^$1 //p" /proc/net/toa_counters
}

# A group of toatest, whose results are ours. One that dies has printed fewer of
# them, which nobody would miss but for this: the status is 0 when it ran to its
# end, whatever it found.
group() {
	toatest -p "$2: " "$1" || result "$2: toatest $1 ran to its end" $?
}
