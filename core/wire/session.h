// SPDX-License-Identifier: MIT
#ifndef XL_WIRE_SESSION_H
#define XL_WIRE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/ident/rsakey.h"
#include "core/ident/version.h"
#include "core/wire/collect.h"
#include "core/wire/hello.h"
#include "core/wire/seal.h"

struct rng;

/*
 * One session, from Hello to close, in either role and any dialect, without
 * sockets, clock or allocation: it takes received bytes and the time, and
 * gives bytes to send, messages, and a deadline.  What it can do next is a
 * set of bits (session_can); the caller does what it likes of them and asks
 * again.  A peer's fault closes the session and never does anything else.
 *
 * Times are milliseconds of the caller's monotonic clock.
 */

#define SESSION_MESSAGE_MAX 16384                  /* bytes of a message */
#define SESSION_BUF_LEN (SESSION_MESSAGE_MAX + 64) /* of each buffer */
#define SESSION_NEVER INT64_MAX

/* What can happen now. */
enum {
	SESSION_CAN_RECV = 1,    /* session_recv_space has room */
	SESSION_CAN_SEND = 2,    /* session_send_data has bytes */
	SESSION_CAN_DECRYPT = 4, /* session_hello_block waits to be decrypted */
	SESSION_CAN_MESSAGE = 8, /* session_message has a whole message */
	SESSION_CAN_POST = 16,   /* open, and session_post has room for one */
	SESSION_CLOSED = 32, /* nothing more will happen: close the socket */
};

/* What all sessions of a kind have in common; outlives them. */
struct session_config {
	unsigned dialects;  /* bits that a responder accepts */
	bool pipelined;     /* sealed: deliver a message while an answer to an
			       earlier one is still to be sent, and receive
			       several at once */
	int64_t hello_ms;   /* for the Hello, or the Reply, but not while it
			       waits to be decrypted; SESSION_NEVER */
	int64_t message_ms; /* for a message once begun, and for sending one */
	int64_t idle_ms;    /* between messages */
	struct rng *rng;
	/*
	 * Whether len bytes decode as a message with an Op.  Asked in the
	 * older dialects, where only that tells a whole message.
	 */
	bool (*decodes)(const uint8_t *bytes, size_t len);
};

enum session_state {
	SESSION_STATE_HELLO,   /* responder: waits for the Hello */
	SESSION_STATE_DECRYPT, /* responder: has one, waits for its plaintext */
	SESSION_STATE_ANSWER,  /* responder: sends the Reply */
	SESSION_STATE_REPLY,   /* initiator: waits for the Reply */
	SESSION_STATE_OPEN,
	SESSION_STATE_CLOSING, /* sends what is left, then closes */
	SESSION_STATE_CLOSED,
};

/*
 * The members are session.c's own.  in and out are the caller's buffers of
 * SESSION_BUF_LEN bytes each.
 */
struct session {
	const struct session_config *config;
	uint8_t *in, *out;
	enum session_state state;
	enum dialect dialect;
	bool initiator;
	bool got_message; /* a message is in place and not yet taken */
	bool held;        /* and has to wait until an answer is sent */
	bool our_turn;    /* the peer waits for what we have to send */
	bool ended;       /* the peer sends no more */
	size_t in_start;  /* of the record that comes in: behind those taken */
	size_t in_len, out_len, out_sent;
	size_t message_at, message_len;
	size_t hello_len; /* bytes of a Hello: the responder's modulus */
	int64_t recv_deadline, send_deadline;
	union {
		struct hello hello; /* secrets of the exchange; until open */
		struct collect collect; /* the message of an older dialect */
	};
	struct seal seal;            /* keys and chains of the open session */
	struct version peer_version; /* of the Hello, or the Reply */
};

/*
 * A responder that waits for a Hello of hello_len bytes (its ck's modulus
 * length).
 */
void
session_init_responder(struct session *s, const struct session_config *config,
		       uint8_t *in, uint8_t *out, size_t hello_len,
		       int64_t now);

/*
 * An initiator that asks for dialect from the owner of ck; the Hello is ready
 * to be sent.  ERR_TOO_LONG if ck is too small for it.
 */
enum err
session_init_initiator(struct session *s, const struct session_config *config,
		       uint8_t *in, uint8_t *out, enum dialect dialect,
		       const struct rsakey_public *ck, int64_t now);

/* The SESSION_CAN_ bits that hold now. */
unsigned
session_can(const struct session *s);

/* When session_tick wants to be called: the time, or SESSION_NEVER. */
int64_t
session_deadline(const struct session *s);

/* Closes the session if its deadline has passed. */
void
session_tick(struct session *s, int64_t now);

/*
 * Where received bytes go, and how many at the most.  Where the peer has to
 * wait for us (behind its Hello until the Reply is sent; behind a message of
 * the older dialects until its answer is sent) there is room for one byte,
 * because that closes the session: who reads before sending, sees it.
 */
uint8_t *
session_recv_space(struct session *s, size_t *len);

/* len bytes were put there. */
void
session_recv_done(struct session *s, size_t len, int64_t now);

/*
 * The peer closed its side: nothing more will be received.  Before the session
 * is open, and when nothing is left to do, it closes at once.  Otherwise it
 * closes when the message in place is taken, a responder has sent its answer,
 * and all that was posted is sent.
 */
void
session_recv_end(struct session *s);

/* What is to be sent, and how much. */
const uint8_t *
session_send_data(const struct session *s, size_t *len);

/* len bytes of it were sent. */
void
session_send_done(struct session *s, size_t len, int64_t now);

/* The Hello to be decrypted with ck, while SESSION_CAN_DECRYPT holds. */
const uint8_t *
session_hello_block(const struct session *s, size_t *len);

/*
 * Its plaintext, which stays the caller's to wipe; len 0 if it did not
 * decrypt.  The Reply is then ready to be sent, or the session is closed.
 */
void
session_hello_plain(struct session *s, const uint8_t *plain, size_t len,
		    int64_t now);

/*
 * The message in place, while SESSION_CAN_MESSAGE holds; its bytes are the
 * caller's to change.
 */
uint8_t *
session_message(const struct session *s, size_t *len);

/*
 * The message has been dealt with; its bytes are gone.  The answer may be
 * posted before or later.  A responder of the older dialects, or one that is
 * not pipelined, gets no further message until it has posted something and
 * that is sent.
 */
void
session_message_done(struct session *s, int64_t now);

/*
 * Seals one message of 1..SESSION_MESSAGE_MAX bytes for sending.  In the older
 * dialects that leaves it at most 16,384 bytes on the wire, and one is posted
 * at a time, in turn with the peer.  ERR_TOO_LONG; ERR_BUSY while there is no
 * room, it is not our turn, or the session is not open.
 */
enum err
session_post(struct session *s, const uint8_t *bytes, size_t len, int64_t now);

/*
 * Sealed: where a message of *cap bytes at the most may be composed, then to be
 * posted by session_post_made with its length, 1..*cap.  NULL, and *cap 0, as
 * long as there is no room, or the session is not open.
 */
uint8_t *
session_post_space(struct session *s, size_t *cap);
void
session_post_made(struct session *s, size_t len, int64_t now);

/* The longest message that session_post takes in the session's dialect. */
size_t
session_message_max(const struct session *s);

/* Closes once all that was posted is sent. */
void
session_close(struct session *s);

/* Whether Hello and Reply are done, and nothing has closed it since. */
bool
session_is_open(const struct session *s);

/* Whether nothing is in the buffers: they may lose what they contain. */
bool
session_is_empty(const struct session *s);

/* Wipes everything; the session is closed. */
void
session_wipe(struct session *s);

/*
 * Of an open session, for signatures: the channel binding of a sealed one (32
 * bytes), and the responder's salt2 (8 bytes).
 */
const uint8_t *
session_bind(const struct session *s);
const uint8_t *
session_salt2(const struct session *s);

/* The version that a session of this dialect gives as the responder's. */
struct version
session_version(enum dialect d);

#endif
