# Packets as tcpdump -x or tshark -T fields print them -> who sends the option.
#
# First file: layouts. Variables: trust, kinds and syn (the parameters' texts), loaded,
# quiet.
# The options are walked as the kernel does it: first kind, then length, NOP is one
# byte, EOL ends; a length that does not fit ends the walk.

BEGIN {
	# As sprintf("%d") of bytes is not to be had: two digits of base 16.
	for (i = 0; i < 256; i++)
		byte_of[sprintf("%02x", i)] = i
	n = split(kinds, item, /[, \t\n]+/)
	for (i = 1; i <= n; i++)
		wanted[item[i]] = 1
	prefixes_read(trust)
}

NR == FNR {
	split($1, part, "/")
	at_port[$1] = $2
	at_address[$1] = $3
	family[$1] = $4
	version[$1] = $5
	next
}

function byte(hex, at)
{
	return byte_of[substr(hex, 2 * at + 1, 2)]
}

function word(hex, at)
{
	return 256 * byte(hex, at) + byte(hex, at + 1)
}

function bytes(hex, at, n)
{
	return substr(hex, 2 * at + 1, 2 * n)
}

function with_port(address, port)
{
	return (address ~ /:/ ? "[" address "]" : address) ":" port
}

# SYN, SYN-ACK, ACK or data.
function packet_name(flags, data)
{
	if (int(flags / 2) % 2)
		return int(flags / 16) % 2 ? "SYN-ACK" : "SYN"
	return data > 0 ? "data" : "ACK"
}

# An old Fast Open cookie or an SMC offer, which only SYNs carry.
function is_experiment(name, kind, option)
{
	return name ~ /^SYN/ && (kind == 253 || kind == 254) && option ~ /^....(f989|e2d4c3d9)/
}

# The layout that fits, or "".
function layout_of(option, name,	kind, layout)
{
	kind = byte(option, 0)
	layout = kind "/" byte(option, 1)
	if (!(layout in family) || is_experiment(name, kind, option))
		return ""
	if (version[layout] != "-" && byte(option, 2) != version[layout])
		return ""
	return layout
}

function usable(hex)
{
	if (length(hex) == 8)
		return hex !~ /^(00|7f|[ef])/
	return hex !~ /^(ff|fe[89ab]|0000000000000000000000000000000[01]$)/
}

# Sets client, and problem when the module would refuse it.
function read_client(option, layout, source_port,	hex, port)
{
	hex = bytes(option, at_address[layout], family[layout] == 4 ? 4 : 16)
	if (substr(hex, 1, 24) == "00000000000000000000ffff" && length(hex) == 32)
		hex = substr(hex, 25)
	port = at_port[layout] == "-" ? source_port : word(option, at_port[layout])
	client = with_port(address_text(hex), port)
	problem = usable(hex) && port ? "" : "unusable"
}

function is_wanted(layout,	part)
{
	split(layout, part, "/")
	return layout in wanted || part[1] in wanted
}

function judge(source_hex, layout, name)
{
	if (problem != "")
		return problem
	if (!is_wanted(layout))
		return "not in kinds"
	if (!prefixes_have(source_hex))
		return "not in trust"
	if (name == "SYN" && syn != "Y")
		return "syn is 0"
	return "yes"
}

# One option of a client was found; the first of a packet counts.
function found(layout, option, name, source, source_port, target, target_port,	verdict, key)
{
	read_client(option, layout, source_port)
	verdict = judge(address_hex(source), layout, name)
	if (!quiet)
		printf "%s > %s  %-4s %-6s client %s%s\n", with_port(source, source_port),
		       with_port(target, target_port), name, layout, client,
		       verdict == "yes" ? "" : "  (" verdict ")"
	key = source SUBSEP layout SUBSEP verdict
	if (!(key in times))
		order[++keys] = key
	times[key]++
	on[key, name]++
	last[key] = client
	sends[source] = 1
}

function walk(options, name, source, source_port, target, target_port,	at, kind, size, left, layout)
{
	for (left = length(options) / 2; left > 0; left -= size) {
		at = length(options) / 2 - left
		kind = byte(options, at)
		size = 1
		if (kind == 0)
			return
		if (kind == 1)
			continue
		size = left > 1 ? byte(options, at + 1) : 0
		if (size < 2 || size > left)
			return
		layout = layout_of(bytes(options, at, size), name)
		if (layout != "") {
			found(layout, bytes(options, at, size), name, source, source_port, target, target_port)
			return
		}
	}
}

function packet(options, flags, data, source, source_port, target, target_port,	name)
{
	packets++
	name = packet_name(flags, data)
	if (name == "SYN-ACK")
		return
	if (name == "SYN" && !started[source, source_port, target, target_port]++) {
		if (!opened[source]++)
			opener[++openers] = source
	}
	walk(options, name, source, source_port, target, target_port)
}

# tcpdump: the IP header and all behind it, as far as it was captured.
function packet_hex(hex,	tcp, source, target, length_of_ip, header)
{
	if (hex ~ /^4/) {
		if (byte(hex, 9) != 6 || word(hex, 6) % 8192)
			return
		tcp = byte(hex, 0) % 16 * 4
		length_of_ip = word(hex, 2)
		source = v4_text(bytes(hex, 12, 4))
		target = v4_text(bytes(hex, 16, 4))
	} else if (hex ~ /^6/) {
		if (byte(hex, 6) != 6)
			return
		tcp = 40
		length_of_ip = 40 + word(hex, 4)
		source = v6_text(bytes(hex, 8, 16))
		target = v6_text(bytes(hex, 24, 16))
	} else {
		return
	}
	header = int(byte(hex, tcp + 12) / 16) * 4
	if (header < 20 || length(hex) < 2 * (tcp + header))
		return
	packet(bytes(hex, tcp + 20, header - 20), byte(hex, tcp + 13), length_of_ip - tcp - header,
	       source, word(hex, tcp), target, word(hex, tcp + 2))
}

# The packet is complete when the next begins, or as soon as its headers are here.
function finish()
{
	if (pending != "")
		packet_hex(pending)
	pending = ""
	done = 0
}

function enough(hex,	tcp)
{
	tcp = hex ~ /^4/ ? byte(hex, 0) % 16 * 4 : 40
	return length(hex) >= 2 * (tcp + 20) && length(hex) >= 2 * (tcp + int(byte(hex, tcp + 12) / 16) * 4)
}

/^[ \t]+0x[0-9a-f]+:/ {
	if (done)
		next
	sub(/^[ \t]+0x[0-9a-f]+:/, "")
	gsub(/[ \t]/, "")
	pending = pending $0
	if (enough(pending)) {
		packet_hex(pending)
		pending = ""
		done = 1
		fflush()
	}
	next
}

# tshark: addresses in columns of their family, flags as 0x.... , no colons.
/\t0x[0-9a-f]+\t/ {
	n = split($0, f, "\t")
	if (f[3] == "" || f[3] ~ /,/)
		next
	flags = byte_of[substr(f[7], length(f[7]) - 1)]
	gsub(/:/, "", f[9])
	packet(f[9], flags, f[8], f[1] f[2], f[3], f[4] f[5], f[6])
	fflush()
	next
}

{ finish() }

function summary_line(key,	part)
{
	split(key, part, SUBSEP)
	printf "%-39s %-7s %6d %6d %6d  %-12s %s\n", part[1], part[2], on[key, "SYN"],
	       on[key, "ACK"], on[key, "data"], part[3], last[key]
	if (part[3] == "yes")
		good++
}

END {
	finish()
	if (!quiet && keys)
		print ""
	if (keys)
		printf "%-39s %-7s %6s %6s %6s  %-12s %s\n", "SENDER", "KIND", "SYN", "ACK", "DATA", "READ", "LAST CLIENT"
	for (i = 1; i <= keys; i++)
		summary_line(order[i])
	for (i = 1; i <= openers; i++)
		if (!(opener[i] in sends)) {
			printf "%-39s opened %d connections and sent no option\n", opener[i], opened[opener[i]]
			silent++
		}
	if (!keys && !silent)
		print "no connection was opened meanwhile, and no option was seen"
	if (!loaded && keys)
		print "(the module is not loaded: READ is what it would do with its defaults)"
	only_syn()
	exit keys ? (good ? 0 : 6) : 1
}

# The module reads the segment that completes the handshake; the SYN when told to.
function only_syn(	i, key, part, elsewhere, syn)
{
	for (i = 1; i <= keys; i++) {
		syn += on[order[i], "SYN"]
		elsewhere += on[order[i], "ACK"] + on[order[i], "data"]
	}
	if (syn && !elsewhere)
		print "The option is on SYNs only: load the module with syn=1."
}
