# shellcheck shell=sh
# toactl stats

cmd_stats_usage() {
	cat <<'END'
usage: toactl stats [--json | --prom [--output FILE]]
       toactl stats --watch [SECONDS] [--count TIMES]
  The counters of this network namespace, with what each means.
  --json           as one JSON object, with parameters and hooks
  --prom           in Prometheus's text format; toa_loaded is 0 when it is not loaded
  --output FILE    into FILE, which is replaced in one step: for the textfile
                   collector of node_exporter
  --watch SECONDS  again and again, with the change per second; 2 without a number
  --count TIMES    end after so many times
END
}

# counters_join FORMAT-PROGRAM: the awk program sees name, value, type and meaning.
counters_join() {
	awk "
	NR == FNR {
		split(\$0, field, \"\\t\")
		type_of[field[1]] = field[2]
		meaning_of[field[1]] = field[3]
		next
	}
	{
		name = \$1; value = \$2
		type = name in type_of ? type_of[name] : \"counter\"
		meaning = name in meaning_of ? meaning_of[name] : \"\"
	}
	$1" "$PARTS/counters" "$PROC/net/toa_counters"
}

stats_table() {
	counters_join '{ printf "%-21s %12s  %s\n", name, value, meaning }'
}

json_string() {
	sed 's/\\/\\\\/g; s/"/\\"/g; s/	/\\t/g'
}

json_parameters() {
	comma=
	for name in $PARAMETERS; do
		[ -e "$SYS/module/toa/parameters/$name" ] || continue
		printf '%s"%s":"%s"' "$comma" "$name" "$(param "$name" | json_string)"
		comma=,
	done
}

json_hooks() {
	hooks | awk -F '\t' '{
		printf "%s{\"name\":\"%s\",\"mechanism\":\"%s\",\"missed\":%d}",
		       (NR > 1 ? "," : ""), $1, $2, $3
	}'
}

stats_json() {
	printf '{"loaded":true,"version":"%s","counters":{' "$(module_version | json_string)"
	counters_join '{ printf "%s\"%s\":%s", (some++ ? "," : ""), name, value }'
	printf '},"hooks":[%s],"parameters":{%s}}\n' "$(json_hooks)" "$(json_parameters)"
}

prom_counters() {
	counters_join '
	{
		# In Prometheus only counters end so.
		if (type == "gauge")
			sub(/_total$/, "_clients_all", name)
		metric = "toa_" name (type == "counter" ? "_total" : "")
		printf "# HELP %s %s\n# TYPE %s %s\n%s %s\n", metric, meaning, metric, type, metric, value
	}'
}

prom_hooks() {
	[ "$(hooks)" ] || return 0
	echo "# HELP toa_hook_missed_total calls that a hook did not see; some connections may have shown the balancer"
	echo "# TYPE toa_hook_missed_total counter"
	hooks | awk -F '\t' '{
		printf "toa_hook_missed_total{hook=\"%s\",mechanism=\"%s\"} %d\n", $1, $2, $3
	}'
}

# prom_gauge NAME VALUE HELP
prom_gauge() {
	printf '# HELP %s %s\n# TYPE %s gauge\n%s %s\n' "$1" "$3" "$1" "$1" "$2"
}

yes_is_1() {
	case $1 in
	Y | y | 1) echo 1 ;;
	*) echo 0 ;;
	esac
}

stats_prom() {
	if ! is_loaded; then
		prom_gauge toa_loaded 0 "whether the module toa is loaded"
		return
	fi
	prom_gauge toa_loaded 1 "whether the module toa is loaded"
	echo "# HELP toa_info the version of the module"
	echo "# TYPE toa_info gauge"
	echo "toa_info{version=\"$(module_version)\"} 1"
	prom_gauge toa_enabled "$(yes_is_1 "$(param enable)")" "whether clients are read and shown (parameter enable)"
	prom_gauge toa_trust_prefixes "$(trust_list | items | wc -l | tr -d ' ')" "prefixes in trust; 0: any source may name a client"
	prom_gauge toa_max_clients "$(param max_clients)" "clients that the table takes (parameter max_clients)"
	prom_hooks
	[ ! -r "$PROC/net/toa_counters" ] || prom_counters
}

# Readers see the old file or the new one, never a part.
stats_prom_into() {
	temp=$1.$$
	if ! (umask 022 && stats_prom >"$temp") 2>/dev/null || ! mv "$temp" "$1"; then
		rm -f "$temp"
		die "$FAILED" "$1 cannot be written"
	fi
}

# stats_changes SECONDS: stdin is two readings, one after the other.
stats_changes() {
	awk -v seconds="$1" '
	!($1 in before) { before[$1] = $2; next }
	{ printf "%-21s %12s  %10.1f/s\n", $1, $2, ($2 - before[$1]) / seconds }'
}

stats_watch() {
	now=$(cat "$PROC/net/toa_counters")
	while :; do
		sleep "$1"
		before=$now
		is_loaded || die "$NOT_LOADED" "the module toa was unloaded meanwhile"
		now=$(cat "$PROC/net/toa_counters")
		! is_terminal || printf '\033[H\033[J'
		date '+%Y-%m-%d %H:%M:%S'
		printf '%s\n%s\n' "$before" "$now" | stats_changes "$1"
		[ "$2" != 1 ] || return 0
		# Without a count it is below 1 and stays there.
		set -- "$1" $(($2 - 1))
	done
}

cmd_stats() {
	form=table file='' seconds=2 count=0
	while [ $# -gt 0 ]; do
		case $1 in
		--json | --prom) form=${1#--} ;;
		--watch)
			form=watch
			case ${2:-} in
			"" | -*) ;;
			*)
				needs_number "$1" "$2"
				seconds=$2
				shift
				;;
			esac
			;;
		--count)
			needs_value "$1" $#
			needs_number "$1" "$2"
			count=$2
			shift
			;;
		-o | --output)
			needs_value "$1" $#
			file=$2
			shift
			;;
		*) wrong_use "$1" ;;
		esac
		shift
	done
	[ -z "$file" ] || [ "$form" = prom ] || die "$USAGE" "--output goes with --prom"
	[ "$count" = 0 ] || [ "$form" = watch ] || die "$USAGE" "--count goes with --watch"
	case $form:$file in
	prom:) stats_prom ;;
	prom:*) stats_prom_into "$file" ;;
	*)
		need_loaded
		need_file "$PROC/net/toa_counters"
		case $form in
		table) stats_table ;;
		json) stats_json ;;
		watch) stats_watch "$seconds" "$count" ;;
		esac
		;;
	esac
}
