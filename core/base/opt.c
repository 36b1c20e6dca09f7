// SPDX-License-Identifier: MIT
#include "core/base/opt.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/base/say.h"

#define LONG_ONLY 256

static const struct opt common[] = {
	{ 'h', "help", NULL, "print this help" },
	{ 'V', "version", NULL, "print the version" },
};

static int stop_status;

static void
add(struct option *longs, char *letters, const struct opt *o)
{
	*longs = (struct option){ o->name, o->arg != NULL, NULL, o->id };
	size_t len = strlen(letters);
	if (o->id < LONG_ONLY)
		letters[len++] = (char)o->id;
	if (o->id < LONG_ONLY && o->arg)
		letters[len++] = ':';
	letters[len] = '\0';
}

/* The column of options: "-r, --registry FILE". */
static void
print_row(const struct opt *o)
{
	char form[64];
	char letter[5] = "    ";
	if (o->id < LONG_ONLY)
		snprintf(letter, sizeof letter, "-%c, ", o->id);
	snprintf(form, sizeof form, "%s--%s%s%s", letter, o->name,
		 o->arg ? " " : "", o->arg ? o->arg : "");
	printf("  %-27s %s\n", form, o->help);
}

void
opt_print(const struct opt_page *page)
{
	const char *lead = "Usage:";
	const char *line = page->synopsis;
	while (line) {
		const char *end = strchr(line, '\n');
		int len = (int)(end ? end - line : (long)strlen(line));
		printf("%-6s %s %.*s\n", lead, page->name, len, line);
		lead = "";
		line = end ? end + 1 : NULL;
	}
	printf("%s.\n\n", page->summary);
	for (const struct opt *o = page->opts; o->id; o++)
		print_row(o);
	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		print_row(&common[i]);
}

static int
stop(int status)
{
	stop_status = status;
	return OPT_STOP;
}

static int
stop_unknown(const struct opt_page *page, char **argv)
{
	if (optopt > 0 && optopt < LONG_ONLY)
		return stop(opt_wrong(page, "unknown option -%c", optopt));
	return stop(opt_wrong(page, "unknown or incomplete option %s",
			      argv[optind - 1]));
}

/* optopt is the row's id, whichever of its forms was used. */
static int
stop_no_argument(const struct opt_page *page)
{
	const struct opt *o = page->opts;
	while (o->id && o->id != optopt)
		o++;
	if (optopt < LONG_ONLY || !o->id)
		return stop(opt_wrong(page, "option -%c needs an argument",
				      optopt));
	return stop(opt_wrong(page, "option --%s needs an argument", o->name));
}

int
opt_next(const struct opt_page *page, int argc, char **argv, const char **arg)
{
	struct option longs[OPT_TABLE_MAX + 3] = { { 0 } };
	char letters[2 * OPT_TABLE_MAX + 8] = ":";
	size_t n = 0;
	for (const struct opt *o = page->opts; o->id && n < OPT_TABLE_MAX; o++)
		add(&longs[n++], letters, o);
	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		add(&longs[n++], letters, &common[i]);
	opterr = 0;
	int id = getopt_long(argc, argv, letters, longs, NULL);
	*arg = optarg;
	switch (id) {
	case -1:
		return OPT_END;
	case '?':
		return stop_unknown(page, argv);
	case ':':
		return stop_no_argument(page);
	case 'h':
		opt_print(page);
		return stop(say_finish(0));
	case 'V':
		printf("%s (xlbox) %s\n", page->name, XL_VERSION);
		return stop(say_finish(0));
	default:
		return id;
	}
}

int
opt_status(void)
{
	return stop_status;
}

int
opt_wrong(const struct opt_page *page, const char *format, ...)
{
	char text[SAY_LINE_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	say("%s (see %s -h)", text, page->name);
	return err_status(ERR_USAGE);
}
