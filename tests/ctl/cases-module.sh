# shellcheck shell=sh
# Cases: loading, unloading, parameters.

cases_not_loaded() {
	for words in status stats conns "trust list" selftest "stats --json"; do
		# They are words.
		# shellcheck disable=SC2086
		says "not loaded: $words" 3 'is not loaded; run: toactl load' $words
		so "not loaded: $words says it in one sentence" one_sentence
	done
	says "not loaded: stats --prom tells it" 0 '^toa_loaded 0$' stats --prom
	says "not loaded: doctor" 1 '^FAIL *module' doctor
	says "not loaded: unload is content" 0 'is not loaded' unload
	says "not loaded: --version" 0 '^toa is not loaded' --version
}

cases_wrong_use() {
	says "no command" 2 '^usage: toactl COMMAND'
	says "a command that is none" 2 'there is no command frobnicate' frobnicate
	for command in status doctor stats conns sniff check-ko load unload reload selftest bugreport; do
		says "$command takes no --frob" 2 . "$command" --frob
		so "$command says so in one sentence" one_sentence
	done
	for command in status doctor stats conns sniff check-ko load unload reload trust selftest bugreport; do
		says "$command --help" 0 "^usage: toactl $command" "$command" --help
	done
	says "trust add without a prefix" 2 'needs a prefix' trust add
	says "trust add of what is none" 2 '10.0.0 is not an address' trust add 10.0.0
	says "an option without its value" 2 'needs a value' stats --output
	says "a number that is none" 2 'whole number' stats --watch 2x
	says "load with an unknown parameter" 2 'has no parameter size' load size=3
	says "load of no file" 1 'there is no file' load /nowhere/toa.ko
	so "nothing was loaded by all that" refuse is_loaded
}

cases_load() {
	as_nobody 4 "load without rights" load
	says "load" 0 'is loaded$' load trust=
	so "it is loaded" is_loaded
	says "load again" 0 'is loaded already' load
	says "load again with the same parameter" 0 'is loaded already' load enable=1
	says "load with another one" 1 'is loaded with another ports; toactl reload ports=81' load ports=81
	says "status" 0 '^toa .* is loaded on Linux' status
	so "status shows the hooks" said '^  getname (IPv4) *ftrace'
	so "status shows what an empty parameter means" said 'trust *any source may name'
	says "--version" 0 '^toa .*, loaded' --version
	as_nobody 4 "unload without rights" unload
	as_nobody 4 "trust add without rights" trust add 10.0.0.1
	so "all that changed nothing" parameter_is trust ""
}

# as_nobody STATUS CASE WORD...
as_nobody() {
	nobody_status=$1 nobody_case=$2
	shift 2
	case $SHELL_PATH in
	*/busybox) shell="$SHELL_PATH sh" ;;
	*) shell=$SHELL_PATH ;;
	esac
	/bin/busybox su -s /bin/sh nobody -c "PATH=$TOOLS exec $shell $CTL $*" >"$SAID" 2>&1 </dev/null
	judge_said $? "$nobody_case" "$nobody_status" 'needs root'
}

trust_add_at_once() {
	for n in 1 2 3 4 5 6 7 8; do
		ctl trust add "192.0.2.$n" >"/tmp/at-once.$n" 2>&1 &
	done
	wait
}

trust_has_all_of_them() {
	[ "$(tr ',' '\n' </sys/module/toa/parameters/trust | grep -c '^192\.0\.2\.[1-8]')" = 8 ]
}

cases_trust() {
	says "trust list when empty" 0 'any source' trust list
	says "trust add" 0 '' trust add 10.0.0.0/24 2001:db8:b::/64
	so "trust: the module has both" parameter_is trust "10.0.0.0/24,2001:db8:b::/64"
	says "trust list" 0 '^2001:db8:b::/64$' trust
	says "trust add in another spelling" 0 '' trust add 2001:0DB8:000b:0::/64
	so "trust: nothing is there twice" parameter_is trust "10.0.0.0/24,2001:db8:b::/64"
	says "trust add that the module refuses" 1 'the old one stays.*host bits' trust add 10.1.0.1/24
	says "trust del of what is not there" 1 'not in the list: 10.2.0.0/16' trust del 10.2.0.0/16
	says "trust del in another spelling" 0 '' trust del 2001:db8:000b:0:0::/64
	says "trust del of the last one" 1 'the last prefix.*--empty' trust del 10.0.0.0/24
	so "trust: it is still there" parameter_is trust 10.0.0.0/24
	says "trust del --empty" 0 '' trust del --empty 10.0.0.0/24
	so "trust: it is gone" parameter_is trust ""
	long_list
	# 4500 characters, more than a parameter's file takes.
	# shellcheck disable=SC2046
	says "trust add of a long list" 0 '' trust add $(cat /tmp/long)
	so "trust: all of it is there" trust_has_long_list
	echo >/sys/module/toa/parameters/trust
	trust_add_at_once
	so "trust: eight shells add at once, and all of it is there" trust_has_all_of_them
	echo >/sys/module/toa/parameters/trust
}

long_list() {
	i=0
	while [ $i -lt 400 ]; do
		echo "10.$((i / 200)).$((i % 200)).0/24"
		i=$((i + 1))
	done >/tmp/long
}

trust_has_long_list() {
	tr ',' '\n' </proc/net/toa_trust | cmp - /tmp/long
}

cases_reload() {
	ctl trust add 10.0.0.0/24 >"$SAID" 2>&1
	echo 200,254 >/sys/module/toa/parameters/kinds
	echo 80,443 >/sys/module/toa/parameters/ports
	echo 1 >/sys/module/toa/parameters/syn
	says "reload" 0 'is loaded$' reload max_clients=4711
	so "reload keeps trust" parameter_is trust 10.0.0.0/24
	so "reload keeps kinds" parameter_is kinds 200,254
	so "reload keeps ports" parameter_is ports 80,443
	so "reload keeps syn" parameter_is syn Y
	so "reload takes a new parameter" parameter_is max_clients 4711
	says "reload of a file that would not load" 1 'so the old one stays' reload /toa/alien.ko
	so "the old one stays, as it was" parameter_is trust 10.0.0.0/24
	# shellcheck disable=SC2046
	ctl trust add $(cat /tmp/long) >"$SAID" 2>&1
	says "reload with a long list" 0 'is loaded$' reload
	so "reload keeps all of it" grep -q '10.1.199.0/24' /proc/net/toa_trust
	so "and the module is switched on" parameter_is enable Y
	so "nothing is left in /run" refuse test -e /run/toa.reload
	says "reload with defaults again" 0 'is loaded$' reload trust= kinds=254 ports= syn=0 max_clients=1048576
}

# insmod and rmmod that kill who called them, before and after their work.
cases_killed() {
	mkdir -p /tmp/killers
	for when in before after; do
		for tool in rmmod insmod; do
			ctl load trust=10.0.0.0/24 >"$SAID" 2>&1
			ctl reload trust=10.0.0.0/24 >"$SAID" 2>&1
			killed_reload $tool $when
			so "killed $when $tool: loaded with the list, or not loaded" trusted_or_gone
			says "killed $when $tool: load goes on" 0 'is loaded' load
			so "killed $when $tool: the list is in force" parameter_is trust 10.0.0.0/24
			so "killed $when $tool: nothing is left over" refuse test -e /run/toa.reload
		done
	done
	killed_with_long_list
	ctl unload >"$SAID" 2>&1
}

# Killed while the module is loaded and switched off.
killed_with_long_list() {
	# shellcheck disable=SC2046
	ctl trust add $(cat /tmp/long) >"$SAID" 2>&1
	killed_reload insmod after
	so "killed with a long list: it is switched off" parameter_is enable N
	says "killed with a long list: load goes on" 0 'is loaded' load
	so "killed with a long list: it is in force" grep -q '10.1.199.0/24' /proc/net/toa_trust
	so "killed with a long list: it is switched on" parameter_is enable Y
}

killed_reload() {
	killer "$1" "$2"
	# shellcheck disable=SC2034 # ctl uses it
	BEFORE_TOOLS=/tmp/killers:
	ctl reload >"$SAID" 2>&1
	unset BEFORE_TOOLS
	rm "/tmp/killers/$1"
}

# killer TOOL before|after: kills its own parent when it runs.
killer() {
	# shellcheck disable=SC2016
	{
		echo '#!/bin/sh'
		[ "$2" = before ] || echo "/usr/sbin/$1 \"\$@\""
		echo 'kill -9 $PPID'
	} >/tmp/killers/"$1"
	chmod +x /tmp/killers/"$1"
}

trusted_or_gone() {
	! is_loaded || parameter_is trust 10.0.0.0/24
}

cases_unload() {
	says "unload" 0 'is unloaded' unload
	so "it is not loaded" refuse is_loaded
	says "unload again" 0 'is not loaded' unload
}

# Another project's toa.
cases_other() {
	so "insmod of another toa" insmod /toa/other_toa.ko
	says "another toa: status" 3 'another toa module is loaded' status
	says "another toa: load" 1 'another toa module is loaded' load
	says "another toa: unload leaves it alone" 1 'is not this one' unload
	says "another toa: doctor" 1 'FAIL *module *another toa module' doctor
	so "rmmod of the other" rmmod other_toa
}
