// SPDX-License-Identifier: MIT

/* Everything that is done before the daemon serves. */

#include <errno.h>
#include <string.h>

#include "applets/credfile.h"
#include "applets/member/daemon.h"
#include "applets/member/hookdir.h"
#include "applets/member/place.h"
#include "applets/member/rosterfile.h"
#include "applets/startup.h"
#include "core/base/file.h"
#include "core/base/fmt.h"
#include "core/base/say.h"
#include "core/doc/regcred.h"

#define CLUSTER_FILE "cluster.dat"

/* Whether the roster's entry for this node is this node. */
static bool
is_self(const struct daemon *d, const struct roster *r)
{
	const struct identity *id = &d->identity;
	const struct member *self = roster_find(r, r->self);
	return self && nodeid_equal(&self->id, &id->node.id) &&
	       rsakey_equal(&self->ck, &id->ck.pub) &&
	       rsakey_equal(&self->sk, &id->sk.pub);
}

static const char *
check_roster(const struct daemon *d, const struct roster *r)
{
	if (!is_self(d, r))
		return "this node is not among the members";
	if (d->roster && !nodeid_equal(&r->id, &d->roster->id))
		return "another cluster";
	if (roster_find(r, r->self)->ends_len == 0)
		return "this node has no end point";
	for (size_t i = 0; i < r->members_len; i++) {
		const struct member *m = &r->members[i];
		if (rsakey_check_public(&m->ck, d->opt->min_bits) != ERR_OK ||
		    rsakey_check_public(&m->sk, d->opt->min_bits) != ERR_OK)
			return "a key has too few bits";
		if (m->ends_len == 0)
			return "a member has no end point";
	}
	return NULL;
}

/* By convention a port is the same on all members. */
static void
warn_of_ports(const struct roster *r)
{
	const struct member *self = roster_find(r, r->self);
	for (size_t i = 0; i < r->members_len; i++) {
		const struct member *m = &r->members[i];
		for (size_t j = 0; j < self->ends_len && j < m->ends_len; j++)
			if (m->ends[j].port != self->ends[j].port)
				log_line(LOG_LEVEL_INFO,
					 "warning: the %s port of %s is %u, "
					 "not %u",
					 j == 0 ? "cluster" : "client", m->name,
					 m->ends[j].port, self->ends[j].port);
	}
}

/* Says what is wrong with the file. */
static int
refuse(const struct daemon *d, enum err e, const char *path, unsigned line,
       const char *what)
{
	char where[12] = "";
	if (line > 0)
		fmt_text(where, sizeof where, ":%u", line);
	say("%s%s: %s%s", path, where, what,
	    d->roster ? "; it stays as it was" : "");
	return err_status(e);
}

int
daemon_read_roster(struct daemon *d)
{
	struct block_fault fault = { .line = 0 };
	struct roster *fresh = &d->rosters[d->roster == &d->rosters[0]];
	char path[FILE_PATH_MAX];
	enum err e = file_join(path, d->opt->dir, CLUSTER_FILE);
	if (e != ERR_OK)
		return say_cannot(e, "use", d->opt->dir);
	e = rosterfile_read(fresh, path, &fault);
	if (e == ERR_MALFORMED && fault.line > 0)
		return refuse(d, e, path, fault.line, fault.what);
	if (e != ERR_OK && !d->roster)
		return say_cannot(e, "read", path);
	if (e != ERR_OK)
		return refuse(d, e, path, 0,
			      e == ERR_READ ? strerror(errno) : err_text(e));
	const char *wrong = check_roster(d, fresh);
	if (wrong)
		return refuse(d, ERR_MALFORMED, path, 0, wrong);
	warn_of_ports(fresh);
	return 0;
}

static int
load(struct daemon *d)
{
	struct identity_fault fault = { .file = "" };
	if (!file_exists(d->opt->dir))
		return say_cannot(ERR_READ, "use", d->opt->dir);
	int status = startup_lock(d->opt->dir);
	if (status != 0)
		return status;
	enum err e = identity_load(&d->identity, d->opt->dir, &fault);
	if (e != ERR_OK)
		return startup_say_identity(e, d->opt->dir, &fault);
	status = daemon_read_roster(d);
	d->roster = &d->rosters[d->roster == &d->rosters[0]];
	memcpy(d->cluster, d->roster->name, sizeof d->cluster);
	nodeid_format(d->self_id, &d->identity.node.id);
	return status;
}

/* A folder that is not there would else be found out by every event. */
static int
check_folder(const char *folder)
{
	char name[HOOKDIR_NAME_MAX] = "";
	enum err e = folder ? hookdir_next(folder, name) : ERR_OK;
	if (e == ERR_READ)
		return say_cannot(e, "read", folder);
	if (e == ERR_REFUSED)
		log_line(LOG_LEVEL_INFO,
			 "%s: no executable with a name of letters, digits, "
			 "_ and -",
			 folder);
	return 0;
}

/* Each look reads the credential anew; what is wrong by now would stay so. */
static int
check_registry(const struct memberopt *opt)
{
	static struct regcred cred;
	return opt->registry
		       ? credfile_read(&cred, opt->registry, opt->min_bits)
		       : 0;
}

static void
say_waits(void *daemon, enum err why)
{
	(void)daemon;
	log_line(LOG_LEVEL_ERROR, "connections have to wait: %s",
		 why == ERR_BUSY ? "all are taken" : strerror(errno));
}

static size_t
count_watches(const struct daemon *d)
{
	size_t count = peers_watches() + HOOKS_WATCHES + CONTROL_WATCHES +
		       FOLLOW_WATCHES + LISTEN_MAX + PLACE_WATCHES +
		       RSAPOOL_WATCHES(d->opt->workers);
	if (d->service_config.target)
		count += SERVICE_WATCHES(d->service_config.max_clients);
	return count;
}

/*
 * Where descriptors are scarce, members come before clients, who have a quarter
 * of them all the same: all that members may need is seldom in use.
 */
static void
find_descriptors(struct daemon *d)
{
	size_t want = count_watches(d), have = startup_raise_limit(want);
	size_t *clients = &d->service_config.max_clients;
	size_t others = want - *clients * SERVICE_WATCHES_EACH;
	size_t left = have > others + have / 4 ? have - others : have / 4;
	size_t fit = left / SERVICE_WATCHES_EACH + 1;
	if (have == want || !d->service_config.target)
		return;
	if (*clients > fit)
		*clients = fit;
	log_line(LOG_LEVEL_INFO, "clients at once: at most %zu", *clients);
}

/* The helpers that keep the private keys, and this process without them. */
static enum err
start_pool(struct daemon *d)
{
	unsigned workers = d->opt->workers;
	enum err e = loop_init(&d->loop, count_watches(d));
	if (e == ERR_OK)
		e = rsapool_init(&d->pool, &d->identity.ck, &d->identity.sk,
				 workers, &d->loop);
	if (e != ERR_OK || workers == 0)
		return e;
	rsakey_forget(&d->identity.ck);
	rsakey_forget(&d->identity.sk);
	return rng_init(&d->rng, NULL);
}

static enum err
start_hooks(struct daemon *d)
{
	d->hooks_config = (struct hooks_config){
		.command = d->opt->command,
		.folder = d->opt->folder,
		.limit_ms = d->opt->hook_ms,
		.queue_bytes = d->opt->queue_bytes,
		.self_name = d->identity.node.name,
		.self_id = d->self_id,
		.cluster = d->cluster,
	};
	return hooks_init(&d->hooks, &d->hooks_config, &d->loop);
}

static enum err
start_follow(struct daemon *d)
{
	d->follow_config.loop = &d->loop;
	d->follow_config.rng = &d->rng;
	d->follow_config.registry = d->opt->registry;
	d->follow_config.folder = d->opt->dir;
	d->follow_config.interval_ms = d->opt->registry_ms;
	d->follow_config.limit_ms = FOLLOW_LIMIT_MS;
	d->follow_config.min_bits = d->opt->min_bits;
	if (!d->opt->registry)
		return ERR_OK;
	return follow_init(&d->follow, &d->follow_config, d->roster);
}

/* The socket that scripts ask at. */
static int
start_control(struct daemon *d)
{
	char path[FILE_PATH_MAX];
	enum err e = file_join(path, d->opt->dir, CONTROL_NAME);
	if (e == ERR_OK)
		e = control_init(&d->control, &d->loop, d->opt->dir, d->roster,
				 &d->peers);
	return e == ERR_OK ? 0 : say_cannot(e, "create", path);
}

static enum err
start_peers(struct daemon *d)
{
	const struct memberopt *opt = d->opt;
	d->peers_config.times = (struct liveness_config){
		.keepalive_ms = opt->keepalive_ms,
		.far_ms = opt->far_ms,
		.patience_ms = opt->patience_ms,
		.probe_ms = opt->probe_ms,
	};
	d->peers_config.loop = &d->loop;
	d->peers_config.pool = &d->pool;
	d->peers_config.rng = &d->rng;
	d->peers_config.hello_len = d->identity.ck.pub.n_len;
	d->peers_config.any_address = opt->any_address;
	d->listen.loop = &d->loop;
	d->listen.owner = &d->peers;
	d->listen.has_room = peers_has_room;
	d->listen.drop_one = peers_drop_one;
	d->listen.open = peers_accept;
	d->listen.waits = say_waits;
	enum err e = peers_init(&d->peers, &d->peers_config, d->roster);
	return e == ERR_OK ? listen_start(&d->listen) : e;
}

/* The client port, where something is to be served. */
static int
start_service(struct daemon *d)
{
	struct net_addr addr = { 0 };
	if (d->service_config.target && d->roster->endpoint_count < 2) {
		say("--service needs a second end point, and %s has one a "
		    "member",
		    d->roster->name);
		return err_status(ERR_USAGE);
	}
	int status = d->service_config.target ? place_find(d, 1, &addr) : 0;
	if (status != 0)
		return status;
	d->service_config.min_bits = d->opt->min_bits;
	d->service_config.hello_len = d->identity.ck.pub.n_len;
	d->service_config.self_name = d->identity.node.name;
	d->service_config.self_id = &d->identity.node.id;
	d->service_config.self_text = d->self_id;
	d->service_config.cluster = d->cluster;
	d->service_config.loop = &d->loop;
	d->service_config.pool = &d->pool;
	d->service_config.rng = &d->rng;
	return service_start(&d->service, &d->service_config, &addr);
}

int
daemon_start(struct daemon *d)
{
	int status =
		startup_begin(d->opt->level, d->opt->syslog, d->opt->ready_fd);
	if (status == 0)
		status = startup_rng(&d->rng);
	if (status == 0)
		status = check_folder(d->opt->folder);
	if (status == 0)
		status = check_registry(d->opt);
	if (status == 0)
		status = load(d);
	if (status == 0)
		status = place_listen(d);
	if (status != 0)
		return status;
	find_descriptors(d);
	daemon_wire(d);
	enum err e = start_pool(d);
	if (e == ERR_OK)
		e = start_hooks(d);
	if (e == ERR_OK)
		status = start_control(d);
	if (status != 0)
		return status;
	if (e == ERR_OK)
		e = start_peers(d);
	if (e == ERR_OK)
		e = start_follow(d);
	if (e == ERR_OK)
		e = place_init(d);
	return e == ERR_OK ? start_service(d)
			   : say_cannot(e, "make", "room for sessions");
}
