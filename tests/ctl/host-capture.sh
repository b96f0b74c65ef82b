# shellcheck shell=sh
# shellcheck disable=SC2034 # cases.sh uses $CTL
# Cases on a capture that has every layout and every way to get one wrong (packets):
# toactl sniff with both of its sources, and the Wireshark dissector.

make_capture() {
	[ ! -e "$WORK/packets.pcap" ] || return 0
	gcc -O2 -Wall -Wextra -Werror -o "$WORK/capture" "$HERE/capture.c" "$TOP/tests/tools/wire.c" &&
		"$WORK/capture" <"$HERE/packets" >"$WORK/packets.pcap"
}

# What both must find: KIND/LENGTH CLIENT, in the order of the packets.
expected_options() {
	cat <<-END
		254/8 203.0.113.7:40007
		254/8 203.0.113.7:40007
		254/20 [2001:db8:c::7]:40007
		254/20 [2001:db8:c::7]:40007
		254/16 203.0.113.7:40007
		253/8 203.0.113.7:40007
		253/20 [2001:db8:c::7]:40007
		252/20 203.0.113.7:40007
		249/40 [2001:db8:c::7]:40007
		200/8 203.0.113.7:40007
		28/7 203.0.113.7:1010
		28/19 [2001:db8:c::7]:1011
		254/8 203.0.113.7:40007
		254/8 127.0.0.1:40007
		254/8 203.0.113.8:40007
		254/8 10.9.8.7:40007
	END
}

capture_cases() {
	so "the capture is made" make_capture
	machine_loaded
	says "sniff of a capture" 0 '^10.0.0.1 *254/8 *0 *1 *1 *yes *203.0.113.7:40007' sniff --read "$WORK/packets.pcap"
	so "sniff: every layout" sniff_finds_all
	so "sniff: not in kinds" said '^10.0.0.2 *28/19 .* not in kinds'
	so "sniff: unusable" said '^10.0.0.5 .* unusable *127.0.0.1'
	so "sniff: not in trust" said '^198.51.100.66 .* not in trust'
	so "sniff: on the SYN" said '^10.0.0.3 *254/8 *1 *0 *0 *syn is 0'
	so "sniff: a sender without an option" said '^10.0.0.4 *opened 3 connections and sent no option'
	parameter_put syn Y
	says "sniff: on the SYN, with syn=1" 0 '^10.0.0.3 *254/8 *1 *0 *0 *yes' sniff --read "$WORK/packets.pcap" --quiet
	so "sniff --quiet" not_said ' > '
	says "sniff of one port" 1 'no connection was opened' sniff --read "$WORK/packets.pcap" --port 81
	put proc/net/toa_trust 192.0.2.0/24
	says "sniff: nobody is in trust" 6 '^10.0.0.1 .* not in trust' sniff --read "$WORK/packets.pcap"
	echo no capture >"$WORK/nonsense"
	says "sniff of what is no capture" 1 'cannot read' sniff --read "$WORK/nonsense"
	so "sniff: that is one sentence" one_sentence
	tshark_instead
}

sniff_finds_all() {
	sed -n 's/.* > .* \([0-9]*\/[0-9]*\) *client \([^ ]*\).*/\1 \2/p' "$SAID" >"$WORK/found"
	expected_options | diff - "$WORK/found"
}

# The same with tshark: a copy of toactl that finds no tcpdump.
tshark_instead() {
	rm -rf "$WORK/scripts"
	cp -R "$TOP/scripts" "$WORK/scripts"
	sed -i 's/have tcpdump/have no-tcpdump/' "$WORK/scripts/toactl.d/sniff.sh"
	machine_loaded
	CTL=$WORK/scripts/toactl
	ctl sniff --read "$WORK/packets.pcap" >"$SAID" 2>&1
	so "sniff with tshark: every layout" sniff_finds_all
	CTL=$TOP/scripts/toactl
}

# Wireshark runs no Lua as root.
tshark_nobody() {
	HOME=$WORK setpriv --reuid=65534 --regid=65534 --clear-groups \
		tshark -X "lua_script:$WORK/toa.lua" -r "$WORK/packets.pcap" "$@"
}

dissector() {
	make_capture
	cp "$TOP/scripts/wireshark/toa.lua" "$WORK"
	chmod 755 "$WORK"
	tshark_nobody -Y toa -T fields \
		-E separator=' ' -E occurrence=f -e toa.layout -e toa.client -e toa.client6 -e toa.port \
		>"$WORK/fields" 2>"$WORK/tshark.said"
	awk '{ print $1, ($2 ~ /:/ ? "[" $2 "]" : $2) ":" $3 }' "$WORK/fields" >"$WORK/found"
	expected_options | diff - "$WORK/found" >"$WORK/diff"
	result "dissector: every layout" $? "$(cat "$WORK/diff" "$WORK/tshark.said")"
	check "dissector: no error of Lua" refuse grep Lua "$WORK/tshark.said"
	for expert in toa.unusable toa.duplicate; do
		tshark_nobody -Y "$expert" 2>/dev/null >"$WORK/found"
		check "dissector: one packet is $expert" test "$(wc -l <"$WORK/found")" = 1
	done
	layouts_of_dissector
}

# Its table is that of toactl, which is that of toa.h (documents).
layouts_of_dissector() {
	sed -n 's/^	{ *\([0-9]*\), *\([0-9]*\), \([0-9]*\), \([0-9]*\), \([0-9]*\), \([0-9]*\) },/\1\/\2 \3 \4 \5 \6/p' \
		"$TOP/scripts/wireshark/toa.lua" >"$WORK/found"
	awk -F '\t' '{ gsub(/-/, 0, $2); gsub(/-/, 0, $5); print $1, $2, $3, $4, $5 }' "$TOP/scripts/toactl.d/layouts" |
		diff - "$WORK/found" >"$WORK/diff"
	result "dissector: its table of layouts" $? "$(cat "$WORK/diff")"
}

completions() {
	bash -c '
		. "$1/scripts/completion/toactl.bash"
		try() {
			COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
			_toactl
			echo "${COMPREPLY[@]}"
		}
		try toactl sta
		try toactl stats --w
		try toactl load hoo' bash "$TOP" >"$WORK/found" 2>&1
	printf '%s\n' 'status stats' '--watch' 'hook=' | diff - "$WORK/found" >"$WORK/diff"
	result "completion of bash" $? "$(cat "$WORK/diff")"
	zsh -n "$TOP/scripts/completion/_toactl" >"$WORK/found" 2>&1
	result "completion of zsh is read" $? "$(cat "$WORK/found")"
}
