// SPDX-License-Identifier: MIT
#ifndef XL_RUN_READY_H
#define XL_RUN_READY_H

#include "core/base/err.h"

/*
 * Telling whoever started this program that it is ready: through a descriptor
 * (s6) and through NOTIFY_SOCKET (systemd).
 */

/*
 * Writes a newline to a descriptor and closes it, unless it is a standard one.
 * ERR_WRITE (errno).
 */
enum err
ready_tell(int fd);

/*
 * Sends a state, as in "READY=1", to the socket that the environment names;
 * nothing if it names none.  ERR_WRITE (errno).
 */
enum err
ready_notify(const char *state);

#endif
