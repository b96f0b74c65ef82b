# shellcheck shell=sh
# shellcheck disable=SC2154 # lockdown.sh sets $why_signed
# Doctor: will it load, now and after the next upgrade?

doctor_kernel() {
	check_file
	check_newest
	check_boot
	check_headers
	check_compiler
	check_loading
}

check_file() {
	if ! file=$(installed_ko); then
		warn "toa.ko" "none is installed for Linux $(running_release)" "make install"
		return
	fi
	magic=$(modinfo -F vermagic "$file" 2>/dev/null)
	if [ "$magic" ] && [ "${magic%% *}" != "$(running_release)" ]; then
		warn "toa.ko" "$file was built for ${magic%% *}" "toactl check-ko $file"
		return
	fi
	good "toa.ko" "$file"
	loaded=$(module_version) there=$(modinfo -F version "$file" 2>/dev/null)
	if is_loaded && [ "$there" ] && [ "$there" != "$loaded" ]; then
		warn upgrade "toa $loaded is loaded, $there is installed" "toactl reload"
	fi
}

# Releases in /lib/modules that have a kernel, the newest last.
releases() {
	for dir in "$ROOT"/lib/modules/*/modules.dep; do
		[ -e "$dir" ] || continue
		dir=${dir%/modules.dep}
		echo "${dir##*/}"
	done | sort -t . -k 1,1n -k 2,2n -k 3,3n
}

check_newest() {
	newest=$(releases | tail -n 1)
	{ [ "$newest" ] && [ "$newest" != "$(running_release)" ]; } || return 0
	if installed_ko "$newest" >/dev/null; then
		good "next kernel" "toa.ko is installed for $newest as well"
	else
		warn "next kernel" "Linux $newest is installed and has no toa.ko: after a reboot programs see the balancer" \
			"make KVER=$newest && make KVER=$newest install, or use DKMS"
	fi
}

boot_files() {
	for dir in etc run usr/local/lib usr/lib lib; do
		cat "$ROOT/$dir"/modules-load.d/*.conf
	done 2>/dev/null
	cat "$ROOT/etc/modules" "$ROOT"/etc/sysconfig/modules/*.modules "$ROOT/etc/rc.local" \
		"$ROOT/etc/rc.d/rc.local" "$ROOT"/etc/rc*.d/S*toa "$ROOT"/etc/cron.d/* \
		"$ROOT"/etc/systemd/system/*.wants/toa.service 2>/dev/null
}

check_boot() {
	if grep -qs '^[^#]*blacklist[[:space:]]*toa$' "$ROOT"/etc/modprobe.d/*.conf; then
		bad boot "modprobe.d blacklists toa" "remove that line"
	elif boot_files | grep -q '^[^#]*\<toa\>'; then
		good boot "it is loaded at boot"
	else
		warn boot "nothing loads it at boot" "echo toa >/etc/modules-load.d/toa.conf"
	fi
}

check_headers() {
	for release in $(running_release) $(releases | tail -n 1); do
		[ "$release" != "${headers_done:-}" ] || continue
		headers_done=$release
		[ -e "$(modules_dir "$release")/build/Makefile" ] ||
			note headers "those of Linux $release are not installed: toa cannot be built for it here"
	done
}

# Of gcc 12.2.0 the 12.
kernel_gcc() {
	sed -n 's/.*gcc[^ ]* \(([^)]*) \)\{0,1\}\([0-9]*\)\..*/\2/p' "$PROC/version" 2>/dev/null
}

check_compiler() {
	[ -e "$(modules_dir)/build/Makefile" ] || return 0
	built=$(kernel_gcc)
	[ "$built" ] || return 0
	if have "gcc-$built"; then
		good compiler "gcc-$built, with which the kernel was built"
	elif ! have gcc; then
		note compiler "there is none: toa cannot be built here"
	elif [ "$(gcc -dumpversion | sed 's/\..*//')" -lt "$built" ]; then
		warn compiler "gcc $(gcc -dumpversion) is older than the kernel's ($built)" "install gcc-$built"
	else
		good compiler "gcc $(gcc -dumpversion); the kernel has $built"
	fi
}

check_loading() {
	if [ ! -e "$PROC/modules" ]; then
		bad "module loading" "this kernel was built without modules (CONFIG_MODULES)" "boot a kernel that has them"
		return
	fi
	if [ "$(cat "$PROC/sys/kernel/modules_disabled" 2>/dev/null)" = 1 ]; then
		warn "module loading" "switched off until the next boot (kernel.modules_disabled is 1): toa cannot be loaded or upgraded"
	fi
	if must_be_signed; then
		signature_wanted
	else
		good signatures "unsigned modules may be loaded"
	fi
	[ "$(lockdown)" != confidentiality ] ||
		note lockdown "confidentiality also forbids kprobes, so hook=kretprobe and the fallback to it do not work"
}

signature_wanted() {
	file=$(installed_ko) || file=
	signer=
	[ -z "$file" ] || signer=$(modinfo -F signer "$file" 2>/dev/null)
	if [ -z "$signer" ]; then
		is_loaded && return
		bad signatures "modules must be signed: $why_signed${file:+, and $file is not}" "sign it with a key that this machine trusts, see toa(4)"
	elif grep asymmetri "$PROC/keys" 2>/dev/null | grep -qF "$signer"; then
		good signatures "toa.ko is signed by $signer, whom the kernel knows"
	else
		warn signatures "toa.ko is signed by $signer, whom the kernel does not seem to know; $why_signed" "mokutil --import CERTIFICATE, then reboot"
	fi
}
