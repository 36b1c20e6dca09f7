// SPDX-License-Identifier: MIT
#include "applets/member/hookexec.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/fmt.h"
#include "core/base/say.h"
#include "core/run/child.h"

#define SHELL "/bin/sh"
#define CANNOT_RUN 127 /* as shells have it */
#define VALUE_MAX 128  /* names, IDs and end points are shorter */

/* Everything in the new process may allocate: it is about to be another. */

static void
set(const char *name, const char *value)
{
	char clean[VALUE_MAX];
	size_t len = fmt_text(clean, sizeof clean, "%s", value);
	text_clean(clean, len < sizeof clean ? len : sizeof clean - 1);
	if (setenv(name, clean, 1) != 0)
		_exit(say_cannot(ERR_SYSTEM, "set", name));
}

static void
set_number(const char *name, uint64_t value)
{
	char digits[24];
	fmt_text(digits, sizeof digits, "%" PRIu64, value);
	set(name, digits);
}

static void
set_member(const struct event *event)
{
	char id[NODEID_HEX_MAX] = "";
	bool is_there = event->member < EVENT_NO_MEMBER;
	if (is_there)
		nodeid_format(id, &event->id);
	set("XL_MEMBER", is_there ? event->name : "");
	set("XL_MEMBER_ID", id);
	set("XL_MEMBER_ADDR", is_there ? event->addr : "");
	if (is_there)
		set_number("XL_MEMBER_INDEX", event->member);
	else
		set("XL_MEMBER_INDEX", "");
}

static void
set_all(const struct hooks_config *config, const struct event *event)
{
	set("XL_EVENT", event_name(event->kind));
	set_number("XL_SEQ", event->seq);
	set("XL_SELF", config->self_name);
	set("XL_SELF_ID", config->self_id);
	set("XL_CLUSTER", config->cluster);
	set_member(event);
	set_number("XL_UP", event->up);
	set_number("XL_SIZE", event->size);
	set_number("XL_QUORUM", event->quorum);
}

static _Noreturn void
become(const struct hookexec *what, int in, int out)
{
	const char *command = what->config->command;
	char path[FILE_PATH_MAX] = SHELL;
	setsid();
	child_detach();
	dup2(out, STDERR_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(in, STDIN_FILENO);
	/* Then there are descriptors again, if all were taken. */
	child_close_from(STDERR_FILENO + 1);
	if (in < 0) {
		close(STDIN_FILENO);
		in = open("/dev/null", O_RDONLY);
		if (in != STDIN_FILENO)
			_exit(say_cannot(ERR_SYSTEM, "open", "/dev/null"));
	}
	set_all(what->config, what->event);
	if (!what->file)
		execl(path, "sh", "-c", command, (char *)NULL);
	else if (file_join(path, what->config->folder, what->file) == ERR_OK)
		execl(path, path, (char *)NULL);
	(void)say_cannot(ERR_SYSTEM, "run", what->file ? what->file : path);
	_exit(CANNOT_RUN);
}

enum err
hookexec_pipe(int ends[static 2], int end)
{
	int yes = 1;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return ERR_SYSTEM;
	(void)ioctl(ends[end], FIONBIO, &yes);
	return ERR_OK;
}

enum err
hookexec_start(const struct hookexec *what, pid_t *pid, int in, int *out)
{
	int from[2];
	if (hookexec_pipe(from, 0) != ERR_OK)
		return ERR_SYSTEM;
	*pid = _Fork();
	if (*pid == 0)
		become(what, in, from[1]);
	int saved = errno;
	close(from[1]);
	*out = from[0];
	if (*pid > 0)
		return ERR_OK;
	close(from[0]);
	*out = -1;
	errno = saved;
	return ERR_SYSTEM;
}
