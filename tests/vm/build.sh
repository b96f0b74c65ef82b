# shellcheck shell=sh
# Builds modules against a kernel's headers, in the toolbox. A script sources lib.sh
# first.

# Lines of a build log that tell of a warning of ours. Not ours: the kernel's
# note that another compiler or pahole built it, warnings in its own headers (in the
# cache or a folder of TOA_SEEN; an old kbuild names them from the kernel's top),
# clang's count, which has those in it, and folders that only an old kbuild looks for.
warnings() {
	grep -i 'warning' "$1" |
		grep -v -e 'differs from the one used to build the kernel' \
			-e '^[0-9]* warnings\{0,1\} generated' \
			-e '\[-Wmissing-include-dirs\]$' |
		awk -v theirs="$CACHE
${TOA_SEEN:-}" '
			BEGIN { n = split(theirs, dir, "\n") }
			/^(\.\/)?(include|arch)\// { next }
			{
				for (i = 1; i <= n; i++)
					if (dir[i] != "" && index($0, dir[i] "/") == 1)
						next
				print
				found = 1
			}
			END { exit !found }'
}

cross_of() {
	case $1 in
	arm64) echo aarch64-linux-gnu- ;;
	esac
}

# Without what may be being written there: TOA_OUT may be a folder of the source's.
copy_source() {
	rm -rf "$2/src" "$2"/*.ko
	mkdir -p "$2/src"
	tar -C "$1" -cf - --exclude=.git --exclude=./tests --exclude="./${OUT#"$1"/}" --exclude='*.o' \
		--exclude='*.ko' --exclude='*.mod' --exclude='*.mod.c' --exclude='.*.cmd' \
		--exclude=Module.symvers --exclude=modules.order . | tar -C "$2/src" -xf -
}

# build_modules KERNEL HEADERS ARCH SOURCE OUT [VARIABLE=VALUE...]: the modules of
# SOURCE, into OUT. KERNEL is its name for messages.
build_modules() {
	kernel=$1 headers=$2 arch=$3 source=$(cd "$4" && pwd) out=$5
	shift 5
	toolbox
	copy_source "$source" "$out"
	out=$(cd "$out" && pwd)
	# An empty prefix means the native compiler.
	cross=$(cross_of "$arch")
	# With W=1 kernels from 6.16 on have a program in Python read the comments; the
	# toolbox has no Python.
	set -- "KDIR=$headers" "CC=${TOA_CC:-${cross}gcc}" CONFIG_DEBUG_INFO_BTF_MODULES= \
		KERNELDOC=true PYTHON3= W=1 "$@"
	case $arch in
	arm64) set -- "$@" ARCH=arm64 "CROSS_COMPILE=$cross" ;;
	esac
	logged "$out/build.log" toolbox_run make -C "$out/src" "$@" ||
		die "the module does not build for $kernel; the log is $out/build.log"
	if warnings "$out/build.log" >&2; then
		die "the module builds with warnings for $kernel; the log is $out/build.log"
	fi
	cp "$out/src"/*.ko "$out" ||
		die "make built no module; the log is $out/build.log"
}
