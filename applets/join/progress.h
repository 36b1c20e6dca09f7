// SPDX-License-Identifier: MIT
#ifndef XL_JOIN_PROGRESS_H
#define XL_JOIN_PROGRESS_H

#include <stdbool.h>

/*
 * Tells on standard error how far a run is: one line that is kept up to date
 * on a terminal, elsewhere, if wanted, a line for each change.
 */

/* Says whether there is to be any (unless quiet), and off terminals too. */
void
progress_setup(bool verbose, bool quiet);

/* What is going on now: a line without program name. */
void
progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Takes the line off the terminal, so that another may take its place. */
void
progress_end(void);

#endif
