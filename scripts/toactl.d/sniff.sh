# shellcheck shell=sh
# toactl sniff: is the balancer sending the option?
#
# tcpdump or tshark captures; sniff.awk walks the options and tells.

cmd_sniff_usage() {
	cat <<'END'
usage: toactl sniff [--interface NAME] [--port PORT] [--seconds N] [--packets N] [--quiet]
       toactl sniff --read FILE [--port PORT] [--quiet]
  Shows each packet that carries a balancer's option, of any known kind, with the
  client it names; then, for each sender, on which packets the option was (SYN, ACK,
  data), of which kind, and whether the module would read it. Needs tcpdump or tshark.
  --interface NAME  without it: any
  --port PORT       only connections to this local port
  --seconds N       ends after so many, 30 without this; Ctrl-C ends it earlier
  --packets N       ends after so many packets with TCP options
  --read FILE       a capture file instead of the network; no root needed
  --quiet           only the summary
  Status 0: the option was seen and would be read; 6: it was seen, and never would be (READ
  says why); 1: it was not seen; 5: neither tcpdump nor tshark is there.
END
}

# SYNs, and what can carry the option: TCP with options that are more than the
# timestamps that nearly every packet has (compare toa_options_are_timestamps() in
# toa.h).
FILTER='(tcp and (tcp[13] & 2 != 0 or (tcp[12] & 0xf0 > 0x50 and not (tcp[12] & 0xf0 = 0x80 and tcp[20:4] = 0x0101080a)))) or (ip6 and ip6[6] = 6 and (ip6[53] & 2 != 0 or (ip6[52] & 0xf0 > 0x50 and not (ip6[52] & 0xf0 = 0x80 and ip6[60:4] = 0x0101080a))))'

# The words of the commands that print packets for sniff.awk.
capture_tcpdump() {
	if [ "$file" ]; then
		set -- -r "$file"
	else
		set -- -i "${interface:-any}" -l -s 192
		[ -z "$packets" ] || set -- "$@" -c "$packets"
	fi
	exec tcpdump -n -q -t -x "$@" "($FILTER)${port:+ and port $port}" 2>"$TEMP/said"
}

# tshark gives the options as one word of hex digits; sniff.awk takes both forms.
capture_tshark() {
	if [ "$file" ]; then
		set -- -r "$file" -Y "(tcp.options || tcp.flags.syn == 1)${port:+ && tcp.port == $port}"
	else
		set -- -i "${interface:-any}" -l -f "($FILTER)${port:+ and port $port}"
		[ -z "$packets" ] || set -- "$@" -c "$packets"
	fi
	exec tshark -n -T fields -E separator=/t -e ip.src -e ipv6.src -e tcp.srcport -e ip.dst -e ipv6.dst \
		-e tcp.dstport -e tcp.flags -e tcp.len -e tcp.options "$@" 2>"$TEMP/said"
}

choose_capture() {
	if have tcpdump; then
		capture=tcpdump
	elif have tshark; then
		capture=tshark
	else
		die "$LACKING" "neither tcpdump nor tshark is installed; install tcpdump"
	fi
}

# decode: stdin is what the capture printed. Without the module: its defaults.
decode() {
	awk -v trust="$(trust_list 2>/dev/null)" -v loaded="$(is_loaded && echo y)" \
		-v kinds="$(param kinds || echo 254)" -v syn="$(param syn)" -v quiet="$quiet" \
		-f "$PARTS/address.awk" -f "$PARTS/sniff.awk" "$PARTS/layouts" -
}

# A named pipe and not a pipeline, so that the capture can be ended by its number.
sniff_live() {
	mkfifo "$TEMP/packets"
	"capture_$capture" >"$TEMP/packets" &
	capture_pid=$!
	(sleep "$seconds" && kill "$capture_pid") 2>/dev/null &
	timer_pid=$!
	# Ctrl-C is for the capture; we go on to the summary.
	trap : INT
	decode <"$TEMP/packets"
	seen=$?
	kill "$timer_pid" 2>/dev/null
	wait "$capture_pid"
	ended=$?
	case $ended in
	0 | 130 | 143) ;;
	*) die "$FAILED" "$capture failed: $(tail -n 1 "$TEMP/said")" ;;
	esac
	return $seen
}

sniff_file() {
	("capture_$capture") >"$TEMP/packets" ||
		die "$FAILED" "$capture cannot read $file: $(tail -n 1 "$TEMP/said")"
	decode <"$TEMP/packets"
}

cmd_sniff() {
	interface='' port='' seconds=30 packets='' file='' quiet=''
	while [ $# -gt 0 ]; do
		case $1 in
		-i | --interface | -p | --port | -t | --seconds | -c | --packets | -r | --read) needs_value "$1" $# ;;
		esac
		case $1 in
		-p | --port | -t | --seconds | -c | --packets) needs_number "$1" "$2" ;;
		esac
		case $1 in
		-q | --quiet)
			quiet=y
			shift
			continue
			;;
		-i | --interface) interface=$2 ;;
		-p | --port) port=$2 ;;
		-t | --seconds) seconds=$2 ;;
		-c | --packets) packets=$2 ;;
		-r | --read) file=$2 ;;
		*) wrong_use "$1" ;;
		esac
		shift 2
	done
	choose_capture
	make_temp
	if [ "$file" ]; then
		[ -r "$file" ] || die "$FAILED" "there is no file $file that can be read"
		sniff_file
		return
	fi
	need_root
	say "listening for $seconds seconds; Ctrl-C ends it"
	sniff_live
}
