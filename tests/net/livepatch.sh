# shellcheck shell=sh
# A livepatch of a function that the module hooks: whoever comes second is refused
# by ftrace. The module then takes a kretprobe for that function alone.

LIVEPATCH=livepatch_getname
LIVEPATCH_KO=/toa/$LIVEPATCH.ko
LIVEPATCH_SYS=/sys/kernel/livepatch/$LIVEPATCH
LIVEPATCH_TENTHS=300

# Until no task is between the old function and the new any more.
livepatch_settle() {
	tenths=0
	while [ "$(cat $LIVEPATCH_SYS/transition 2>/dev/null)" = 1 ]; do
		if [ $tenths = $LIVEPATCH_TENTHS ]; then
			echo "the livepatch does not get out of its transition"
			return 1
		fi
		sleep 0.1
		tenths=$((tenths + 1))
	done
}

livepatch_on() {
	insmod $LIVEPATCH_KO && livepatch_settle
}

livepatch_off() {
	echo 0 >$LIVEPATCH_SYS/enabled && livepatch_settle && rmmod $LIVEPATCH
}

# The livepatch is there first, and goes first.
livepatch_first() {
	livepatch_on && load auto &&
		log_has 'TOA: getname (IPv4): ftrace refused.*kretprobe' &&
		clients_are_right && livepatch_off && clients_are_right &&
		rmmod toa
}

# The same, and the module goes first.
livepatch_last() {
	livepatch_on && load auto && clients_are_right && rmmod toa &&
		livepatch_off
}

livepatch_only_ftrace() {
	livepatch_on || return
	if load ftrace; then
		echo "the function was given out twice"
		return 1
	fi
	refusal_is_clean && livepatch_off
}

# Afterwards it is not refused any more.
livepatch_refused() {
	load ftrace && livepatch_is_busy && clients_are_right && rmmod toa &&
		livepatch_on && livepatch_off
}

livepatch_is_busy() {
	if refusal=$(insmod $LIVEPATCH_KO 2>&1); then
		echo "the function was given out twice"
		return 1
	fi
	echo "$refusal" | grep -q 'Device or resource busy' && return
	echo "$refusal"
	return 1
}

livepatch_beside_kretprobe() {
	load kretprobe && livepatch_on && clients_are_right && livepatch_off &&
		clients_are_right && rmmod toa
}

# Where the kernel cannot rely on its stack traces it says so, and refuses a livepatch
# or, from 5.1 on, takes one that may never take effect. That one is taken back.
livepatch_never_settles() {
	log_mark
	insmod $LIVEPATCH_KO 2>/dev/null && livepatch_off >/dev/null
	log_has 'support for the livepatch consistency model' >/dev/null
}

part_livepatch() {
	if [ ! -d /sys/kernel/livepatch ]; then
		skip "with a livepatch" "no livepatches in this kernel (/sys/kernel/livepatch)"
		return
	fi
	if [ ! -e $LIVEPATCH_KO ]; then
		skip "with a livepatch" "none was built for this kernel (before 5.1)"
		return
	fi
	if livepatch_never_settles; then
		skip "with a livepatch" "this kernel has no reliable stack traces"
		return
	fi
	together "auto after a livepatch, which goes first" livepatch_first
	together "auto after a livepatch, which stays" livepatch_last
	together "ftrace after a livepatch is refused" livepatch_only_ftrace
	together "a livepatch after ftrace is refused" livepatch_refused
	together "a livepatch after kretprobe" livepatch_beside_kretprobe
}
