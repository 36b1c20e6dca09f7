// SPDX-License-Identifier: MIT
#include "applets/member/hookout.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/text.h"

#define DISCARD_LEN 4096
#define DISCARD_TIMES 16 /* together what a pipe holds */

void
hookout_begin(struct hookout *o, const char *label)
{
	o->label = label;
	o->left = HOOKOUT_LOG_MAX;
	o->lost = 0;
	o->len = 0;
}

bool
hookout_is_full(const struct hookout *o)
{
	return o->left == 0;
}

static void
put_line(struct hookout *o, char *text, size_t len)
{
	size_t cost = len + HOOKOUT_LINE_COSTS;
	if (cost > o->left) {
		o->left = 0; /* nor shorter ones, out of the middle */
		o->lost += len + 1;
		return;
	}
	o->left -= cost;
	text_clean(text, len);
	log_line(LOG_LEVEL_INFO, "hook %s: %.*s", o->label, (int)len, text);
}

static void
put_lines(struct hookout *o)
{
	size_t at = 0;
	char *end;
	while ((end = memchr(o->line + at, '\n', o->len - at))) {
		size_t next = (size_t)(end - o->line) + 1;
		put_line(o, o->line + at, next - 1 - at);
		at = next;
	}
	if (at == 0 && o->len == sizeof o->line) {
		put_line(o, o->line, o->len);
		at = o->len;
	}
	o->len -= at;
	memmove(o->line, o->line + at, o->len);
}

static ssize_t
discard(struct hookout *o, int fd)
{
	char away[DISCARD_LEN];
	ssize_t n = -1;
	for (int i = 0; i < DISCARD_TIMES; i++) {
		n = read(fd, away, sizeof away);
		if (n <= 0)
			break;
		o->lost += (size_t)n;
	}
	return n;
}

static ssize_t
read_lines(struct hookout *o, int fd)
{
	ssize_t n = read(fd, o->line + o->len, sizeof o->line - o->len);
	if (n > 0) {
		o->len += (size_t)n;
		put_lines(o);
	}
	return n;
}

enum err
hookout_read(struct hookout *o, int fd)
{
	ssize_t n = hookout_is_full(o) ? discard(o, fd) : read_lines(o, fd);
	if (n > 0)
		return ERR_OK;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? ERR_BUSY
							    : ERR_UNREACHABLE;
}

void
hookout_end(struct hookout *o)
{
	if (o->len > 0)
		put_line(o, o->line, o->len);
	o->len = 0;
	if (o->lost > 0)
		log_line(LOG_LEVEL_INFO,
			 "hook %s: %" PRIu64 " more bytes of output", o->label,
			 o->lost);
}
