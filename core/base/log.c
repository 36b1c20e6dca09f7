// SPDX-License-Identifier: MIT
#include "core/base/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/base/fmt.h"
#include "core/base/say.h"
#include "core/base/text.h"

#define SYSLOG_PATH "/dev/log"
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

/* Splits days since 1970-01-01 into a date of the Gregorian calendar. */
static void
split_days(int64_t days, int *year, int *month, int *day)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30,
				       31, 31, 30, 31, 30, 31 };
	int y = 1970, m = 0;
	for (;; y++) {
		bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
		int length = leap ? 366 : 365;
		if (days < length) {
			while (days >= lengths[m] + (m == 1 && leap)) {
				days -= lengths[m] + (m == 1 && leap);
				m++;
			}
			break;
		}
		days -= length;
	}
	*year = y;
	*month = m + 1;
	*day = (int)days + 1;
}

/*
 * "2026-11-21T08:39:00Z ", the time in UTC.  strftime would bring time zones
 * and locales along.
 */
static size_t
put_time(char *dst, size_t cap)
{
	int64_t now = time(NULL);
	int seconds = (int)(now % 86400);
	int year, month, day;
	split_days(now / 86400, &year, &month, &day);
	return fmt_text(dst, cap, "%04d-%02d-%02dT%02d:%02d:%02dZ ", year,
			month, day, seconds / 3600, seconds / 60 % 60,
			seconds % 60);
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

void
log_line(enum log_level level, const char *format, ...)
{
	char line[SAY_LINE_MAX];
	va_list args;
	if (level > most_wanted)
		return;
	size_t start = syslog_wanted ? put_tag(line, sizeof line, level)
				     : put_time(line, sizeof line);
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
