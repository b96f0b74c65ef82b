# An address to send from: of family 4 or 6 and in the list, or, for a "stranger", an
# IPv4 one that is not in it.

{ text = text " " $0 }

# The second address of a network, or the only one.
function host_of(canon,	part, last) {
	split(canon, part, "/")
	last = substr(part[1], length(part[1]))
	if (part[2] == 4 * length(part[1]) || last != "0")
		return address_text(part[1])
	return address_text(substr(part[1], 1, length(part[1]) - 1) "1")
}

END {
	prefixes_read(text)
	if (want == "stranger") {
		for (i = 1; i <= 254; i++)
			if (!prefixes_have(address_hex("192.0.2." i))) {
				print "192.0.2." i
				exit
			}
		exit
	}
	usual = want == 4 ? "192.0.2.1" : "2001:db8:b::1"
	if (prefixes_have(address_hex(usual))) {
		print usual
		exit
	}
	for (i = 1; i <= prefixes; i++)
		if ((index(prefix[i], "/") == 9) == (want == 4)) {
			print host_of(prefix[i])
			exit
		}
}
