// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_CONTROL_H
#define XL_MEMBER_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "applets/member/peers.h"
#include "core/base/err.h"
#include "core/run/loop.h"

struct event;
struct roster;

/*
 * The daemon's end of the socket through which scripts ask it and speak
 * through it.  Who can connect is the daemon's own user; nobody is believed
 * all the same.
 *
 * Each connection is one request, one message of words with single spaces
 * between them:
 *
 *	status
 *	wait CONDITION...	quorum, all, or a member's name
 *	watch [all]		all: the present state first
 *	send MS NAME...		or * for all; behind a newline the contents
 *
 * Each message that comes back is a line without its newline; what is empty
 * is a "-", what is true is 1:
 *
 *	cluster NAME ID SELF UP SIZE MAX QUORUM
 *	member INDEX NAME ID UP SINCE RTT_US MESSAGES_IN MESSAGES_OUT
 *		BYTES_IN BYTES_OUT ENDPOINT[,ENDPOINT...] [ERROR]
 *	event AT SEQ EVENT NAME INDEX ID ENDPOINT UP SIZE QUORUM BYTES
 *	waiting			it does not hold yet
 *	answer NAME ANSWER
 *	end			of what was asked for: the last line
 *	error STATUS TEXT	also the last
 *
 * The connection's end without such a last line is the daemon's.
 */

#define CONTROL_NAME "control"
#define CONTROL_CONNS 16
#define CONTROL_LONG_MAX 12 /* of them, who wait and watch */
#define CONTROL_SENDS 4     /* at once; others wait for their turn */
#define CONTROL_WATCHES (CONTROL_CONNS + 1) /* in the loop */

#define CONTROL_WAIT_MAX 1024 /* bytes of all conditions */
#define CONTROL_LINE_MAX 1024
#define CONTROL_CONTENTS_MAX 16000
/* All members' names and the contents of a message. */
#define CONTROL_REQUEST_MAX (24 + 64 * 65 + CONTROL_CONTENTS_MAX)
#define CONTROL_SEND_MS_MAX 86400000

struct control;
struct control_conn;

/* A message to one member. */
struct control_post {
	struct peer_post post;
	struct control_send *send;
	bool open; /* not answered yet */
	char name[TEXT_NAME_MAX + 1];
};

/* A message to some. */
struct control_send {
	struct control_conn *conn; /* NULL: free */
	size_t posts_len, open;
	struct control_post posts[ROSTER_MEMBERS_MAX];
	uint8_t contents[CONTROL_CONTENTS_MAX];
};

enum control_state {
	CONTROL_FREE,
	CONTROL_ASKED,  /* nothing yet */
	CONTROL_STATUS, /* being told */
	CONTROL_WAIT,
	CONTROL_WATCH,
	CONTROL_SEND,
};

struct control_conn {
	struct loop_watch watch; /* first */
	struct control *all;
	enum control_state state;
	unsigned next;             /* STATUS: the index to tell of next */
	struct control_send *send; /* SEND */
	char wait[CONTROL_WAIT_MAX];
};

struct control {
	struct loop_watch listener; /* first */
	struct loop *loop;
	const char *folder;
	const struct roster *roster;
	struct peers *peers;
	uint64_t seq; /* of the last event */
	struct control_conn conns[CONTROL_CONNS];
	struct control_send sends[CONTROL_SENDS];
	uint8_t request[CONTROL_REQUEST_MAX + 2];
};

/*
 * Listens in folder, whose lock the caller holds: a socket that is there is
 * one of a daemon that was killed.  All of it outlives the control.
 * ERR_CREATE (errno), ERR_BUSY: the loop is full.
 */
enum err
control_init(struct control *c, struct loop *loop, const char *folder,
	     const struct roster *roster, struct peers *peers);

/* The members have changed. */
void
control_set_roster(struct control *c, const struct roster *roster);

/* Tells who watches.  Never waits: who does not read is cut off. */
void
control_event(struct control *c, const struct event *event);

/* Something changed that somebody may wait for: who is up. */
void
control_changed(struct control *c);

/* Ends all connections and removes the socket. */
void
control_stop(struct control *c);

#endif
