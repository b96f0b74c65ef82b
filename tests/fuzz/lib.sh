# shellcheck shell=sh
# What the fuzz targets are made of. A target is tests/fuzz/fuzz_NAME.c, which is
# all that makes it one, and corpus/NAME, its inputs. A script sets TOP.

FUZZ=$TOP/tests/fuzz

# Behind every target, and behind the unit tests.
# shellcheck disable=SC2034 # for the scripts that source this
CHECKED_SOURCES="$TOP/src/lists.c $TOP/tests/tools/wire.c $FUZZ/target.c
	$TOP/tests/unit/check_lists.c $TOP/tests/unit/check_options.c
	$TOP/tests/unit/slow_lists.c $TOP/tests/unit/slow_options.c"

# The module's files must compile without the warnings that kernel code must not
# have either, and a sanitizer's complaint ends the program.
# shellcheck disable=SC2034 # as above
CHECKED_FLAGS="-std=gnu11 -O1 -g -Wall -Wextra -Werror -Wno-missing-field-initializers
	-fsanitize=address,undefined -fno-sanitize-recover=all
	-I$TOP/tests/unit/shim -I$TOP -I$TOP/tests/tools -I$TOP/tests/unit"

fuzz_targets() {
	for target in "$FUZZ"/fuzz_*.c; do
		target=${target##*/fuzz_}
		echo "${target%.c}"
	done
}
