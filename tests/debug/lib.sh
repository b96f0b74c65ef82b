# shellcheck shell=sh
# What the scripts of this directory share: where a debug kernel lives.
# A script sets TOP and sources tests/vm/lib.sh first.
#
# The harness in tests/vm knows kernels by a table of what the mirror offers.
# Ours are built here, so they get a cache of their own, $CACHE/debug, laid out
# as tests/vm/kernel lays out Debian's, with a table that names only them. The
# toolbox, busybox and apt's state in it are links to those of the real cache.

# shellcheck disable=SC2034 # for the scripts that source this
DEBUG=$TOP/tests/debug
DEBUG_CACHE=$CACHE/debug

known() {
	case $1 in
	debug | kcsan | rt) ;;
	*) die "there is no debug kernel '$1'; there are debug, kcsan and rt" ;;
	esac
}

# To be called before anything of $DEBUG_CACHE is used.
prepare_debug_cache() {
	prepare_host
	OWN_CACHE=$DEBUG_CACHE
	mkdir -p "$OWN_CACHE/kernels" "$OWN_CACHE/locks"
	toolbox
	borrow toolbox busybox apt
}
