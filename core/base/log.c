// SPDX-License-Identifier: MIT
#include "core/base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/base/date.h"
#include "core/base/fmt.h"
#include "core/base/say.h"
#include "core/base/text.h"

#define SYSLOG_PATH "/dev/log"
#define BURST 2000               /* lines that others cause, at once */
#define RATE 20                  /* and in the long run, a second */
#define FACILITY_DAEMON (3 << 3) /* RFC 3164 */

static enum log_level most_wanted = LOG_LEVEL_INFO;
static bool syslog_wanted;
static int syslog_fd = -1;

void
log_setup(enum log_level most, bool to_syslog)
{
	most_wanted = most;
	syslog_wanted = to_syslog;
}

/* "2026-11-21T08:39:00Z " */
static size_t
put_time(char *dst)
{
	date_format(dst, time(NULL));
	dst[DATE_MAX - 1] = ' ';
	return DATE_MAX;
}

/* "<30>xl-regd[7]: "; the time is added by who receives it. */
static size_t
put_tag(char *dst, size_t cap, enum log_level level)
{
	static const unsigned char severity[] = { 3, 6, 7 };
	return fmt_text(dst, cap,
			"<%d>%s[%ld]: ", FACILITY_DAEMON | severity[level],
			say_name(), (long)getpid());
}

static bool
send_syslog(const char *line, size_t len)
{
	return syslog_fd >= 0 &&
	       send(syslog_fd, line, len, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

/* Sends one line, connecting again where the logger was restarted. */
static bool
to_syslog(const char *line, size_t len)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX,
				  .sun_path = SYSLOG_PATH };
	if (send_syslog(line, len))
		return true;
	if (syslog_fd >= 0)
		close(syslog_fd);
	syslog_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (connect(syslog_fd, (struct sockaddr *)&at, sizeof at) != 0)
		return false;
	return send_syslog(line, len);
}

/*
 * Who reads standard error may have stopped to.  A line that is shorter than
 * PIPE_BUF does not block where there is room, and to ask for O_NONBLOCK would
 * be for all who share the descriptor.
 */
static bool
to_stderr(const char *line, size_t len)
{
	struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };
	return poll(&fd, 1, 0) == 1 && (fd.revents & POLLOUT) &&
	       write(STDERR_FILENO, line, len) == (ssize_t)len;
}

static bool __attribute__((format(printf, 2, 0)))
put_list(enum log_level level, const char *format, va_list args)
{
	char line[SAY_LINE_MAX];
	size_t start = syslog_wanted ? put_tag(line, sizeof line, level)
				     : put_time(line);
	size_t len = start + fmt_vtext(line + start, sizeof line - start - 1,
				       format, args);
	if (len > sizeof line - 2)
		len = sizeof line - 2;
	text_clean(line, len);
	if (syslog_wanted && to_syslog(line, len))
		return true;
	if (syslog_wanted && errno == EAGAIN)
		return false; /* it is there, and is told what it misses */
	line[len++] = '\n';
	return to_stderr(line, len);
}

/* Puts out one line.  False: nobody takes it at present. */
static bool __attribute__((format(printf, 2, 3)))
put(enum log_level level, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	bool done = put_list(level, format, args);
	va_end(args);
	return done;
}

/*
 * Whether one more line is too much; tells later how many were.  Others cause
 * errors, too, and what else they cause is not to crowd those out.
 */
static bool
is_flood(enum log_level level)
{
	static struct {
		time_t before;
		unsigned room, left_out;
	} all[LOG_LEVEL_DEBUG] = { { .room = BURST }, { .room = BURST } };
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	time_t since = now.tv_sec - all[level].before;
	unsigned *room = &all[level].room, *left_out = &all[level].left_out;
	*room = since > BURST / RATE ? BURST : *room + RATE * (unsigned)since;
	all[level].before = now.tv_sec;
	if (*room > BURST)
		*room = BURST;
	if (*room == 0) {
		++*left_out;
		return true;
	}
	--*room;
	if (*left_out > 0 &&
	    put(LOG_LEVEL_ERROR, "%u lines were left out", *left_out))
		*left_out = 0;
	return false;
}

void
log_line(enum log_level level, const char *format, ...)
{
	static unsigned lost;
	va_list args;
	if (level > most_wanted ||
	    (most_wanted < LOG_LEVEL_DEBUG && is_flood(level)))
		return;
	if (lost > 0 && put(LOG_LEVEL_ERROR, "%u lines were lost", lost))
		lost = 0;
	va_start(args, format);
	if (lost > 0 || !put_list(level, format, args))
		lost++;
	va_end(args);
}

static void
take_said(const char *text)
{
	log_line(LOG_LEVEL_ERROR, "%s", text);
}

void
log_what_is_said(void)
{
	say_through(take_said);
}
