# shellcheck shell=sh
# What the scripts of this directory share. A script sets TOP and sources
# tests/vm/lib.sh first.
#
# apt's state, the list of header sets and the unpacked headers lie in
# $CACHE/matrix: the harness in tests/vm reads fewer suites and needs other files.

# shellcheck disable=SC2034 # for the scripts that source this
MATRIX=$TOP/tests/matrix
APT=$CACHE/matrix/apt
SETS=$CACHE/matrix/sets

# sets_of VERSION: its lines of SETS, each "version release arch common kbuild suites".
sets_of() {
	awk -v version="$1" '$1 == version' "$SETS"
}

# What a header set is tried with: everything with gcc, which builds Debian's kernels;
# one flavour of each architecture with clang, too. sparse reads the same source
# everywhere, so one set of a version is enough.
checks_of() {
	case $1 in
	*-cloud-amd64) echo "gcc clang sparse" ;;
	*-cloud-arm64) echo "gcc clang" ;;
	*) echo gcc ;;
	esac
}
