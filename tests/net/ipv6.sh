# shellcheck shell=sh
# IPv6 as a module of the kernel's, which may come with this one, before it, or not
# at all. Once it is there it stays: these come first.

MODPROBE=/proc/sys/kernel/modprobe

ipv6_is_there() {
	[ -e /proc/net/if_inet6 ]
}

# The kernel asks for it in vain.
ipv6_cannot_come() {
	modprobe=$(cat $MODPROBE)
	echo /bin/false >$MODPROBE
	load auto
	status=$?
	echo "$modprobe" >$MODPROBE
	[ $status = 0 ] && log_has 'TOA: the module ipv6 cannot be loaded' &&
		! ipv6_is_there && rmmod toa
}

ipv6_comes_with() {
	load auto && ipv6_is_there && clients_are_right && rmmod toa
}

ipv6_was_there() {
	load auto && clients_are_right && rmmod toa
}

part_ipv6() {
	if ipv6_is_there; then
		echo "ok - IPv6 as a module # SKIP it is built into this kernel"
		return
	fi
	together "the module ipv6 cannot be loaded" ipv6_cannot_come
	together "the module ipv6 comes with this one" ipv6_comes_with
	together "the module ipv6 was there" ipv6_was_there
}
