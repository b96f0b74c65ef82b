# shellcheck shell=sh
# shellcheck disable=SC2154 # lockdown.sh sets $why_signed
# toactl check-ko: would the running kernel take this file?
#
# The checks are those of the kernel's own loader, in its order: architecture,
# signature, vermagic, symbol versions. What cannot be found out from here is said to
# be unknown, and is no fault.

. "$PARTS/report.sh"
. "$PARTS/lockdown.sh"

cmd_check_ko_usage() {
	cat <<'END'
usage: toactl check-ko FILE
  Would this toa.ko load into the running kernel? Compares architecture, vermagic,
  symbol versions and signature with what the kernel asks for, with the reason for each
  verdict. Loads nothing. Status 0: it would; 1: it would not; 6: some of it cannot be
  told from here.
END
}

# The fields of a module's .modinfo, among other words. With its debugging information
# a module has megabytes of zeros, and most of these readers stop early.
words_of() {
	tr -s '\0' '\n' <"$1" 2>/dev/null
}

# modinfo_of FILE FIELD: read from the file itself, so that no tool is needed.
modinfo_of() {
	words_of "$1" | sed -n "/^$2=/{s///p;q;}"
}

bytes() {
	od -An -v -tu1 -j "$2" -N "$3" "$1" 2>/dev/null | tr -s ' \n' ' '
}

# plain FILE TO: uncompressed.
plain() {
	case $1 in
	*.xz) xz -dc <"$1" ;;
	*.zst) zstd -qdc <"$1" ;;
	*.gz) gzip -dc <"$1" ;;
	*) cat "$1" ;;
	esac >"$2" 2>/dev/null
}

ko_machine() {
	# e_machine, two bytes, little end first on all that matter here.
	case $(bytes "$TEMP/ko" 18 2) in
	" 62 0"*) echo x86_64 ;;
	" 183 0"*) echo aarch64 ;;
	" 3 0"*) echo i686 ;;
	*) echo "another machine" ;;
	esac
}

check_format() {
	if [ "$(bytes "$TEMP/ko" 0 4)" != " 127 69 76 70 " ] &&
		[ "$(bytes "$TEMP/ko" 0 4)" != " 127 69 76 70" ]; then
		bad format "not a kernel module: it is no ELF file"
		return 1
	fi
	machine=$(uname -m)
	case $(ko_machine):$machine in
	"$machine:$machine" | i686:i?86) good format "an ELF file for $machine" ;;
	*)
		bad format "built for $(ko_machine), this machine is $machine" "build it here: make"
		return 1
		;;
	esac
	name=$(modinfo_of "$TEMP/ko" name)
	# Before 4.13 modules did not say their name.
	if [ "${name:-toa}" = toa ] && words_of "$TEMP/ko" | grep -q '^parm=trust:'; then
		good name "toa $(modinfo_of "$TEMP/ko" version)"
	else
		warn name "this is ${name:-a module without a name}, not this project's toa"
	fi
}

# kernel_vermagic: of a module that came with the running kernel.
kernel_vermagic() {
	found=$(find "$(modules_dir)/" -name '*.ko*' ! -name 'toa.ko*' 2>/dev/null | head -n 1)
	[ "$found" ] && plain "$found" "$TEMP/other" && modinfo_of "$TEMP/other" vermagic
}

# The words behind the release: SMP, preempt, mod_unload, modversions, ...
vermagic_flags() {
	echo "$1" | sed 's/^[^ ]* *//; s/ *$//'
}

check_vermagic() {
	magic=$(modinfo_of "$TEMP/ko" vermagic)
	release=$(running_release)
	if [ -z "$magic" ]; then
		bad vermagic "it has none, so it is no finished module" "build it here: make"
		return
	fi
	kernel=$(kernel_vermagic)
	if [ "$kernel" ] && [ "$(vermagic_flags "$kernel")" != "$(vermagic_flags "$magic")" ]; then
		bad vermagic "for a kernel with \"$(vermagic_flags "$magic")\", this one has \"$(vermagic_flags "$kernel")\"" "build it here: make"
		return
	fi
	if [ "${magic%% *}" = "$release" ]; then
		good vermagic "$release${kernel:+, and the same flags as the kernel\'s own modules}"
		[ "$kernel" ] || unknown flags "the kernel's own modules are not here to compare with ($magic)"
		return
	fi
	case " $magic " in
	*" modversions "*)
		note vermagic "built for ${magic%% *}, this is $release: only the symbol versions count"
		foreign_release=y
		;;
	*) bad vermagic "built for ${magic%% *}, this is $release" "build it for this kernel: make" ;;
	esac
}

# ko_versions: "CRC SYMBOL" lines, the symbols that the module was built against.
ko_versions() {
	modprobe --dump-modversions "$TEMP/ko" 2>/dev/null | awk '{ sub(/^0x0*/, "", $1); print $1, $2 }'
}

# kernel_versions: the same, of the running kernel; sets no variable, it is a pipe.
kernel_versions() {
	release=$(running_release)
	for file in "$(modules_dir)/build/Module.symvers" "$(modules_dir)/symvers.gz" \
		"$(modules_dir)/symvers.xz" "$ROOT/boot/symvers-$release.gz" "$ROOT/boot/symvers-$release.xz"; do
		[ -r "$file" ] || continue
		case $file in
		*.gz) gzip -dc "$file" ;;
		*.xz) xz -dc "$file" ;;
		*) cat "$file" ;;
		esac | awk '{ sub(/^0x0*/, "", $1); print $1, $2 }'
		return
	done
	# Kernels until 5.x list them as symbols of their own.
	sed -n 's/^0*\([0-9a-f]*\) A __crc_\(.*\)/\1 \2/p' "$PROC/kallsyms" 2>/dev/null
}

check_symbols() {
	ko_versions >"$TEMP/wanted"
	if [ ! -s "$TEMP/wanted" ]; then
		case $(modinfo_of "$TEMP/ko" vermagic) in
		*" modversions "*) unknown symbols "its versions cannot be read without modprobe of kmod" ;;
		*) note symbols "neither it nor the kernel has symbol versions" ;;
		esac
		return
	fi
	kernel_versions >"$TEMP/there"
	if [ ! -s "$TEMP/there" ]; then
		symbols_untold
		return
	fi
	# One line: the number of the wrong ones and the first of them.
	wrong=$(awk '
	NR == FNR { crc[$2] = $1; next }
	!($2 in crc) { print $2 " is not in this kernel" }
	$2 in crc && crc[$2] != $1 { print $2 " has another version here" }' "$TEMP/there" "$TEMP/wanted")
	if [ "$wrong" ]; then
		bad symbols "$(echo "$wrong" | wc -l | tr -d ' ') of $(wc -l <"$TEMP/wanted" | tr -d ' ') do not fit: $(echo "$wrong" | head -n 1)" \
			"build it for this kernel: make"
	else
		good symbols "all $(wc -l <"$TEMP/wanted" | tr -d ' ') have the versions of this kernel"
	fi
}

symbols_untold() {
	if [ "${foreign_release:-}" ]; then
		warn symbols "their versions decide, and this kernel's are not installed (Module.symvers of its headers)" \
			"install the headers of $(running_release), or build it for this kernel"
	else
		unknown symbols "the kernel's versions are not installed (Module.symvers of its headers)"
	fi
}

is_signed() {
	tail -c 28 "$TEMP/ko" | grep -q '^~Module signature appended~'
}

check_signature() {
	if ! is_signed; then
		if must_be_signed; then
			bad signature "none, and $why_signed" "sign it with a key that this machine trusts, see toa(4)"
		else
			good signature "none, and none is asked for; loading it sets the kernel's taint E, which is harmless"
		fi
		return
	fi
	signer=$(modinfo -F signer "$TEMP/ko" 2>/dev/null)
	signer=${signer:-somebody whose name modinfo cannot read}
	if ! must_be_signed; then
		good signature "by $signer; none is asked for"
	elif [ ! -r "$PROC/keys" ] || ! grep -q asymmetri "$PROC/keys" 2>/dev/null; then
		unknown signature "by $signer; the kernel's keys cannot be read here, and $why_signed"
	elif grep asymmetri "$PROC/keys" | grep -qF "$signer"; then
		good signature "by $signer, whom the kernel knows"
	else
		bad signature "by $signer, whom the kernel does not know, and $why_signed" \
			"enrol the key: mokutil --import CERTIFICATE, then reboot"
	fi
}

check_allowed() {
	if [ "$(cat "$PROC/sys/kernel/modules_disabled" 2>/dev/null)" = 1 ]; then
		bad "module loading" "switched off until the next boot (kernel.modules_disabled is 1)" "reboot without that setting"
	fi
}

# check_ko FILE: all of it, for load as well.
check_ko() {
	foreign_release=
	plain "$1" "$TEMP/ko"
	check_format || return 0
	check_vermagic
	check_symbols
	check_signature
	check_allowed
}

cmd_check_ko() {
	[ $# -gt 0 ] || die "$USAGE" "toactl check-ko needs the file to look at"
	[ $# = 1 ] || wrong_use "$2"
	case $1 in
	-*) wrong_use "$1" ;;
	esac
	[ -r "$1" ] || die "$FAILED" "there is no file $1 that can be read"
	make_temp
	check_ko "$1"
	[ "$WORST" != 0 ] || [ "$UNKNOWN" = 0 ] || WORST=$WARNED
	case $WORST in
	0) echo "It would load." ;;
	"$FAILED") echo "It would not load." ;;
	*) echo "It may load." ;;
	esac
	exit "$WORST"
}
