// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <string.h>

#include "applets/member/ask.h"
#include "applets/member/event.h"
#include "applets/member/memberopt.h"
#include "applets/member/script.h"
#include "applets/member/words.h"
#include "core/base/date.h"
#include "core/base/fmt.h"
#include "core/base/say.h"
#include "core/base/text.h"

#define WORD_MAX 80 /* of what can be in one */

/* The words of an event, and how JSON has them. */
enum kind {
	TIME, /* in text a date */
	NUMBER,
	INDEX, /* a number, or 64 for none */
	BOOL,
	WORD, /* or "-" for none */
	ID,   /* in text left out: it is long */
};

static const struct {
	char name[8];
	unsigned char kind;
} columns[] = {
	{ "at", TIME },      { "seq", NUMBER },   { "event", WORD },
	{ "member", WORD },  { "index", INDEX },  { "id", ID },
	{ "address", WORD }, { "up", NUMBER },    { "size", NUMBER },
	{ "quorum", BOOL },  { "bytes", NUMBER },
};
#define COLUMNS (sizeof columns / sizeof *columns)

/* Cuts a line into its words.  False: it is no event. */
static bool
cut(char *line, const char *words[static COLUMNS], uint64_t values[COLUMNS])
{
	static const uint64_t max[] = {
		[TIME] = DATE_SECONDS_MAX,
		[NUMBER] = UINT64_MAX,
		[INDEX] = EVENT_NO_MEMBER,
		[BOOL] = 1,
	};
	char *at = line;
	bool good = strcmp(words_next(&at), "event") == 0;
	for (size_t i = 0; i < COLUMNS; i++) {
		words[i] = words_next(&at);
		good = good && *words[i] && strlen(words[i]) <= WORD_MAX &&
		       (columns[i].kind > BOOL ||
			text_number(&values[i], words[i], 0,
				    max[columns[i].kind]) == ERR_OK);
	}
	return good && !at;
}

static void
show_text(const char *words[static COLUMNS], const uint64_t values[COLUMNS])
{
	char date[DATE_MAX];
	date_format(date, (int64_t)values[0]);
	fputs(date, stdout);
	for (size_t i = 1; i < COLUMNS; i++) {
		const char *word = words[i];
		if (columns[i].kind == ID)
			continue;
		if (columns[i].kind == INDEX && values[i] == EVENT_NO_MEMBER)
			word = "-";
		fmt_print(stdout, " %s", word);
	}
	fputs("\n", stdout);
}

/* What is empty is left out. */
static void
show_json(const char *words[static COLUMNS], const uint64_t values[COLUMNS])
{
	char quoted[TEXT_QUOTED_MAX(WORD_MAX)];
	for (size_t i = 0; i < COLUMNS; i++) {
		const char *value = words[i];
		if (strcmp(value, "-") == 0 ||
		    (columns[i].kind == INDEX && values[i] == EVENT_NO_MEMBER))
			continue;
		if (columns[i].kind > BOOL) {
			text_quote(quoted, '"', value);
			value = quoted;
		} else if (columns[i].kind == BOOL) {
			value = values[i] ? "true" : "false";
		}
		fmt_print(stdout, "%s\"%s\":%s", i > 0 ? "," : "{",
			  columns[i].name, value);
	}
	fputs("}\n", stdout);
}

int
watch_main(const struct memberopt *opt, int argc, char **argv)
{
	static struct ask ask;
	const char *words[COLUMNS];
	uint64_t values[COLUMNS];
	const char *request = opt->initial ? "watch all" : "watch";
	(void)argc;
	(void)argv;
	if (!script_can_show(opt->format))
		return err_status(ERR_USAGE);
	ask.folder = opt->dir;
	ask.deadline = LOOP_NEVER;
	ask.for_reader = true;
	if (!ask_open(&ask, request, strlen(request)))
		return ask.status;
	for (char *line; (line = ask_line(&ask));) {
		if (!cut(line, words, values))
			return say_cannot(ERR_PROTOCOL, "read",
					  "the daemon's answer");
		if (opt->format == SHOW_JSON)
			show_json(words, values);
		else
			show_text(words, values);
		if (fflush(stdout) != 0)
			break;
	}
	return say_finish(ask.status);
}
