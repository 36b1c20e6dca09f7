// SPDX-License-Identifier: MIT
#ifndef XL_BASE_SAY_H
#define XL_BASE_SAY_H

#include "core/base/err.h"

/*
 * One-line messages of a program to its user: "PROGRAM: text" on standard
 * error, lower case, no full stop, one write(2) a line; control characters
 * and other bytes that are not printable ASCII come out as '?'.
 * For applets and the processes that they start.
 */

#define SAY_LINE_MAX 1024 /* longer lines are cut */

/* Names the program for all further messages; name is kept, not copied. */
void
say_program(const char *name);

/* The name given to say_program. */
const char *
say_name(void);

/*
 * What is said from now on is given to that function alone, without the
 * program's name; NULL: it goes to standard error again.
 */
void
say_through(void (*to)(const char *text));

/* Says one line. */
void
say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Says "cannot VERB OBJECT: REASON" and returns the exit status of e.  The
 * reason is errno's text for errors of the operating system, and e's own text
 * for the others.
 */
int
say_cannot(enum err e, const char *verb, const char *object);

/*
 * Flushes standard output.  Returns status when all went well, else says so
 * and returns the status of ERR_WRITE: what every applet that prints ends
 * with.
 */
int
say_finish(int status);

#endif
