# shellcheck shell=sh
# Debian's kernel packages: their names for apt, and how they lie in the cache. A
# script sources lib.sh first.

# qualified NAME VERSION ARCH: as apt wants it. linux-kbuild has programs that run
# here, and its newest version serves all kernels that want it by this name: the archive
# does not keep the older ones. linux-headers-*-common is for all architectures.
qualified() {
	case $1 in
	linux-kbuild-*) echo "$1:amd64" ;;
	linux-headers-*-common*) echo "$1:amd64=$2" ;;
	*) echo "$1:$3=$2" ;;
	esac
}

# unpack_packages DIR PACKAGE...: download them and unpack them side by side.
unpack_packages() {
	package_dir=$1
	shift
	rm -rf "$package_dir/debs"
	mkdir -p "$package_dir/debs"
	(cd "$package_dir/debs" && logged "$package_dir/download.log" \
		apt_private apt-get -q download "$@") || return
	for deb in "$package_dir"/debs/*.deb; do
		dpkg-deb -x "$deb" "$package_dir" || return
	done
	rm -rf "$package_dir/debs"
}

# move_headers DIR TO RELEASE: a flavour's headers name themselves and the common
# ones absolutely.
move_headers() {
	sed -i "s@/usr/src@$2/usr/src@" "$1/usr/src/linux-headers-$3/Makefile"
}
