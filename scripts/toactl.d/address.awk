# Addresses and prefixes as text, in POSIX awk: no bits, so digits of base 16.

function hex_value(digit)
{
	return index("0123456789abcdef", digit) - 1
}

# Eight digits, or nothing when it is no IPv4 address.
function v4_hex(text,	part, i, out)
{
	if (text !~ /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/)
		return ""
	split(text, part, ".")
	for (i = 1; i <= 4; i++) {
		if (length(part[i]) > 3 || part[i] + 0 > 255)
			return ""
		out = out sprintf("%02x", part[i])
	}
	return out
}

# Groups of an IPv6 address, four digits each; "" for what is none.
function groups_hex(text,	part, n, i, out)
{
	if (text == "")
		return ""
	n = split(text, part, ":")
	for (i = 1; i <= n; i++) {
		if (part[i] !~ /^[0-9a-f]+$/ || length(part[i]) > 4)
			return "bad"
		out = out substr("0000", 1 + length(part[i])) part[i]
	}
	return out
}

# Thirty-two digits, or nothing.
function v6_hex(text,	tail, at, left, right, zeros)
{
	text = tolower(text)
	if (match(text, /[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/)) {
		tail = v4_hex(substr(text, RSTART))
		if (tail == "" || RSTART < 3)
			return ""
		text = substr(text, 1, RSTART - 1) substr(tail, 1, 4) ":" substr(tail, 5)
	}
	at = index(text, "::")
	if (!at) {
		left = groups_hex(text)
		return length(left) == 32 && left !~ /bad/ ? left : ""
	}
	left = groups_hex(substr(text, 1, at - 1))
	right = groups_hex(substr(text, at + 2))
	if (left == "bad" || right == "bad" || length(left) + length(right) > 28)
		return ""
	zeros = "00000000000000000000000000000000"
	return left substr(zeros, 1, 32 - length(left) - length(right)) right
}

# An IPv4-mapped address is an IPv4 one.
function address_hex(text,	hex)
{
	if (text !~ /:/)
		return v4_hex(text)
	hex = v6_hex(text)
	if (substr(hex, 1, 24) == "00000000000000000000ffff")
		return substr(hex, 25)
	return hex
}

function v4_text(hex,	i, out)
{
	for (i = 1; i <= 7; i += 2)
		out = out (i > 1 ? "." : "") \
			(16 * hex_value(substr(hex, i, 1)) + hex_value(substr(hex, i + 1, 1)))
	return out
}

# RFC 5952: no leading zeros, the first longest run of zero groups as "::".
function v6_text(hex,	i, j, best, length_of_best, group, out)
{
	for (i = 0; i < 8; i++) {
		group[i] = substr(hex, 1 + 4 * i, 4)
		sub(/^0+/, "", group[i])
		if (group[i] == "")
			group[i] = "0"
	}
	length_of_best = 1
	best = -1
	for (i = 0; i < 8; i++) {
		for (j = i; j < 8 && group[j] == "0"; j++)
			;
		if (j - i > length_of_best) {
			best = i
			length_of_best = j - i
		}
	}
	for (i = 0; i < 8; i++) {
		if (i == best) {
			out = out "::"
			i += length_of_best - 1
			continue
		}
		out = out (out == "" || out ~ /::$/ ? "" : ":") group[i]
	}
	return out
}

function address_text(hex)
{
	return length(hex) == 8 ? v4_text(hex) : v6_text(hex)
}

# "HEX/BITS", the form in which two equal prefixes are equal texts; "" for none.
function prefix_canon(text,	part, hex, n)
{
	n = split(text, part, "/")
	hex = address_hex(part[1])
	if (hex == "" || n > 2)
		return ""
	if (n == 1)
		return hex "/" (4 * length(hex))
	if (part[2] !~ /^[0-9]+$/ || part[2] + 0 > 4 * length(hex))
		return ""
	return hex "/" (part[2] + 0)
}

# Does the prefix, as prefix_canon() gives it, hold this address?
function prefix_has(canon, hex,	part, whole, rest, unit)
{
	split(canon, part, "/")
	if (length(part[1]) != length(hex))
		return 0
	whole = int(part[2] / 4)
	rest = part[2] % 4
	if (substr(part[1], 1, whole) != substr(hex, 1, whole))
		return 0
	if (!rest)
		return 1
	unit = 2 ^ (4 - rest)
	return int(hex_value(substr(part[1], whole + 1, 1)) / unit) == \
	       int(hex_value(substr(hex, whole + 1, 1)) / unit)
}

# prefixes_read(TEXT): a list as the parameter trust has it; an empty one has all.
function prefixes_read(text,	part, i, n)
{
	n = split(text, part, /[, \t\n]+/)
	prefixes = 0
	for (i = 1; i <= n; i++)
		if (part[i] != "")
			prefix[++prefixes] = prefix_canon(part[i])
}

function prefixes_have(hex,	i)
{
	if (!prefixes)
		return 1
	for (i = 1; i <= prefixes; i++)
		if (prefix_has(prefix[i], hex))
			return 1
	return 0
}
