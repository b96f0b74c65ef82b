// SPDX-License-Identifier: GPL-2.0
/*
 * A target with the inputs of a file
 *
 *	replay CORPUS			try them; prints KTAP
 *	replay CORPUS DIRECTORY		write each to a file, for libFuzzer
 *
 * Every line of the file is an input: a text in quotation marks, or the
 * hexadecimal digits of its bytes, blanks between them as one likes. Lines that
 * begin with '#' say where those below come from.
 */
#include <sanitizer/common_interface_defs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"

#define INPUT_MAX	TARGET_TEXT_MAX

static unsigned int line_number;

/* What a sanitizer has to say comes after this. */
static void died(void)
{
	fprintf(stderr, "# line %u of the corpus\n", line_number);
}

static bool text_read(const char *line, uint8_t *input, size_t *len)
{
	const char *end = strrchr(line, '"');

	if (end == line || end[1] != '\0' || end - line - 1 > INPUT_MAX)
		return false;
	*len = end - line - 1;
	memcpy(input, line + 1, *len);
	return true;
}

static bool hex_read(const char *line, uint8_t *input, size_t *len)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (; *line; line++) {
		const char *digit = strchr(digits, *line);

		if (*line == ' ')
			continue;
		if (!digit || n / 2 == INPUT_MAX)
			return false;
		if (n % 2 == 0)
			input[n / 2] = (digit - digits) << 4;
		else
			input[n / 2] |= digit - digits;
		n++;
	}
	*len = n / 2;
	return n % 2 == 0;
}

static bool line_read(const char *line, uint8_t *input, size_t *len)
{
	return line[0] == '"' ? text_read(line, input, len) :
				hex_read(line, input, len);
}

static bool unpack(const char *directory, const uint8_t *input, size_t len)
{
	char name[4096];
	bool written;
	FILE *file;

	snprintf(name, sizeof(name), "%s/line%04u", directory, line_number);
	file = fopen(name, "w");
	if (!file)
		return false;
	written = fwrite(input, 1, len, file) == len;
	return !fclose(file) && written;
}

/* One input: true when it was right, or written. */
static bool line_run(char *line, const char *directory)
{
	uint8_t input[INPUT_MAX];
	uint8_t *exact;
	bool right;
	size_t len;

	line[strcspn(line, "\n")] = '\0';
	if (!line_read(line, input, &len)) {
		printf("# not an input: %s\n", line);
		return false;
	}
	if (directory)
		return unpack(directory, input, len);
	exact = malloc(len);
	if (len)
		memcpy(exact, input, len);
	right = target(exact, len);
	free(exact);
	return right;
}

int main(int argc, char **argv)
{
	const char *directory = argc > 2 ? argv[2] : NULL;
	unsigned int inputs = 0, wrong = 0;
	size_t size = 0;
	char *line = NULL;
	FILE *corpus;

	setlinebuf(stdout);
	__sanitizer_set_death_callback(died);
	corpus = argc > 1 ? fopen(argv[1], "r") : NULL;
	if (!corpus) {
		fprintf(stderr, "usage: replay CORPUS [DIRECTORY]\n");
		return 2;
	}
	while (getline(&line, &size, corpus) > 0) {
		line_number++;
		if (*line == '#' || *line == '\n')
			continue;
		inputs++;
		if (line_run(line, directory))
			continue;
		printf("# line %u of %s\n", line_number, argv[1]);
		wrong++;
	}
	free(line);
	fclose(corpus);
	if (directory)
		return wrong > 0;
	printf("%s - fuzz: %s: %u inputs\n", inputs && !wrong ? "ok" : "not ok",
	       strrchr(argv[1], '/') ? strrchr(argv[1], '/') + 1 : argv[1],
	       inputs);
	return 0;
}
