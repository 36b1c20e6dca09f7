// SPDX-License-Identifier: MIT
#include "core/run/resolver.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/run/child.h"
#include "core/run/lookup.h"

#define ANSWER_FD 3

/*
 * It sends the addresses, and no more: at most 8 * 28 bytes, below PIPE_BUF, so
 * that they arrive whole or not at all.  Whoever kills the parent must not
 * have to wait for this process until the parent's sockets are closed.
 */
static _Noreturn void
helper(int fd, const char *host, uint16_t port)
{
	struct net_addr addrs[RESOLVER_ADDRS_MAX];
	signal(SIGPIPE, SIG_DFL);
	dup2(fd, ANSWER_FD);
	child_close_from(ANSWER_FD + 1);
	size_t len = lookup_host(addrs, RESOLVER_ADDRS_MAX, host, port,
				 &lookup_system);
	_exit(file_write_all(ANSWER_FD, addrs, len * sizeof *addrs) == ERR_OK
		      ? 0
		      : 1);
}

enum err
resolver_start(struct resolver *r, const char *host, uint16_t port)
{
	int ends[2];
	*r = (struct resolver){ .pid = -1, .fd = -1 };
	if (pipe2(ends, O_CLOEXEC) != 0)
		return ERR_SYSTEM;
	r->pid = _Fork();
	if (r->pid == 0) {
		close(ends[0]);
		helper(ends[1], host, port);
	}
	int saved = errno;
	close(ends[1]);
	if (r->pid > 0) {
		r->fd = ends[0];
		return ERR_OK;
	}
	close(ends[0]);
	errno = saved;
	return ERR_SYSTEM;
}

static void
reap(struct resolver *r)
{
	close(r->fd);
	while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
		;
	*r = (struct resolver){ .pid = -1, .fd = -1 };
}

enum err
resolver_finish(struct resolver *r,
		struct net_addr addrs[static RESOLVER_ADDRS_MAX], size_t *len)
{
	ssize_t n;
	do {
		n = read(r->fd, addrs, RESOLVER_ADDRS_MAX * sizeof *addrs);
	} while (n < 0 && errno == EINTR);
	reap(r);
	*len = n > 0 ? (size_t)n / sizeof *addrs : 0;
	return *len > 0 ? ERR_OK : ERR_UNREACHABLE;
}

void
resolver_stop(struct resolver *r)
{
	if (r->fd < 0)
		return;
	kill(r->pid, SIGKILL);
	reap(r);
}
