// SPDX-License-Identifier: MIT
#ifndef XL_REGD_RANGE_H
#define XL_REGD_RANGE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

/* Ranges of an open file: read, written and copied whole or not at all. */

/* Reads exactly len bytes at a place.  ERR_READ (errno; EIO at the end). */
enum err
range_read(int fd, uint64_t at, void *dst, size_t len);

/* Writes len bytes at a place.  ERR_WRITE (errno). */
enum err
range_write(int fd, uint64_t at, const void *src, size_t len);

/*
 * Copies the bytes from..to into a file at path, replaced if it is there, and
 * syncs it and its folder.  ERR_CREATE, ERR_WRITE, ERR_READ (errno).
 */
enum err
range_copy(int fd, uint64_t from, uint64_t to, const char *path);

#endif
