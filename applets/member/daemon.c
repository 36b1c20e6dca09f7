// SPDX-License-Identifier: MIT

/* What happens, and what the daemon makes of it; from start to stop. */

#include "applets/member/daemon.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "applets/applet.h"
#include "applets/member/rosterfile.h"
#include "applets/startup.h"
#include "core/base/bytes.h"
#include "core/base/file.h"
#include "core/base/say.h"
#include "core/run/ready.h"

#define CLUSTER_FILE "cluster.dat"
#define STOP_MS 30000 /* for Byes and the stop event */

/* One a process: what peers and follow call has no other way to it. */
static struct daemon *the_daemon;

/* Fills event with how things are. */
static void
describe(const struct daemon *d, struct event *event, enum event_kind kind,
	 unsigned index)
{
	const struct member *m = roster_find(d->roster, index);
	*event = (struct event){
		.kind = kind,
		.member = index,
		.seq = d->seq + 1,
		.at = (int64_t)time(NULL),
		.up = peers_up(&d->peers),
		.size = (unsigned)d->roster->members_len,
		.quorum = peers_have_quorum(&d->peers),
	};
	if (!m)
		return;
	event->id = m->id;
	memcpy(event->name, m->name, sizeof event->name);
	endpoint_format(event->addr, &m->ends[0]);
}

/* Tells all who listen; ERR_OK, or what became of a message. */
static enum err
tell(struct daemon *d, const struct event *event)
{
	enum err e = hooks_tell(&d->hooks, event);
	if (event->kind == EVENT_MESSAGE && e != ERR_OK)
		return e;
	d->seq++;
	control_event(&d->control, event);
	struct peer_status why = { .error = "" };
	if (event->kind == EVENT_MEMBER_DOWN)
		peers_status(&d->peers, event->member, &why);
	log_line(event->kind == EVENT_MESSAGE ? LOG_LEVEL_DEBUG
					      : LOG_LEVEL_INFO,
		 "%s%s%s (%u of %u up)%s%s", event_name(event->kind),
		 event->name[0] ? " " : "", event->name, event->up, event->size,
		 why.error[0] ? ": " : "", why.error);
	return ERR_OK;
}

void
daemon_tell(struct daemon *d, enum event_kind kind, unsigned index)
{
	struct event event;
	describe(d, &event, kind, index);
	(void)tell(d, &event);
}

void
daemon_check_ready(struct daemon *d)
{
	if (d->ready || (d->opt->ready_quorum && !d->had_quorum))
		return;
	d->ready = true;
	d->status = startup_tell_ready(d->identity.node.name, d->opt->ready_fd);
}

static void
check_quorum(struct daemon *d)
{
	bool have = peers_have_quorum(&d->peers);
	if (have != d->had_quorum)
		daemon_tell(d, have ? EVENT_QUORUM : EVENT_NO_QUORUM,
			    EVENT_NO_MEMBER);
	d->had_quorum = have;
	daemon_check_ready(d);
	control_changed(&d->control);
}

static void
take_change(struct peers *p, unsigned index, bool up)
{
	(void)p;
	daemon_tell(the_daemon, up ? EVENT_MEMBER_UP : EVENT_MEMBER_DOWN,
		    index);
	check_quorum(the_daemon);
}

static enum err
take_message(struct peers *p, unsigned index, const uint8_t *bytes, size_t len)
{
	struct event event;
	(void)p;
	describe(the_daemon, &event, EVENT_MESSAGE, index);
	event.contents = bytes;
	event.contents_len = len;
	return tell(the_daemon, &event);
}

static void
take_stranger(struct peers *p)
{
	(void)p;
	if (the_daemon->opt->registry)
		follow_soon(&the_daemon->follow);
}

void
daemon_swap_roster(struct daemon *d)
{
	struct roster *fresh = &d->rosters[d->roster == &d->rosters[0]];
	bool changed = !roster_equal(fresh, d->roster);
	/* peers looks at the old one until it has the new one. */
	peers_set_roster(&d->peers, fresh);
	d->roster = fresh;
	control_set_roster(&d->control, fresh);
	d->follow.roster = fresh;
	memcpy(d->cluster, fresh->name, sizeof d->cluster);
	place_move(d);
	if (!changed)
		return;
	daemon_tell(d, EVENT_ROSTER, EVENT_NO_MEMBER);
	check_quorum(d);
}

static void
take_roster(struct follow *f, const struct roster *fresh)
{
	struct daemon *d = the_daemon;
	char path[FILE_PATH_MAX];
	d->rosters[d->roster == &d->rosters[0]] = *fresh;
	enum err e = file_join(path, d->opt->dir, CLUSTER_FILE);
	if (e == ERR_OK)
		e = rosterfile_write(fresh, path);
	f->unkept = e != ERR_OK;
	if (f->unkept)
		(void)say_cannot(e, "write", path);
	daemon_swap_roster(d);
}

void
daemon_wire(struct daemon *d)
{
	the_daemon = d;
	d->peers_config.changed = take_change;
	d->peers_config.message = take_message;
	d->peers_config.stranger = take_stranger;
	d->follow_config.taken = take_roster;
}

static enum err
turn(struct daemon *d)
{
	peers_turn(&d->peers);
	enum err e = loop_turn(&d->loop);
	/* Behind it, so that who waits for the last one does not wait on. */
	if (loop_signalled(SIGCHLD)) {
		hooks_reap(&d->hooks);
		service_reap(&d->service);
		if (d->opt->registry)
			follow_reap(&d->follow);
	}
	return e;
}

static void
reload(struct daemon *d)
{
	log_line(LOG_LEVEL_INFO, "reading %s again", CLUSTER_FILE);
	if (daemon_read_roster(d) == 0)
		daemon_swap_roster(d);
	else
		place_move(d);
	service_reload(&d->service);
}

/* Says goodbye to all, and leaves; at once at a second signal. */
static enum err
leave(struct daemon *d)
{
	enum err e = ERR_OK;
	int64_t limit = loop_now() + STOP_MS;
	log_line(LOG_LEVEL_INFO, "stopping");
	(void)ready_notify("STOPPING=1");
	place_stop(d);
	service_stop(&d->service);
	if (d->opt->registry)
		follow_stop(&d->follow);
	peers_stop(&d->peers);
	daemon_tell(d, EVENT_STOP, EVENT_NO_MEMBER);
	while (e == ERR_OK && !startup_told_to_stop() && loop_now() < limit &&
	       (peers_are_busy(&d->peers) || hooks_busy(&d->hooks) ||
		service_busy(&d->service)))
		e = turn(d);
	hooks_kill(&d->hooks);
	service_kill(&d->service);
	control_stop(&d->control);
	return e;
}

int
daemon_run(struct daemon *d)
{
	enum err e = ERR_OK;
	d->status = startup_finish();
	if (d->status != 0)
		return d->status;
	daemon_tell(d, EVENT_START, EVENT_NO_MEMBER);
	check_quorum(d);
	while (e == ERR_OK && d->status == 0 && !startup_told_to_stop()) {
		if (loop_signalled(SIGHUP))
			reload(d);
		e = turn(d);
		if (!rsapool_works(&d->pool)) {
			log_line(LOG_LEVEL_ERROR,
				 "the RSA processes were killed");
			d->status = err_status(ERR_SYSTEM);
		}
	}
	if (e == ERR_OK)
		e = leave(d);
	rsapool_free(&d->pool);
	return e == ERR_OK ? d->status
			   : say_cannot(e, "wait for", "connections");
}

/* What a reload, or a look at the registry, reads again.  Returns 0, or 64. */
static int
check_reread(const char *option, const char *path)
{
	struct stat st;
	if (!path || (strcmp(path, "-") != 0 &&
		      (stat(path, &st) != 0 || !S_ISFIFO(st.st_mode))))
		return 0;
	return opt_wrong(&member_applet.page,
			 "%s cannot be %s: it is read again and again", option,
			 path);
}

int
daemon_main(const struct memberopt *opt, int argc, char **argv)
{
	static struct daemon d;
	(void)argc;
	(void)argv;
	d.opt = opt;
	d.service_config = (struct service_config){
		.target = opt->service,
		.clients = opt->clients,
		.max_clients = opt->max_clients,
		.max_per_address = opt->max_per_address,
		.idle_ms = opt->client_idle_ms,
	};
	const char *wrong = service_wrong(&d.service_config);
	if (wrong)
		return opt_wrong(&member_applet.page, "%s", wrong);
	int status = check_reread("--registry", opt->registry);
	if (status == 0)
		status = check_reread("--clients", opt->clients);
	if (status == 0)
		status = daemon_start(&d);
	if (status == 0)
		status = daemon_run(&d);
	bytes_wipe(&d.identity, sizeof d.identity);
	return status;
}
