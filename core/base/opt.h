// SPDX-License-Identifier: MIT
#ifndef XL_BASE_OPT_H
#define XL_BASE_OPT_H

/*
 * Options from one table that also makes the usage text.  Options and
 * operands may come in any order; "--" ends the options.  -h, --help, -V and
 * --version are answered here for every program.
 */

/* One option.  A table ends with a row whose id is 0. */
struct opt {
	int id;           /* its letter, or 256 and up for long forms only */
	const char *name; /* long form without the dashes */
	const char *arg;  /* what its argument is called, NULL if none */
	const char *help; /* a short phrase */
};

/* What -h prints about a program. */
struct opt_page {
	const char *name;
	const char *summary;  /* a sentence without full stop */
	const char *synopsis; /* lines after the name, "\n" between forms */
	const struct opt *opts;
};

#define OPT_TABLE_MAX 40 /* rows of a table */

#define OPT_END 0   /* all options are read */
#define OPT_STOP -1 /* exit with opt_status: help was printed, or an error */

/*
 * Returns the id of the next option and sets *arg to its argument, or OPT_END,
 * or OPT_STOP after saying why.  After OPT_END, optind(3) is the first
 * operand in argv.  One argv a process.
 */
int
opt_next(const struct opt_page *page, int argc, char **argv, const char **arg);

/* The exit status that goes with OPT_STOP. */
int
opt_status(void);

/*
 * Says a usage error, pointing to -h, and returns the status of ERR_USAGE.
 */
int
opt_wrong(const struct opt_page *page, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Prints the usage text on standard output. */
void
opt_print(const struct opt_page *page);

#endif
