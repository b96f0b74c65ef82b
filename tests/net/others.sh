# shellcheck shell=sh
# Modules that cannot be loaded beside this one, or into this kernel: whoever is
# refused has been told why, and has changed nothing.

OTHER_KO=/toa/other_toa.ko
# toa.ko as it comes from another kernel's build, by what it says of itself.
ALIEN_KO=/toa/alien.ko

# refused ERROR COMMAND...: it fails and says so
refused() {
	refused_error=$1
	shift
	if refused_output=$("$@" 2>&1); then
		echo "it is loaded"
		return 1
	fi
	echo "$refused_output" | grep -q "$refused_error" && return
	echo "$refused_output"
	return 1
}

# What a module changes, as far as one can see it from outside.
traces_of_us() {
	ls /proc/net/toa_* /sys/module/toa 2>/dev/null
	grep -E "$(hooked | tr ' ' '|')" \
		"$KPROBES/list" "$TRACING/enabled_functions"
}

# beside_other PARAMETERS SENTENCE: another is there, and this one is told so
beside_other() {
	# The parameters are words.
	# shellcheck disable=SC2086
	insmod $OTHER_KO $1 || return
	before=$(traces_of_us)
	log_mark
	refused 'File exists\|resource busy' insmod "$TOA_KO" && log_has "TOA: $2" &&
		log_only "TOA: " && [ "$before" = "$(traces_of_us)" ] &&
		toatest balancer >/dev/null && rmmod other_toa &&
		load auto && clients_are_right && rmmod toa
}

# Where /proc is not the machine's, and /proc/net is another namespace's.
beside_other_unseen() {
	insmod $OTHER_KO option=0 || return
	log_mark
	# The single-quoted script has its own arguments.
	# shellcheck disable=SC2016
	unshare -n -m sh -c 'mount -t tmpfs tmpfs /proc || exit 0; insmod "$1"' sh "$TOA_KO" 2>/dev/null &&
		return 1
	log_has 'TOA: not loaded: another toa module is' && rmmod other_toa
}

# busybox asks the kernel twice, by its two system calls.
log_only() {
	[ "$(log_since | grep "$1" | sed 's/^[^]]*\] //' | sort -u | wc -l)" = 1 ] && return
	echo "the log has not one thing to say, but:"
	log_since
	return 1
}

# The other one comes second: nothing of this one's is lost.
other_comes_second() {
	load auto && refused 'resource busy' insmod $OTHER_KO &&
		[ -e /proc/net/toa_stats ] && clients_are_right && rmmod toa
}

same_twice() {
	load auto && refused 'File exists' insmod "$TOA_KO" && log_only 'TOA: ' &&
		clients_are_right && rmmod toa
}

# The kernel refuses it before anything of it runs.
alien() {
	before=$(traces_of_us)
	log_mark
	refused 'Exec format error\|invalid module format' insmod $ALIEN_KO &&
		log_has "toa: version magic '.*' should be .*'.*'" &&
		[ "$before" = "$(traces_of_us)" ]
}

part_others() {
	together "beside another toa module's file" beside_other option=0 \
		'not loaded: another toa module is, /proc/net/toa_stats is its'
	together "beside another toa module's file, which insmod does not see" beside_other_unseen
	together "beside another toa module's getsockopt number" beside_other file=0 \
		'getsockopt() number 4096 is taken'
	together "another toa module comes second" other_comes_second
	together "the module twice" same_twice
	together "a module of another kernel's" alien
}
