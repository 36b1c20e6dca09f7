// SPDX-License-Identifier: MIT
#include "core/run/rsaworker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/run/child.h"
#include "core/run/rsapool.h"

/* From linux/seccomp.h and linux/filter.h, which musl does not have. */
#define SECCOMP_STRICT 1
#define SECCOMP_FILTER 2
#define SECCOMP_ALLOW 0x7fff0000
#define BPF_LOAD 0x20
#define BPF_JUMP_EQUAL 0x15
#define BPF_RETURN 0x06

#define PAUSE 1000 /* ms until another try to fork */

/* What the keeper and the helpers know. */
struct keys {
	const struct rsakey_private *ck, *sk;
};

static enum err
decrypt(struct rsaworker_packet *packet, const struct rsakey_private *ck)
{
	size_t len = packet->len;
	if (len != ck->pub.n_len)
		return ERR_REFUSED;
	enum err e = rsakey_decrypt(ck, packet->data, &len);
	packet->len = (uint32_t)len;
	return e;
}

static enum err
sign(struct rsaworker_packet *packet, const struct rsakey_private *sk)
{
	uint8_t sig[RSAKEY_LEN_MAX];
	bool sha256 = packet->hash == RSAKEY_SHA256;
	if (packet->len != (sha256 ? 32 : 20))
		return ERR_REFUSED;
	enum err e = rsakey_sign(sk, sha256 ? RSAKEY_SHA256 : RSAKEY_SHA1,
				 packet->data, sig);
	if (e != ERR_OK)
		return e;
	packet->len = sk->pub.n_len;
	memcpy(packet->data, sig, packet->len);
	return ERR_OK;
}

void
rsaworker_do(struct rsaworker_packet *packet, const struct rsakey_private *ck,
	     const struct rsakey_private *sk)
{
	enum err e = packet->op == RSAPOOL_DECRYPT ? decrypt(packet, ck)
						   : sign(packet, sk);
	packet->result = e;
	if (e != ERR_OK)
		packet->len = 0;
}

/* Without the library's help: exit_group(2) is not allowed any more. */
static _Noreturn void
leave(void)
{
	for (;;)
		syscall(SYS_exit, 0);
}

/* An instruction of a filter, and the filter, as the kernel takes them. */
struct step {
	uint16_t code;
	uint8_t if_true, if_false; /* steps to pass over */
	uint32_t k;
};

struct filter {
	unsigned short len;
	const struct step *steps;
};

/*
 * From here on there are read(2), write(2) and exit(2) only.  Strict mode is
 * refused where a filter is there already, as in most containers: then one
 * more.  It asks for numbers alone: for what they may stand for in the other
 * ABI of a machine, such as umask(2) or dup2(2), a helper has no use.
 *
 * Both are refused by emulators and by kernels without them: then the keys are
 * as safe as in any process that reads fixed-size requests.
 */
static void
confine(void)
{
	static const struct step steps[] = {
		{ BPF_LOAD, 0, 0, 0 }, /* the number of the call */
		{ BPF_JUMP_EQUAL, 3, 0, SYS_read },
		{ BPF_JUMP_EQUAL, 2, 0, SYS_write },
		{ BPF_JUMP_EQUAL, 1, 0, SYS_exit },
		{ BPF_RETURN, 0, 0, 0 }, /* kill */
		{ BPF_RETURN, 0, 0, SECCOMP_ALLOW },
	};
	const struct filter filter = { sizeof steps / sizeof *steps, steps };
	if (prctl(PR_SET_SECCOMP, SECCOMP_STRICT) == 0)
		return;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_FILTER, &filter);
}

/* A helper's whole life; its socket is descriptor 0. */
static _Noreturn void
serve(const struct keys *keys)
{
	struct rsaworker_packet packet;
	confine();
	while (read(0, &packet, sizeof packet) == sizeof packet) {
		rsaworker_do(&packet, keys->ck, keys->sk);
		if (write(0, &packet, sizeof packet) != sizeof packet)
			break;
		bytes_wipe(&packet, sizeof packet);
	}
	leave();
}

/*
 * Starts a helper on the keeper's descriptor fd.  Returns 0 when the pool is
 * gone.
 */
static pid_t
start_helper(int fd, const struct keys *keys)
{
	struct pollfd gone = { .fd = fd };
	pid_t pid;
	while ((pid = _Fork()) < 0)
		if (poll(&gone, 1, PAUSE) > 0)
			return 0;
	if (pid > 0)
		return pid;
	dup2(fd, 0);
	child_close_from(1);
	serve(keys);
}

/*
 * The keeper's whole life.  Its descriptors are 0, which says to the pool that
 * it lives, and those of the helpers from 1 on.
 */
static _Noreturn void
keep(unsigned len, const struct keys *keys)
{
	static const struct rsaworker_packet lost = { RSAWORKER_LOST };
	pid_t pids[RSAWORKER_MAX + 1];
	pid_t pid = 0;
	prctl(PR_SET_NAME, "xl-rsa");
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGCHLD, SIG_DFL); /* ignored, there would be none to wait for */
	for (unsigned i = 1; i <= len; i++)
		pids[i] = start_helper((int)i, keys);
	while (pid >= 0 || errno == EINTR) {
		pid = waitpid(-1, NULL, 0);
		for (unsigned i = 1; i <= len && pid > 0; i++) {
			/* It has left because the pool has, or the pool is
			 * told. */
			if (pids[i] == pid &&
			    send((int)i, &lost, sizeof lost, MSG_NOSIGNAL) > 0)
				pids[i] = start_helper((int)i, keys);
		}
	}
	_exit(0);
}

/*
 * Moves descriptors to 0, 1, and so on, closes all others, and says so.  They
 * were made in this order, with another in front of each: each is above its
 * place, and none is in the place of one before it.
 */
static void
keep_files(const int *fds, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		dup2(fds[i], (int)i);
	child_close_from((int)len);
	(void)write(0, "", 1);
}

/*
 * Waits until the keeper has closed what is not its own: among it may be what
 * holds a lock, which is to be free as soon as this process is gone.
 */
static bool
wait_keeper(int fd)
{
	char byte;
	ssize_t n;
	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

/* Forks with all signals blocked, and leaves them so in the child. */
static pid_t
fork_blocked(void)
{
	sigset_t all, before;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid_t pid = _Fork();
	if (pid != 0)
		sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

static void
close_all(const int *fds, unsigned len)
{
	int saved = errno;
	for (unsigned i = 0; i < len; i++)
		close(fds[i]);
	errno = saved;
}

/* Both ends of len + 1 sockets; none are left open when it fails. */
static enum err
make_sockets(int *ours, int *theirs, unsigned len)
{
	for (unsigned i = 0; i <= len; i++) {
		int pair[2];
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
			       pair) != 0) {
			close_all(ours, i);
			close_all(theirs, i);
			return ERR_SYSTEM;
		}
		ours[i] = pair[0];
		theirs[i] = pair[1];
	}
	return ERR_OK;
}

void
rsaworker_reap(pid_t keeper)
{
	while (waitpid(keeper, NULL, 0) < 0 && errno == EINTR)
		;
}

enum err
rsaworker_start(struct rsaworker_ends *ends, unsigned len,
		const struct rsakey_private *ck,
		const struct rsakey_private *sk)
{
	struct keys keys = { ck, sk };
	int ours[RSAWORKER_MAX + 1], theirs[RSAWORKER_MAX + 1];
	if (make_sockets(ours, theirs, len) != ERR_OK)
		return ERR_SYSTEM;
	pid_t pid = fork_blocked();
	if (pid == 0) {
		keep_files(theirs, len + 1);
		keep(len, &keys);
	}
	close_all(theirs, len + 1);
	bool begun = pid > 0 && wait_keeper(ours[0]);
	if (!begun) {
		close_all(ours, len + 1);
		if (pid > 0)
			rsaworker_reap(pid);
		return ERR_SYSTEM;
	}
	ends->keeper = pid;
	ends->keeper_fd = ours[0];
	memcpy(ends->fds, ours + 1, len * sizeof *ours);
	return ERR_OK;
}
