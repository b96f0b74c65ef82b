# The tables, as text. -v csv=FILE: the ratios, for a spreadsheet.

function head(title) {
	printf "\n%s\n\n%-34s", title, ""
	for (i = 1; i <= columns; i++)
		printf " %9s", short(row_of[i])
	printf "\n%-34s", ""
	for (i = 1; i <= columns; i++)
		printf " %9s", client_of[i] == "client" ? "client" : "-"
	print ""
}

function short(name) {
	sub("getpeername", "getpeer", name)
	sub("segment ", "seg ", name)
	sub("udp socket", "udp sock", name)
	return name
}

function line_of_costs(kernel, job, family) {
	printf "%-34s", "no module"
	for (i = 1; i <= columns; i++)
		printf " %9d", cost[key(kernel, job, "no module", family, client_of[i], row_of[i])]
	print ""
}

function line_of_ratios(kernel, job, family, variant,    r) {
	printf "%-34s", variant
	for (i = 1; i <= columns; i++) {
		r = ratio(kernel, job, variant, family, client_of[i], row_of[i])
		if (r)
			printf " %9.3f", r
		else
			printf " %9s", "-"
		if (csv && r)
			printf "%s,%s,%s,\"%s\",%s,%s,%.4f\n", kernel, job, family, variant,
				client_of[i], row_of[i], r >csv
	}
	print ""
}

function table_of(kernel, job, family, unit,    v) {
	if (!has(kernel, job, "no module", family, "none", "handshake"))
		return
	head("Linux " kernel ", " family ": " unit " without the module, and what each makes of them")
	line_of_costs(kernel, job, family)
	for (v = 1; v <= variants; v++)
		if (variant_of[v] != "no module" &&
		    has(kernel, job, variant_of[v], family, "none", "handshake"))
			line_of_ratios(kernel, job, family, variant_of[v])
}

# Those that know the client in another way have to be compared until they know it.
function known(kernel, family,    v, ack) {
	printf "\nLinux %s, %s: instructions until the program knows the client (the handshake's ACK, accept4(), reading a header)\n\n",
		kernel, family
	for (v = 1; v <= variants; v++) {
		if (!has(kernel, "instructions", variant_of[v], family, "client", "known"))
			continue
		ack = cost[key(kernel, "instructions", variant_of[v], family, "client", "ack")]
		if (ack)
			printf "%-34s %9d\n", variant_of[v],
				ack + cost[key(kernel, "instructions", variant_of[v], family, "client", "known")]
	}
}

function list(title, kernel, job, row, families, n,    v, f, any, c, client) {
	for (v = 1; v <= variants; v++)
		for (f = 1; f <= n; f++)
			for (c = 1; c <= 3; c++) {
				client = c == 1 ? "client" : c == 2 ? "none" : "-"
				if (!has(kernel, job, variant_of[v], families[f], client, row))
					continue
				if (!any++)
					printf "\nLinux %s: %s\n\n", kernel, title
				printf "%-34s %-5s %14.4g\n", variant_of[v], families[f],
					cost[key(kernel, job, variant_of[v], families[f], client, row)]
			}
}

# How costs grow with the number of connections.
function growth(kernel, job, unit,    v, i, n, what, any, client) {
	n = split("insert:bare insert:lookup:lookup of none:remove:unload us:accept4:getpeername:ack:rmmod ms", what, ":")
	for (v = 1; v <= variants; v++) {
		if (variant_of[v] !~ / [0-9]+$/ || variant_of[v] ~ /trust/)
			continue
		for (i = 1; i <= n; i++) {
			client = what[i]
			if (has(kernel, job, variant_of[v], "-", "client", what[i]))
				client = "-"
			else if (has(kernel, job, variant_of[v], "IPv6", "client", what[i]))
				client = "IPv6"
			else
				continue
			if (!any++)
				printf "\nLinux %s: how it grows with the number of connections that have an IPv6 client (%s, unless said otherwise)\n\n",
					kernel, unit
			printf "%-24s %-16s %12.6g\n", variant_of[v], what[i],
				cost[key(kernel, job, variant_of[v], client, "client", what[i])]
		}
	}
}

# How far the same measurement, made again without the module, was off. Seven instructions
# of a segment that is sent are there or not, with the module and without.
function noise(kernel, family, client, row,    r) {
	r = ratio(kernel, "instructions", "no module, again", family, client, row)
	r = r > 1 ? r - 1 : 1 - r
	return r && r > 0.0011 ? r : 0.0011
}

# least: what hooks that do nothing have
function verdict(kernel, family, what, have, most, off, least) {
	if (!have)
		return
	printf "%-12s %-5s %-48s %8.4f %8s   %s\n", kernel, family, what, have,
		"<= " most, have <= most + 0.00005 ? "met" : \
		have <= most + off ? "met, within the noise" : \
		sprintf("not met; hooks that do nothing: %.4f", least)
}

function target(kernel, family, what, client, row, most) {
	verdict(kernel, family, what, ratio(kernel, "instructions", "ftrace", family, client, row),
		most, noise(kernel, family, client, row),
		ratio(kernel, "instructions", "an empty hook", family, client, row))
}

function targets(kernel, family,    n, names) {
	split(kernel, n, /[.-]/)
	names = n[1] > 6 || (n[1] == 6 && n[2] >= 1) ? 1.00 : 1.20
	target(kernel, family, "segment received", "client", "segment in", 1)
	target(kernel, family, "segment sent", "client", "segment out", 1)
	target(kernel, family, "acknowledgement received", "client", "ack in", 1)
	target(kernel, family, "outgoing connection", "none", "connect", 1)
	target(kernel, family, "UDP datagram", "none", "udp", 1)
	target(kernel, family, "handshake with the option", "client", "handshake", 1.02)
	target(kernel, family, "handshake without", "none", "handshake", 1.015)
	target(kernel, family, "accept4(), with a client", "client", "accept4", names)
	target(kernel, family, "getpeername(), with a client", "client", "getpeername", names)
	target(kernel, family, "accept4(), without", "none", "accept4", 1.08)
	target(kernel, family, "getpeername(), without", "none", "getpeername", 1.08)
}

# Every row in which the module is to be cheaper than the programs.
function against_ebpf(kernel, family,    i, ours, theirs, empty) {
	for (i = 1; i <= columns; i++) {
		ours = cost[key(kernel, "instructions", "ftrace", family, client_of[i], row_of[i])]
		theirs = cost[key(kernel, "instructions", "eBPF", family, client_of[i], row_of[i])]
		empty = cost[key(kernel, "instructions", "an empty hook", family, client_of[i], row_of[i])]
		if (ours && theirs)
			verdict(kernel, family, row_of[i] ", " (client_of[i] == "none" ? "without" : "with") \
				" a client, to eBPF's", ours / theirs, 1,
				noise(kernel, family, client_of[i], row_of[i]), empty / theirs)
	}
}

END {
	two = split("IPv4 IPv6", family_of, " ")
	for (k = 1; k <= kernels; k++) {
		for (f = 1; f <= two; f++)
			table_of(kernel_of[k], "instructions", family_of[f], "instructions")
		for (f = 1; f <= two; f++)
			known(kernel_of[k], family_of[f])
		for (f = 1; f <= two; f++)
			table_of(kernel_of[k], "times", family_of[f], "nanoseconds (emulated)")
		growth(kernel_of[k], "instructions", "instructions")
		growth(kernel_of[k], "times", "nanoseconds, emulated")
		list("instructions for a SYN in a flood", kernel_of[k], "instructions", "syn flood", family_of, two)
		list("instructions for a handshake after the flood", kernel_of[k], "instructions", "handshake after it", family_of, two)
		list("bytes of memory for one more connection", kernel_of[k], "times", "memory", family_of, two)
		any_of[1] = "-"
		list("milliseconds to load", kernel_of[k], "times", "insmod ms", any_of, 1)
		list("milliseconds to unload", kernel_of[k], "times", "rmmod ms", any_of, 1)
	}
	print "\nTargets, as ratios to no module, or to eBPF's (ftrace, instructions)\n"
	for (k = 1; k <= kernels; k++)
		for (f = 1; f <= two; f++) {
			targets(kernel_of[k], family_of[f])
			against_ebpf(kernel_of[k], family_of[f])
		}
	print ""
}
