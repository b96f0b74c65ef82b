# shellcheck shell=sh
# What the scripts of this directory share: messages, the cache, Debian's
# mirror, a private apt, and the toolbox (a Debian 13 tree to chroot into).
# A script sets TOP to the repository's root and sources this file.

LC_ALL=C
export LC_ALL
umask 022

# shellcheck disable=SC2034 # for the scripts that source this
VM=$TOP/tests/vm
OUT=${TOA_OUT:-$TOP/tests/out}
CACHE=${TOA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/toa}
APT=$CACHE/apt
TOOLBOX=$CACHE/toolbox

# Debian 13: its gcc builds the modules of every kernel in kernels.list, and its
# QEMU is free of two faults of Debian 12's that look like faults of a module
# (see README).
TOOLBOX_SUITE=trixie
TOOLBOX_PACKAGES=gcc,make,libc6-dev,libelf1t64,sparse,kmod,cpio,xz-utils,perl,shellcheck,qemu-system-x86,qemu-system-arm,gcc-aarch64-linux-gnu,libc6-dev-arm64-cross

CLANG_PACKAGES="clang-19 libclang-rt-19-dev"

# Where the toolbox finds older compilers: gcc 9 and 10, and 11.
OLDER_SUITES="bullseye bookworm"

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

say() {
	echo "vm: $*" >&2
}

die() {
	echo "vm: $*" >&2
	exit 1
}

# with_lock NAME COMMAND...: two runs may share the cache. The command keeps the
# lock open: dash, told to close it for a function, loses a lock inside a lock.
with_lock() {
	lock_name=$1
	shift
	(
		flock 9
		"$@"
	) 9>"$CACHE/locks/$lock_name"
}

# logged FILE COMMAND...: output into a file, shown only when the command fails.
logged() {
	log=$1
	shift
	"$@" >"$log" 2>&1 </dev/null && return
	tail -n 20 "$log" >&2
	return 1
}

install_host_package() {
	apt-get -q update || return
	DEBIAN_FRONTEND=noninteractive apt-get -qy -o Acquire::Retries=3 \
		install --no-install-recommends "$1"
}

# need_host_package COMMAND PACKAGE: install what a fresh machine lacks.
need_host_package() {
	if command -v "$1" >/dev/null; then
		return
	fi
	say "installing $2"
	logged "$CACHE/apt-host.log" install_host_package "$2" ||
		die "cannot install $2; install it by hand and run this again"
}

prepare_host() {
	[ "$(id -u)" = 0 ] || die "mounting and chroot need root; run this as root"
	mkdir -p "$CACHE/locks" "$OUT"
	need_host_package debootstrap debootstrap
}

# find_mirror main|security: the archive this machine's own apt uses.
find_mirror() {
	# The $(...) are apt's, not the shell's.
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(REPO_URI)' \
		'Identifier: Packages' 2>/dev/null |
		awk -v want="$1" '
			$1 == "Debian" && (want == "security") == ($2 ~ /-security$/) {
				print $3
				exit
			}'
}

# mirror main|security, with apt's lists refreshed when they are still empty.
mirror() {
	case $1 in
	main) mirror_uri=${TOA_MIRROR:-} ;;
	security) mirror_uri=${TOA_SECURITY_MIRROR:-} ;;
	esac
	[ "$mirror_uri" ] || mirror_uri=$(find_mirror "$1")
	if [ -z "$mirror_uri" ]; then
		logged "$CACHE/apt-host.log" apt-get -q update || true
		mirror_uri=$(find_mirror "$1")
	fi
	[ "$mirror_uri" ] ||
		die "this machine's apt knows no Debian $1 archive; set TOA_MIRROR and TOA_SECURITY_MIRROR to its addresses"
	echo "$mirror_uri"
}

# apt_private TOOL ARGS...: apt with its own sources and state, so that other
# suites can be read without touching the machine's packages. Container images
# switch apt's cache off, which costs 2 s a question: switch it on.
apt_private() {
	apt_tool=$1
	shift
	"$apt_tool" \
		-o Dir::Etc="$APT/etc" \
		-o Dir::Etc::sourcelist="$APT/etc/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::State="$APT/state" \
		-o Dir::State::status=/dev/null \
		-o Dir::Cache="$APT/cache" \
		-o Dir::Cache::pkgcache=pkgcache.bin \
		-o Dir::Cache::srcpkgcache=srcpkgcache.bin \
		-o APT::Architectures::=amd64 \
		-o APT::Architectures::=arm64 \
		-o APT::Sandbox::User=root \
		-o Acquire::Languages=none \
		-o Acquire::Retries=3 \
		"$@"
}

make_toolbox() {
	if [ "$(cat "$TOOLBOX/.stamp" 2>/dev/null)" = "$TOOLBOX_SUITE $TOOLBOX_PACKAGES" ]; then
		return
	fi
	toolbox_mirror=$(mirror main)
	say "making the toolbox (Debian $TOOLBOX_SUITE with compilers and QEMU, about a minute)"
	rm -rf "$TOOLBOX" "$TOOLBOX.tmp"
	logged "$CACHE/toolbox.log" debootstrap --variant=minbase --keyring="$KEYRING" \
		--include="$TOOLBOX_PACKAGES" "$TOOLBOX_SUITE" "$TOOLBOX.tmp" "$toolbox_mirror" ||
		die "debootstrap failed; its output is in $CACHE/toolbox.log"
	rm -rf "$TOOLBOX.tmp/var/cache/apt/archives"
	echo "$TOOLBOX_SUITE $TOOLBOX_PACKAGES" >"$TOOLBOX.tmp/.stamp"
	mv "$TOOLBOX.tmp" "$TOOLBOX"
}

toolbox() {
	prepare_host
	with_lock toolbox make_toolbox
}

# toolbox_install PACKAGE...
toolbox_install() {
	# The single-quoted script has its own arguments.
	# shellcheck disable=SC2016
	toolbox_run env DEBIAN_FRONTEND=noninteractive sh -ec '
		apt-get -q -o Acquire::Languages=none update
		apt-get -qy -o Acquire::Retries=3 install --no-install-recommends "$@"
		apt-get clean' sh "$@"
}

# Not among the toolbox's own packages: it is large, and make test needs none.
get_clang() {
	[ "$(cat "$TOOLBOX/.clang" 2>/dev/null)" = "$CLANG_PACKAGES" ] && return
	say "installing clang in the toolbox (70 MB)"
	# They are words.
	# shellcheck disable=SC2086
	logged "$CACHE/clang.log" toolbox_install $CLANG_PACKAGES ||
		die "cannot install clang; its output is in $CACHE/clang.log"
	echo "$CLANG_PACKAGES" >"$TOOLBOX/.clang"
}

toolbox_clang() {
	with_lock toolbox get_clang
}

# A compiler older than the toolbox's own, beside it, from the Debian that had it.
get_gcc() {
	[ ! -x "$TOOLBOX/usr/bin/$1" ] || return 0
	toolbox_mirror=$(mirror main)
	say "installing $1 in the toolbox (25 MB)"
	for suite in $OLDER_SUITES; do
		echo "deb $toolbox_mirror $suite main"
	done >"$TOOLBOX/etc/apt/sources.list.d/older.list"
	logged "$CACHE/gcc.log" toolbox_install "$(gcc_package "$1")" ||
		die "cannot install $1; its output is in $CACHE/gcc.log"
}

# The package of a compiler: a cross compiler's name has its target first.
gcc_package() {
	case $1 in
	*-gcc-*) echo "gcc-${1##*-gcc-}-${1%%-gcc-*}" ;;
	*) echo "$1" ;;
	esac
}

toolbox_gcc() {
	with_lock toolbox get_gcc "$1"
}

# toolbox_run COMMAND...: run it inside the toolbox, as this process. The
# repository, the output directory and the cache have the same names there as
# outside, and so have the folders in TOA_SEEN, one a line; the repository and these
# are read-only. The mounts belong to a namespace of their own and vanish with the
# command.
toolbox_run() {
	mkdir -p "$TOOLBOX$OUT" "$TOOLBOX$CACHE"
	# The single-quoted script has its own arguments.
	# shellcheck disable=SC2016
	unshare --mount sh -ec '
		box=$1 read_only=$2 out=$3 cache=$4
		shift 4
		mount --bind /dev "$box/dev"
		mount -t proc proc "$box/proc"
		echo "$read_only" | while IFS= read -r dir; do
			[ "$dir" ] || continue
			mkdir -p "$box$dir"
			mount --bind "$dir" "$box$dir"
			mount -o remount,bind,ro "$box$dir"
		done
		mount --bind "$out" "$box$out"
		mount --bind "$cache" "$box$cache"
		exec chroot "$box" "$@"
	' sh "$TOOLBOX" "$TOP
${TOA_SEEN:-}" "$OUT" "$CACHE" "$@"
}

# borrow NAME...: what belongs to the real cache, under the same name in a cache of
# one's own inside it, $OWN_CACHE.
borrow() {
	for borrowed; do
		mkdir -p "$CACHE/$borrowed"
		ln -sfn "../$borrowed" "$OWN_CACHE/$borrowed"
	done
}

# write_table: the kernels below $OWN_CACHE, each with its row, are the only ones
# that the harness is to know. Newer than any list it may read, or it would make the
# table itself.
write_table() {
	cat "$OWN_CACHE"/kernels/*/row >"$OWN_CACHE/kernels.table.new"
	touch -d '+1 day' "$OWN_CACHE/kernels.table.new"
	mv "$OWN_CACHE/kernels.table.new" "$OWN_CACHE/kernels.table"
}
