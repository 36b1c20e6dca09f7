// SPDX-License-Identifier: MIT
/*
 * DER: whatever is taken lies within the input, a number that was read is
 * written as it stood, and a SubjectPublicKeyInfo that is read is written with
 * the same bytes: there is one form of each.
 */
#include "core/ident/der.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/ident/rsakey.h"

#define DEPTH_MAX 8

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check_number(struct bytes_reader r)
{
	static uint8_t out[70000];
	const uint8_t *from = r.at;
	struct der_number number = der_take_number(&r);
	if (r.failed)
		return;
	size_t len = (size_t)(r.at - from);
	struct bytes_writer w = bytes_writer(out, sizeof out);
	der_put_number(&w, number.at, number.len);
	if (w.failed || w.len != len || memcmp(out, from, len) != 0 ||
	    der_number_len(number.at, number.len) != len)
		abort();
}

/* Walks through all elements, into those that have elements. */
static void
walk(struct bytes_reader r, int depth)
{
	while (der_peek(&r) != 0 && !r.failed) {
		uint8_t tag = der_peek(&r);
		const uint8_t *from = r.at;
		const uint8_t *end = r.at + r.left;
		struct bytes_reader copy = r;
		check_number(r);
		der_take_rsa(&copy);
		struct bytes_reader in = der_take(&r, tag);
		if (in.failed != r.failed)
			abort();
		if (in.failed)
			return;
		if (in.at < from || in.at + in.left != r.at || r.at > end ||
		    (size_t)(in.at - from) != der_head_len(in.left))
			abort();
		if (depth < DEPTH_MAX)
			walk(in, depth + 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct rsakey_public key;
	uint8_t out[RSAKEY_SPKI_MAX];
	walk(bytes_reader(data, len), 0);
	if (rsakey_decode_spki(&key, data, len) == ERR_OK &&
	    (rsakey_encode_spki(out, &key) != len ||
	     memcmp(out, data, len) != 0))
		abort();
	return 0;
}
