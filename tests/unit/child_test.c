// SPDX-License-Identifier: MIT

/* What a child keeps of its parent: the descriptors it is told to. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/run/child.h"
#include "tests/unit/tap.h"

#define HIGH 200

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void
on_signal(int signo)
{
	(void)signo;
}

static int
in_child(void)
{
	sigset_t held;
	struct sigaction action;
	child_detach();
	sigprocmask(SIG_BLOCK, NULL, &held);
	sigaction(SIGUSR1, NULL, &action);
	if (sigismember(&held, SIGUSR1) != 0 || action.sa_handler != SIG_DFL)
		return 2;
	sigaction(SIGPIPE, NULL, &action);
	if (action.sa_handler != SIG_DFL)
		return 3;
	if (getpgrp() != getpid())
		return 4;
	child_close_from(4);
	if (!is_open(3) || is_open(4) || is_open(HIGH))
		return 5;
	return is_open(STDERR_FILENO) ? 0 : 6;
}

static int
run_child(void)
{
	int status = -1;
	pid_t pid = fork();
	if (pid == 0)
		_exit(in_child());
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
main(void)
{
	sigset_t held;
	struct sigaction action = { .sa_handler = on_signal };
	sigemptyset(&held);
	sigaddset(&held, SIGUSR1);
	sigprocmask(SIG_BLOCK, &held, NULL);
	sigaction(SIGUSR1, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	dup2(STDERR_FILENO, 3);
	dup2(STDERR_FILENO, 4);
	dup2(STDERR_FILENO, HIGH);
	is_int(run_child(), 0, "a child sheds signals and descriptors");
	ok(is_open(HIGH), "its parent keeps its own");
	return done_testing();
}
