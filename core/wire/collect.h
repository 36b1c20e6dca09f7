// SPDX-License-Identifier: MIT
#ifndef XL_WIRE_COLLECT_H
#define XL_WIRE_COLLECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/wire/seal.h"

/*
 * Finds where a message of the older dialects ends: nothing on the wire says
 * so (xl-protocol(7), Messages in documented and prefixed).  Every block
 * boundary is looked at in turn, so that it does not matter how the bytes were
 * cut on their way.
 *
 * The work for a message grows with its length only, whatever a hostile peer
 * makes of the padding: each block is decrypted once, each top-level field
 * passed over once, and decodes is asked only where the fields end together
 * with the message and Op is among them.  If it then says no, more bytes would
 * not change that, and it is not asked again.
 */
struct collect {
	size_t start;     /* of the first block: behind the IV in prefixed */
	size_t decrypted; /* end of what is */
	size_t end;       /* of the last block looked at */
	size_t scanned;   /* bytes of whole fields, from start on */
	size_t message_len;
	bool has_op;
	bool hopeless; /* no message will come of it */
};

/* Begins a new message of dialect d. */
void
collect_init(struct collect *c, enum dialect d);

/*
 * Goes on with the in_len bytes of the message received so far, decrypting
 * them in place.  True when it is whole: c->message_len bytes from c->start,
 * c->end on the wire.  Bytes behind it spoil the chain of documented; they
 * close the session anyway.
 */
bool
collect_find(struct collect *c, struct seal *seal, uint8_t *in, size_t in_len,
	     bool (*decodes)(const uint8_t *bytes, size_t len));

#endif
