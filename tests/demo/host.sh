# shellcheck shell=sh
# What scripts do on the host to have the demonstration's balancer in a guest. A script
# sets TOP and TOA_OUT and sources tests/vm/lib.sh first.

# The kernel's id: the first amd64 one that KERNEL means, or Debian 13's.
choose_kernel() {
	"$VM/kernel" list ${KERNEL:+"$KERNEL"} |
		awk -v any="${KERNEL:+y}" '
			$5 == "amd64" && (any || $4 == "trixie") { print $1; exit }'
}

# build_static NAME SOURCE: a program for the guest
build_static() {
	mkdir -p "$OUT/$ID/bin"
	logged "$OUT/$1.log" toolbox_run gcc -std=c11 -O2 -Wall -Wextra -Werror -static \
		-o "$OUT/$ID/bin/$1" "$2" ||
		die "$1 does not build; see $OUT/$1.log"
}
