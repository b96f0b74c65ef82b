// SPDX-License-Identifier: GPL-2.0
/*
 * A client in the bits of sk_user_data
 *
 * An input of six bytes is an IPv4 client, address and port; one of eight is a
 * value that stands in sk_user_data, highest byte first.
 */
#include <stdio.h>
#include <string.h>

#include "src/tag.h"
#include "target.h"

/* The bits of a tag, the highest first; x: whatever the client has. */
static const char picture[] =
	"1010010010110xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx001";

static bool fits_picture(uint64_t value)
{
	unsigned int i;

	for (i = 0; i < 64; i++)
		if (picture[i] != 'x' &&
		    picture[i] - '0' != (int)(value >> (63 - i) & 1))
			return false;
	return true;
}

/* All bits of a value from one to another, both included, are the same. */
static bool bits_same(uint64_t value, unsigned int low, unsigned int high)
{
	unsigned int i;

	for (i = low; i < high; i++)
		if ((value >> i & 1) != (value >> high & 1))
			return false;
	return true;
}

/* On x86-64 with 4 or 5 levels, with LAM too, or on arm64 with 48 or 52 bits and any tag. */
static bool could_be_pointer(uint64_t value)
{
	return bits_same(value, 47, 63) || bits_same(value, 56, 63) ||
	       (value >> 63 & 1) == (value >> 56 & 1) ||
	       bits_same(value, 48, 55) || bits_same(value, 52, 55);
}

static bool differ(uint64_t value, const char *what)
{
	printf("# %016llx: %s\n", (unsigned long long)value, what);
	return false;
}

static bool value_right(uint64_t value)
{
	struct toa_client client;

	if (toa_tag_is(value) != fits_picture(value))
		return differ(value, "they differ about what a tag is");
	if (!toa_tag_is(value))
		return true;
	if (could_be_pointer(value))
		return differ(value, "a tag could be a pointer");
	toa_tag_read(value, &client);
	return (client.family == TOA_FAMILY_V4 &&
		toa_tag_make(&client) == value) ||
	       differ(value, "it reads as another");
}

static bool client_right(const uint8_t *data)
{
	struct toa_client client = { .family = TOA_FAMILY_V4 }, again;
	uint64_t tag;

	memcpy(&client.v4, data, sizeof(client.v4));
	memcpy(&client.port, data + 4, sizeof(client.port));
	tag = toa_tag_make(&client);
	if (!toa_tag_is(tag))
		return differ(tag, "made, but no tag");
	toa_tag_read(tag, &again);
	if (again.v4 != client.v4 || again.port != client.port)
		return differ(tag, "made from another client");
	return value_right(tag);
}

bool target(const uint8_t *data, size_t len)
{
	uint64_t value = 0;
	size_t i;

	if (len == 6)
		return client_right(data);
	if (len != 8)
		return true;
	for (i = 0; i < len; i++)
		value = value << 8 | data[i];
	return value_right(value);
}
