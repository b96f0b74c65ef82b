# shellcheck shell=sh
# What tests/apps needs on the host: Debian trees, the servers that are built here, and
# the disk. A script sources tests/vm/lib.sh, tests/install/lib.sh and
# tests/demo/host.sh first.

APPS_BASE="nginx libnginx-mod-stream apache2 haproxy redis-server postgresql mariadb-server openssh-server openssh-client vsftpd nodejs python3 openjdk-21-jre-headless systemd ssl-cert mptcpize nftables curl iproute2 kmod procps e2fsprogs"
BUILDER_BASE="gcc libc6-dev liburing-dev golang-go openjdk-21-jdk-headless"

# shellcheck disable=SC2034 # for the scripts that source this
DISK=$TREES/apps.disk

# build COMMAND...: in the tree with compilers
build() {
	chroot_run "$TREES/builder" env HOME=/root GOCACHE="$CACHE/go" GOTOOLCHAIN=local \
		CGO_ENABLED=0 "$@"
}

build_servers() {
	tree builder "$BUILDER_BASE"
	servers=$TOP/tests/apps/servers
	logged "$OUT/servers.log" build_each || die "a server does not build; see $OUT/servers.log"
}

build_each() {
	build gcc -std=c11 -O2 -Wall -Wextra -Werror -static -o "$OUT/$ID/bin/uring" \
		"$servers/uring.c" -luring &&
		build go build -o "$OUT/$ID/bin/go-server" "$servers/server.go" &&
		build javac -d "$OUT/$ID/bin" "$servers/Nio.java"
}

# The Debian tree as an ext4 image, which guests read and do not change.
make_disk() {
	tree apps "$APPS_BASE"
	with_lock apps-disk fill_disk
}

fill_disk() {
	[ -z "$(find "$DISK" -newer "$TREES/apps/.stamp" 2>/dev/null)" ] || return 0
	say "making the disk"
	rm -f "$DISK" "$DISK.new"
	truncate -s 3G "$DISK.new"
	logged "$OUT/disk.log" chroot_run "$TREES/apps" mke2fs -q -t ext4 -O ^has_journal \
		-d "$TREES/apps" "$DISK.new" || die "no disk image can be made; see $OUT/disk.log"
	mv "$DISK.new" "$DISK"
}
