// SPDX-License-Identifier: MIT
#include "applets/join/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/fmt.h"
#include "core/base/say.h"
#include "core/base/text.h"

#define LINE_MAX 80 /* a line that wraps could not be overwritten */

static struct {
	bool terminal, lines;
	size_t shown; /* characters of the line that is on the terminal */
	char last[LINE_MAX];
} state;

void
progress_setup(bool verbose, bool quiet)
{
	state.terminal = !quiet && !verbose && isatty(STDERR_FILENO);
	state.lines = verbose;
}

/* Overwrites the line that is there. */
static void
show_in_place(void)
{
	char line[2 * LINE_MAX];
	size_t len = fmt_text(line, sizeof line, "\r%s: %-*s", say_name(),
			      (int)state.shown, state.last);
	state.shown = strlen(state.last);
	(void)file_write_all(STDERR_FILENO, line, len);
}

void
progress(const char *format, ...)
{
	char line[LINE_MAX - 10]; /* room for the program's name */
	va_list args;
	if (!state.terminal && !state.lines)
		return;
	va_start(args, format);
	fmt_vtext(line, sizeof line, format, args);
	va_end(args);
	text_clean(line, strlen(line));
	if (strcmp(line, state.last) == 0)
		return;
	memcpy(state.last, line, sizeof line);
	if (state.terminal)
		show_in_place();
	else
		say("%s", line);
}

void
progress_end(void)
{
	char line[2 * LINE_MAX];
	if (!state.terminal || state.shown == 0)
		return;
	size_t len = fmt_text(line, sizeof line, "\r%*s\r",
			      (int)(strlen(say_name()) + 2 + state.shown), "");
	(void)file_write_all(STDERR_FILENO, line, len);
	state.shown = 0;
	state.last[0] = '\0';
}
