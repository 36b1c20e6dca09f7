// SPDX-License-Identifier: MIT
#ifndef XL_BASE_FILE_H
#define XL_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/base/err.h"

/*
 * Whole small files, read with a bound and written so that power loss leaves
 * the old contents or the new, never a mixture.  errno says why on errors.
 */

#define FILE_PATH_MAX 1024

/*
 * Reads the file at path ("-" is standard input) into dst, at most cap bytes.
 * A FIFO has two seconds to get a writer.
 * ERR_READ; ERR_TOO_LONG when there is more than cap.
 */
enum err
file_read(const char *path, void *dst, size_t cap, size_t *len);

/*
 * Writes len bytes to path, which must not be there, mode and fsync as below.
 * ERR_CREATE, ERR_WRITE; then it is not there, but a power loss leaves a part.
 */
enum err
file_create(const char *path, mode_t mode, const void *data, size_t len);

/*
 * Writes len bytes to path through a temporary of this process beside it that
 * has the given mode from its first byte: fsync, rename, fsync of the folder.
 * What writers of path that were killed left there is removed before.
 * ERR_NOT_FILE for anything but a regular file: a device, a symlink.
 * ERR_CREATE, ERR_WRITE; then path is as it was.
 */
enum err
file_write(const char *path, mode_t mode, const void *data, size_t len);

/*
 * As file_write, but ERR_EXISTS when path is there already, and never
 * replaces what another process makes at the same time.
 */
enum err
file_write_new(const char *path, mode_t mode, const void *data, size_t len);

/* Writes all len bytes to a descriptor, through short writes and EINTR. */
enum err
file_write_all(int fd, const void *data, size_t len);

/* Makes a folder (0700) unless it is there.  ERR_CREATE. */
enum err
file_make_folder(const char *path);

/* Opens the folder that path lies in for reading.  -1 (errno). */
int
file_open_folder(const char *path);

/* Fsyncs the folder that path lies in, so that its name lasts. */
enum err
file_sync_folder(const char *path);

/* Whether something is at path. */
bool
file_exists(const char *path);

/* Joins folder and name with a slash.  ERR_TOO_LONG (errno ENAMETOOLONG). */
enum err
file_join(char dst[static FILE_PATH_MAX], const char *folder, const char *name);

/*
 * Takes the lock of a folder, held by the returned descriptor until it is
 * closed or the process ends.  ERR_LOCKED, or ERR_CREATE.
 */
enum err
file_lock(const char *folder, int *fd);

#endif
