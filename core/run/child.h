// SPDX-License-Identifier: MIT
#ifndef XL_RUN_CHILD_H
#define XL_RUN_CHILD_H

/*
 * What a process sheds that was forked from one with a loop: whether it goes
 * on in this program or executes another, it must not hold its parent's
 * sockets open when the parent is killed, nor live by its parent's signals, nor
 * speak in its log.
 */

/*
 * All signals do what they do by default and none is held; what is said goes
 * to standard error; the process becomes the leader of a group of its own.
 */
void
child_detach(void);

/* Closes all descriptors from first up. */
void
child_close_from(int first);

#endif
