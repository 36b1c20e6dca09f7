// SPDX-License-Identifier: MIT
#include "core/base/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/fmt.h"
#include "core/base/text.h"

static const char *program = "xlbox";
static void (*sink)(const char *text);

void
say_program(const char *name)
{
	program = name;
}

const char *
say_name(void)
{
	return program;
}

void
say_through(void (*to)(const char *text))
{
	sink = to;
}

void
say(const char *format, ...)
{
	char line[SAY_LINE_MAX];
	va_list args;
	size_t start = fmt_text(line, sizeof line, "%s: ", program);
	if (start >= sizeof line)
		return;
	va_start(args, format);
	size_t len = start +
		     fmt_vtext(line + start, sizeof line - start, format, args);
	va_end(args);
	if (sink) {
		sink(line + start);
		return;
	}
	if (len > sizeof line - 1)
		len = sizeof line - 1;
	text_clean(line, len);
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* there is nobody left to tell */
}

static bool
is_from_system(enum err e)
{
	return e == ERR_READ || e == ERR_SYSTEM || e == ERR_CREATE ||
	       e == ERR_WRITE || e == ERR_PERMISSION;
}

int
say_cannot(enum err e, const char *verb, const char *object)
{
	say("cannot %s %s: %s", verb, *object ? object : "\"\"",
	    is_from_system(e) ? strerror(errno) : err_text(e));
	return err_status(e);
}

int
say_finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	return say_cannot(ERR_WRITE, "write", "standard output");
}
