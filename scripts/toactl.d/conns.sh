# shellcheck shell=sh
# toactl conns: the connections that have a client now.
#
# The module says whose they are by the socket's inode; which programs have that
# socket open is in /proc/PID/fd.

cmd_conns_usage() {
	cat <<'END'
usage: toactl conns [--all | --netns NAME|PID] [--json]
  The connections that have a client now: the client that programs are shown, the
  peer that the packets come from, the local address, and the programs.
  --all         of all network namespaces that have a process
  --netns NAME  of this one, as ip netns calls it, or that of process PID
  --json        one JSON object a line
  Programs of other users are seen by root only.
END
}

# namespaces: "INODE PID", a line each, a process in each of them.
namespaces() {
	# Their names are numbers.
	# shellcheck disable=SC2012
	ls -l "$PROC"/[0-9]*/ns/net 2>/dev/null | awk '
	match($0, /\/[0-9]+\/ns\/net -> net:\[[0-9]+\]/) {
		split(substr($0, RSTART + 1, RLENGTH - 2), part, /[^0-9]+/)
		if (!seen[part[2]]++)
			print part[2], part[1]
	}'
}

# namespace_name INODE: as ip netns calls it, or its number.
namespace_name() {
	for named in "$ROOT"/run/netns/* "$ROOT"/var/run/netns/*; do
		if [ "$(stat -L -c %i "$named" 2>/dev/null)" = "$1" ]; then
			echo "${named##*/}"
			return
		fi
	done
	echo "$1"
}

own_namespace() {
	readlink "$PROC/self/ns/net" 2>/dev/null | tr -dc 0-9
}

# One namespace: "NAME local peer client uid inode", a line each.
namespace_conns() {
	awk -v name="$1" 'NR > 1 { print name, $0 }' "$2"
}

all_conns() {
	namespaces | while read -r inode pid; do
		name=$(namespace_name "$inode")
		namespace_conns "$name" "$PROC/$pid/net/toa_conns" 2>/dev/null
	done
}

# named_conns NAME|PID
named_conns() {
	case $1 in
	*[!0-9]*) inode=$(stat -L -c %i "$ROOT/run/netns/$1" 2>/dev/null ||
		stat -L -c %i "$ROOT/var/run/netns/$1" 2>/dev/null) ||
		die "$FAILED" "there is no network namespace $1" ;;
	*) inode=$(readlink "$PROC/$1/ns/net" 2>/dev/null | tr -dc 0-9) ;;
	esac
	[ "$inode" ] || die "$FAILED" "there is no process $1"
	pid=$(namespaces | awk -v inode="$inode" '$1 == inode { print $2; exit }')
	# Nobody is in it, so nobody has a connection there.
	[ "$pid" ] || return 0
	namespace_conns "$1" "$PROC/$pid/net/toa_conns"
}

# sockets: "INODE PID", a line for each open socket that this user may see.
sockets() {
	# shellcheck disable=SC2012
	ls -l "$PROC"/[0-9]*/fd 2>/dev/null | awk '
	/^\/.*\/fd:$/ { n = split($0, part, "/"); pid = part[n - 1] }
	match($0, /socket:\[[0-9]+\]/) {
		print substr($0, RSTART + 8, RLENGTH - 9), pid
	}'
}

# conns_join: "NAME local peer client uid programs", from namespace_conns's lines.
conns_join() {
	sockets >"$TEMP/sockets"
	awk -v proc="$PROC" '
	# The name is between the first ( and the last ) of the line.
	function program(pid,	line) {
		if (!(pid in names)) {
			line = ""
			if ((getline line <(proc "/" pid "/stat")) > 0) {
				sub(/^[^(]*\(/, "", line)
				sub(/\)[^)]*$/, "", line)
				gsub(/[ \t]/, "_", line)
			}
			close(proc "/" pid "/stat")
			names[pid] = line "[" pid "]"
		}
		return names[pid]
	}
	NR == FNR {
		if (!seen[$1, $2]++)
			pids[$1] = pids[$1] " " $2
		next
	}
	{
		list = "-"
		if ($6 in pids) {
			n = split(pids[$6], pid, " ")
			list = program(pid[1])
			for (i = 2; i <= n; i++)
				list = list "," program(pid[i])
		}
		print $1, $2, $3, $4, $5, list
	}' "$TEMP/sockets" -
}

conns_table() {
	awk -v names="$1" '
	function width(text, column) {
		if (length(text) > wide[column])
			wide[column] = length(text)
	}
	# busybox has no printf "%*s".
	function pad(text, column) {
		return sprintf("%-" wide[column] "s", text)
	}
	function line(netns, client, peer, local, uid, program) {
		printf "%s  %s  %s  %-5s  %s%s\n", pad(client, 1), pad(peer, 2), pad(local, 3),
		       uid, program, (names ? "  (" netns ")" : "")
	}
	BEGIN { width("CLIENT", 1); width("PEER", 2); width("LOCAL", 3) }
	{
		row[NR] = $0
		width($4, 1); width($3, 2); width($2, 3)
	}
	END {
		line("NETNS", "CLIENT", "PEER", "LOCAL", "UID", "PROGRAM")
		for (i = 1; i <= NR; i++) {
			split(row[i], f, " ")
			line(f[1], f[4], f[3], f[2], f[5], f[6])
		}
	}'
}

conns_json() {
	awk '
	function quoted(text) {
		gsub(/\\/, "\\\\", text)
		gsub(/"/, "\\\"", text)
		return "\"" text "\""
	}
	{
		printf "{\"netns\":%s,\"client\":%s,\"peer\":%s,\"local\":%s,\"uid\":%d,\"programs\":[",
		       quoted($1), quoted($4), quoted($3), quoted($2), $5
		n = $6 == "-" ? 0 : split($6, program, ",")
		for (i = 1; i <= n; i++)
			printf "%s%s", (i > 1 ? "," : ""), quoted(program[i])
		print "]}"
	}'
}

cmd_conns() {
	which=own format=table name=
	while [ $# -gt 0 ]; do
		case $1 in
		-a | --all) which=all ;;
		-n | --netns)
			needs_value "$1" $#
			which=named name=$2
			shift
			;;
		--json) format=json ;;
		*) wrong_use "$1" ;;
		esac
		shift
	done
	need_loaded
	need_file "$PROC/net/toa_conns"
	make_temp
	case $which in
	own) namespace_conns "$(namespace_name "$(own_namespace)")" "$PROC/net/toa_conns" ;;
	all) all_conns ;;
	named) named_conns "$name" ;;
	esac >"$TEMP/conns" || exit
	conns_join <"$TEMP/conns" >"$TEMP/joined"
	case $format in
	json) conns_json ;;
	table) conns_table "$([ $which = own ] || echo y)" ;;
	esac <"$TEMP/joined"
}
