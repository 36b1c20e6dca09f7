// SPDX-License-Identifier: MIT
#include "applets/member/hooks.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "core/base/log.h"

/* Whether the event has another command, which is then the next to run. */
static bool
find_command(struct hooks_lane *lane, const char **file)
{
	const struct hooks_config *config = lane->hooks->config;
	*file = NULL;
	if (!lane->told_command && config->command) {
		lane->told_command = true;
		return true;
	}
	if (!config->folder)
		return false;
	*file = lane->file;
	enum err e = hookdir_next(config->folder, lane->file);
	if (e == ERR_READ)
		log_line(LOG_LEVEL_ERROR, "cannot read %s: %s", config->folder,
			 strerror(errno));
	return e == ERR_OK;
}

/* Whether there is an event to tell.  A message stays until all had it. */
static bool
find_event(struct hooks_lane *lane)
{
	lane->telling =
		lane->messages
			? mailbox_first(&lane->hooks->mailbox, &lane->event)
			: pending_take(&lane->hooks->pending, &lane->event);
	lane->told_command = false;
	lane->file[0] = '\0';
	return lane->telling;
}

static void
advance(struct hooks_lane *lane)
{
	const char *file;
	const struct mailbox *box =
		lane->messages ? &lane->hooks->mailbox : NULL;
	while (lane->telling || find_event(lane)) {
		if (!lane->hooks->stopped && find_command(lane, &file)) {
			struct hookexec what = { lane->hooks->config,
						 &lane->event, file };
			hookrun_begin(&lane->run, &what, box);
			return;
		}
		lane->telling = false;
		if (box)
			mailbox_drop(&lane->hooks->mailbox);
	}
}

static void
on_ended(struct hookrun *run)
{
	advance((
		struct hooks_lane *)(void *)((char *)run -
					     offsetof(struct hooks_lane, run)));
}

static enum err
init_lane(struct hooks_lane *lane, struct hooks *hooks, struct loop *loop,
	  bool messages)
{
	lane->hooks = hooks;
	lane->messages = messages;
	lane->telling = false;
	return hookrun_init(&lane->run, loop, on_ended);
}

static bool
has_commands(const struct hooks *hooks)
{
	return hooks->config->command || hooks->config->folder;
}

enum err
hooks_init(struct hooks *hooks, const struct hooks_config *config,
	   struct loop *loop)
{
	hooks->config = config;
	hooks->stopped = false;
	hooks->pending.len = 0;
	hooks->mailbox = (struct mailbox){ .cap = 0 };
	if (!has_commands(hooks))
		return ERR_OK;
	enum err e = mailbox_init(&hooks->mailbox, config->queue_bytes);
	if (e == ERR_OK)
		e = init_lane(&hooks->states, hooks, loop, false);
	if (e == ERR_OK)
		e = init_lane(&hooks->messages, hooks, loop, true);
	return e;
}

static enum err
tell_message(struct hooks *hooks, const struct event *event)
{
	if (!has_commands(hooks) || hooks->stopped)
		return ERR_REFUSED;
	enum err e = mailbox_put(&hooks->mailbox, event);
	if (e == ERR_OK && !hooks->messages.telling)
		advance(&hooks->messages);
	return e;
}

enum err
hooks_tell(struct hooks *hooks, const struct event *event)
{
	if (event->kind == EVENT_MESSAGE)
		return tell_message(hooks, event);
	if (!has_commands(hooks) || hooks->stopped)
		return ERR_OK;
	pending_put(&hooks->pending, event);
	if (!hooks->states.telling)
		advance(&hooks->states);
	return ERR_OK;
}

void
hooks_reap(struct hooks *hooks)
{
	if (!has_commands(hooks))
		return;
	hookrun_reap(&hooks->states.run);
	hookrun_reap(&hooks->messages.run);
}

bool
hooks_busy(const struct hooks *hooks)
{
	return has_commands(hooks) &&
	       (hooks->states.telling || hooks->messages.telling);
}

static void
kill_lane(struct hooks_lane *lane)
{
	if (!lane->telling)
		return;
	bool runs = lane->run.pid > 0;
	hookrun_kill(&lane->run, "stopping");
	if (!runs) /* it could not be started yet */
		lane->telling = false;
}

/* Their senders hold them for delivered. */
static void
forget_messages(struct hooks *hooks)
{
	unsigned count = 0;
	struct event event;
	for (; mailbox_first(&hooks->mailbox, &event); count++)
		mailbox_drop(&hooks->mailbox);
	if (count > 0)
		log_line(LOG_LEVEL_ERROR,
			 "%u messages were not told, or not to the end", count);
}

void
hooks_kill(struct hooks *hooks)
{
	if (!has_commands(hooks))
		return;
	hooks->stopped = true;
	hooks->pending.len = 0;
	forget_messages(hooks);
	kill_lane(&hooks->states);
	kill_lane(&hooks->messages);
}
