// SPDX-License-Identifier: MIT
#include "core/run/rsapool.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/bytes.h"

#define RETRY 100      /* ms until a request is sent again */
#define STACK_LEN 4096 /* bytes of stack that are wiped, */
#define STACK_DEPTH 3  /* and how many times more */

/* Takes the job that *link points to out of the queue. */
static struct rsapool_job *
unlink_job(struct rsapool *pool, struct rsapool_job **link)
{
	struct rsapool_job *job = *link;
	*link = job->next;
	if (!*link)
		pool->last = link;
	job->next = NULL;
	return job;
}

static void
pack(struct rsaworker_packet *packet, const struct rsapool_job *job,
     uint32_t number)
{
	packet->number = number;
	packet->op = job->op;
	packet->hash = job->hash;
	packet->result = ERR_SYSTEM;
	packet->len = (uint32_t)job->len;
	memcpy(packet->data, job->data, sizeof packet->data);
}

/* Hands an answer out. */
static void
finish(struct rsapool_job *job, struct rsaworker_packet *packet)
{
	bool good =
		packet->result == ERR_OK && packet->len <= sizeof packet->data;
	job->result = (enum err)packet->result;
	job->len = good ? packet->len : 0;
	memcpy(job->data, packet->data, sizeof job->data);
	bytes_wipe(packet, sizeof *packet);
	job->done(job);
}

static void
fail(struct rsapool_job *job)
{
	job->result = ERR_SYSTEM;
	job->len = 0;
	bytes_wipe(job->data, sizeof job->data);
	job->done(job);
}

bool
rsapool_works(const struct rsapool *pool)
{
	bool works = pool->ck != NULL;
	for (unsigned i = 0; i < pool->len; i++)
		works = works || pool->workers[i].watch.fd >= 0;
	return works;
}

/* Whether the first job in the queue is this process's, to do or to fail. */
static bool
has_own_work(const struct rsapool *pool)
{
	return pool->first && (pool->ck || !rsapool_works(pool));
}

/* Does the first job here, or fails it. */
static void
do_first(struct rsapool *pool)
{
	struct rsaworker_packet packet;
	struct rsapool_job *job = unlink_job(pool, &pool->first);
	if (!pool->ck) {
		fail(job);
		return;
	}
	pack(&packet, job, 0);
	rsaworker_do(&packet, pool->ck, pool->sk);
	finish(job, &packet);
}

static void
reap_keeper(struct rsapool *pool)
{
	if (pool->turn.fd < 0)
		return;
	close(pool->turn.fd);
	pool->turn.fd = -1;
	pool->turn.events = 0;
	rsaworker_reap(pool->keeper);
}

/* One job a turn, so that a queue of them never holds up the rest. */
static void
take_turn(struct loop_watch *watch, short revents)
{
	char *start = (char *)watch - offsetof(struct rsapool, turn);
	struct rsapool *pool = (struct rsapool *)(void *)start;
	if (revents != 0)
		reap_keeper(pool);
	if (has_own_work(pool))
		do_first(pool);
	watch->deadline = has_own_work(pool) ? 0 : LOOP_NEVER;
}

/* Gives the first job to a helper that has none. */
static void
hand_out(struct rsapool_worker *w)
{
	struct rsapool *pool = w->pool;
	struct rsaworker_packet packet;
	if (w->busy || w->watch.fd < 0 || !pool->first)
		return;
	if (++w->number == RSAWORKER_LOST)
		w->number++;
	pack(&packet, pool->first, w->number);
	w->busy = send(w->watch.fd, &packet, sizeof packet,
		       MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof packet;
	bytes_wipe(&packet, sizeof packet);
	if (w->busy)
		w->job = unlink_job(pool, &pool->first);
	w->watch.deadline = w->busy ? LOOP_NEVER : loop_now() + RETRY;
}

/* The helper is gone, and so is who could replace it. */
static void
close_worker(struct rsapool_worker *w)
{
	close(w->watch.fd);
	w->watch.fd = -1;
	w->watch.events = 0;
	w->watch.deadline = LOOP_NEVER;
	w->pool->turn.deadline = 0; /* perhaps it was the last */
}

/* Takes what a helper or the keeper says about the request in hand. */
static void
take_packet(struct rsapool_worker *w, struct rsaworker_packet *packet)
{
	struct rsapool_job *job = w->job;
	bool lost = packet->number == RSAWORKER_LOST;
	if (!w->busy || (!lost && packet->number != w->number))
		return; /* it was in hand when another helper died */
	w->job = NULL;
	w->busy = false;
	if (job && lost)
		fail(job);
	else if (job)
		finish(job, packet);
}

static void
take_ready(struct loop_watch *watch, short revents)
{
	struct rsapool_worker *w = (struct rsapool_worker *)(void *)watch;
	struct rsaworker_packet packet = { RSAWORKER_LOST };
	watch->deadline = LOOP_NEVER;
	if (revents != 0) {
		ssize_t n =
			recv(watch->fd, &packet, sizeof packet, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n != sizeof packet) {
			close_worker(w);
			packet.number = RSAWORKER_LOST;
		}
		take_packet(w, &packet);
		bytes_wipe(&packet, sizeof packet);
	}
	hand_out(w);
}

/* Key generation leaves parts of keys where the stack has been. */
static void
wipe_stack(unsigned depth)
{
	uint8_t used[STACK_LEN];
	if (depth > 0)
		wipe_stack(depth - 1);
	bytes_wipe(used, sizeof used);
}

static enum err
start_workers(struct rsapool *pool, unsigned len,
	      const struct rsakey_private *ck, const struct rsakey_private *sk)
{
	struct rsaworker_ends ends;
	enum err e = rsaworker_start(&ends, len, ck, sk);
	if (e != ERR_OK)
		return e;
	wipe_stack(STACK_DEPTH);
	pool->keeper = ends.keeper;
	pool->turn.fd = ends.keeper_fd;
	pool->turn.events = POLLIN;
	pool->len = len;
	for (unsigned i = 0; i < len; i++) {
		pool->workers[i] = (struct rsapool_worker){
			.watch = { .fd = ends.fds[i],
				   .events = POLLIN,
				   .deadline = LOOP_NEVER,
				   .ready = take_ready },
			.pool = pool,
		};
		if (e == ERR_OK)
			e = loop_add(pool->loop, &pool->workers[i].watch);
	}
	return e;
}

enum err
rsapool_init(struct rsapool *pool, const struct rsakey_private *ck,
	     const struct rsakey_private *sk, unsigned workers,
	     struct loop *loop)
{
	pool->ck = workers == 0 ? ck : NULL;
	pool->sk = workers == 0 ? sk : NULL;
	pool->loop = loop;
	pool->first = NULL;
	pool->last = &pool->first;
	pool->len = 0;
	pool->turn = (struct loop_watch){ .fd = -1,
					  .deadline = LOOP_NEVER,
					  .ready = take_turn };
	enum err e = ERR_OK;
	if (workers > 0)
		e = start_workers(pool, workers, ck, sk);
	if (e == ERR_OK)
		e = loop_add(loop, &pool->turn);
	if (e != ERR_OK)
		rsapool_free(pool);
	return e;
}

void
rsapool_free(struct rsapool *pool)
{
	loop_remove(pool->loop, &pool->turn);
	for (unsigned i = 0; i < pool->len; i++) {
		loop_remove(pool->loop, &pool->workers[i].watch);
		if (pool->workers[i].watch.fd >= 0)
			close(pool->workers[i].watch.fd);
	}
	pool->len = 0;
	/* The helpers leave by themselves; it might wait for one of them. */
	if (pool->turn.fd >= 0)
		kill(pool->keeper, SIGKILL);
	reap_keeper(pool);
}

void
rsapool_submit(struct rsapool *pool, struct rsapool_job *job)
{
	struct rsapool_job **link = pool->last;
	if (job->urgent)
		for (link = &pool->first; *link && (*link)->urgent;)
			link = &(*link)->next;
	job->next = *link;
	*link = job;
	if (!job->next)
		pool->last = &job->next;
	for (unsigned i = 0; i < pool->len; i++)
		hand_out(&pool->workers[i]);
	if (has_own_work(pool))
		pool->turn.deadline = 0;
}

void
rsapool_cancel(struct rsapool *pool, struct rsapool_job *job)
{
	struct rsapool_job **link = &pool->first;
	while (*link && *link != job)
		link = &(*link)->next;
	bool found = *link != NULL;
	if (found)
		unlink_job(pool, link);
	for (unsigned i = 0; i < pool->len; i++) {
		if (pool->workers[i].job != job)
			continue;
		pool->workers[i].job = NULL;
		found = true;
	}
	if (found)
		bytes_wipe(job->data, sizeof job->data);
}

unsigned
rsapool_default(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof set, &set) != 0)
		return 1;
	unsigned count = (unsigned)CPU_COUNT(&set);
	return count < RSAWORKER_MAX ? count : RSAWORKER_MAX;
}
