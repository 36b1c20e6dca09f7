// SPDX-License-Identifier: MIT
#ifndef XL_BASE_OPT_H
#define XL_BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Options from one table that also makes the usage text.  Options and
 * operands may come in any order; "--" ends the options; a long option's
 * argument follows as the next word or behind '='.  -h, --help, -V and
 * --version are answered here for every program.
 */

/*
 * One row of a table, which is one string of all rows: no pointers, so
 * nothing to relocate at start.  id is a string of one character: the letter,
 * or "\1" to "\37" for an option with a long form only; arg names its
 * argument, "" if it has none; help is a phrase.
 */
#define OPT(id, name, arg, help) id name "\0" arg "\0" help "\0"

/* What -h prints about a program. */
struct opt_page {
	const char *name;
	const char *summary;  /* a sentence without full stop */
	const char *synopsis; /* lines after the name, "\n" between forms */
	const char *opts;     /* rows */
};

#define OPT_END 0   /* all options are read */
#define OPT_STOP -1 /* exit with opt_status: help was printed, or an error */

/*
 * Returns the id of the next option and sets *arg to its argument, or OPT_END,
 * or OPT_STOP after saying why.  Operands move to the front: after OPT_END
 * they are argv[1] to argv[opt_operands()], and a NULL.  One argv a process,
 * unless opt_restart is called in between.
 */
int
opt_next(const struct opt_page *page, int argc, char **argv, const char **arg);

/* Forgets the argv that was read: a child that goes on as another applet. */
void
opt_restart(void);

/*
 * Reads an argument that is a number of min to max into dst, an integer of any
 * type that holds max times unit, which it is multiplied by.  False, and dst
 * as before: it is not.
 */
#define OPT_NUMBER(dst, arg, min, max, unit) \
	opt_number(&(dst), sizeof(dst), (arg), (min), (max), (unit))
bool
opt_number(void *dst, size_t dst_len, const char *arg, uint32_t min,
	   uint32_t max, uint32_t unit);

/* The long name of the option with that id. */
const char *
opt_name(const struct opt_page *page, int id);

/* The number of operands. */
int
opt_operands(void);

/* The exit status that goes with OPT_STOP. */
int
opt_status(void);

/*
 * Says a usage error, pointing to -h, and returns the status of ERR_USAGE.
 */
int
opt_wrong(const struct opt_page *page, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same for an argument that the option id cannot have. */
int
opt_wrong_argument(const struct opt_page *page, int id, const char *arg);

/* Prints the usage text on standard output. */
void
opt_print(const struct opt_page *page);

#endif
