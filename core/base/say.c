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
say(const char *format, ...)
{
	char line[SAY_LINE_MAX];
	va_list args;
	size_t len = fmt_text(line, sizeof line, "%s: ", program);
	if (len >= sizeof line)
		return;
	va_start(args, format);
	len += fmt_vtext(line + len, sizeof line - len, format, args);
	va_end(args);
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
	say("cannot %s %s: %s", verb, object,
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
