// SPDX-License-Identifier: MIT
#ifndef XL_MEMBER_CLIENT_H
#define XL_MEMBER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "applets/member/clients.h"
#include "applets/member/relay.h"
#include "core/run/channel.h"
#include "core/run/net.h"

struct service;
struct target_ends;

/* One client of the client port, from its connection to the last of it. */

enum client_state {
	CLIENT_GREETING, /* until it is known who it is */
	CLIENT_WAITING,  /* for the address of a server, or room there */
	CLIENT_JOINED,   /* to a command or a server */
	CLIENT_LEAVING,  /* all has been said, or it is gone */
};

struct client {
	struct channel channel; /* first */
	struct relay relay;
	struct service *service;
	size_t slot;
	unsigned long number;
	enum client_state state;
	uint64_t sent_n, got_n; /* the last MsgN of each side */
	bool used;
	bool known;      /* name and id are set */
	bool ack_due;    /* of its Hello: when the service is there */
	bool waited;     /* for an address: once is enough */
	bool exited;     /* the command has ended, and is not reaped yet */
	pid_t pid;       /* of its command, or 0 */
	int64_t began;   /* of loop_now: when it came, or was joined */
	int64_t kill_at; /* when the command is killed, or LOOP_NEVER */
	int64_t again;   /* waiting: when it is tried again, likewise */
	size_t server;   /* the address of the local one to try next */
	struct net_addr remote;
	char peer[NET_TEXT_MAX]; /* the same, for logs */
	char name[CLIENTS_NAME_MAX];
	char id[2 * CLIENTS_ID_LEN + 1];
};

/* Begins on an accepted socket, which is then its own. */
void
client_begin(struct client *c, struct service *s, size_t slot, int fd,
	     const struct net_addr *remote);

/*
 * Joins it to descriptors, which are its own from now on.  ERR_BUSY: the loop
 * is full, they are closed.
 */
enum err
client_join(struct client *c, const struct target_ends *ends);

/* What channels of clients call. */
void
client_set_kind(struct channel_kind *kind);

/* Ends what has taken too long by now; when to look again, or LOOP_NEVER. */
int64_t
client_sweep(struct client *c, int64_t now);

/* The name of the server has been looked up, or there may be room. */
void
client_looked(struct client *c);

/* Looks whether its command has ended. */
void
client_reap(struct client *c);

/* Ends it at once; its command is told to end, too. */
void
client_end(struct client *c, const char *why);

/* Tells its command to end; what it writes still reaches the client. */
void
client_stop(struct client *c);

/* Kills its command. */
void
client_kill(struct client *c);

#endif
