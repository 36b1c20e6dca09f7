// SPDX-License-Identifier: MIT
#ifndef XL_IDENT_DER_H
#define XL_IDENT_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/bytes.h"
#include "core/base/err.h"

/*
 * As much DER (X.690) as keys need: a bounded reader of elements with one-byte
 * tags and definite, shortest lengths below 64 KiB, and a writer.  The reader
 * is a bytes_reader; what does not fit sets its failed.
 */

enum der_tag {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_SEQUENCE = 0x30,
};

/* A number of 0 and up, big-endian without leading zeros; 0 has len 0. */
struct der_number {
	const uint8_t *at;
	size_t len;
};

/* The tag of the next element, or 0 at the end. */
uint8_t
der_peek(const struct bytes_reader *r);

/* Takes the next element, which must have this tag: a reader over its
 * contents, failed when there is none. */
struct bytes_reader
der_take(struct bytes_reader *r, enum der_tag tag);

/* Takes the next element, an INTEGER that is not negative, in place. */
struct der_number
der_take_number(struct bytes_reader *r);

/*
 * Takes the next element, an AlgorithmIdentifier that must be rsaEncryption
 * with NULL parameters (RFC 8017 A.1).  ERR_MALFORMED, or ERR_NOT_RSA for
 * another algorithm.
 */
enum err
der_take_rsa(struct bytes_reader *r);

/* Bytes of the head (tag and length) of an element with len bytes. */
size_t
der_head_len(size_t len);

/* Bytes of an INTEGER, head included, of len bytes without leading zeros. */
size_t
der_number_len(const uint8_t *number, size_t len);

/* Appends the head of an element of len bytes. */
void
der_put_head(struct bytes_writer *w, enum der_tag tag, size_t len);

/* Appends an INTEGER; number has no leading zeros. */
void
der_put_number(struct bytes_writer *w, const uint8_t *number, size_t len);

/* Appends the AlgorithmIdentifier of rsaEncryption, DER_RSA_LEN bytes. */
#define DER_RSA_LEN 15
void
der_put_rsa(struct bytes_writer *w);

#endif
