// SPDX-License-Identifier: MIT
#include "applets/regd/range.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/base/file.h"

#define PIECE 4096

enum err
range_read(int fd, uint64_t at, void *dst, size_t len)
{
	uint8_t *p = dst;
	while (len > 0) {
		ssize_t n = pread(fd, p, len, (off_t)at);
		if (n == 0)
			errno = EIO; /* shorter than what was written */
		if (n == 0 || (n < 0 && errno != EINTR))
			return ERR_READ;
		if (n > 0) {
			p += n;
			at += (uint64_t)n;
			len -= (size_t)n;
		}
	}
	return ERR_OK;
}

enum err
range_write(int fd, uint64_t at, const void *src, size_t len)
{
	const uint8_t *p = src;
	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, (off_t)at);
		if (n < 0 && errno != EINTR)
			return ERR_WRITE;
		if (n > 0) {
			p += n;
			at += (uint64_t)n;
			len -= (size_t)n;
		}
	}
	return ERR_OK;
}

static enum err
copy_to(int fd, uint64_t from, uint64_t to, int dst)
{
	uint8_t piece[PIECE];
	while (from < to) {
		size_t len = to - from < PIECE ? (size_t)(to - from) : PIECE;
		enum err e = range_read(fd, from, piece, len);
		if (e == ERR_OK)
			e = file_write_all(dst, piece, len);
		if (e != ERR_OK)
			return e;
		from += len;
	}
	return fsync(dst) == 0 ? ERR_OK : ERR_WRITE;
}

enum err
range_copy(int fd, uint64_t from, uint64_t to, const char *path)
{
	int dst = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (dst < 0)
		return ERR_CREATE;
	enum err e = copy_to(fd, from, to, dst);
	if (close(dst) != 0 && e == ERR_OK)
		e = ERR_WRITE;
	return e == ERR_OK ? file_sync_folder(path) : e;
}
