# shellcheck shell=sh
# Machines to install on: Debian trees in the cache, scratch copies of them as
# overlays, and guests that boot such a copy from a disk. A script sets TOP, sources
# tests/vm/lib.sh and then this file.

TREES=$CACHE/trees
WORK=${WORK:-$OUT}

# Two kernels of one suite: the machine has the first, its upgrade is the second.
MACHINE_FIRST='6\.12\.107.*-cloud-amd64'
MACHINE_BASE="systemd systemd-sysv udev dbus kmod initramfs-tools iproute2 procps rpm openssh-server python3 python3-apt make gcc libc6-dev dkms ca-certificates cpio xz-utils"
PACKAGER_BASE="build-essential debhelper dh-dkms lintian rpm rpmlint kmod openssl cpio xz-utils gzip bc bison flex libelf-dev libssl-dev pahole mandoc"
LAB_BASE="qemu-system-x86 ovmf mtools dosfstools shim-signed grub-efi-amd64-signed python3-virt-firmware mokutil sbsigntool openssl e2fsprogs qemu-utils openssh-client squashfs-tools"
ANSIBLE_BASE="ansible-core ansible-lint openssh-client python3"

# chroot_run TREE COMMAND...: inside the tree, with /proc, /sys and /dev of its own
# mount namespace. The cache, the results and the repository have the same names.
chroot_run() {
	chroot_tree=$1
	shift
	mkdir -p "$chroot_tree$OUT" "$chroot_tree$CACHE" "$chroot_tree$TOP"
	# The single-quoted script has its own arguments.
	# shellcheck disable=SC2016
	unshare --mount sh -ec '
		tree=$1 top=$2 out=$3 cache=$4
		shift 4
		mount --rbind /dev "$tree/dev"
		mount -t proc proc "$tree/proc"
		mount -t sysfs -o ro sysfs "$tree/sys"
		mount --bind "$top" "$tree$top"
		mount -o remount,bind,ro "$tree$top"
		mount --rbind "$out" "$tree$out"
		mount --bind "$cache" "$tree$cache"
		exec chroot "$tree" "$@"
	' sh "$chroot_tree" "$TOP" "$OUT" "$CACHE" "$@"
}

# bootstrap NAME PACKAGES [COMMAND]: the tree, made once; COMMAND finishes it. apt
# installs the packages: debootstrap cannot order all of them.
bootstrap() {
	tree=$TREES/$1
	stamp="$TOOLBOX_SUITE $*"
	[ "$(cat "$tree/.stamp" 2>/dev/null)" = "$stamp" ] && return
	tree_mirror=$(mirror main)
	say "making the tree $1 (Debian $TOOLBOX_SUITE)"
	mkdir -p "$TREES"
	rm -rf "$tree" "$tree.tmp"
	logged "$TREES/$1.log" debootstrap --variant=minbase --keyring="$KEYRING" \
		"$TOOLBOX_SUITE" "$tree.tmp" "$tree_mirror" ||
		die "debootstrap failed; its output is in $TREES/$1.log"
	# Package names are words.
	# shellcheck disable=SC2086
	logged "$TREES/$1.log" finish_tree "${3:-true}" "$tree.tmp" $2 ||
		die "the tree $1 cannot be finished; see $TREES/$1.log"
	rm -rf "$tree.tmp/var/cache/apt/archives"/*.deb
	echo "$stamp" >"$tree.tmp/.stamp"
	mv "$tree.tmp" "$tree"
}

# finish_tree COMMAND TREE PACKAGE...
finish_tree() {
	finish=$1 fill=$2
	shift 2
	printf '#!/bin/sh\nexit 101\n' >"$fill/usr/sbin/policy-rc.d"
	chmod +x "$fill/usr/sbin/policy-rc.d"
	chroot_apt "$fill" update && chroot_apt "$fill" install "$@" && "$finish" "$fill"
}

# tree NAME PACKAGES [COMMAND]
tree() {
	prepare_host
	with_lock "tree-$1" bootstrap "$@"
}

chroot_apt() {
	apt_tree=$1
	shift
	chroot_run "$apt_tree" env DEBIAN_FRONTEND=noninteractive apt-get -qy \
		-o Acquire::Languages=none -o Acquire::Retries=3 \
		-o APT::Install-Recommends=false "$@"
}

# A machine's first kernel, with its headers, and a login for tests.
finish_machine() {
	first=$(chroot "$1" apt-cache search --names-only "^linux-image-$MACHINE_FIRST\$" |
		cut -d ' ' -f 1 | sed 's/^linux-image-//')
	[ "$first" ] || return
	chroot_apt "$1" install "linux-image-$first" "linux-headers-$first" || return
	echo "$first" >"$1/etc/toa-first-kernel"
	chroot "$1" passwd -d root
	echo guest >"$1/etc/hostname"
	echo '/dev/vda / ext4 defaults 0 1' >"$1/etc/fstab"
	chroot_apt "$1" clean
	chroot_apt "$1" --download-only install linux-image-cloud-amd64 linux-headers-cloud-amd64 || return
	mkdir -p "$1/var/cache/upgrade"
	mv "$1"/var/cache/apt/archives/linux-*.deb "$1/var/cache/upgrade/"
}

machine_tree() {
	tree machine "$MACHINE_BASE" finish_machine
}

packager_tree() {
	tree packager "$PACKAGER_BASE"
}

# copy NAME: an empty overlay over the machine tree; what is done to it stays in
# $OUT/NAME until it is copied again.
copy() {
	rm -rf "${OUT:?}/$1"
	mkdir -p "$OUT/$1/upper" "$OUT/$1/work" "$OUT/$1/root"
}

# with_copy NAME COMMAND...: COMMAND sees the copy at $OUT/NAME/root.
with_copy() {
	copy_dir=$OUT/$1
	shift
	# The single-quoted script has its own arguments.
	# shellcheck disable=SC2016
	unshare --mount sh -ec '
		mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
		shift 2
		exec "$@"
	' sh "$TREES/machine" "$copy_dir" "$@"
}

# copy_run NAME COMMAND...: inside the copy. Its uname -r is this machine's.
copy_run() {
	copy_name=$1
	shift
	with_copy "$copy_name" "$TOP/tests/install/chroot" "$OUT/$copy_name/root" "$@"
}

# copy_guest NAME: the checks that its next boot runs. What they expect is in
# /toa-test/expect: "NAME=VALUE" lines from stdin.
copy_guest() {
	test_dir=$OUT/$1/upper/toa-test
	mkdir -p "$test_dir" "$OUT/$1/upper/etc/systemd/system/multi-user.target.wants"
	cp "$TOP/tests/install/guest-machine" "$TOP/tests/install/cases.sh" \
		"$TOP/tests/lib/ktap.sh" "$VM/splats" "$test_dir"
	cat >"$test_dir/expect"
	cp "$TOP/tests/install/toa-test.service" "$OUT/$1/upper/etc/systemd/system/"
	ln -sf ../toa-test.service \
		"$OUT/$1/upper/etc/systemd/system/multi-user.target.wants/toa-test.service"
}

# copy_disk NAME: the copy as a disk image, and its kernels beside it.
copy_disk() {
	lab_tree
	rm -f "$OUT/$1/disk"
	# The single-quoted script has its own arguments.
	# shellcheck disable=SC2016
	with_copy "$1" sh -ec '
		cp "$1"/root/boot/vmlinuz-* "$1"/root/boot/initrd.img-* "$1/"
		truncate -s 3G "$1/disk"
		exec "$2" "$3" mke2fs -q -t ext4 -O ^has_journal -d "$1/root" "$1/disk"
	' sh "$OUT/$1" "$TOP/tests/install/chroot" "$TREES/lab" >"$OUT/$1/mke2fs.log" 2>&1 ||
		die "no disk image can be made; see $OUT/$1/mke2fs.log"
}

# copy_boot NAME RELEASE: boots the disk; $OUT/NAME/ktap has what the guest reported.
copy_boot() {
	guest_dir=$OUT/$1
	rm -f "$guest_dir/ktap" "$guest_dir/console.log" "$guest_dir/faults"
	status=0
	chroot_run "$TREES/lab" timeout -k 5 "${TOA_DEADLINE:-600}" \
		qemu-system-x86_64 -M pc -cpu max -accel tcg,thread=multi -smp 2 \
		-m "${TOA_MEMORY:-512}" -nodefaults -no-user-config -no-reboot -display none \
		-serial "file:$guest_dir/console.log" -serial "file:$guest_dir/ktap" \
		-kernel "$guest_dir/vmlinuz-$2" -initrd "$guest_dir/initrd.img-$2" \
		-drive "file=$guest_dir/disk,format=raw,if=virtio,cache=unsafe" \
		-append "root=/dev/vda rw console=ttyS0 panic=-1 oops=panic quiet" \
		>"$guest_dir/qemu.log" 2>&1 </dev/null || status=$?
	touch "$guest_dir/ktap"
	judge_guest "$1" "$status"
}

no_faults() {
	cat "$OUT/$1/faults"
	[ ! -s "$OUT/$1/faults" ]
}

judge_guest() {
	: >"$OUT/$1/faults"
	tr -d '\r' <"$OUT/$1/ktap" >"$OUT/$1/ktap.text"
	[ "$2" = 0 ] || echo "QEMU ended with status $2" >>"$OUT/$1/faults"
	ktap_faults <"$OUT/$1/ktap.text" >>"$OUT/$1/faults"
	if grep -E -f "$VM/splats" "$OUT/$1/console.log" >>"$OUT/$1/faults"; then
		echo "the console shows a fault" >>"$OUT/$1/faults"
	fi
	[ ! -s "$OUT/$1/faults" ] || tail -n 15 "$OUT/$1/console.log" | tr -d '\r' >>"$OUT/$1/faults"
}

# reboots NAME RELEASE: the rows of a boot, as rows without numbers.
reboots() {
	copy_disk "$1" && copy_boot "$1" "$2"
	sed -n -e 's/^ok [0-9]* -* */ok - after the reboot: /p' \
		-e 's/^not ok [0-9]* -* */not ok - after the reboot: /p' -e '/^#/p' "$OUT/$1/ktap.text"
	row "the reboot into $2 ends as it should" no_faults "$1"
}

lab_tree() {
	tree lab "$LAB_BASE"
}

ansible_tree() {
	tree ansible "$ANSIBLE_BASE"
}
