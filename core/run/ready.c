// SPDX-License-Identifier: MIT
#include "core/run/ready.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/file.h"

enum err
ready_tell(int fd)
{
	enum err e = file_write_all(fd, "\n", 1);
	/* A connection must not become standard error. */
	if (e == ERR_OK && fd > STDERR_FILENO && close(fd) != 0)
		e = ERR_WRITE;
	return e;
}

enum err
ready_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	if (!path || !*path)
		return ERR_OK;
	size_t len = strlen(path);
	if (len >= sizeof addr.sun_path) {
		errno = ENAMETOOLONG;
		return ERR_WRITE;
	}
	memcpy(addr.sun_path, path, len);
	if (path[0] == '@')
		addr.sun_path[0] = '\0'; /* an abstract one */
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return ERR_WRITE;
	ssize_t n = sendto(
		fd, state, strlen(state), MSG_NOSIGNAL,
		(const struct sockaddr *)(const void *)&addr,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	int saved = errno;
	close(fd);
	errno = saved;
	return n < 0 ? ERR_WRITE : ERR_OK;
}
