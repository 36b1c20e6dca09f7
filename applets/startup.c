// SPDX-License-Identifier: MIT
#include "applets/startup.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/say.h"
#include "core/doc/identity.h"
#include "core/ident/rng.h"
#include "core/run/child.h"
#include "core/run/loop.h"
#include "core/run/ready.h"

#define OTHER_FILES 32 /* descriptors that are not sessions' */
#define LOCK_TRIES 100 /* while another instance may be about to be gone, */
#define LOCK_PAUSE 20  /* ms each */

int
startup_prepare(int ready_fd)
{
	signal(SIGXFSZ, SIG_IGN); /* a limit is an error of the write */
	/*
	 * A descriptor that is not open now would be a file of ours by the
	 * time it is written to.
	 */
	if (ready_fd < 0 || ioctl(ready_fd, FIOCLEX) == 0)
		return 0;
	return say_cannot(ERR_WRITE, "write to", "the ready descriptor");
}

/* Nothing has been begun yet that would have to be ended first. */
static void
leave(int signo)
{
	(void)signo;
	_exit(0);
}

/*
 * The rest of the life of process 1: hands on what others send it, and ends
 * with the daemon.  A terminal's signals reach both.
 */
static _Noreturn void
mind(pid_t daemon, const sigset_t *all)
{
	siginfo_t info;
	int status;
	pid_t pid;
	child_close_from(STDERR_FILENO + 1);
	for (;;) {
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == daemon)
				_exit(WIFEXITED(status)
					      ? WEXITSTATUS(status)
					      : 128 + WTERMSIG(status));
		int signo = sigwaitinfo(all, &info);
		if ((signo == SIGTERM || signo == SIGINT || signo == SIGHUP) &&
		    info.si_code <= 0)
			kill(daemon, signo);
	}
}

/*
 * The first process of a container gets the children of all that end there,
 * what commands leave in the background too, and has to wait for each.  A
 * daemon waits for its own: then another process becomes it.
 */
static void
leave_first_process(void)
{
	sigset_t all, before;
	if (getpid() != 1)
		return;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	signal(SIGCHLD, SIG_DFL);
	pid_t pid = _Fork();
	if (pid > 0)
		mind(pid, &all);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

int
startup_begin(enum log_level most, bool to_syslog, int ready_fd)
{
	log_setup(most, to_syslog);
	signal(SIGTERM, leave);
	signal(SIGINT, leave);
	/* Who is told to read again before it has read does not end by that. */
	if (loop_catch(SIGHUP) != ERR_OK)
		return say_cannot(ERR_SYSTEM, "catch", "signals");
	leave_first_process();
	return startup_prepare(ready_fd);
}

static void
say_waiting(void)
{
	say("waiting for the system's random numbers");
}

int
startup_rng(struct rng *rng)
{
	enum err e = rng_init(rng, say_waiting);
	return e == ERR_OK ? 0 : say_cannot(e, "get", "random numbers");
}

/*
 * A process that was killed while it started a command is gone, and the copy
 * of it that was to become the command may still hold its lock and its port.
 */
int
startup_lock(const char *folder)
{
	static const struct timespec pause = { .tv_nsec =
						       LOCK_PAUSE * 1000000 };
	int fd; /* the lock lasts as long as the process */
	enum err e = file_lock(folder, &fd);
	for (int i = 0; e == ERR_LOCKED && i < LOCK_TRIES; i++) {
		(void)nanosleep(&pause, NULL);
		e = file_lock(folder, &fd);
	}
	return e == ERR_OK ? 0 : say_cannot(e, "use", folder);
}

int
startup_say_identity(enum err e, const char *folder,
		     const struct identity_fault *fault)
{
	char path[FILE_PATH_MAX];
	if (file_join(path, folder, fault->file) != ERR_OK)
		return say_cannot(e, "use", folder);
	if (fault->at.line == 0)
		return say_cannot(e, "use", fault->file[0] ? path : folder);
	say("%s:%u: %s", path, fault->at.line, fault->at.what);
	return err_status(e);
}

/* (musl's setrlimit is for threads, and 1.5 KB.) */
size_t
startup_raise_limit(size_t sessions)
{
	struct rlimit limit;
	rlim_t want = sessions + OTHER_FILES;
	if (prlimit(0, RLIMIT_NOFILE, NULL, &limit) != 0 ||
	    limit.rlim_cur >= want)
		return sessions;
	limit.rlim_cur = limit.rlim_max < want ? limit.rlim_max : want;
	(void)prlimit(0, RLIMIT_NOFILE, &limit, NULL);
	if (limit.rlim_cur >= want)
		return sessions;
	log_line(LOG_LEVEL_INFO, "%zu descriptors are too few: %zu wanted",
		 (size_t)limit.rlim_cur, (size_t)want);
	return limit.rlim_cur > OTHER_FILES
		       ? (size_t)limit.rlim_cur - OTHER_FILES
		       : 0;
}

int
startup_finish(void)
{
	static const unsigned char signals[] = { SIGTERM, SIGINT, SIGHUP,
						 SIGCHLD };
	log_what_is_said();
	for (size_t i = 0; i < sizeof signals; i++)
		if (loop_catch(signals[i]) != ERR_OK)
			return say_cannot(ERR_SYSTEM, "catch", "signals");
	return 0;
}

bool
startup_told_to_stop(void)
{
	bool term = loop_signalled(SIGTERM); /* takes note of both */
	return loop_signalled(SIGINT) || term;
}

int
startup_tell_ready(const char *name, int ready_fd)
{
	log_line(LOG_LEVEL_INFO, "%s is ready", name);
	if (ready_fd >= 0 && ready_tell(ready_fd) != ERR_OK)
		return say_cannot(ERR_WRITE, "write to",
				  "the ready descriptor");
	if (ready_notify("READY=1") != ERR_OK)
		log_line(LOG_LEVEL_ERROR, "cannot notify: %s", strerror(errno));
	return 0;
}
