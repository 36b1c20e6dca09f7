// SPDX-License-Identifier: MIT
#ifndef XL_RUN_CHANNEL_H
#define XL_RUN_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/run/loop.h"
#include "core/run/rsapool.h"
#include "core/wire/session.h"

/*
 * A session on a TCP socket in a loop, in either role: it connects, has the
 * Hello decrypted by the pool, moves bytes both ways, and hands messages up.
 * What the messages say is the owner's matter.  Initiators ask for a sealed
 * session.
 *
 * The owner's functions are called from a turn of the loop and may do
 * anything to any channel, also drop their own and use its memory anew.
 */

struct channel;

/* Bytes of a channel's buffers: two of a session's, in whole pages. */
#define CHANNEL_BUFFERS_LEN ((2 * (size_t)SESSION_BUF_LEN + 4095) / 4096 * 4096)

/* What channels of one kind have in common; outlives them. */
struct channel_kind {
	struct loop *loop;
	struct rsapool *pool;         /* NULL for initiators alone */
	struct session_config config; /* dialects, deadlines, rng */
	size_t hello_len;             /* responders: bytes of a Hello, */
	bool urgent;                  /* which others' have to wait for */
	int64_t connect_ms;           /* initiators: for the TCP connection */
	/*
	 * After channel_close, how long the peer has to close its side, so
	 * that nothing that was sent is lost by a reset.  0: no time.
	 */
	int64_t linger_ms;
	/* At rest even the first pages of buffers are given back. */
	bool gives_all;
	/* What came before the connection broke waits to be taken. */
	bool keeps_rest;

	/*
	 * Hello and Reply are done: channel_post works, but for a responder of
	 * the older dialects, whose turn comes with a message.
	 */
	void (*opened)(struct channel *c);
	/*
	 * A message of len bytes, gone when it returns.  False: not now; it
	 * stays where it is, nothing more is received, and it comes again
	 * after channel_resume, or not after channel_release.
	 */
	bool (*message)(struct channel *c, uint8_t *bytes, size_t len);
	/*
	 * What could not be sent at once has been.  NULL if nobody asks.  A
	 * post that is sent at once does not bring it.
	 */
	void (*sent)(struct channel *c);
	/*
	 * It is over, the socket is closed; the channel's memory is the
	 * owner's again.  why: ERR_OK: channel_close, or the peer's orderly
	 * end; ERR_UNREACHABLE (errno): refused, broken, or closed by the peer
	 * before it was open; ERR_TIMEOUT; ERR_PROTOCOL: the peer's fault;
	 * ERR_TOO_LONG: its ck is too small.
	 */
	void (*closed)(struct channel *c, enum err why);
};

enum channel_phase {
	CHANNEL_GONE,
	CHANNEL_CONNECTING,
	CHANNEL_TALKING,
	CHANNEL_LINGERING, /* waits for the peer to close */
};

/* The members are channel.c's own, but for the session's to be asked. */
struct channel {
	struct loop_watch watch;
	const struct channel_kind *kind;
	struct session session;
	union {
		const struct rsakey_public *ck; /* initiators: of the peer */
		struct rsapool_job job; /* responders: decrypts the Hello */
	};
	uint8_t *buffers;
	enum channel_phase phase;
	bool decrypting;    /* the job is the pool's */
	bool open;          /* opened has been called */
	bool held;          /* a message waits for channel_resume */
	bool waiting;       /* something could not be sent at once */
	bool drained;       /* poll tells when there is more to receive */
	bool ended, broken; /* nothing more is received, or can be sent */
	bool closing;       /* channel_close was called */
	bool dirty;         /* more than the first pages has been touched */
	enum err why;
	int error;       /* errno */
	int64_t trim_at; /* when pages are given back */
	bool *gone;      /* set when it is dropped during its turn */
	uint64_t bytes_in, bytes_out; /* on the wire */
};

/*
 * Starts a responder on an accepted socket, which is the channel's from now
 * on.  buffers: CHANNEL_BUFFERS_LEN bytes, best at the start of a page; behind
 * its first page each is given back to the system while the channel rests.
 * ERR_BUSY when the loop is full: the socket is then closed, `closed` not
 * called.
 */
enum err
channel_accept(struct channel *c, const struct channel_kind *kind,
	       uint8_t *buffers, int fd);

/*
 * Starts an initiator on a socket whose connection is under way; ck is of use
 * until `opened`.  Otherwise as channel_accept.
 */
enum err
channel_dial(struct channel *c, const struct channel_kind *kind,
	     uint8_t *buffers, int fd, const struct rsakey_public *ck);

/*
 * Seals one message and sends it, at once or as soon as it can be.  ERR_BUSY:
 * no room now, wait for `sent`; or not open.  ERR_TOO_LONG.
 */
enum err
channel_post(struct channel *c, const uint8_t *bytes, size_t len);

/*
 * Where a message of *cap bytes at the most may be composed to be posted by
 * channel_post_made, with no other call on the channel between.  NULL: as
 * ERR_BUSY above.
 */
uint8_t *
channel_post_space(struct channel *c, size_t *cap);
void
channel_post_made(struct channel *c, size_t len);

/* Whether a message of SESSION_MESSAGE_MAX bytes would find room now. */
bool
channel_has_room(struct channel *c);

/* The message that was held back is offered again from the next turn. */
void
channel_resume(struct channel *c);

/* The message that was held back has been dealt with: it is gone. */
void
channel_release(struct channel *c);

/*
 * Ends it when all that was posted is sent (within the message deadline).  No
 * more messages come, and `closed` is called from a later turn.
 */
void
channel_close(struct channel *c);

/*
 * Ends it at once and silently; `closed` is NOT called.  Nothing happens if it
 * is gone already, or its memory is all zero.
 */
void
channel_drop(struct channel *c);

#endif
