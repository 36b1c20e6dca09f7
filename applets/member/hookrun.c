// SPDX-License-Identifier: MIT
#include "applets/member/hookrun.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets/member/mailbox.h"
#include "core/base/fmt.h"
#include "core/base/log.h"

#define RETRY_MS 1000
#define FLOOD_MS 20   /* between looks at output that is not logged */
#define DRAIN_MAX 256 /* reads of what an ended command has left */

/* The run of a pointer to its watch. */
#define RUN_OF(pointer, member)                                                \
	((struct hookrun *)(void *)((char *)(pointer)-offsetof(struct hookrun, \
							       member)))

static void
close_watch(struct loop_watch *watch)
{
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
	watch->events = 0;
}

/* Writes as much as the command takes. */
static void
feed(struct hookrun *run)
{
	size_t len;
	const uint8_t *bytes;
	while ((bytes = mailbox_contents(run->input, run->fed, &len))) {
		ssize_t n = write(run->in.fd, bytes, len);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			break; /* it does not want it */
		run->fed += (size_t)n;
	}
	close_watch(&run->in);
}

static void
log_end(const struct hookrun *run, int status)
{
	const char *label = run->label;
	if (run->killed)
		log_line(LOG_LEVEL_ERROR, "hook %s: killed: %s", label,
			 run->killed);
	else if (WIFSIGNALED(status))
		log_line(LOG_LEVEL_ERROR, "hook %s: ended by signal %d", label,
			 WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		log_line(LOG_LEVEL_ERROR, "hook %s: exit status %d", label,
			 WEXITSTATUS(status));
}

static void
end_if_over(struct hookrun *run)
{
	int status = 0;
	if (!run->exited || (run->out.fd >= 0 && !run->killed))
		return;
	for (int i = 0; i < DRAIN_MAX && run->out.fd >= 0; i++)
		if (hookout_read(&run->output, run->out.fd) != ERR_OK)
			break;
	close_watch(&run->out);
	close_watch(&run->in);
	run->out.deadline = run->in.deadline = LOOP_NEVER;
	(void)waitpid(run->pid, &status, 0); /* it has exited */
	run->pid = 0;
	hookout_end(&run->output);
	log_end(run, status);
	run->ended(run);
}

/*
 * The leader alone too, in case it has not made its group yet.  It is not
 * reaped, so that the number cannot be anybody else's.
 */
void
hookrun_kill(struct hookrun *run, const char *why)
{
	run->in.deadline = LOOP_NEVER;
	if (run->pid == 0)
		return;
	run->killed = why;
	kill(-run->pid, SIGKILL);
	kill(run->pid, SIGKILL);
	end_if_over(run);
}

void
hookrun_reap(struct hookrun *run)
{
	siginfo_t info = { .si_pid = 0 };
	if (run->pid == 0 || run->exited)
		return;
	run->exited = waitid(P_PID, (id_t)run->pid, &info,
			     WEXITED | WNOHANG | WNOWAIT) != 0 ||
		      info.si_pid == run->pid;
	end_if_over(run);
}

/* Reads less often when the rest is not wanted. */
static void
on_output(struct loop_watch *watch, short revents)
{
	struct hookrun *run = RUN_OF(watch, out);
	(void)revents;
	enum err e = hookout_read(&run->output, watch->fd);
	bool flood = e == ERR_OK && hookout_is_full(&run->output);
	watch->events = flood ? 0 : POLLIN;
	watch->deadline = flood ? loop_now() + FLOOD_MS : LOOP_NEVER;
	if (e == ERR_UNREACHABLE)
		close_watch(watch);
	end_if_over(run);
}

/*
 * The input is in the pipe before the process is there: if this one is killed,
 * the command is not to take a part of a message for the whole.
 */
static enum err
start(struct hookrun *run)
{
	int in[2] = { -1, -1 };
	if (run->input && hookexec_pipe(in, 1) != ERR_OK)
		return ERR_SYSTEM;
	run->fed = 0;
	run->in.fd = in[1];
	run->in.events = POLLOUT;
	if (run->input)
		feed(run);
	enum err e = hookexec_start(&run->what, &run->pid, in[0], &run->out.fd);
	int saved = errno;
	if (e != ERR_OK)
		close_watch(&run->in);
	if (run->input)
		close(in[0]);
	errno = saved;
	return e;
}

static void
try_to_start(struct hookrun *run)
{
	if (start(run) != ERR_OK) {
		if (!run->late)
			log_line(LOG_LEVEL_ERROR, "hook %s: cannot start: %s",
				 run->label, strerror(errno));
		run->pid = 0;
		run->late = true;
		run->in.deadline = loop_now() + RETRY_MS;
		return;
	}
	run->in.deadline = loop_now() + run->what.config->limit_ms;
	run->out.events = POLLIN;
}

static void
on_input(struct loop_watch *watch, short revents)
{
	struct hookrun *run = RUN_OF(watch, in);
	if (revents != 0)
		feed(run);
	hookrun_reap(run); /* it may have ended in time */
	if (watch->deadline > loop_now())
		return;
	if (run->pid == 0)
		try_to_start(run);
	else
		hookrun_kill(run, "its time is over");
}

enum err
hookrun_init(struct hookrun *run, struct loop *loop,
	     void (*ended)(struct hookrun *run))
{
	*run = (struct hookrun){
		.in = { .fd = -1, .deadline = LOOP_NEVER, .ready = on_input },
		.out = { .fd = -1, .deadline = LOOP_NEVER, .ready = on_output },
		.ended = ended,
	};
	enum err e = loop_add(loop, &run->in);
	return e == ERR_OK ? loop_add(loop, &run->out) : e;
}

void
hookrun_begin(struct hookrun *run, const struct hookexec *what,
	      const struct mailbox *input)
{
	const char *file = what->file ? what->file : "";
	run->what = *what;
	run->input = input;
	run->late = run->exited = false;
	run->killed = NULL;
	fmt_text(run->label, sizeof run->label, "%s %" PRIu64 "%s%s",
		 event_name(what->event->kind), what->event->seq,
		 *file ? " " : "", file);
	hookout_begin(&run->output, run->label);
	try_to_start(run);
}
