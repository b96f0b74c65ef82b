# shellcheck shell=sh
# A machine in a folder, for TOACTL_ROOT: what toactl reads of /proc, /sys, /etc and
# /lib/modules, as recorded in a guest.

# put FILE LINE...: below $MACHINE
put() {
	put_file=$MACHINE/$1
	shift
	mkdir -p "${put_file%/*}"
	printf '%s\n' "$@" >"$put_file"
}

parameter_put() {
	put "sys/module/toa/parameters/$1" "$2"
}

# counters_put NAME=VALUE...: all counters of the table; 0 for those not named
counters_put() {
	mkdir -p "$MACHINE/proc/net"
	cut -f 1 "$TOP/scripts/toactl.d/counters" | while read -r name; do
		value=0
		for word; do
			[ "${word%%=*}" != "$name" ] || value=${word#*=}
		done
		echo "$name $value"
	done >"$MACHINE/proc/net/toa_counters"
}

# process PID NAME NAMESPACE [INODE...]: with these sockets open
process() {
	put "proc/$1/stat" "$1 ($2) S 1 1 1 0 -1"
	mkdir -p "$MACHINE/proc/$1/fd" "$MACHINE/proc/$1/ns" "$MACHINE/proc/$1/net"
	ln -sfn "net:[$3]" "$MACHINE/proc/$1/ns/net"
	process_dir=$MACHINE/proc/$1/fd
	shift 3
	process_fd=3
	for inode; do
		ln -sfn "socket:[$inode]" "$process_dir/$process_fd"
		process_fd=$((process_fd + 1))
	done
}

# machine: a new one without the module
machine() {
	MACHINE=$WORK/machine
	export TOACTL_ROOT="$MACHINE"
	rm -rf "$MACHINE"
	put proc/modules "nf_tables 421888 0 - Live 0x0000000000000000"
	put proc/sys/kernel/osrelease 6.12.117+deb13-cloud-amd64
	put proc/sys/kernel/modules_disabled 0
	put proc/sys/kernel/ftrace_enabled 1
	put proc/sys/kernel/tainted 4096
	put proc/sys/kernel/hostname wombat
	put proc/sys/net/ipv4/tcp_fastopen 1
	put proc/version "Linux version 6.12.117+deb13-cloud-amd64 (debian-kernel@lists.debian.org) (x86_64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0, GNU ld (GNU Binutils for Debian) 2.44) #1 SMP"
	put proc/cmdline "quiet secret=hunter2 lockdown=none"
	put proc/net/if_inet6 "00000000000000000000000000000001 01 80 10 80       lo"
	put sys/kernel/security/lockdown "[none] integrity confidentiality"
	put etc/modules-load.d/toa.conf toa
	mkdir -p "$MACHINE/run"
}

# machine_loaded: with the module, ten connections and nothing wrong
machine_loaded() {
	machine
	put proc/modules "toa 49152 0 - Live 0x0000000000000000 (OE)"
	put sys/module/toa/version 0.1.0
	parameter_put trust 10.0.0.0/24,2001:db8:b::/64
	parameter_put ports ""
	parameter_put kinds 254
	parameter_put syn N
	parameter_put enable Y
	parameter_put hook auto
	parameter_put sk_user_data Y
	parameter_put max_clients 1048576
	parameter_put hooks "getname (IPv4)	ftrace	0
getname (IPv6)	ftrace	0"
	put proc/net/toa_trust 10.0.0.0/24,2001:db8:b::/64
	put proc/net/toa_stats ""
	put proc/net/toa_conns "local peer client uid inode" \
		"10.0.1.9:80 10.0.0.1:1001 203.0.113.7:40007 33 4711" \
		"[2001:db8:1::9]:443 [2001:db8:b::1]:1002 [2001:db8:c::7]:40008 33 4712" \
		"10.0.1.9:80 10.0.0.2:1003 198.51.100.7:40009 0 0"
	counters_put syn_recv_sock_toa=10 getname_toa_ok=20 syn_recv_sock_no_toa=2
	process 100 "nginx: worker" 4026531840 4711 4712
	process 101 "nginx: worker" 4026531840 4712
	process 200 web 4026532000 900
	put proc/200/net/toa_conns "local peer client uid inode" \
		"172.17.0.2:80 10.0.0.1:1009 203.0.113.9:40010 0 900"
	cp "$MACHINE/proc/net/toa_conns" "$MACHINE/proc/100/net/toa_conns"
	mkdir -p "$MACHINE/proc/self/ns"
	ln -sfn "net:[4026531840]" "$MACHINE/proc/self/ns/net"
	installed
}

# installed: the module, for this kernel, and its headers
installed() {
	release=6.12.117+deb13-cloud-amd64
	put "lib/modules/$release/modules.dep" "updates/dkms/toa.ko.xz:"
	put "lib/modules/$release/updates/dkms/toa.ko.xz" ""
	put "lib/modules/$release/build/Makefile" ""
}
