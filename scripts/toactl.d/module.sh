# shellcheck shell=sh
# shellcheck disable=SC2034 # the parts use $PARAMETERS
# The module as the kernel shows it: is it there, and its parameters, counters, hooks.

PARAMETERS="trust ports kinds syn enable hook sk_user_data max_clients"

# A module of that name, whoever made it.
some_toa_is_loaded() {
	grep -q '^toa ' "$PROC/modules" 2>/dev/null
}

# This one has files that no other has.
is_loaded() {
	[ -e "$SYS/module/toa/parameters/trust" ] && [ -e "$SYS/module/toa/parameters/kinds" ] &&
		some_toa_is_loaded
}

# foreign_module: the name of another toa module that is in the kernel. All of them
# have the file; not all have the name.
foreign_module() {
	is_loaded && return 1
	if some_toa_is_loaded; then
		echo toa
	elif [ -e "$PROC/net/toa_stats" ]; then
		sed -n 's/^\([a-z0-9_]*toa[a-z0-9_]*\) .*/\1/p' "$PROC/modules" 2>/dev/null | grep . ||
			echo "one built into the kernel"
	else
		return 1
	fi
}

need_loaded() {
	is_loaded && return
	if other=$(foreign_module); then
		die "$NOT_LOADED" "another toa module is loaded ($other); unload it, then run: toactl load"
	fi
	die "$NOT_LOADED" "the module toa is not loaded; run: toactl load"
}

module_version() {
	cat "$SYS/module/toa/version" 2>/dev/null || echo "of an unknown version"
}

# need_file FILE: one that older versions of the module do not have.
need_file() {
	[ -e "$1" ] ||
		die "$LACKING" "this toa ($(module_version)) has no $1; load a newer one with: toactl reload"
	[ -r "$1" ] || die "$NO_RIGHTS" "$1 cannot be read; run it as root"
}

param() {
	cat "$SYS/module/toa/parameters/$1" 2>/dev/null
}

# The list in force, however long.
trust_list() {
	if [ -r "$PROC/net/toa_trust" ]; then
		cat "$PROC/net/toa_trust"
	else
		param trust
	fi
}

counter() {
	awk -v name="$1" '$1 == name { print $2; found = 1 } END { if (!found) print 0 }' \
		"$PROC/net/toa_counters" 2>/dev/null || echo 0
}

# hooks: "name<TAB>mechanism<TAB>missed", a line each; nothing where an older module
# does not say.
hooks() {
	cat "$SYS/module/toa/parameters/hooks" 2>/dev/null
}

# probed_hooks: those that ftrace would do better, were it let
probed_hooks() {
	hooks | awk -F '\t' '$2 == "kretprobe"'
}

# items: those of a list, one a line.
items() {
	awk '{ gsub(/[, \t]+/, "\n"); print }' | grep .
}

# modules_dir [RELEASE]
modules_dir() {
	echo "$ROOT/lib/modules/${1:-$(running_release)}"
}

running_release() {
	cat "$PROC/sys/kernel/osrelease" 2>/dev/null || uname -r
}

# Where it is put when /lib/modules cannot be written.
loose_ko() {
	for loose in "$ROOT/opt/toa/$1/toa.ko" "$ROOT/usr/lib/toa/$1/toa.ko"; do
		[ -f "$loose" ] || continue
		echo "$loose"
		return
	done
	return 1
}

# installed_ko [RELEASE]: the toa.ko that modprobe would take for that kernel.
installed_ko() {
	dir=$(modules_dir "${1:-}")
	path=$(sed -n 's/^\([^:]*\/\)\{0,1\}\(toa\.ko[.a-z0-9]*\):.*/\1\2/p' "$dir/modules.dep" 2>/dev/null |
		head -n 1)
	case $path in
	"") loose_ko "${1:-$(running_release)}" ;;
	/*) echo "$ROOT$path" ;;
	*) echo "$dir/$path" ;;
	esac
}
