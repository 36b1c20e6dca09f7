// SPDX-License-Identifier: MIT
#ifndef XL_WIRE_MSG_H
#define XL_WIRE_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/err.h"
#include "core/base/text.h"
#include "core/doc/roster.h"
#include "xlreg.pb.h"

/*
 * The registry's messages: bytes to structures and back, what signatures
 * cover, and what a token must be (xl-protocol(7), The registry's messages).
 * reg_XLRegMsg is 133 KB: one of each direction a process, never on the
 * stack.
 */

/* Sets the bytes field f of message m. */
#define MSG_SET(m, f, src, n)                               \
	((m)->has_##f = true, (m)->f.size = (pb_size_t)(n), \
	 (void)memcpy((m)->f.bytes, (src), (n)))

/* Whether the bytes field f of message m is the text. */
#define MSG_IS(m, f, text) text_is((m)->f.bytes, (m)->f.size, (text))

/* Sets the plain field f of message m. */
#define MSG_SET_NUMBER(m, f, v) ((m)->has_##f = true, (m)->f = (v))

/*
 * Decodes len bytes.  ERR_PROTOCOL: not a message, something over its limit,
 * or no Op.
 */
enum err
msg_decode(reg_XLRegMsg *msg, const uint8_t *bytes, size_t len);

/* Whether msg_decode would accept it: what a session_config asks. */
bool
msg_decodes(const uint8_t *bytes, size_t len);

/* Encodes msg; 0 when it does not fit cap. */
size_t
msg_encode(const reg_XLRegMsg *msg, uint8_t *dst, size_t cap);

/* Encodes one token as it stands in a message; 0 when it does not fit. */
size_t
msg_encode_token(const reg_Token *token, uint8_t *dst, size_t cap);

/* Decodes one token.  ERR_PROTOCOL. */
enum err
msg_decode_token(reg_Token *token, const uint8_t *bytes, size_t len);

/* The name of an op for a log: "Join"; "unknown" for others. */
const char *
msg_op_name(uint32_t op);

/*
 * What signatures cover, as digests.
 * token: SHA-1, Token.DigSig.
 * member: SHA-256, the message-level DigSig of Member in sealed.
 * return_older: SHA-1, Member by ID in the older dialects; spki is that of the
 * registry's ck.
 * return_sealed: SHA-256, Member by ID in sealed.
 */
void
msg_digest_token(uint8_t digest[static 20], const reg_Token *token);
void
msg_digest_member(uint8_t digest[static 32], const uint8_t bind[static 32],
		  const reg_Token *token);
void
msg_digest_return_older(uint8_t digest[static 20], const struct nodeid *id,
			const uint8_t *spki, size_t spki_len,
			const uint8_t salt2[static 8]);
void
msg_digest_return_sealed(uint8_t digest[static 32],
			 const uint8_t bind[static 32],
			 const struct nodeid *id);

/*
 * Whether a token follows the rules: keys (RSA, min_bits and up), ID length,
 * name, end points.  Fills member, but for its index; a token without ID
 * leaves id.len 0.  Returns NULL, or the text of the refusal as
 * xl-protocol(7) has it: "bad key".  Signatures are not checked here.
 */
const char *
msg_check_token(struct member *member, const reg_Token *token,
		unsigned min_bits);

/*
 * Checks Token.DigSig with the token's own SigKey, as filled into member.
 * ERR_REFUSED when wrong or missing.
 */
enum err
msg_verify_token(const reg_Token *token, const struct member *member);

/* Fills a token from member, without DigSig. */
void
msg_make_token(reg_Token *token, const struct member *member);

#endif
