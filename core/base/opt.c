// SPDX-License-Identifier: MIT
#include "core/base/opt.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/base/fmt.h"
#include "core/base/say.h"
#include "core/base/text.h"

/* A row taken apart. */
struct row {
	char id;
	const char *name, *arg, *help;
};

static const char common[] = OPT("h", "help", "", "print this help")
	OPT("V", "version", "", "print the version");

/* Where in argv the reading is. */
static struct {
	int at;              /* the word that was read last */
	int operands;        /* words passed over, moved to the front */
	const char *letters; /* what is left of "-abc", or NULL */
	int status;          /* that goes with OPT_STOP */
} reading;

/* Takes the next row of a table; false at its end. */
static bool
next_row(struct row *row, const char **table)
{
	const char *p = *table;
	if (!*p)
		return false;
	row->id = *p;
	row->name = p + 1;
	row->arg = row->name + strlen(row->name) + 1;
	row->help = row->arg + strlen(row->arg) + 1;
	*table = row->help + strlen(row->help) + 1;
	return true;
}

/* Finds the row with that id, or if name is given with that long name. */
static bool
find_row(struct row *row, const char *table, int id, const char *name,
	 size_t len)
{
	while (next_row(row, &table))
		if (name ? strlen(row->name) == len &&
				    strncmp(row->name, name, len) == 0
			 : row->id == id)
			return true;
	return false;
}

static bool
find(const struct opt_page *page, struct row *row, int id, const char *name,
     size_t len)
{
	return find_row(row, page->opts, id, name, len) ||
	       find_row(row, common, id, name, len);
}

const char *
opt_name(const struct opt_page *page, int id)
{
	struct row row;
	return find(page, &row, id, NULL, 0) ? row.name : "";
}

/* A row of the usage text: "-r, --registry FILE    what it is". */
static void
print_rows(const char *table)
{
	struct row row;
	char form[64];
	while (next_row(&row, &table)) {
		char letter[] = { '-', row.id, ',', ' ', '\0' };
		fmt_text(form, sizeof form, "%s--%s%s%s",
			 row.id >= ' ' ? letter : "    ", row.name,
			 *row.arg ? " " : "", row.arg);
		fmt_print(stdout, "  %-27s %s\n", form, row.help);
	}
}

void
opt_print(const struct opt_page *page)
{
	const char *lead = "Usage:";
	for (const char *line = page->synopsis; line;) {
		int len = (int)strcspn(line, "\n");
		fmt_print(stdout, "%-6s %s %.*s\n", lead, page->name, len,
			  line);
		lead = "";
		line = line[len] ? line + len + 1 : NULL;
	}
	fmt_print(stdout, "%s.\n\n", page->summary);
	print_rows(page->opts);
	print_rows(common);
}

static int
stop(int status)
{
	reading.status = status;
	return OPT_STOP;
}

/* Gives the option of a row that was found, or answers it. */
static int
take(const struct opt_page *page, const struct row *row)
{
	switch (row->id) {
	case 'h':
		opt_print(page);
		return stop(say_finish(0));
	case 'V':
		fmt_print(stdout, "%s (xlbox) %s\n", page->name, XL_VERSION);
		return stop(say_finish(0));
	default:
		return row->id;
	}
}

/* The next word as an option's argument, or NULL. */
static const char *
next_word(int argc, char **argv)
{
	return reading.at + 1 < argc ? argv[++reading.at] : NULL;
}

static int
read_long(const struct opt_page *page, int argc, char **argv, const char **arg)
{
	struct row row;
	const char *name = argv[reading.at] + 2;
	size_t len = strcspn(name, "=");
	if (!find(page, &row, 0, name, len))
		return stop(opt_wrong(page, "unknown option --%.*s", (int)len,
				      name));
	if (*row.arg)
		*arg = name[len] ? name + len + 1 : next_word(argc, argv);
	else if (name[len])
		return stop(opt_wrong(page, "option --%s takes no argument",
				      row.name));
	if (*row.arg && !*arg)
		return stop(opt_wrong(page, "option --%s needs an argument",
				      row.name));
	return take(page, &row);
}

static int
read_letter(const struct opt_page *page, int argc, char **argv,
	    const char **arg)
{
	struct row row;
	char letter = *reading.letters++;
	if (letter < ' ' || !find(page, &row, letter, NULL, 0))
		return stop(opt_wrong(page, "unknown option -%c", letter));
	if (*row.arg) {
		*arg = *reading.letters ? reading.letters
					: next_word(argc, argv);
		reading.letters = NULL;
		if (!*arg)
			return stop(opt_wrong(
				page, "option -%c needs an argument", letter));
	}
	return take(page, &row);
}

static void
keep_operand(char **argv, char *word)
{
	argv[++reading.operands] = word;
}

int
opt_next(const struct opt_page *page, int argc, char **argv, const char **arg)
{
	*arg = NULL;
	if (reading.letters && *reading.letters)
		return read_letter(page, argc, argv, arg);
	while (++reading.at < argc) {
		char *word = argv[reading.at];
		if (strcmp(word, "--") == 0)
			break;
		if (word[0] == '-' && word[1] == '-')
			return read_long(page, argc, argv, arg);
		if (word[0] == '-' && word[1]) {
			reading.letters = word + 1;
			return read_letter(page, argc, argv, arg);
		}
		keep_operand(argv, word);
	}
	while (++reading.at < argc)
		keep_operand(argv, argv[reading.at]);
	if (reading.operands + 1 < argc)
		argv[reading.operands + 1] = NULL;
	return OPT_END;
}

void
opt_restart(void)
{
	memset(&reading, 0, sizeof reading);
}

bool
opt_number(void *dst, size_t dst_len, const char *arg, uint32_t min,
	   uint32_t max, uint32_t unit)
{
	uint64_t number;
	if (text_number(&number, arg, min, max) != ERR_OK)
		return false;
	number *= unit;
	if (dst_len == sizeof(uint16_t))
		*(uint16_t *)dst = (uint16_t)number;
	else if (dst_len == sizeof(uint32_t))
		*(uint32_t *)dst = (uint32_t)number;
	else
		*(uint64_t *)dst = number;
	return true;
}

int
opt_operands(void)
{
	return reading.operands;
}

int
opt_status(void)
{
	return reading.status;
}

int
opt_wrong(const struct opt_page *page, const char *format, ...)
{
	char text[SAY_LINE_MAX];
	va_list args;
	va_start(args, format);
	fmt_vtext(text, sizeof text, format, args);
	va_end(args);
	say("%s (see %s -h)", text, page->name);
	return err_status(ERR_USAGE);
}

int
opt_wrong_argument(const struct opt_page *page, int id, const char *arg)
{
	return opt_wrong(page, "--%s cannot be %s", opt_name(page, id),
			 *arg ? arg : "empty");
}
