# shellcheck shell=sh
# The life of an installation that DKMS keeps: installed, the kernel upgraded, rebooted,
# the module upgraded, removed, installed again. A part defines
#
#	put VERSION       install this version, an upgrade when there is another
#	take              remove it
#	PART              its name
#
# and calls lifecycle.

OLD=$("$TOP/scripts/version")
NEW=$OLD.1

# source_of VERSION: the sources with this version.
source_of() {
	source_dir=$OUT/source-$1
	if [ ! -d "$source_dir" ]; then
		"$TOP/scripts/packaging/source" "$source_dir"
		sed -i "s/^\(#define TOA_VERSION[[:space:]]*\)\".*\"/\1\"$1\"/" "$source_dir/toa.h"
	fi
	echo "$source_dir"
}

machine() {
	copy_run "$PART" "$@"
}

# has VERSION RELEASE: DKMS has installed this version, and no other, for the kernel.
has() {
	machine dkms status -m toa >"$OUT/status"
	cat "$OUT/status"
	grep -q "^toa/$1, $2, .*: installed" "$OUT/status" &&
		! grep "$2" "$OUT/status" | grep -vq "^toa/$1," &&
		machine modinfo -k "$2" -F filename toa | grep -q '/updates/dkms/toa.ko' &&
		[ "$(machine modinfo -k "$2" -F version toa)" = "$1" ]
}

# For Secure Boot: with the key that it made for this machine.
is_signed() {
	machine modinfo -k "$1" -F signer toa | grep . && machine test -f /var/lib/dkms/mok.pub
}

has_both() {
	has "$1" "$FIRST" && has "$1" "$SECOND"
}

sets_parameters() {
	machine sh -ec 'echo "options toa trust=198.51.100.0/24" >>/etc/modprobe.d/toa.conf'
}

keeps_parameters() {
	machine grep -q 'trust=198.51.100.0/24' /etc/modprobe.d/toa.conf
}

upgrades_kernel() {
	machine sh -ec 'DEBIAN_FRONTEND=noninteractive dpkg -i /var/cache/upgrade/*.deb'
	SECOND=$(machine sh -c 'ls -v /lib/modules' | grep cloud | tail -n 1)
	[ "$SECOND" != "$FIRST" ]
}

# What is left of the module and of what loads it.
left() {
	machine sh -c 'find /usr/lib/modules /etc/modules-load.d /usr/lib/modules-load.d \
		/usr/local/lib/modules-load.d /usr/local/lib/toa /usr/lib/toa /usr/sbin \
		/usr/local/sbin /etc/sysconfig -name "toa*" 2>/dev/null
		ls -d /usr/src/toa* 2>/dev/null || true'
}

nothing_left() {
	left >"$OUT/left"
	cat "$OUT/left"
	[ ! -s "$OUT/left" ] && machine dkms status -m toa >"$OUT/status" && [ ! -s "$OUT/status" ]
}

takes() {
	take && nothing_left
}

puts_back() {
	put "$NEW" && has_both "$NEW"
}

lifecycle() {
	copy "$PART"
	FIRST=$(cat "$TREES/machine/etc/toa-first-kernel")
	row "$PART: is installed" put "$OLD"
	row "$PART: DKMS has built it for $FIRST" has "$OLD" "$FIRST"
	row "$PART: the administrator names the balancers" sets_parameters
	upgrades_kernel >"$OUT/upgrade.log" 2>&1 || { cat "$OUT/upgrade.log"; echo "not ok - $PART: the kernel is upgraded"; return; }
	row "$PART: DKMS has built it for the new kernel $SECOND" has "$OLD" "$SECOND"
	row "$PART: DKMS has signed it" is_signed "$SECOND"
	printf '%s\n' "RELEASE=$SECOND" LOADED=yes "VERSION=$OLD" FROM=/updates/dkms/ \
		TRUST=198.51.100.0/24 | copy_guest "$PART"
	reboots "$PART" "$SECOND"
	row "$PART: is upgraded to $NEW" put "$NEW"
	row "$PART: DKMS has $NEW for both kernels, and nothing else" has_both "$NEW"
	row "$PART: the parameters are kept" keeps_parameters
	row "$PART: is removed, and nothing is left" takes
	row "$PART: is installed again" puts_back
	row "$PART: and the parameters are still there" keeps_parameters
}
