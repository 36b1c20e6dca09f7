// SPDX-License-Identifier: MIT
#include "core/run/rsapool.h"

#include <string.h>

#include "core/base/bytes.h"

/* Takes the job that *link points to out of the queue. */
static void
unlink_job(struct rsapool *pool, struct rsapool_job **link)
{
	struct rsapool_job *job = *link;
	*link = job->next;
	if (!*link)
		pool->last = link;
	job->next = NULL;
}

static void
do_job(const struct rsapool *pool, struct rsapool_job *job)
{
	uint8_t sig[RSAKEY_LEN_MAX];
	if (job->op == RSAPOOL_DECRYPT) {
		job->result = rsakey_decrypt(pool->ck, job->data, &job->len);
		return;
	}
	job->result = rsakey_sign(pool->sk, job->hash, job->data, sig);
	if (job->result != ERR_OK)
		return;
	job->len = pool->sk->pub.n_len;
	memcpy(job->data, sig, job->len);
}

/* One job a turn, so that a queue of them never holds up the rest. */
static void
take_turn(struct loop_watch *watch, short revents)
{
	(void)revents;
	char *start = (char *)watch - offsetof(struct rsapool, turn);
	struct rsapool *pool = (struct rsapool *)(void *)start;
	struct rsapool_job *job = pool->first;
	if (job) {
		unlink_job(pool, &pool->first);
		do_job(pool, job);
		job->done(job);
	}
	watch->deadline = pool->first ? 0 : LOOP_NEVER;
}

enum err
rsapool_init(struct rsapool *pool, const struct rsakey_private *ck,
	     const struct rsakey_private *sk, unsigned workers,
	     struct loop *loop)
{
	if (workers != 0)
		return ERR_SYSTEM;
	*pool = (struct rsapool){
		.ck = ck,
		.sk = sk,
		.loop = loop,
		.turn = { .fd = -1,
			  .deadline = LOOP_NEVER,
			  .ready = take_turn },
	};
	pool->last = &pool->first;
	return loop_add(loop, &pool->turn);
}

void
rsapool_submit(struct rsapool *pool, struct rsapool_job *job)
{
	job->next = NULL;
	*pool->last = job;
	pool->last = &job->next;
	pool->turn.deadline = 0;
}

void
rsapool_cancel(struct rsapool *pool, struct rsapool_job *job)
{
	struct rsapool_job **link = &pool->first;
	while (*link && *link != job)
		link = &(*link)->next;
	if (!*link)
		return;
	unlink_job(pool, link);
	bytes_wipe(job->data, sizeof job->data);
}
