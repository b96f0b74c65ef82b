# What tables and plot share: rows.tsv by kernel, job, variant, family, client, row.
# A row's cost with a client stands under "client", without one under "none".

function key(kernel, job, variant, family, client, row) {
	return kernel FS job FS variant FS family FS client FS row
}

function has(kernel, job, variant, family, client, row) {
	return key(kernel, job, variant, family, client, row) in cost
}

# To no module on the same kernel; 0 where one of them was not measured.
function ratio(kernel, job, variant, family, client, row,    base) {
	base = cost[key(kernel, job, "no module", family, client, row)]
	return base ? cost[key(kernel, job, variant, family, client, row)] / base : 0
}

BEGIN {
	FS = "\t"
	# Columns of the tables: client and row.
	columns = split("client:getpeername none:getpeername client:accept4 none:accept4 " \
		"client:handshake none:handshake client:ack none:ack " \
		"client:segment_in client:segment_out none:ack_in client:close none:close " \
		"none:connect none:reset none:udp none:udp_socket", column, " ")
	for (i = 1; i <= columns; i++) {
		client_of[i] = row_of[i] = column[i]
		sub(/:.*/, "", client_of[i])
		sub(/.*:/, "", row_of[i])
		gsub("_", " ", row_of[i])
	}
}

{
	if (!($1 in seen_kernel)) {
		seen_kernel[$1]
		kernel_of[++kernels] = $1
	}
	if (!($3 in seen_variant)) {
		seen_variant[$3]
		variant_of[++variants] = $3
	}
	cost[key($1, $2, $3, $4, $5, $6)] = $7
}
