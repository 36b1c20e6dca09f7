// SPDX-License-Identifier: MIT
#ifndef XL_RUN_LOCAL_H
#define XL_RUN_LOCAL_H

#include "core/base/err.h"

/*
 * Sockets of this machine in a folder: SOCK_SEQPACKET, so that each send is
 * one message, whole or not at all, and nobody has to find its ends.  The
 * folder's path may be longer than the address of a socket.  Descriptors are
 * non-blocking and close on exec.
 */

/*
 * Listens at folder/name, for this user alone (0600).  A socket that is there
 * already is one that nobody listens at any more, which the caller knows, and
 * is replaced; anything else is not.  ERR_CREATE (errno).
 */
enum err
local_listen(const char *folder, const char *name, int *fd);

/*
 * Connects to it.  ERR_UNREACHABLE (errno): nobody listens; ERR_BUSY: too many
 * wait already; ERR_PERMISSION, ERR_SYSTEM (errno).
 */
enum err
local_connect(const char *folder, const char *name, int *fd);

#endif
