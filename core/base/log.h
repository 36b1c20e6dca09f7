// SPDX-License-Identifier: MIT
#ifndef XL_BASE_LOG_H
#define XL_BASE_LOG_H

#include <stdbool.h>

/*
 * A daemon's log: one line an event with the time (UTC) in front, on standard
 * error, or to syslog.  What came from peers is made printable, and so many
 * lines that a disk would be full are left out, unless all is logged.
 * Nothing waits for who reads it: what he does not take is lost, and counted.
 * For applets only.
 */

enum log_level {
	LOG_LEVEL_ERROR, /* the daemon cannot do its work */
	LOG_LEVEL_INFO,  /* joins, refusals, start and stop */
	LOG_LEVEL_DEBUG, /* each session and message */
};

/* Sets what is logged and where.  The name of say_program goes to syslog. */
void
log_setup(enum log_level most, bool to_syslog);

/* Logs one line when level is wanted. */
void
log_line(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Logs as an error what is said from now on. */
void
log_what_is_said(void);

#endif
