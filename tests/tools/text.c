// SPDX-License-Identifier: GPL-2.0
/*
 * Files of the kernel's that are text, and how it writes addresses there
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "text.h"

/* With one write(); 0 or the errno. */
int text_write(const char *path, const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	ssize_t written;
	int err = 0;

	if (fd < 0)
		return errno;
	written = write(fd, text, len);
	if (written < 0)
		err = errno;
	else if (written != (ssize_t)len)
		err = EIO;
	close(fd);
	return err;
}

/* All that is there, read in pieces of this size; to be freed. */
char *text_read(const char *path, size_t piece)
{
	char *text = calloc(1, TEXT_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got;

	do {
		got = read(fd, text + len,
			   piece < TEXT_MAX - len ? piece : TEXT_MAX - len);
		len += got > 0 ? got : 0;
	} while (got > 0);
	close(fd);
	return text;
}

/* How often it has this part. */
int text_count(const char *text, const char *part)
{
	int count = 0;

	for (; (text = strstr(text, part)); text++)
		count++;
	return count;
}

/* As a diagnosis. */
void text_print(const char *text)
{
	size_t len;

	for (; *text; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		printf("#   %.*s\n", (int)len, text);
	}
}

/* 192.0.2.1:80 or [2001:db8::1]:80 */
void text_address(char *text, size_t size, const struct address *addr)
{
	char host[INET6_ADDRSTRLEN];

	inet_ntop(addr->family, addr->bytes, host, sizeof(host));
	snprintf(text, size, addr->family == AF_INET ? "%s:%u" : "[%s]:%u",
		 host, addr->port);
}
