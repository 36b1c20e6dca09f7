// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "applets/regd/compact.h"
#include "applets/regd/record.h"
#include "applets/regd/regd.h"
#include "applets/regd/replay.h"
#include "applets/startup.h"
#include "core/base/file.h"
#include "core/base/say.h"
#include "core/wire/msg.h"

#define CRED_FILE "regCred.dat"

static int
say_replay(enum err e, const struct regd *r, const struct replay *replay)
{
	if (e != ERR_MALFORMED)
		return say_cannot(e, e == ERR_READ ? "read" : "mend",
				  r->journal.path);
	say("%s: offset %" PRIu64 ": %s", r->journal.path, replay->fault_at,
	    replay->fault);
	return err_status(e);
}

/* Says what was torn off or left out, and brings the file in order. */
static int
mend_journal(struct regd *r, const struct replay *replay)
{
	const char *path = r->journal.path;
	if (replay->torn_len > 0)
		log_line(LOG_LEVEL_ERROR,
			 "%s: cut off %" PRIu64 " bytes at offset %" PRIu64
			 " that were not wholly written; they are in %s.torn",
			 path, replay->torn_len, replay->torn_at, path);
	if (replay->lost > 0)
		log_line(LOG_LEVEL_ERROR,
			 "%s: left out %lu damaged places; the whole is in "
			 "%s%s",
			 path, replay->lost, path, replay->kept);
	log_line(LOG_LEVEL_INFO, "%s: %lu records", r->dir ? path : "memory",
		 replay->records);
	if (replay->lost == 0 && !compact_is_due(&r->registry, &r->journal))
		return 0;
	enum err e = compact_journal(&r->registry, &r->journal);
	if (e != ERR_OK && replay->lost > 0)
		return say_cannot(e, "write", path);
	if (e != ERR_OK)
		log_line(LOG_LEVEL_ERROR, "cannot compact %s: %s", path,
			 strerror(errno));
	return 0;
}

static int
open_journal(struct regd *r)
{
	struct replay replay = {
		.record = record_replay,
		.context = &r->registry,
		.recover = r->recover,
	};
	registry_init(&r->registry, &r->rng);
	enum err e = journal_open(&r->journal, r->dir, &r->rng);
	if (e != ERR_OK)
		return say_cannot(e, "open",
				  r->dir ? r->journal.path : "memory");
	e = replay_journal(&replay, &r->journal);
	return e == ERR_OK ? mend_journal(r, &replay)
			   : say_replay(e, r, &replay);
}

static int
open_sockets(struct regd *r)
{
	struct net_addr failed;
	char text[NET_TEXT_MAX];
	enum err e = public_listen(&r->public, &r->listen, &failed);
	if (e == ERR_OK)
		return 0;
	net_format(text, &failed);
	return say_cannot(e, "listen at", text);
}

int
regd_write_cred(struct regd *r)
{
	char path[FILE_PATH_MAX];
	const char *other = r->cred_out;
	enum err e = ERR_OK;
	if (other && strcmp(other, "-") != 0)
		e = public_write_cred(&r->cred, other);
	if (e != ERR_OK)
		return say_cannot(e, "write", other);
	if (!r->dir)
		return 0;
	e = file_join(path, r->dir, CRED_FILE);
	if (e == ERR_OK)
		e = public_write_cred(&r->cred, path);
	return e == ERR_OK ? 0 : say_cannot(e, "write", path);
}

/* The real end points, one a line, and behind them the credential if asked. */
static int
print_all(const struct regd *r)
{
	static char cred[REGCRED_TEXT_MAX];
	char text[NET_TEXT_MAX];
	for (size_t i = 0; i < r->listen.len; i++) {
		net_format(text, &r->listen.addrs[i]);
		puts(text);
	}
	if (r->cred_out && strcmp(r->cred_out, "-") == 0)
		fwrite(cred, 1, regcred_format(cred, &r->cred), stdout);
	return say_finish(0);
}

int
regd_find_ends(struct regd *r)
{
	struct regcred cred = r->cred;
	enum err e = public_list_ends(&r->public, &r->listen, &cred);
	if (e == ERR_OK)
		r->cred = cred;
	else
		say("no address is known at which others reach this registry:"
		    " give one with -g");
	return err_status(e);
}

static int
make_cred(struct regd *r)
{
	r->cred = (struct regcred){
		.id = r->identity.node.id,
		.ck = r->identity.ck.pub,
		.sk = r->identity.sk.pub,
		.version = { { 1, 0, 0, 0 } },
	};
	memcpy(r->cred.name, r->identity.node.name, sizeof r->cred.name);
	return regd_find_ends(r);
}

/*
 * Gives the private keys to the helpers, while there is little else that they
 * would have a copy of, and forgets them.
 */
static int
start_pool(struct regd *r)
{
	struct rsakey_private *ck = &r->identity.ck, *sk = &r->identity.sk;
	enum err e = loop_init(&r->loop, r->max_sessions + LISTEN_MAX +
						 RSAPOOL_WATCHES(r->workers));
	if (e == ERR_OK)
		e = rsapool_init(&r->pool, ck, sk, r->workers, &r->loop);
	if (e == ERR_OK && r->workers > 0) {
		rsakey_forget(ck);
		rsakey_forget(sk);
		e = rng_init(&r->rng, NULL);
	}
	return e == ERR_OK ? 0 : say_cannot(e, "start", "RSA processes");
}

/* Puts pool, serve and conns together. */
static enum err
wire_up(struct regd *r)
{
	r->serve.registry = &r->registry;
	r->serve.store = journal_store(&r->journal);
	r->serve.rng = &r->rng;
	r->serve.cred = &r->cred;
	r->serve.min_bits = r->min_bits;
	r->serve.id_len = r->id_len;
	serve_init(&r->serve);
	r->conns.serve = &r->serve;
	r->conns.max_per_address = r->max_per_address;
	r->conns.kind = (struct channel_kind){
		.loop = &r->loop,
		.pool = &r->pool,
		.config = { .dialects = r->dialects,
			    .hello_ms = r->hello_ms,
			    .message_ms = r->message_ms,
			    .idle_ms = r->idle_ms,
			    .rng = &r->rng,
			    .decodes = msg_decodes },
		.hello_len = r->identity.ck.pub.n_len,
		.gives_all = true,
	};
	enum err e = conns_init(&r->conns, r->max_sessions);
	return e == ERR_OK ? conns_listen(&r->conns, &r->listen) : e;
}

int
regd_start(struct regd *r)
{
	int status = startup_begin(r->level, r->syslog, r->ready_fd);
	if (status == 0)
		status = startup_rng(&r->rng);
	if (status == 0)
		status = regd_get_identity(r);
	if (status == 0)
		status = start_pool(r);
	if (status == 0)
		status = open_journal(r);
	if (status == 0)
		status = open_sockets(r);
	if (status == 0)
		status = make_cred(r);
	if (status == 0)
		status = regd_write_cred(r);
	if (status != 0)
		return status;
	startup_raise_limit(r->max_sessions + RSAPOOL_WATCHES(r->workers));
	enum err e = wire_up(r);
	return e == ERR_OK ? print_all(r)
			   : say_cannot(e, "make", "room for --max-sessions");
}
