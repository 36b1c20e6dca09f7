// SPDX-License-Identifier: MIT

/*
 * How fast BearSSL's ChaCha20-Poly1305 is here on one core, in records of
 * 16,000 bytes: MB/s of each of its ways, and the best.
 */

#include <bearssl.h>
#include <stdio.h>
#include <time.h>

#define LEN 16000
#define PARTS 5
#define RECORDS 2000

static uint8_t data[LEN];

static double
now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* MB/s, of the best part. */
static double
measure(br_poly1305_run poly, br_chacha20_run chacha)
{
	static const uint8_t key[32] = { 1 }, nonce[12] = { 2 };
	uint8_t tag[16];
	double best = 0;
	for (int part = 0; part < PARTS; part++) {
		double start = now();
		for (int i = 0; i < RECORDS; i++)
			poly(key, nonce, data, sizeof data, nonce, 2, tag,
			     chacha, 1);
		double rate = RECORDS * (double)LEN / (now() - start) / 1e6;
		if (rate > best)
			best = rate;
	}
	return best;
}

int
main(void)
{
	br_chacha20_run sse2 = br_chacha20_sse2_get();
	br_poly1305_run ctmulq = br_poly1305_ctmulq_get();
	br_poly1305_run poly = ctmulq ? ctmulq : br_poly1305_ctmul_run;
	double ct = measure(poly, br_chacha20_ct_run);
	double fast = sse2 ? measure(poly, sse2) : ct;
	printf("ct %.0f\nsse2 %.0f\nbest %.0f\n", ct, fast,
	       fast > ct ? fast : ct);
	return 0;
}
