// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_SCRIPT_H
#define XL_MEMBER_SCRIPT_H

#include <stdbool.h>

#include "applets/show.h"

/*
 * What scripts ask a running daemon, a function for each subcommand.  argv is
 * the argc operands behind its name; they return the exit status.
 */

struct memberopt;

/* Whether format is text or json; says it when not. */
bool
script_can_show(enum show_format format);

/* Shows the cluster; 1 without quorum. */
int
status_main(const struct memberopt *opt, int argc, char **argv);

/* Sends standard input to the members named, or to all; 1 unless all got it. */
int
send_main(const struct memberopt *opt, int argc, char **argv);

/* Waits until there is a quorum, or all or those named are up. */
int
wait_main(const struct memberopt *opt, int argc, char **argv);

/* Prints each event. */
int
watch_main(const struct memberopt *opt, int argc, char **argv);

#endif
