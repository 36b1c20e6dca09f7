// SPDX-License-Identifier: MIT
/* Private key jobs: done later, in order, one a turn, and taken back. */
#include "core/run/rsapool.h"

#include "core/ident/keyfile.h"
#include "core/ident/rng.h"
#include "tests/unit/tap.h"

static struct rsakey_private ck, sk;
static struct rng rng;
static int done_count;
static struct rsapool_job *last_done;

static void
note_done(struct rsapool_job *job)
{
	done_count++;
	last_done = job;
}

static struct rsapool_job
decrypt_job(const char *text)
{
	struct rsapool_job job = { .op = RSAPOOL_DECRYPT, .done = note_done };
	job.len = ck.pub.n_len;
	rsakey_encrypt(&ck.pub, &rng, job.data, text, strlen(text));
	return job;
}

static void
test_order(struct loop *loop, struct rsapool *pool)
{
	struct rsapool_job a = decrypt_job("first");
	struct rsapool_job b = decrypt_job("second");
	struct rsapool_job s = { .op = RSAPOOL_SIGN,
				 .hash = RSAKEY_SHA256,
				 .len = 32,
				 .done = note_done };
	uint8_t digest[32] = { 7 };
	memcpy(s.data, digest, sizeof digest);
	b.data[5] ^= 1;
	rsapool_submit(pool, &a);
	rsapool_submit(pool, &b);
	rsapool_submit(pool, &s);
	is_int(done_count, 0, "nothing is done at once");
	loop_turn(loop);
	is_int(done_count, 1, "one a turn");
	ok(last_done == &a && a.result == ERR_OK, "the first");
	is_int(a.len, 5, "its length");
	is_mem(a.data, "first", 5, "its plaintext");
	loop_turn(loop);
	ok(last_done == &b && b.result == ERR_REFUSED, "a spoilt block fails");
	loop_turn(loop);
	ok(last_done == &s && s.result == ERR_OK, "the signature");
	is_int(rsakey_verify(&sk.pub, RSAKEY_SHA256, digest, s.data, s.len),
	       ERR_OK, "verifies with sk");
}

static void
test_cancel(struct loop *loop, struct rsapool *pool)
{
	struct rsapool_job a = decrypt_job("a"), b = decrypt_job("b");
	struct rsapool_job c = decrypt_job("c");
	static const uint8_t zeros[RSAKEY_LEN_MAX];
	done_count = 0;
	rsapool_submit(pool, &a);
	rsapool_submit(pool, &b);
	rsapool_cancel(pool, &b);
	is_mem(b.data, zeros, sizeof zeros, "what is taken back is wiped");
	rsapool_cancel(pool, &b);
	rsapool_submit(pool, &c);
	loop_turn(loop);
	loop_turn(loop);
	is_int(done_count, 2, "the others are done");
	ok(last_done == &c && c.data[0] == 'c', "also one behind it");
	is_int(pool->turn.deadline == LOOP_NEVER, 1, "then the pool rests");
}

int
main(void)
{
	struct loop loop;
	struct rsapool pool;
	rng_init_fixed(&rng, "rsapool", 7);
	is_int(keyfile_read_private(&ck, "tests/data/rsa1024-1.pem"), ERR_OK,
	       "ck");
	is_int(keyfile_read_private(&sk, "tests/data/rsa1024-2.pem"), ERR_OK,
	       "sk");
	loop_init(&loop, 1);
	is_int(rsapool_init(&pool, &ck, &sk, 0, &loop), ERR_OK, "a pool");
	test_order(&loop, &pool);
	test_cancel(&loop, &pool);
	loop_free(&loop);
	return done_testing();
}
