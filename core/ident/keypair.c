// SPDX-License-Identifier: MIT
#include "core/ident/keypair.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/base/file.h"
#include "core/ident/rng.h"

static bool
has_two_processors(void)
{
	cpu_set_t set;
	return sched_getaffinity(0, sizeof set, &set) == 0 &&
	       CPU_COUNT(&set) > 1;
}

/* The child's whole life: its own random bytes, a key, the pipe. */
static _Noreturn void
run_child(int fd, unsigned bits)
{
	struct rng rng;
	struct rsakey_private key;
	enum err e = rng_init(&rng, NULL);
	if (e == ERR_OK)
		e = rsakey_generate(&key, bits, &rng);
	if (e == ERR_OK)
		e = file_write_all(fd, &key, sizeof key);
	bytes_wipe(&key, sizeof key);
	bytes_wipe(&rng, sizeof rng);
	_exit(e == ERR_OK ? 0 : 1);
}

/* Whether a whole key came through the pipe. */
static bool
receive_key(struct rsakey_private *key, int fd)
{
	uint8_t *p = (uint8_t *)key;
	size_t used = 0;
	while (used < sizeof *key) {
		ssize_t n = read(fd, p + used, sizeof *key - used);
		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		if (n > 0)
			used += (size_t)n;
	}
	return true;
}

/* Starts a child; *fd is then where its key comes from. */
static pid_t
start_child(int *fd, unsigned bits)
{
	int ends[2];
	if (pipe(ends) != 0)
		return -1;
	pid_t pid = _Fork();
	if (pid == 0) {
		close(ends[0]);
		run_child(ends[1], bits);
	}
	close(ends[1]);
	if (pid < 0)
		close(ends[0]);
	*fd = ends[0];
	return pid;
}

static bool
end_child(pid_t pid, int fd, struct rsakey_private *key)
{
	bool whole = receive_key(key, fd);
	close(fd);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return whole;
}

enum err
keypair_generate(struct rsakey_private *a, struct rsakey_private *b,
		 unsigned bits, struct rng *rng)
{
	int fd = -1;
	pid_t pid = has_two_processors() ? start_child(&fd, bits) : -1;
	enum err e = rsakey_generate(a, bits, rng);
	if (pid > 0 && end_child(pid, fd, b))
		return e;
	return e == ERR_OK ? rsakey_generate(b, bits, rng) : e;
}
