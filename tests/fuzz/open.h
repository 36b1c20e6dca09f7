// SPDX-License-Identifier: MIT
/*
 * The session of a channel, opened without a peer: for fuzzers of what peers
 * may say then.
 */
#ifndef TESTS_FUZZ_OPEN_H
#define TESTS_FUZZ_OPEN_H

#include <stdlib.h>

#include "tests/unit/pair.h"

static inline void
need(bool cond)
{
	if (!cond)
		abort();
}

/* Opens a responder's session; config is that of its channel. */
static inline void
open_session(struct session *s, const struct session_config *config)
{
	static struct end client;
	uint8_t bytes[RSAKEY_LEN_MAX];
	size_t len, room;
	need(session_init_initiator(&client.s, config, client.in, client.out,
				    DIALECT_SEALED, &pair_ck.pub, 0) == ERR_OK);
	len = end_drain(&client, bytes, 0);
	memcpy(session_recv_space(s, &room), bytes, len);
	session_recv_done(s, len, 0);
	memcpy(bytes, session_hello_block(s, &len), len);
	need(rsakey_decrypt(&pair_ck, bytes, &len) == ERR_OK);
	session_hello_plain(s, bytes, len, 0);
	(void)session_send_data(s, &len);
	session_send_done(s, len, 0);
}

#endif
