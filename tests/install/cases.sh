# shellcheck shell=sh
# Results of installation tests, without numbers: see ktap_number. A script sources
# tests/vm/lib.sh and tests/lib/ktap.sh first.

# row DESCRIPTION COMMAND...: what a failing command said becomes notes.
row() {
	row_description=$1
	shift
	if "$@" >"$OUT/row.log" 2>&1; then
		echo "ok - $row_description"
	else
		sed 's/^/# /' "$OUT/row.log"
		echo "not ok - $row_description"
	fi
}

# The kernel of Debian 13 in the cache.
trixie_kernel() {
	"$VM/kernel" list | awk '$4 == "trixie" && $5 == "amd64" { print $1; exit }'
}

# release_of ID: what uname -r says there. An id may be the beginning of another.
release_of() {
	"$VM/kernel" list "$1" | awk -v id="$1" '$1 == id { print $2 }'
}
