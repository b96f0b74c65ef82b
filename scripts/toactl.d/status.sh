# shellcheck shell=sh
# toactl status

cmd_status_usage() {
	cat <<'END'
usage: toactl status
  Says whether the module is loaded, which version it is, what it hooks with, its
  parameters, and in words what it counted. Status 3 when it is not loaded.
END
}

# What an empty parameter stands for.
in_words() {
	case $1:$2 in
	trust:) echo "any source may name a client" ;;
	ports:) echo "every port" ;;
	trust:?????????????????????????????????????????????????????????????*)
		echo "$(trust_list | items | wc -l | tr -d ' ') prefixes; toactl trust list shows them" ;;
	*) echo "$2" ;;
	esac
}

status_parameters() {
	for name in $PARAMETERS; do
		[ -e "$SYS/module/toa/parameters/$name" ] || continue
		printf '  %-13s %s\n' "$name" "$(in_words "$name" "$(param "$name")")"
	done
}

status_hooks() {
	if [ -z "$(hooks)" ]; then
		echo "  this version of the module does not say"
		return
	fi
	hooks | awk -F '\t' '{
		printf "  %-22s %s%s\n", $1, $2, ($3 > 0 ? ", missed " $3 " calls" : "")
	}'
}

# Only what happened; the meaning in front of which stands how often.
status_counters() {
	[ -r "$PROC/net/toa_counters" ] || return
	awk '
	NR == FNR { split($0, field, "\t"); meaning[field[1]] = field[3]; next }
	$2 > 0 {
		printf "  %10d  %s\n", $2, $1 in meaning ? meaning[$1] : $1
		some = 1
	}
	END { if (!some) print "  nothing yet" }' "$PARTS/counters" "$PROC/net/toa_counters"
}

cmd_status() {
	[ $# = 0 ] || wrong_use "$1"
	need_loaded
	echo "${BOLD}toa $(module_version)$PLAIN is loaded on Linux $(running_release)"
	echo "hooks"
	status_hooks
	echo "parameters"
	status_parameters
	echo "counted"
	status_counters
	[ ! -r "$PROC/net/toa_conns" ] ||
		echo "connections with a client now: $(awk 'NR > 1' "$PROC/net/toa_conns" | wc -l | tr -d ' ')"
}
