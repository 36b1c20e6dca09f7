// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_HELLO_H
#define XL_MEMBER_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xlcluster.pb.h"

struct client;

/*
 * What is said with a client besides its stream: who it is, and answers
 * (xl-protocol(7), The client port).
 */

/* Whether a message that is numbered has the client's next number. */
bool
hello_is_next(struct client *c, const cluster_XLClusterMsg *msg);

/*
 * Whether its first message is the Hello of a client in the list, whose name
 * and ID are then noted.  Who is none is logged.
 */
bool
hello_is_known(struct client *c, const uint8_t *bytes, size_t len);

/* Posts an Ack of the client's last message that is numbered. */
void
hello_post_ack(struct client *c);

/*
 * Acknowledges its Hello, if that is due and the service is there by now: who
 * gets an Error instead can go to another member.
 */
void
hello_answer(struct client *c);

/* Posts an Error with a text of at most 40 bytes. */
void
hello_post_error(struct client *c, const char *why);

#endif
