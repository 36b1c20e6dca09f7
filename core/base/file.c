// SPDX-License-Identifier: MIT
#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/fmt.h"
#include "core/base/leftover.h"

#define WRITER_MS 2000 /* until a FIFO is taken for empty */
#define NO_REPLACE 1   /* RENAME_NOREPLACE, which musl does not have */

static enum err
read_descriptor(int fd, char *dst, size_t cap, size_t *len)
{
	size_t used = 0;
	while (used < cap) {
		ssize_t n = read(fd, dst + used, cap - used);
		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			return ERR_READ;
		if (n > 0)
			used += (size_t)n;
	}
	*len = used;
	char more;
	if (used == cap && read(fd, &more, 1) > 0) {
		errno = EFBIG;
		return ERR_TOO_LONG;
	}
	return ERR_OK;
}

enum err
file_read(const char *path, void *dst, size_t cap, size_t *len)
{
	if (strcmp(path, "-") == 0)
		return read_descriptor(STDIN_FILENO, dst, cap, len);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct pollfd writer = { .fd = fd, .events = POLLIN };
	if (fd < 0)
		return ERR_READ;
	/* A FIFO that nobody opens for writing, even in a while, is empty. */
	(void)poll(&writer, 1, WRITER_MS);
	(void)fcntl(fd, F_SETFL, 0);
	enum err e = read_descriptor(fd, dst, cap, len);
	int saved = errno;
	close(fd);
	errno = saved;
	return e;
}

enum err
file_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;
	while (len > 0) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno != EINTR)
			return ERR_WRITE;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return ERR_OK;
}

int
file_open_folder(const char *path)
{
	char folder[FILE_PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 1;
	if (len >= sizeof folder) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(folder, slash ? path : ".", len);
	folder[len] = '\0';
	return open(len > 0 ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

enum err
file_sync_folder(const char *path)
{
	int fd = file_open_folder(path);
	if (fd < 0)
		return ERR_WRITE;
	/* Some file systems cannot sync a folder: nothing more can be done. */
	enum err e = fsync(fd) == 0 || errno == EINVAL ? ERR_OK : ERR_WRITE;
	int saved = errno;
	close(fd);
	errno = saved;
	return e;
}

enum err
file_create(const char *path, mode_t mode, const void *data, size_t len)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
	int fd = open(path, flags, mode);
	if (fd < 0)
		return ERR_CREATE;
	enum err e = file_write_all(fd, data, len);
	if (e == ERR_OK && fsync(fd) != 0)
		e = ERR_WRITE;
	int saved = errno;
	if (close(fd) != 0 && e == ERR_OK) {
		e = ERR_WRITE;
		saved = errno;
	}
	if (e != ERR_OK)
		unlink(path);
	errno = saved;
	return e == ERR_OK ? file_sync_folder(path) : e;
}

/* Gives path to the temporary, on file systems without links too. */
static bool
move_new(const char *temporary, const char *path)
{
	return link(temporary, path) == 0 ||
	       (errno != EEXIST && syscall(SYS_renameat2, AT_FDCWD, temporary,
					   AT_FDCWD, path, NO_REPLACE) == 0);
}

static enum err
write_beside(const char *temporary, const char *path, mode_t mode,
	     const void *data, size_t len, bool replace)
{
	enum err e = file_create(temporary, mode, data, len);
	if (e != ERR_OK)
		return e;
	if (!(replace ? rename(temporary, path) == 0
		      : move_new(temporary, path)))
		e = errno == EEXIST ? ERR_EXISTS : ERR_CREATE;
	int saved = errno;
	if (!replace || e != ERR_OK)
		unlink(temporary);
	errno = saved;
	return e == ERR_OK ? file_sync_folder(path) : e;
}

/* Signals wait until it is done: no temporary is left behind. */
static enum err
write_through(const char *path, mode_t mode, const void *data, size_t len,
	      bool replace)
{
	char temporary[FILE_PATH_MAX];
	sigset_t all, before;
	struct stat st;
	if (replace && lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return ERR_NOT_FILE;
	if (leftover_name(temporary, sizeof temporary, path) >=
	    sizeof temporary) {
		errno = ENAMETOOLONG;
		return ERR_CREATE;
	}
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	leftover_remove(path);
	enum err e = write_beside(temporary, path, mode, data, len, replace);
	int saved = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = saved;
	return e;
}

enum err
file_write(const char *path, mode_t mode, const void *data, size_t len)
{
	return write_through(path, mode, data, len, true);
}

enum err
file_write_new(const char *path, mode_t mode, const void *data, size_t len)
{
	return write_through(path, mode, data, len, false);
}

enum err
file_make_folder(const char *path)
{
	if (mkdir(path, 0700) == 0)
		return file_sync_folder(path);
	struct stat st;
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return ERR_OK;
	return ERR_CREATE;
}

bool
file_exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

enum err
file_join(char dst[static FILE_PATH_MAX], const char *folder, const char *name)
{
	size_t n = fmt_text(dst, FILE_PATH_MAX, "%s/%s", folder, name);
	if (n < FILE_PATH_MAX)
		return ERR_OK;
	errno = ENAMETOOLONG;
	return ERR_TOO_LONG;
}

enum err
file_lock(const char *folder, int *fd)
{
	char path[FILE_PATH_MAX];
	enum err e = file_join(path, folder, "lock");
	if (e != ERR_OK)
		return e;
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0)
		return ERR_CREATE;
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return ERR_OK;
	int saved = errno;
	close(*fd);
	errno = saved;
	return saved == EWOULDBLOCK ? ERR_LOCKED : ERR_CREATE;
}
