// SPDX-License-Identifier: MIT
#include "applets/member/look.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets/applet.h"
#include "core/base/file.h"
#include "core/base/fmt.h"
#include "core/base/say.h"
#include "core/doc/roster.h"
#include "core/run/child.h"

#define TEXT_LEN (ROSTER_TEXT_MAX + 1) /* one more: too long is seen */

/* Becomes xl-join; out and errors are pipes. */
static _Noreturn void
become_join(const char *registry, const char *folder, const char *cluster,
	    unsigned min_bits, int out, int errors)
{
	char of_registry[FILE_PATH_MAX], of_node[FILE_PATH_MAX];
	char name[TEXT_NAME_MAX + 1];
	char *argv[] = {
		(char[]){ "xl-join" },
		(char[]){ "--list" },
		(char[]){ "-qw0" },
		(char[]){ "--format=dat" },
		(char[]){ "-r" },
		of_registry,
		(char[]){ "-d" },
		of_node,
		(char[]){ "-c" },
		name,
		(char[]){ "--insecure-test-key" },
		NULL,
	};
	bool weak = min_bits < RSAKEY_BITS_STRONG;
	int argc = (int)(sizeof argv / sizeof *argv) - (weak ? 1 : 2);
	fmt_text(of_registry, sizeof of_registry, "%s", registry);
	fmt_text(of_node, sizeof of_node, "%s", folder);
	fmt_text(name, sizeof name, "%s", cluster);
	child_detach();
	signal(SIGPIPE, SIG_IGN); /* as applets expect it */
	dup2(out, STDOUT_FILENO);
	dup2(errors, STDERR_FILENO);
	child_close_from(STDERR_FILENO + 1);
	say_program(join_applet.page.name);
	opt_restart();
	argv[argc] = NULL;
	_exit(join_applet.main(argc, argv));
}

/* The end */

static void
close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
release(struct look *l)
{
	loop_remove(l->loop, &l->watch);
	close_one(&l->watch.fd);
	close_one(&l->errors);
	if (l->text)
		munmap(l->text, TEXT_LEN);
	l->text = NULL;
}

/* Reads why xl-join failed: its first line, without its name. */
static void
read_reason(const struct look *l, char reason[static LOOK_REASON_MAX])
{
	const char *name = join_applet.page.name;
	size_t name_len = strlen(name);
	ssize_t len = read(l->errors, reason, LOOK_REASON_MAX - 1);
	char *at = reason;
	reason[len > 0 ? len : 0] = '\0';
	reason[strcspn(reason, "\n")] = '\0';
	if (strncmp(at, name, name_len) == 0 && at[name_len] == ':')
		at += name_len + 1;
	at += strspn(at, " ");
	memmove(reason, at, strlen(at) + 1);
	if (!reason[0])
		strcpy(reason, "no reason given");
}

/* It has been reaped, and read to its end unless there was a problem. */
static void
finish(struct look *l)
{
	struct look_result result = { .text = l->text, .len = l->len };
	if (l->problem) {
		result.status = err_status(ERR_TIMEOUT);
		fmt_text(result.reason, sizeof result.reason, "%s", l->problem);
	} else if (WIFSIGNALED(l->status)) {
		result.status = 128 + WTERMSIG(l->status);
		fmt_text(result.reason, sizeof result.reason,
			 "xl-join ended by signal %d", WTERMSIG(l->status));
	} else {
		result.status = WEXITSTATUS(l->status);
		if (result.status != 0)
			read_reason(l, result.reason);
	}
	l->done(l, &result);
	release(l);
}

/* Ends what takes too long or says too much; it is reaped as any other. */
static void
give_up(struct look *l, const char *problem)
{
	l->problem = problem;
	close_one(&l->watch.fd);
	l->watch.events = 0;
	l->watch.deadline = LOOP_NEVER;
	if (l->pid > 0)
		kill(-l->pid, SIGKILL);
	else
		finish(l);
}

void
look_reap(struct look *l)
{
	if (l->pid < 0 || waitpid(l->pid, &l->status, WNOHANG) != l->pid)
		return;
	l->pid = -1;
	if (l->over || l->problem)
		finish(l);
}

static void
collect(struct look *l)
{
	size_t room = TEXT_LEN - l->len;
	ssize_t n = read(l->watch.fd, l->text + l->len, room);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0 || (size_t)n == room) {
		give_up(l, "too long a list of members");
		return;
	}
	l->len += (size_t)n;
	if (n > 0)
		return;
	l->over = true;
	l->watch.events = 0;
	if (l->pid < 0)
		finish(l);
}

static void
ready(struct loop_watch *watch, short revents)
{
	char *base = (char *)watch - offsetof(struct look, watch);
	struct look *l = (struct look *)(void *)base;
	if (revents)
		collect(l);
	else
		give_up(l, "no answer in time");
}

/* The beginning */

void
look_init(struct look *l)
{
	l->watch = (struct loop_watch){ .fd = -1, .ready = ready };
	l->pid = l->errors = -1;
	l->text = NULL;
}

bool
look_is_on(const struct look *l)
{
	return l->text != NULL;
}

static bool
open_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	return fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0;
}

static bool
map_text(struct look *l)
{
	void *text = mmap(NULL, TEXT_LEN, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	l->text = text == MAP_FAILED ? NULL : text;
	return l->text != NULL;
}

enum err
look_start(struct look *l, const char *registry, const char *folder,
	   const char *cluster, unsigned min_bits)
{
	int out[2] = { -1, -1 }, errors[2] = { -1, -1 };
	pid_t pid = -1;
	if (loop_add(l->loop, &l->watch) != ERR_OK)
		return ERR_BUSY;
	if (map_text(l) && open_pipe(out) && open_pipe(errors))
		pid = _Fork();
	if (pid == 0)
		become_join(registry, folder, cluster, min_bits, out[1],
			    errors[1]);
	int why = errno;
	close_one(&out[1]);
	close_one(&errors[1]);
	l->watch.fd = out[0];
	l->errors = errors[0];
	if (pid < 0) {
		release(l);
		errno = why;
		return ERR_SYSTEM;
	}
	setpgid(pid, pid); /* whoever of the two is first */
	l->pid = pid;
	l->watch.events = POLLIN;
	l->watch.deadline = loop_now() + l->limit_ms;
	l->len = 0;
	l->over = false;
	l->problem = NULL;
	return ERR_OK;
}

void
look_stop(struct look *l)
{
	if (l->pid > 0) {
		kill(-l->pid, SIGKILL);
		while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
			;
		l->pid = -1;
	}
	release(l);
}
