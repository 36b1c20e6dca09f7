// SPDX-License-Identifier: MIT

/*
 * What a session between two members cannot do without, each timed by itself:
 * the milliseconds of processor time of one operation, a line each.
 *
 *	crypto FOLDER [ROUNDS]	with the keys of that node
 */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/text.h"
#include "core/doc/identity.h"
#include "core/ident/rng.h"
#include "core/wire/agree.h"

#define PLAIN_LEN 76 /* of a Hello */
#define PARTS 5      /* rounds are done in so many, and the best one counts */

static struct identity identity;
static struct rng rng;
static uint8_t block[RSAKEY_LEN_MAX], sig[RSAKEY_LEN_MAX];
static uint8_t digest[32], point[32];

static enum err
encrypt(void)
{
	uint8_t plain[PLAIN_LEN] = { 1 };
	return rsakey_encrypt(&identity.ck.pub, &rng, block, plain,
			      sizeof plain);
}

static enum err
decrypt(void)
{
	uint8_t copy[RSAKEY_LEN_MAX];
	size_t len = identity.ck.pub.n_len;
	memcpy(copy, block, sizeof copy);
	return rsakey_decrypt(&identity.ck, copy, &len);
}

static enum err
sign(void)
{
	return rsakey_sign(&identity.sk, RSAKEY_SHA256, digest, sig);
}

static enum err
verify(void)
{
	return rsakey_verify(&identity.sk.pub, RSAKEY_SHA256, digest, sig,
			     identity.sk.pub.n_len);
}

static enum err
x25519(void)
{
	agree_public(point, digest);
	return ERR_OK;
}

static const struct {
	const char *name;
	enum err (*call)(void);
} operations[] = {
	{ "encrypt", encrypt }, { "decrypt", decrypt }, { "sign", sign },
	{ "verify", verify },   { "x25519", x25519 },
};

static double
now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Milliseconds of one call, the mean of the best part; negative: it fails. */
static double
measure(enum err (*call)(void), unsigned rounds)
{
	double best = -1;
	for (unsigned part = 0; part < PARTS; part++) {
		double start = now_ms();
		for (unsigned i = 0; i < rounds; i++)
			if (call() != ERR_OK)
				return -1;
		double each = (now_ms() - start) / rounds;
		if (best < 0 || each < best)
			best = each;
	}
	return best;
}

int
main(int argc, char **argv)
{
	struct identity_fault fault = { .file = "" };
	uint64_t rounds = 100;
	if (argc < 2 || rng_init(&rng, NULL) != ERR_OK ||
	    (argc > 2 &&
	     text_number(&rounds, argv[2], 1, UINT32_MAX) != ERR_OK) ||
	    identity_load(&identity, argv[1], &fault) != ERR_OK)
		return 1;
	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
		double ms = measure(operations[i].call, (unsigned)rounds);
		if (ms < 0)
			return 1;
		printf("%s %.4f\n", operations[i].name, ms);
	}
	return 0;
}
