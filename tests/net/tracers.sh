# shellcheck shell=sh
# Others who look at the functions that the module hooks: tracers, probes, BPF,
# and the switches that turn such things off.
#
# Each comes before the module and after it, and each goes first once. The clients
# must be right all the time, and the tracer must see the calls.

# Before 4.1 it was only in debugfs.
TRACING=/sys/kernel/tracing
[ -e $TRACING/trace ] || TRACING=/sys/kernel/debug/tracing
# Before 5.0 kprobes alone could be events of one's own.
DYNAMIC_EVENTS=$TRACING/dynamic_events
[ -e $DYNAMIC_EVENTS ] || DYNAMIC_EVENTS=$TRACING/kprobe_events
KPROBES=/sys/kernel/debug/kprobes
FTRACE=/proc/sys/kernel/ftrace_enabled

# hooked: the functions that the module hooks, as words
hooked() {
	functions="inet_getname tcp_v4_syn_recv_sock inet_sock_destruct tcp_disconnect"
	! ipv6_is_there || functions="$functions inet6_getname tcp_v6_syn_recv_sock"
	echo "$functions"
}

# together NAME COMMAND...: one result for several steps, of which each says why
# it fails. A line "note: ..." is shown in any case.
together() {
	together_name=$1
	shift
	together_output=$("$@" 2>&1)
	together_status=$?
	echo "$together_output" | sed -n 's/^note: /# /p'
	result "$together_name" $together_status "$together_output"
	[ $together_status = 0 ] || start_afresh
}

# What the failure left behind shall not fail the next.
start_afresh() {
	for tracer in $TRACERS; do
		tracer_off "$tracer"
	done
	switch $FTRACE 1
	switch $KPROBES/enabled 1
	rmmod toa
	rmmod other_toa
	livepatch_off
} >/dev/null 2>&1

clients_are_right() {
	passages=$(toatest passages)
	passages_status=$?
	if [ $passages_status = 0 ] && echo "$passages" | grep -q '^ok' &&
		! echo "$passages" | grep -q '^not ok'; then
		return
	fi
	echo "the clients are not right, status $passages_status:"
	echo "$passages" | grep -v '^ok'
	return 1
}

# load MODE; what ftrace refused and a kretprobe took is told.
load() {
	log_mark
	if insmod "$TOA_KO" "hook=$1"; then
		log_since | sed -n 's/.*TOA: \(.*ftrace refused.*\)/note: \1/p'
		return
	fi
	return 1
}

# After insmod refused, as it may: it has said why and left nothing.
refusal_is_clean() {
	log_has 'TOA: .*\(cannot hook\|was installed but does not work\)' || return
	if is_loaded || [ -e /proc/net/toa_stats ]; then
		echo "the module or its file is there"
		return 1
	fi
	grep -E "$(hooked | tr ' ' '|')" $KPROBES/list && return 1
	echo "note: refused: $(log_since | sed -n 's/.*TOA: \(.*\)/\1/p' | tail -n 1)"
}

# A tracer is what these four functions know.
TRACERS="function function_graph kprobe fprobe"

tracer_title() {
	case $1 in
	function | function_graph) echo "the tracer $1" ;;
	*) echo "$1 events" ;;
	esac
}

# tracer_lacks TRACER: why this kernel has none, or nothing
tracer_lacks() {
	case $1 in
	kprobe) [ -e $DYNAMIC_EVENTS ] || echo "no kprobe events in this kernel (kprobe_events)" ;;
	fprobe)
		grep -q ' f\[:' $TRACING/README ||
			echo "no fprobe events in this kernel (tracing/README)"
		;;
	*)
		if ! grep -qw "$1" $TRACING/available_tracers; then
			echo "no tracer $1 in this kernel (available_tracers)"
		elif tracer_is_blind "$1"; then
			echo "the tracer $1 of this kernel does not see a function of the kernel's own"
		fi
		;;
	esac
}

# tracer_is_blind TRACER: as function_graph is in a 2.6.32 that gcc 9 made. The function is
# one that reading the trace does not call, or it would have no end.
tracer_is_blind() {
	echo load_elf_binary >$TRACING/set_ftrace_filter
	echo "$1" >$TRACING/current_tracer
	/bin/busybox true
	tracer_calls=$(grep -c load_elf_binary $TRACING/trace)
	tracer_off "$1"
	[ "$tracer_calls" = 0 ]
}

# By its number the kernel finds a function at once. For each name it would ask for
# the names of all: minutes with KCSAN. Before 5.1 it takes no numbers, which 2.6.32 does
# not say: without a filter all functions are traced.
hooked_filter() {
	hooked_numbers 2>/dev/null >$TRACING/set_ftrace_filter
	! grep -q 'all functions' $TRACING/set_ftrace_filter ||
		hooked >$TRACING/set_ftrace_filter
}

hooked_numbers() {
	if [ ! -e /run/hooked ]; then
		hooked | tr ' ' '\n' >/run/hooked.names
		grep -nxFf /run/hooked.names $TRACING/available_filter_functions |
			cut -d : -f 1 >/run/hooked
	fi
	cat /run/hooked
}

tracer_on() {
	echo >$TRACING/trace
	case $1 in
	kprobe) events_on p entry && events_on r exit ;;
	fprobe) events_on f exit %return ;;
	*)
		hooked_filter &&
			echo "$1" >$TRACING/current_tracer
		;;
	esac
}

tracer_off() {
	case $1 in
	kprobe | fprobe)
		echo 0 >$TRACING/events/toatest/enable &&
			echo >$DYNAMIC_EVENTS
		;;
	*)
		echo nop >$TRACING/current_tracer &&
			echo >$TRACING/set_ftrace_filter
		;;
	esac
}

# events_on KIND NAME [SUFFIX]: an event on every function
events_on() {
	for function in $(hooked); do
		echo "$1:toatest/$2_$function $function${3-}" >>$DYNAMIC_EVENTS
	done
	echo 1 >$TRACING/events/toatest/enable
}

tracer_sees() {
	for function in $(hooked); do
		case $1 in
		kprobe) trace_has "entry_$function: " && trace_has "exit_$function: " ;;
		fprobe) trace_has "exit_$function: " ;;
		*) trace_has " ${function}[ (]" ;;
		esac || return
	done
}

trace_has() {
	grep -q "$1" $TRACING/trace && return
	echo "the trace has no '$1'"
	return 1
}

# Before 5.5 a kprobe at a function's entry is a user of IPMODIFY by itself.
tracer_diverts() {
	grep -q '^inet_getname .* I' $TRACING/enabled_functions
}

# tracer_excludes TRACER: ftrace is refused then, and auto takes kretprobes
tracer_excludes() {
	if load ftrace; then
		echo "the function was given out twice"
		return 1
	fi
	refusal_is_clean_beside && load auto && clients_are_right && tracer_sees "$1" &&
		rmmod toa && tracer_off "$1"
}

# The tracer's own kprobes are in the list.
refusal_is_clean_beside() {
	log_has 'TOA: .*cannot hook' && ! is_loaded && [ ! -e /proc/net/toa_stats ]
}

# tracer_with TRACER MODE: it comes and goes, comes again, and the module goes
tracer_with() {
	tracer_on "$1" || return
	if [ "$2" = ftrace ] && tracer_diverts; then
		tracer_excludes "$1"
		return
	fi
	load "$2" && clients_are_right && tracer_sees "$1" &&
		tracer_off "$1" && clients_are_right &&
		tracer_on "$1" && clients_are_right && tracer_sees "$1" &&
		rmmod toa && tracer_off "$1"
}

tracer_try() {
	lacking=$(mechanism_lacks "$2")
	[ "$lacking" ] || lacking=$(tracer_lacks "$1")
	unless "$lacking" together "$2 with $(tracer_title "$1")" tracer_with "$1" "$2"
}

# BPF programs at the entry and the exit of every hooked function, put there by
# the program fentry while it runs one of the functions below. Kernels before 5.19
# give a function to one user of its kind only, and refuse the second.
with_fentry() {
	# The arguments are the inner shell's.
	# shellcheck disable=SC2016
	fentry "$(hooked | tr ' ' ,)" \
		sh -c '. ./lib.sh; . ./parts.sh; . ./tracers.sh; "$@"' sh "$@"
	fentry_status=$?
	if [ $fentry_status = 125 ]; then
		echo "note: the kernel refuses fentry (EBUSY)"
		clients_are_right && rmmod toa
		return
	fi
	[ $fentry_status = 0 ] && return
	echo "fentry has the status $fentry_status"
	return 1
}

# fentry_first MODE: the programs come first and go first
fentry_first() {
	with_fentry fentry_load "$1" || return
	is_loaded || return 0
	clients_are_right && rmmod toa
}

# Where the module is refused, the programs shall see their calls all the same.
fentry_load() {
	if load "$1"; then
		clients_are_right
	else
		refusal_is_clean && toatest balancer >/dev/null
	fi
}

# fentry_second MODE: the programs come second, and the module goes first
fentry_second() {
	load "$1" && with_fentry fentry_unload
}

fentry_unload() {
	clients_are_right && rmmod toa
}

# fentry_second_breaks: why not, or nothing. Linux 6.1: a program that is attached to a
# function after a user of IPMODIFY breaks the kernel itself: WARN in
# arch_ftrace_ops_list_func(), later an oops when the program goes. 6.16: with an fentry
# and an fexit program both, that user is not called until they go. Each was seen with a
# livepatch, without this module.
fentry_second_breaks() {
	case $(uname -r) in
	6.1.*) echo "Linux 6.1 itself breaks by it, by a livepatch as well" ;;
	6.16.*) echo "Linux 6.16 leaves out who is there first, a livepatch as well" ;;
	esac
}

part_fentry() {
	if [ ! -e /sys/kernel/btf/vmlinux ]; then
		skip "BPF fentry and fexit" "no BTF in this kernel (/sys/kernel/btf/vmlinux)"
		return
	fi
	together "auto after BPF fentry and fexit" fentry_first auto
	together "kretprobe after BPF fentry and fexit" fentry_first kretprobe
	unless "$(fentry_second_breaks)" together "ftrace before BPF fentry and fexit" fentry_second ftrace
	together "kretprobe before BPF fentry and fexit" fentry_second kretprobe
}

switch() {
	echo "$2" 2>/dev/null >"$1" && [ "$(cat "$1")" = "$2" ] && return
	echo "$1 does not become $2"
	return 1
}

# load_while_off FILE MODE: while it is off, the module works or refuses; what it
# refused has not spoilt anything.
load_while_off() {
	switch "$1" 0 || return
	if load "$2"; then
		clients_are_right && rmmod toa && switch "$1" 1
	else
		refusal_is_clean && switch "$1" 1 &&
			load "$2" && clients_are_right && rmmod toa
	fi
}

# switched_off FILE NAME MODE
switched_off() {
	lacking=$(mechanism_lacks "$3")
	if [ "$lacking" ]; then
		skip "$3 with $2=0" "$lacking"
	elif switch "$1" 0 >/dev/null; then
		together "$3 with $2=0" load_while_off "$1" "$3"
	else
		skip "$3 with $2=0" "this kernel does not let it be 0"
	fi
}

part_tracers() {
	for mode in ftrace kretprobe; do
		for tracer in $TRACERS; do
			tracer_try "$tracer" "$mode"
		done
	done
	part_fentry
	switched_off $FTRACE kernel.ftrace_enabled auto
	switched_off $FTRACE kernel.ftrace_enabled ftrace
	switched_off $KPROBES/enabled kprobes/enabled ftrace
	switched_off $KPROBES/enabled kprobes/enabled kretprobe
}
