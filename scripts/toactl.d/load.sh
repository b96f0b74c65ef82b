# shellcheck shell=sh
# toactl load, unload and reload.
#
# Killed at any point, the module is loaded with the list of balancers in force, or
# is not loaded. A list that is too long for a command line is written while the
# module is switched off. What a reload carries over is on disk before the old
# module goes, and stays there until the new one has it: the next load takes it.

cmd_load_usage() {
	cat <<'END'
usage: toactl load [FILE] [PARAMETER=VALUE...]
  Loads toa.ko: FILE, or the one that is installed for this kernel, or the one that
  make built beside this tool. Takes the parameters of modprobe.d, then those of
  an interrupted reload, then those named here. Does nothing when the module is loaded
  with these parameters; when with others, it says so and changes nothing.
END
}

cmd_unload_usage() {
	cat <<'END'
usage: toactl unload
  Unloads the module if it is loaded. Connections that had a client then show the
  balancer.
END
}

cmd_reload_usage() {
	cat <<'END'
usage: toactl reload [FILE] [PARAMETER=VALUE...]
  Unloads the module and loads it, or a newer one, with the parameters it had, the
  list of balancers among them. FILE is checked before the old module goes.
  Connections that had a client then show the balancer; new ones the client.
END
}

# Longer lists go in through /proc/net/toa_trust. A page is what a parameter's file
# takes; a command line takes more.
TRUST_ARGUMENT_MAX=4000

carried() {
	dir=$ROOT/run
	[ -d "$dir" ] || dir=$ROOT/var/run
	echo "$dir/toa.reload"
}

# find_ko: the module to load when none was named.
find_ko() {
	installed_ko && return
	built=$(cd "$PARTS/../.." && pwd)/toa.ko
	[ -r "$built" ] && echo "$built"
}

choose_file() {
	[ -e "$PROC/modules" ] ||
		die "$LACKING" "this kernel was built without modules; boot one that has them"
	[ "$FILE" ] || FILE=$(find_ko) ||
		die "$LACKING" "there is no toa.ko for Linux $(running_release); build it with: make && make install"
}

# parse_arguments WORD...: sets FILE and PARAMS.
parse_arguments() {
	FILE='' PARAMS=''
	for word; do
		case $word in
		[a-z]*=*)
			known_parameter "${word%%=*}" ||
				die "$USAGE" "toa has no parameter ${word%%=*}; it has: $PARAMETERS"
			case $word in
			*[[:space:]]*) die "$USAGE" "$word: separate the items by commas, without blanks" ;;
			esac
			PARAMS="$PARAMS $word"
			;;
		-*) wrong_use "$word" ;;
		*)
			[ -z "$FILE" ] || wrong_use "$word"
			[ -r "$word" ] || die "$FAILED" "there is no file $word to load"
			FILE=$word
			;;
		esac
	done
}

known_parameter() {
	case " $PARAMETERS " in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

# same_value NAME VALUE: is that what the module has? Booleans have many spellings.
same_value() {
	case $1 in
	syn | enable | sk_user_data) [ "$(yes_is_1 "$2")" = "$(yes_is_1 "$(param "$1")")" ] ;;
	trust) [ "$2" = "$(trust_list)" ] ;;
	*) [ "$2" = "$(param "$1")" ] ;;
	esac
}

# A reload that was killed behind insmod may have left the module switched off and
# without its list; if not, what it had written down is of no use any more.
finish_reload() {
	kept=$(carried)
	[ -e "$kept" ] || return 0
	if [ "$(param enable)" = N ] && [ -z "$(trust_list)" ] && grep -q '^enable=Y' "$kept"; then
		need_root
		make_temp
		cp "$kept" "$TEMP/parameters"
		trust_and_enable
	fi
	rm -f "$kept"
}

already_loaded() {
	finish_reload
	for word in $PARAMS; do
		same_value "${word%%=*}" "${word#*=}" ||
			die "$FAILED" "toa is loaded with another ${word%%=*}; toactl reload $word changes it"
	done
	say "toa $(module_version) is loaded already"
}

# configured: "options toa ..." of modprobe.d, which insmod does not read.
configured() {
	for dir in lib usr/lib usr/local/lib run etc; do
		cat "$ROOT/$dir"/modprobe.d/*.conf
	done 2>/dev/null |
		sed -n 's/^[[:space:]]*options[[:space:]][[:space:]]*toa[[:space:]]//p' | tr -d '"' | tr '\n\t' '  '
}

# merge_parameters: words from stdin, later ones win, one for each name.
merge_parameters() {
	tr ' ' '\n' | awk -F = '
	NF > 1 {
		if (!($1 in word))
			order[++n] = $1
		word[$1] = $0
	}
	END { for (i = 1; i <= n; i++) print word[order[i]] }'
}

# The last lines of the log that are ours, when they may be read.
log_tail() {
	dmesg 2>/dev/null | sed -n 's/.*\(TOA: .*\)/\1/p' | tail -n "$1"
}

insert() {
	ko=$1
	shift
	insmod "$ko" "$@" 2>"$TEMP/insmod" && return
	why=$(cat "$TEMP/insmod")
	log=$(log_tail 1)
	die "$FAILED" "$ko was not loaded: ${why:-insmod failed}${log:+ ($log)}; toactl check-ko $ko tells more"
}

# insert_with FILE: the words of $TEMP/parameters are its parameters. modprobe only
# for what the module needs; it would add parameters of its own.
insert_with() {
	trust=$(sed -n 's/^trust=//p' "$TEMP/parameters")
	if [ ${#trust} -le $TRUST_ARGUMENT_MAX ]; then
		# Words without blanks or stars.
		# shellcheck disable=SC2046
		insert "$1" $(cat "$TEMP/parameters")
		return
	fi
	# shellcheck disable=SC2046
	insert "$1" $(grep -v -e '^trust=' -e '^enable=' "$TEMP/parameters") enable=0
	trust_and_enable
}

# The list first: with the module switched on before, everybody would be believed.
trust_and_enable() {
	sed -n 's/^trust=//p' "$TEMP/parameters" >"$TEMP/trust"
	dd if="$TEMP/trust" of="$PROC/net/toa_trust" bs=4M 2>/dev/null ||
		die "$FAILED" "the list of balancers was refused, so the module is loaded but switched off (enable=0)"
	if ! grep -q '^enable=[0nN]' "$TEMP/parameters"; then
		echo 1 >"$SYS/module/toa/parameters/enable"
	fi
}

# load_file FILE: with the parameters of modprobe.d, of a reload, of the command line.
load_file() {
	{
		configured
		cat "$(carried)" 2>/dev/null
		echo "$PARAMS"
	} | merge_parameters >"$TEMP/parameters"
	insert_with "$1"
	rm -f "$(carried)"
	say "toa $(module_version) is loaded"
}

cmd_load() {
	parse_arguments "$@"
	part stats
	if is_loaded; then
		already_loaded
		return
	fi
	need_root
	if other=$(foreign_module); then
		die "$FAILED" "another toa module is loaded ($other); unload it first"
	fi
	choose_file
	make_temp
	load_file "$FILE"
}

remove_module() {
	rmmod toa 2>"$TEMP/rmmod" && return
	die "$FAILED" "toa was not unloaded: $(cat "$TEMP/rmmod")"
}

cmd_unload() {
	[ $# = 0 ] || wrong_use "$1"
	if ! is_loaded; then
		if other=$(foreign_module); then
			die "$FAILED" "the toa module that is loaded ($other) is not this one; unload it with: rmmod"
		fi
		say "toa is not loaded"
		return
	fi
	need_root
	make_temp
	remove_module
	say "toa is unloaded"
}

# carry_over: what the module is set to, written down in one step.
carry_over() {
	kept=$(carried)
	for name in $PARAMETERS; do
		[ -e "$SYS/module/toa/parameters/$name" ] || continue
		if [ "$name" = trust ]; then
			echo "trust=$(trust_list | tr ' \t' ',,')"
		else
			echo "$name=$(param "$name" | tr ' \t' ',,')"
		fi
	done >"$TEMP/carried"
	{ cp "$TEMP/carried" "$kept.new" && mv "$kept.new" "$kept"; } 2>/dev/null ||
		die "$FAILED" "$kept cannot be written; nothing was changed"
}

# will_load FILE: refuses before anything is changed.
will_load() {
	part check-ko
	check_ko "$1" >"$TEMP/check"
	[ "$WORST" != "$FAILED" ] ||
		die "$FAILED" "$1 would not load here, so the old one stays: toactl check-ko $1 tells why"
}

cmd_reload() {
	parse_arguments "$@"
	part stats
	need_root
	choose_file
	make_temp
	will_load "$FILE"
	if is_loaded; then
		carry_over
		remove_module
	elif other=$(foreign_module); then
		die "$FAILED" "another toa module is loaded ($other); unload it first"
	fi
	load_file "$FILE"
}
