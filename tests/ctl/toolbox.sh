# shellcheck shell=sh
# What the host's part of these tests needs in the toolbox. A script sources
# tests/vm/lib.sh first.

CTL_PACKAGES="mandoc busybox gawk bash zsh tcpdump tshark prometheus prometheus-node-exporter"

get_ctl_packages() {
	[ "$(cat "$TOOLBOX/.ctl" 2>/dev/null)" = "$CTL_PACKAGES" ] && return
	say "installing mandoc, tshark and prometheus in the toolbox"
	# The single-quoted script has its own arguments. No service may start.
	# shellcheck disable=SC2016,SC2086
	logged "$CACHE/ctl-toolbox.log" toolbox_run env DEBIAN_FRONTEND=noninteractive sh -ec '
		printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d
		chmod +x /usr/sbin/policy-rc.d
		apt-get -q -o Acquire::Languages=none update
		apt-get -qy -o Acquire::Retries=3 install --no-install-recommends "$@"
		apt-get clean' sh $CTL_PACKAGES ||
		die "cannot install $CTL_PACKAGES; the output is in $CACHE/ctl-toolbox.log"
	echo "$CTL_PACKAGES" >"$TOOLBOX/.ctl"
}

toolbox_ctl() {
	toolbox
	with_lock toolbox get_ctl_packages
}
