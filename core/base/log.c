// SPDX-License-Identifier: MIT
#include "core/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "core/base/say.h"
#include "core/base/text.h"

static enum log_level most_wanted = LOG_LEVEL_INFO;
static bool syslog_wanted;

void
log_setup(enum log_level most, bool to_syslog)
{
	most_wanted = most;
	syslog_wanted = to_syslog;
	if (to_syslog)
		openlog(say_name(), LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

static void
write_line(char *line, size_t len)
{
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* a log that cannot be written stops no service */
}

void
log_line(enum log_level level, const char *format, ...)
{
	static const int priority[] = { LOG_ERR, LOG_INFO, LOG_DEBUG };
	char line[SAY_LINE_MAX];
	size_t stamp = 0;
	va_list args;
	if (level > most_wanted)
		return;
	if (!syslog_wanted) {
		time_t now = time(NULL);
		struct tm utc;
		stamp = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%SZ ",
				 gmtime_r(&now, &utc));
	}
	va_start(args, format);
	int n = vsnprintf(line + stamp, sizeof line - stamp - 1, format, args);
	va_end(args);
	if (n < 0)
		return;
	size_t len = stamp + (size_t)n;
	if (len > sizeof line - 2)
		len = sizeof line - 2;
	text_clean(line, len);
	line[len] = '\0';
	if (syslog_wanted)
		syslog(priority[level], "%s", line);
	else
		write_line(line, len);
}
