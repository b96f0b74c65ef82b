# shellcheck shell=sh
# Cases: what is shown of what happens.

cases_selftest() {
	says "selftest" 0 '^ok *IPv4  *accept and getpeername give 203.0.113.7 40007' selftest
	so "selftest: an IPv6 client" said '^ok *IPv6  *.*2001:db8:c::7 40007'
	so "selftest: a dual-stack socket" said '^ok *dual-stack *.*::ffff:203.0.113.7'
	so "selftest: without an option the peer" said '^ok *IPv4, no option *.*192.0.2.1 40000'
	ctl trust add 10.9.0.0/16 >"$SAID" 2>&1
	echo 200,253/20 >/sys/module/toa/parameters/kinds
	echo 8080 >/sys/module/toa/parameters/ports
	says "selftest with trust, kinds and ports" 0 '^ok *IPv4, no option *.*10.9.0.1 40000' selftest
	so "selftest: a source that is not in trust" said '^ok *not in trust *.*192.0.2.1 40000'
	so "selftest: IPv6 is not in trust" said 'trust has no IPv6 balancer'
	echo 0 >/sys/module/toa/parameters/enable
	says "selftest while it is switched off" 1 'switched off' selftest
	echo 1 >/sys/module/toa/parameters/enable
	echo 254 >/sys/module/toa/parameters/kinds
	echo >/sys/module/toa/parameters/ports
	echo >/sys/module/toa/parameters/trust
	mv scripts/toa-selftest scripts/toa-selftest.away
	says "selftest without its program" 5 'make toa-selftest' selftest
	mv scripts/toa-selftest.away scripts/toa-selftest
}

# As many names as the module has, each with what the table says of it.
cases_stats() {
	says "stats" 0 '^syn_recv_sock_toa *[0-9]* *sockets made with a client' stats
	cut -d ' ' -f 1 /proc/net/toa_counters >/tmp/names
	so "stats has every counter" every_name 's/^\([a-z0-9_]*\) .*/\1/p'
	so "stats knows the meaning of every counter" refuse grep '^[a-z0-9_]* *[0-9]* *$' "$SAID"
	cut -f 1 scripts/toactl.d/counters | sort >/tmp/table
	sort /tmp/names >/tmp/sorted
	so "the table has the module's counters and no other" cmp /tmp/table /tmp/sorted
	says "stats --json" 0 '^{"loaded":true,.*}}$' stats --json
	so "stats --json has every counter" every_name 's/^"\([a-z0-9_]*\)":[0-9].*/\1/p'
	says "stats --prom" 0 '^toa_loaded 1$' stats --prom
	so "stats --prom has every counter" every_name 's/^toa_store_clients_all [0-9].*/store_total/p
		s/^toa_\([a-z0-9_]*\)_total [0-9].*/\1/p
		s/^toa_\([a-z0-9_]*\) [0-9].*/\1/p'
	says "stats --output without --prom" 2 'goes with --prom' stats --output /tmp/x
	says "stats --prom into a file" 0 '' stats --prom --output /tmp/toa.prom
	so "the file is there, and nothing beside it" test "$(echo /tmp/toa.prom*)" = /tmp/toa.prom
	so "everybody may read it" test "$(stat -c %a /tmp/toa.prom)" = 644
	says "stats --prom into nowhere" 1 'cannot be written' stats --prom --output /nowhere/toa.prom
	says "stats --watch" 0 '^syn_recv_sock_toa *[0-9]* *[0-9.]*/s' stats --watch 1 --count 1
}

# every_name SCRIPT: this makes the name of each counter, one a line, of what was said
every_name() {
	tr ',' '\n' <"$SAID" | tr '{' '\n' | sed -n "$1" >/tmp/found
	refuse grep -vxF -f /tmp/found /tmp/names
}

# hold WORD...: a connection with a client that lasts until release. Not inside a
# check, which is a shell of its own.
hold() {
	rm -f /tmp/held
	mkfifo /tmp/held
	scripts/toa-selftest -w "$@" </tmp/held >/tmp/holder 2>&1 &
	HOLDER=$!
	exec 8>/tmp/held
}

is_held() {
	wait_until 20 grep -q getpeername /tmp/holder
}

release() {
	exec 8>&-
	wait "$HOLDER"
}

# Processes of busybox are many, of one name.
cases_conns() {
	hold 192.0.2.1 80 254/8 203.0.113.7 40007
	so "conns: a connection is held" is_held
	says "conns: none in this namespace" 0 '^CLIENT *PEER *LOCAL *UID *PROGRAM' conns
	so "conns: really none" not_said 203.0.113.7
	says "conns --all" 0 "^203.0.113.7:40007 *192.0.2.1:40000 *198.18.0.1:80 *0 *toa-selftest\\[$HOLDER\\]" conns --all
	says "conns --netns PID" 0 '^203.0.113.7:40007' conns --netns "$HOLDER"
	says "conns --json" 0 '"client":"203.0.113.7:40007","peer":"192.0.2.1:40000"' conns --all --json
	says "conns of no process" 1 'there is no process 4194300' conns --netns 4194300
	says "conns of no namespace" 1 'there is no network namespace nowhere' conns --netns nowhere
	release
	hold 2001:db8:b::1 80 254/20 2001:db8:c::7 40007
	so "conns: one over IPv6" is_held
	says "conns --all, IPv6" 0 '^\[2001:db8:c::7\]:40007 *\[2001:db8:b::1\]:40000' conns --all
	release
	says "conns: gone" 0 . conns --all
	so "conns: really gone" not_said 40007
}

cases_check_ko() {
	says "check-ko: the right one" 6 '^It may load' check-ko /toa/toa.ko
	so "check-ko: its vermagic fits" said '^ok *vermagic'
	says "check-ko: another kernel's" 1 'mod_UNLOAD' check-ko /toa/alien.ko
	says "check-ko: no module" 1 'no ELF file' check-ko /etc/passwd
	says "check-ko: no file" 1 'there is no file' check-ko /nowhere/toa.ko
	says "check-ko: no word" 2 'needs the file' check-ko
}

cases_bugreport() {
	ctl trust add 10.9.8.0/24 2001:db8:77::/48 >"$SAID" 2>&1
	says "bugreport" 0 'written to /tmp/report' bugreport /tmp/report
	cp /tmp/report "$SAID"
	so "bugreport: the version" said '^version:\|toa .* is loaded'
	so "bugreport: the counters" said '^getname_toa_ok [0-9]'
	so "bugreport: no address" not_said '10\.9\.8\|2001:db8\|db8:'
	so "bugreport: no host name" not_said 'guest'
	says "bugreport into nowhere" 1 'cannot be written' bugreport /nowhere/report
	echo >/sys/module/toa/parameters/trust
}

# In a namespace of its own, so that only our packets are there.
cases_sniff() {
	ctl load >"$SAID" 2>&1
	sniffed 5 192.0.2.1 80 254/8 203.0.113.7 40007 >"$SAID" 2>&1
	judge_said $? "sniff sees the option" 0 \
		'^192.0.2.1 *254/8 *0 *1 *1 *yes *203.0.113.7:40007'
	so "sniff shows the packets" said 'ACK  254/8  client 203.0.113.7:40007'
	ctl trust add 10.0.0.0/8 >"$SAID" 2>&1
	sniffed 5 2001:db8:b::1 80 254/20 2001:db8:c::7 40007 >"$SAID" 2>&1
	judge_said $? "sniff sees who is not in trust" 6 \
		'^2001:db8:b::1 .*not in trust'
	echo >/sys/module/toa/parameters/trust
	sniffed 5 192.0.2.1 80 >"$SAID" 2>&1
	judge_said $? "sniff sees a connection without the option" 1 \
		'opened 1 connections and sent no option'
	says "sniff of no file" 1 'there is no file' sniff --read /nowhere
	as_nobody 4 "sniff without rights" sniff
	ctl unload >"$SAID" 2>&1
}

# sniffed SECONDS WORD...: toactl sniff while toa-selftest WORD... runs; its status.
# The capture is there when its named pipe has been opened: the device comes later.
# The single-quoted script has its own arguments.
# shellcheck disable=SC2016
sniffed() {
	export SHELL_PATH TOOLS CTL
	unshare -n sh -c '
		. ./cases.sh
		ip link set lo up
		seconds=$1
		shift
		ctl sniff --interface any --seconds "$seconds" &
		sniffer=$!
		. ./lib.sh
		wait_until 5 grep -q " 0003 " /proc/net/packet
		scripts/toa-selftest -s "$@"
		wait $sniffer' sh "$@"
}

cases_doctor() {
	ctl load >"$SAID" 2>&1
	says "doctor: trust is empty" 6 '^WARN *trust *empty' doctor
	so "doctor: every WARN and FAIL has evidence" refuse grep -E '^(WARN|FAIL)  *[^ ]+ *$' "$SAID"
	ctl trust add 192.0.2.0/24 >"$SAID" 2>&1
	scripts/toa-selftest 192.0.2.1 80 254/8 203.0.113.7 40007 >"$SAID" 2>&1
	scripts/toa-selftest 198.51.100.1 80 254/8 203.0.113.7 40007 >"$SAID" 2>&1
	doctor_in_namespace
	echo 0 >/sys/module/toa/parameters/enable
	says "doctor: switched off" 1 '^FAIL *enable' doctor
	echo 1 >/sys/module/toa/parameters/enable
	check_strip_rule
	ctl unload >"$SAID" 2>&1
}

# The counters are a namespace's, so the connections are made in one that stays.
doctor_in_namespace() {
	export SHELL_PATH TOOLS CTL
	unshare -n sh -c '
		. ./cases.sh
		scripts/toa-selftest -s 192.0.2.1 80 254/8 203.0.113.7 40007
		scripts/toa-selftest -s 198.51.100.1 81 254/8 203.0.113.7 40007
		ctl doctor' >"$SAID" 2>&1
	so "doctor: connections had a client" said '^ok *traffic *[0-9]* connections had a client'
	so "doctor: trust has one" said '^ok *trust *1 prefixes'
	so "doctor: somebody who is not in trust" said '^WARN *untrusted'
}

check_strip_rule() {
	modprobe nf_tables
	nft -f - <<-END
		table inet t { chain c { type filter hook prerouting priority mangle;
			tcp option 254 exists reset tcp option 254; }; }
	END
	says "doctor: a rule that strips the option" 6 'note *firewall *a rule removes TCP options' doctor
	nft delete table inet t
}

# script(1) makes the terminal.
cases_terminal() {
	ctl load >"$SAID" 2>&1
	escape=$(printf '\033')
	TERM=xterm script -qec "$SHELL_PATH $CTL doctor" /dev/null >"$SAID" 2>&1 </dev/null
	so "terminal: doctor has colours" said "$escape"
	TERM=xterm NO_COLOR=1 script -qec "$SHELL_PATH $CTL doctor" /dev/null >"$SAID" 2>&1 </dev/null
	so "terminal: none with NO_COLOR" not_said "$escape"
	TERM=xterm ctl doctor >"$SAID" 2>&1
	so "terminal: none in a pipe" not_said "$escape"
	TERM=xterm script -qec "$SHELL_PATH $CTL status" /dev/null >"$SAID" 2>&1 </dev/null
	so "terminal: no line of status is wider than 100" narrow
	TERM=xterm script -qec "$SHELL_PATH $CTL stats --watch 1 --count 2" /dev/null >"$SAID" 2>&1 </dev/null
	so "terminal: watch begins each time at the top" said "$escape\\[H"
	ctl unload >"$SAID" 2>&1
}

narrow() {
	sed "s/$escape\\[[0-9;]*m//g" "$SAID" | tr -d '\r' | awk 'length($0) > 100 { print; bad = 1 } END { exit bad }'
}
