// SPDX-License-Identifier: MIT
#include "core/run/local.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/fmt.h"

#define BACKLOG 64

static int
listen_at(int fd, const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct stat st;
	fmt_text(at.sun_path, sizeof at.sun_path, "%s", path);
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
	mode_t before = umask(0177);
	int r = bind(fd, (struct sockaddr *)&at, sizeof at);
	umask(before);
	return r != 0 ? r : listen(fd, BACKLOG);
}

static int
connect_to(int fd, const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	fmt_text(at.sun_path, sizeof at.sun_path, "%s", path);
	return connect(fd, (struct sockaddr *)&at, sizeof at);
}

/* Does it in the folder itself, for paths that are no addresses, and returns.
 */
static int
do_inside(int (*what)(int fd, const char *path), int fd, const char *folder,
	  const char *name)
{
	int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (here < 0)
		return -1;
	int r = chdir(folder);
	if (r == 0)
		r = what(fd, name);
	int saved = errno;
	if (fchdir(here) != 0) {
		saved = errno;
		r = -1;
	}
	close(here);
	errno = saved;
	return r;
}

/* Makes a socket and does it at folder/name; its descriptor, or -1. */
static int
do_at(int (*what)(int fd, const char *path), const char *folder,
      const char *name)
{
	char path[sizeof((struct sockaddr_un *)NULL)->sun_path];
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
			0);
	if (fd < 0)
		return -1;
	size_t len = fmt_text(path, sizeof path, "%s/%s", folder, name);
	int r = len < sizeof path ? what(fd, path)
				  : do_inside(what, fd, folder, name);
	if (r == 0)
		return fd;
	int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

enum err
local_listen(const char *folder, const char *name, int *fd)
{
	*fd = do_at(listen_at, folder, name);
	return *fd >= 0 ? ERR_OK : ERR_CREATE;
}

enum err
local_connect(const char *folder, const char *name, int *fd)
{
	*fd = do_at(connect_to, folder, name);
	if (*fd >= 0)
		return ERR_OK;
	switch (errno) {
	case EAGAIN:
		return ERR_BUSY;
	case EACCES:
	case EPERM:
		return ERR_PERMISSION;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return ERR_SYSTEM;
	default:
		return ERR_UNREACHABLE;
	}
}
