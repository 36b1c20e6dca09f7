// SPDX-License-Identifier: MIT
#include "core/ident/der.h"

#include <string.h>

#define LONG_FORM 0x80 /* of a length: the low bits count its bytes */

/* rsaEncryption, 1.2.840.113549.1.1.1. */
static const uint8_t rsa_oid[] = {
	0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
};

uint8_t
der_peek(const struct bytes_reader *r)
{
	return !r->failed && r->left > 0 ? *r->at : 0;
}

/* Takes a length in its shortest form; others fail. */
static size_t
take_length(struct bytes_reader *r)
{
	uint8_t first = bytes_take_u8(r);
	if (first < LONG_FORM)
		return first;
	size_t len = 0;
	if (first == (LONG_FORM | 1)) {
		len = bytes_take_u8(r);
		r->failed |= len < LONG_FORM;
	} else if (first == (LONG_FORM | 2)) {
		len = bytes_take_be16(r);
		r->failed |= len <= UINT8_MAX;
	} else {
		r->failed = true;
	}
	return len;
}

struct bytes_reader
der_take(struct bytes_reader *r, enum der_tag tag)
{
	struct bytes_reader none = { .failed = true };
	if (bytes_take_u8(r) != tag)
		r->failed = true;
	size_t len = take_length(r);
	const uint8_t *contents = bytes_take(r, len);
	return contents ? bytes_reader(contents, len) : none;
}

struct der_number
der_take_number(struct bytes_reader *r)
{
	struct bytes_reader in = der_take(r, DER_INTEGER);
	const uint8_t *p = in.at;
	if (in.failed || in.left == 0 || (p[0] & 0x80) ||
	    (in.left > 1 && p[0] == 0 && !(p[1] & 0x80))) {
		r->failed = true;
		return (struct der_number){ NULL, 0 };
	}
	size_t zeros = p[0] == 0 ? 1 : 0;
	return (struct der_number){ p + zeros, in.left - zeros };
}

enum err
der_take_rsa(struct bytes_reader *r)
{
	struct bytes_reader algorithm = der_take(r, DER_SEQUENCE);
	struct bytes_reader oid = der_take(&algorithm, DER_OID);
	if (oid.failed)
		return ERR_MALFORMED;
	if (oid.left != sizeof rsa_oid ||
	    memcmp(oid.at, rsa_oid, sizeof rsa_oid) != 0)
		return ERR_NOT_RSA;
	struct bytes_reader null = der_take(&algorithm, DER_NULL);
	return null.failed || null.left + algorithm.left > 0 ? ERR_MALFORMED
							     : ERR_OK;
}

size_t
der_head_len(size_t len)
{
	return len < LONG_FORM ? 2 : len <= UINT8_MAX ? 3 : 4;
}

/* Whether a zero has to stand in front, so that it is not negative. */
static bool
needs_zero(const uint8_t *number, size_t len)
{
	return len == 0 || (number[0] & 0x80);
}

size_t
der_number_len(const uint8_t *number, size_t len)
{
	size_t contents = len + needs_zero(number, len);
	return der_head_len(contents) + contents;
}

void
der_put_head(struct bytes_writer *w, enum der_tag tag, size_t len)
{
	bytes_put_u8(w, (uint8_t)tag);
	if (len < LONG_FORM) {
		bytes_put_u8(w, (uint8_t)len);
	} else if (len <= UINT8_MAX) {
		bytes_put_u8(w, LONG_FORM | 1);
		bytes_put_u8(w, (uint8_t)len);
	} else {
		bytes_put_u8(w, LONG_FORM | 2);
		bytes_put_be16(w, (uint16_t)len);
	}
}

void
der_put_number(struct bytes_writer *w, const uint8_t *number, size_t len)
{
	bool zero = needs_zero(number, len);
	der_put_head(w, DER_INTEGER, len + zero);
	if (zero)
		bytes_put_u8(w, 0);
	bytes_put(w, number, len);
}

void
der_put_rsa(struct bytes_writer *w)
{
	der_put_head(w, DER_SEQUENCE, DER_RSA_LEN - 2);
	der_put_head(w, DER_OID, sizeof rsa_oid);
	bytes_put(w, rsa_oid, sizeof rsa_oid);
	der_put_head(w, DER_NULL, 0);
}
