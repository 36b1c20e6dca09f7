// SPDX-License-Identifier: MIT
#include "applets/member/ask.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "applets/member/words.h"
#include "core/base/file.h"
#include "core/base/say.h"
#include "core/run/local.h"
#include "core/run/net.h"

#define RETRY_MS 50

static enum err
reach(struct ask *a)
{
	enum err e;
	while ((e = local_connect(a->folder, CONTROL_NAME, &a->fd)) ==
		       ERR_UNREACHABLE &&
	       a->patient && loop_now() < a->deadline && file_exists(a->folder))
		poll(NULL, 0, RETRY_MS);
	return e;
}

static void
say_unreached(const struct ask *a, enum err e)
{
	bool is_nobody = e == ERR_UNREACHABLE &&
			 (errno == ENOENT || errno == ECONNREFUSED);
	if (is_nobody && file_exists(a->folder))
		say("no daemon runs on %s", a->folder);
	else
		say("cannot reach the daemon in %s: %s", a->folder,
		    e == ERR_TIMEOUT ? err_text(e) : strerror(errno));
}

bool
ask_open(struct ask *a, const void *request, size_t len)
{
	size_t sent = 0;
	if (a->for_reader)
		signal(SIGPIPE, SIG_DFL); /* whatever the parent had */
	enum err e = reach(a);
	if (e == ERR_OK)
		e = net_send(a->fd, request, len, &sent);
	if (e == ERR_OK && sent == len)
		return true;
	if (e == ERR_BUSY)
		e = ERR_TIMEOUT; /* it takes no connections: it hangs */
	say_unreached(a, e);
	a->status = err_status(e);
	return false;
}

/* Waits until there is a line.  False: the time is up. */
static bool
wait_for_line(const struct ask *a)
{
	struct pollfd polls[] = { { .fd = a->fd, .events = POLLIN },
				  { .fd = a->for_reader ? STDOUT_FILENO
							: -1 } };
	for (;;) {
		int64_t left = a->deadline == LOOP_NEVER
				       ? -1
				       : a->deadline - loop_now();
		if (a->deadline != LOOP_NEVER && left < 0)
			left = 0;
		if (left > INT32_MAX)
			left = INT32_MAX;
		int n = poll(polls, 2, (int)left);
		if (polls[1].revents & POLLERR)
			raise(SIGPIPE);
		if (polls[0].revents != 0)
			return true;
		if (n == 0 && a->deadline <= loop_now())
			return false;
	}
}

/* What ends the lines. */
static void
finish(struct ask *a, enum err e, size_t len)
{
	uint64_t status = 0;
	char *at = a->line;
	close(a->fd);
	if (e != ERR_OK || len == 0) {
		say("the daemon in %s is gone", a->folder);
		a->lost = true;
		a->status = err_status(ERR_UNREACHABLE);
	} else if (strcmp(words_next(&at), "end") == 0) {
		a->status = 0;
	} else {
		words_number(&at, 1, 125, &status);
		say("%s", at ? at : "");
		a->status = status ? (int)status : err_status(ERR_PROTOCOL);
	}
}

static bool
is_last(const char *line)
{
	return strcmp(line, "end") == 0 || strncmp(line, "error ", 6) == 0;
}

char *
ask_line(struct ask *a)
{
	size_t len = 0;
	enum err e = ERR_BUSY;
	while (e == ERR_BUSY) {
		if (!wait_for_line(a)) {
			close(a->fd);
			a->lost = true;
			say("timed out waiting for %s",
			    a->waits_for ? a->waits_for : "the daemon");
			a->status = err_status(ERR_TIMEOUT);
			return NULL;
		}
		e = net_recv(a->fd, a->line, sizeof a->line - 1, &len);
	}
	a->line[len] = '\0';
	text_clean(a->line, len);
	if (e == ERR_OK && len > 0 && !is_last(a->line))
		return a->line;
	finish(a, e, len);
	return NULL;
}
