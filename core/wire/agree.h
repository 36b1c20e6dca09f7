// SPDX-License-Identifier: MIT
#ifndef XL_WIRE_AGREE_H
#define XL_WIRE_AGREE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"

struct hello;
struct seal;

/*
 * How both ends of a sealed session come to their keys: X25519 (RFC 7748) and
 * HKDF-SHA-256 (RFC 5869), as xl-protocol(7), The sealed dialect, has it.
 * hello.c uses it; nobody else has to.
 */

#define AGREE_AAD_LEN 64 /* H1 | e_s */
#define AGREE_REPLY_LEN 100

/* The public half of a private X25519 key. */
void
agree_public(uint8_t point[static 32], const uint8_t scalar[static 32]);

/*
 * k_r and the additional data of the box in the Reply, from key1, salt1 and
 * the transcript of h.  The caller wipes key.
 */
void
agree_reply_key(const struct hello *h, const uint8_t e_s[static 32],
		uint8_t key[static 32], uint8_t aad[static AGREE_AAD_LEN]);

/*
 * Makes seal ready from all that h now holds and the Reply as sent.
 * ERR_PROTOCOL when the peer's point is of low order.
 */
enum err
agree_session(struct seal *seal, const struct hello *h,
	      const uint8_t reply[static AGREE_REPLY_LEN], bool initiator);

#endif
