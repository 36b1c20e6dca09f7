// SPDX-License-Identifier: MIT
#include "core/base/log.h"

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

/* Whether one more line is too much; tells later how many were. */
static bool
is_flood(void)
{
	static time_t before;
	static unsigned room = BURST, lost;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec - before > BURST / RATE)
		room = BURST;
	else
		room += RATE * (unsigned)(now.tv_sec - before);
	before = now.tv_sec;
	if (room > BURST)
		room = BURST;
	if (room == 0) {
		lost++;
		return true;
	}
	room--;
	unsigned count = lost;
	lost = 0;
	if (count > 0)
		log_line(LOG_LEVEL_ERROR, "%u lines were left out", count);
	return false;
}

void
log_line(enum log_level level, const char *format, ...)
{
	char line[SAY_LINE_MAX];
	va_list args;
	if (level > most_wanted ||
	    (level == LOG_LEVEL_INFO && most_wanted == level && is_flood()))
		return;
	size_t start = syslog_wanted ? put_tag(line, sizeof line, level)
				     : put_time(line);
	va_start(args, format);
	size_t len = start + fmt_vtext(line + start, sizeof line - start - 1,
				       format, args);
	va_end(args);
	if (len > sizeof line - 2)
		len = sizeof line - 2;
	text_clean(line, len);
	if (syslog_wanted && to_syslog(line, len))
		return;
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* a log that cannot be written stops no service */
}
