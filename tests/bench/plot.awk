# Two plots of one kernel for gnuplot: what each way adds, and how the module grows.
# -v kernel=ID -v to=DIRECTORY

# The ways that this family has.
function choose(family,    v, n) {
	n = split("ftrace\ttable\tkretprobe\tclassic\teBPF", all_ways, "\t")
	ways = 0
	for (v = 1; v <= n; v++)
		if (has(kernel, "instructions", all_ways[v], family, "none", "handshake"))
			way[++ways] = all_ways[v]
	ways_of[family] = ways
}

function block(family,    i, v) {
	choose(family)
	print "$" family " << EOD"
	printf "row"
	for (v = 1; v <= ways; v++)
		printf "\t\"%s\"", way[v]
	print ""
	for (i = 1; i <= columns; i++) {
		printf "\"%s%s\"", row_of[i], client_of[i] == "none" ? "" : " (client)"
		for (v = 1; v <= ways; v++)
			if (has(kernel, "instructions", way[v], family, client_of[i], row_of[i]))
				printf "\t%.3f", (ratio(kernel, "instructions", way[v], family, client_of[i], row_of[i]) - 1) * 100
			else
				printf "\tNaN"
		print ""
	}
	print "EOD"
}

function draw(family) {
	printf "set title \"Linux %s, %s: instructions added, in percent of what they are without the module\"\n", kernel, family
	printf "plot for [i=2:%d] $%s using i:xtic(1) title columnheader(i)\n", ways_of[family] + 1, family
}

function growth_block(name, prefix, family, rows, n,    v, i, count) {
	print "$" name " << EOD"
	for (v = 1; v <= variants; v++) {
		if (variant_of[v] !~ "^" prefix " [0-9]+$")
			continue
		count = variant_of[v]
		sub(/.* /, "", count)
		printf "%d", count
		for (i = 1; i <= n; i++)
			printf "\t%s", has(kernel, "instructions", variant_of[v], family, "client", rows[i]) ? \
				cost[key(kernel, "instructions", variant_of[v], family, "client", rows[i])] : "NaN"
		print ""
	}
	print "EOD"
}

END {
	block("IPv4")
	block("IPv6")
	t = split("insert\tlookup\tlookup of none\tremove", table_row, "\t")
	growth_block("table", "table", "-", table_row, t)
	print "set datafile separator \"\\t\""
	for (p = 1; p <= 2; p++) {
		print p == 1 ? "set terminal pngcairo size 1600,1100 font \"DejaVu Sans,10\"" : \
			"set terminal svg size 1600,1100 font \"DejaVu Sans,10\""
		suffix = p == 1 ? "png" : "svg"
		printf "set output \"%s/cost-%s.%s\"\n", to, kernel, suffix
		print "reset\nset datafile separator \"\\t\"\nset multiplot layout 2,1"
		print "set style data histogram\nset style histogram clustered gap 2\nset style fill solid 0.9"
		print "set grid ytics\nset xtics rotate by -30\nset ylabel \"%\"\nset key top right"
		draw("IPv4")
		draw("IPv6")
		print "unset multiplot"
		printf "set output \"%s/growth-%s.%s\"\n", to, kernel, suffix
		print "reset\nset datafile separator \"\\t\"\nset logscale x\nset grid\nset style data linespoints"
		print "set xlabel \"clients in the table\"\nset ylabel \"instructions\"\nset yrange [0:*]\nset key left"
		printf "set title \"Linux %s: the table\"\n", kernel
		printf "plot $table using 1:2 title \"%s\"", table_row[1]
		for (i = 2; i <= t; i++)
			printf ", $table using 1:%d title \"%s\"", i + 1, table_row[i]
		print "\nunset output"
	}
}
