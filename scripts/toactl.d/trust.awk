# The new list, from the words to add or del (first file) and the old list (second).
# What was to be deleted and is not there is printed instead, with status 1.

NR == FNR {
	canon = prefix_canon($1)
	word[canon] = $1
	order[++words] = canon
	next
}

{
	canon = prefix_canon($1)
	there[canon] = 1
	if (merge == "add" || !(canon in word))
		list[++lines] = $1
}

END {
	for (i = 1; i <= words; i++) {
		if (there[order[i]])
			continue
		there[order[i]] = 1
		if (merge == "del")
			missing = missing (missing == "" ? "" : " ") word[order[i]]
		else
			list[++lines] = word[order[i]]
	}
	if (missing != "") {
		print missing
		exit 1
	}
	for (i = 1; i <= lines; i++)
		print list[i]
}
