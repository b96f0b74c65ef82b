# shellcheck shell=sh
# IPv6 as a module of the kernel's, which may come with this one, before it, or not
# at all. Once it is there it stays: these come first.

MODPROBE=/proc/sys/kernel/modprobe

# load_alone: while the kernel asks for ipv6 in vain
load_alone() {
	modprobe=$(cat $MODPROBE)
	echo /bin/false >$MODPROBE
	load auto
	status=$?
	echo "$modprobe" >$MODPROBE
	[ $status = 0 ] && ! ipv6_is_there
}

ipv6_stays_away() {
	load_alone && rmmod toa
}

# A worker hooks its functions: it has a moment for it.
ipv6_comes_later() {
	load_alone && modprobe ipv6 || return
	tenths=0
	while ! grep -q tcp_v6_syn_recv_sock "$TRACING/enabled_functions" "$KPROBES/list"; do
		[ $tenths -lt 100 ] || return
		sleep 0.1
		tenths=$((tenths + 1))
	done
	clients_are_right && rmmod toa
}

ipv6_was_there() {
	load auto && clients_are_right && rmmod toa
}

part_ipv6() {
	if [ ! -e "/lib/modules/$(uname -r)/ipv6.ko" ]; then
		skip "IPv6 as a module" "this kernel has no such module"
		return
	fi
	together "the module ipv6 stays away" ipv6_stays_away
	together "the module ipv6 comes later" ipv6_comes_later
	together "the module ipv6 was there" ipv6_was_there
}
