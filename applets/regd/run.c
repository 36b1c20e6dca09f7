// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "applets/regd/compact.h"
#include "applets/regd/regd.h"
#include "applets/startup.h"
#include "core/base/say.h"
#include "core/run/ready.h"

#define COMPACT_STEP (256 * 1024) /* bytes of journal until the next look */

/* Flash fills up with tokens that were replaced. */
static void
compact_if_due(struct regd *r)
{
	uint64_t before = r->journal.end;
	if (before < r->compact_at)
		return;
	if (compact_is_due(&r->registry, &r->journal)) {
		if (compact_journal(&r->registry, &r->journal) == ERR_OK)
			log_line(LOG_LEVEL_INFO,
				 "compacted the journal from %" PRIu64
				 " to %" PRIu64 " bytes",
				 before, r->journal.end);
		else
			log_line(LOG_LEVEL_ERROR,
				 "cannot compact the journal: %s",
				 strerror(errno));
	}
	r->compact_at = r->journal.end + r->journal.end / 2 + COMPACT_STEP;
}

static enum err
turn(struct regd *r)
{
	enum err e = loop_turn(&r->loop);
	/* Who is asked again after a commit may have something new to store. */
	do
		r->serve.store.commit(r->serve.store.self);
	while (r->serve.first);
	compact_if_due(r);
	return e;
}

/* The addresses of this machine may have changed: SIGHUP looks again. */
static void
reload(struct regd *r)
{
	log_line(LOG_LEVEL_INFO, "looking at the addresses again");
	if (regd_find_ends(r) == 0)
		(void)regd_write_cred(r);
}

/* Answers what is being asked, and leaves; at once at a second signal. */
static enum err
leave(struct regd *r)
{
	enum err e = ERR_OK;
	log_line(LOG_LEVEL_INFO, "stopping");
	(void)ready_notify("STOPPING=1");
	listen_stop(&r->listen);
	conns_stop(&r->conns);
	while (e == ERR_OK && r->conns.slots.len > 0 && !startup_told_to_stop())
		e = turn(r);
	return e;
}

/* Serves until a signal, or until nobody has the private keys any more. */
static enum err
serve_all(struct regd *r)
{
	enum err e = ERR_OK;
	while (e == ERR_OK && rsapool_works(&r->pool) &&
	       !startup_told_to_stop()) {
		if (loop_signalled(SIGHUP))
			reload(r);
		e = turn(r);
	}
	return e == ERR_OK ? leave(r) : e;
}

int
regd_run(struct regd *r)
{
	int status = startup_finish();
	if (status == 0)
		status = startup_tell_ready(r->cred.name, r->ready_fd);
	if (status != 0)
		return status;
	enum err e = serve_all(r);
	if (e != ERR_OK)
		status = say_cannot(e, "wait for", "connections");
	if (!rsapool_works(&r->pool)) {
		log_line(LOG_LEVEL_ERROR, "the RSA processes were killed");
		status = err_status(ERR_SYSTEM);
	}
	conns_free(&r->conns);
	rsapool_free(&r->pool);
	loop_free(&r->loop);
	registry_free(&r->registry);
	journal_close(&r->journal);
	return status;
}
