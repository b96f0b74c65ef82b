# The first line that is not an address or prefix.

$0 != "" && prefix_canon($0) == "" {
	print
	exit
}
