// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_POST_H
#define XL_MEMBER_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Messages for other members on their way, and lists of them. */

/* How a message fared. */
enum peer_answer {
	PEER_HAS_IT,
	PEER_DOWN,    /* it was not up: it has not got it */
	PEER_BUSY,    /* its queue is full: it has not got it */
	PEER_REFUSED, /* another Error: it has not got it */
	PEER_UNKNOWN, /* the session broke behind the message */
};

/* A message under way; the caller's until it is answered or taken back. */
struct peer_post {
	const uint8_t *bytes; /* 1..PEERMSG_CONTENTS_MAX of them */
	size_t len;
	void (*answered)(struct peer_post *post, enum peer_answer answer);
	unsigned index; /* whom it is for; peers' own, like what follows */
	uint64_t msg_n;
	struct peer_post *next;
};

struct peer_posts {
	struct peer_post *first, **last;
};

void
posts_init(struct peer_posts *posts);

/* Puts post at the end. */
void
posts_add(struct peer_posts *posts, struct peer_post *post);

/* Puts post at the front. */
void
posts_put_back(struct peer_posts *posts, struct peer_post *post);

/* Takes the first one out; NULL if there is none. */
struct peer_post *
posts_take(struct peer_posts *posts);

/* Takes post out.  False if it was not there. */
bool
posts_remove(struct peer_posts *posts, struct peer_post *post);

/* Takes them all out and answers each. */
void
posts_answer(struct peer_posts *posts, enum peer_answer answer);

#endif
