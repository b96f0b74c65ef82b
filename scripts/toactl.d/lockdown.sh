# shellcheck shell=sh
# shellcheck disable=SC2034 # $why_signed is for who asked
# Does this kernel take unsigned modules?

secure_boot() {
	for variable in "$SYS"/firmware/efi/efivars/SecureBoot-*; do
		[ -r "$variable" ] || continue
		# Four bytes of attributes, then the value.
		[ "$(od -An -tu1 -j 4 -N 1 "$variable" 2>/dev/null | tr -d ' ')" = 1 ] && return 0
	done
	return 1
}

# The word in brackets: none, integrity or confidentiality.
lockdown() {
	sed -n 's/.*\[\([a-z]*\)\].*/\1/p' "$SYS/kernel/security/lockdown" 2>/dev/null
}

sig_enforced() {
	[ "$(cat "$SYS/module/module/parameters/sig_enforce" 2>/dev/null)" = Y ]
}

# must_be_signed: and $why_signed says why.
must_be_signed() {
	case $(lockdown) in
	integrity | confidentiality)
		why_signed="the kernel is locked down ($(lockdown)$(secure_boot && echo ', Secure Boot'))"
		return 0
		;;
	esac
	sig_enforced || return 1
	why_signed="the kernel asks for one (module.sig_enforce)"
}
