// SPDX-License-Identifier: MIT

/*
 * xl-member connect: joins standard input and output to a member's service,
 * or forwards each connection to a local port.  What the two have in common is
 * here; forward.c is the second.
 */

#include "applets/member/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/applet.h"
#include "applets/member/forward.h"
#include "applets/member/memberopt.h"
#include "applets/member/reach.h"
#include "applets/member/relay.h"
#include "applets/member/rosterfile.h"
#include "applets/startup.h"
#include "core/base/bytes.h"
#include "core/base/file.h"
#include "core/base/fmt.h"
#include "core/base/opt.h"
#include "core/base/say.h"
#include "core/doc/block.h"
#include "core/doc/identity.h"
#include "core/ident/keyfile.h"
#include "core/ident/rng.h"
#include "core/run/ready.h"

#define WAIT_MS 10000
#define WATCHES (REACH_WATCHES + 2) /* and the relay's */

/* All that a run knows. */
struct connect {
	const struct memberopt *opt;
	struct rng rng;
	struct roster rosters[2]; /* one is in force, one is read into */
	struct rsakey_private sk;
	struct reach_config config;
	struct loop loop;
	struct reach reach; /* of standard input and output */
	struct relay relay;
	bool over;
	int status;
};

static struct connect run;
static uint8_t buffers[CHANNEL_BUFFERS_LEN] __attribute__((aligned(4096)));

/* The first end counts, whatever else comes in the same turn. */
static void
finish(int status)
{
	if (!run.over)
		run.status = status;
	run.over = true;
}

/* Both ways have had their end. */
static void
finish_if_done(void)
{
	if (run.relay.from_done && !run.relay.eof_due && run.relay.eof_came)
		channel_close(&run.reach.channel);
}

/* Nobody reads our output: to end as any program in a pipe does. */
static int
sink_broke(void)
{
	if (errno == EPIPE) {
		signal(SIGPIPE, SIG_DFL);
		(void)raise(SIGPIPE);
	}
	return say_cannot(ERR_WRITE, "write", "standard output");
}

static void
take_event(struct relay *r, enum relay_event event)
{
	(void)r;
	if (event == RELAY_SOURCE_BROKE)
		finish(say_cannot(ERR_READ, "read", "standard input"));
	else if (event == RELAY_SINK_BROKE)
		finish(sink_broke());
	else
		finish_if_done();
}

/*
 * A pipe is opened anew, so that it can be non-blocking for us alone: who
 * started us may have other uses of the one we got.
 */
static void
own_pipe(int fd, int flags)
{
	char path[32];
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode))
		return;
	fmt_text(path, sizeof path, "/proc/self/fd/%d", fd);
	int own = open(path, flags | O_NONBLOCK | O_CLOEXEC);
	if (own >= 0) {
		dup2(own, fd);
		close(own);
	}
}

/* Whether input and output are one socket, as inetd and socat give it. */
static bool
is_one_socket(void)
{
	struct stat in, out;
	return fstat(STDIN_FILENO, &in) == 0 &&
	       fstat(STDOUT_FILENO, &out) == 0 && S_ISSOCK(in.st_mode) &&
	       in.st_dev == out.st_dev && in.st_ino == out.st_ino;
}

static void
take_opened(struct reach *r)
{
	int to = is_one_socket() ? STDIN_FILENO : STDOUT_FILENO;
	own_pipe(STDIN_FILENO, O_RDONLY);
	own_pipe(STDOUT_FILENO, O_WRONLY);
	if (relay_start(&run.relay, &run.loop, &r->channel, STDIN_FILENO, to,
			take_event) != ERR_OK)
		finish(err_status(ERR_SYSTEM));
	else if (run.opt->ready_fd >= 0 &&
		 ready_tell(run.opt->ready_fd) != ERR_OK)
		finish(say_cannot(ERR_WRITE, "write to",
				  "the ready descriptor"));
}

static bool
take_message(struct reach *r, uint8_t *bytes, size_t len)
{
	const cluster_XLClusterMsg *msg;
	if (run.over)
		return true;
	enum relay_answer answer = relay_message(&run.relay, bytes, len, &msg);
	if (answer == RELAY_LATER)
		return false;
	if (answer == RELAY_OTHER || answer == RELAY_WRONG) {
		msg = answer == RELAY_OTHER ? msg : NULL;
		int status = reach_say_message(r, msg);
		if (status != 0)
			finish(status);
	}
	return true;
}

static void
take_sent(struct reach *r)
{
	(void)r;
	relay_sent(&run.relay);
	finish_if_done();
}

static void
take_ended(struct reach *r, enum err why)
{
	if (!r->open) {
		if (!run.config.verbose)
			say("%s", r->why);
		finish(err_status(why));
	} else if (run.relay.eof_came &&
		   (why == ERR_OK ||
		    (run.relay.from_done && !run.relay.eof_due))) {
		finish(0);
	} else {
		finish(reach_say_broken(r, why));
	}
}

/* Joins standard input and output. */
static int
join_standard(void)
{
	run.config.opened = take_opened;
	run.config.message = take_message;
	run.config.sent = take_sent;
	run.config.ended = take_ended;
	enum err e = loop_init(&run.loop, WATCHES);
	if (e == ERR_OK)
		e = reach_start(&run.reach, &run.config, buffers);
	while (e == ERR_OK && !run.over)
		e = loop_turn(&run.loop);
	return e == ERR_OK ? run.status
			   : say_cannot(e, "wait for", "the member");
}

/* Whether the roster is of use: its keys are long enough, and whom we want. */
static int
check_roster(const struct roster *roster, const char *path)
{
	bool found = !run.config.name;
	bool has_port = false;
	for (size_t i = 0; i < roster->members_len; i++) {
		const struct member *m = &roster->members[i];
		if (rsakey_check_public(&m->ck, run.opt->min_bits) != ERR_OK) {
			say("%s: a key has too few bits", path);
			return err_status(ERR_MALFORMED);
		}
		if (run.config.name && strcmp(run.config.name, m->name) != 0)
			continue;
		found = true;
		has_port = has_port || m->ends_len > 1;
	}
	if (found && has_port)
		return 0;
	say(found ? "%s has no client port" : "%s is no member",
	    run.config.name ? run.config.name : roster->name);
	return err_status(ERR_REFUSED);
}

/* Reads the roster that is not in force, and puts it in force. */
static int
read_roster(void)
{
	struct roster *fresh = &run.rosters[run.config.roster == run.rosters];
	struct block_fault fault = { .line = 0 };
	char path[FILE_PATH_MAX];
	const char *file = run.opt->cluster;
	if (!file && file_join(path, run.opt->dir, "cluster.dat") != ERR_OK)
		return say_cannot(ERR_READ, "use", run.opt->dir);
	if (!file)
		file = path;
	enum err e = rosterfile_read(fresh, file, &fault);
	if (e == ERR_OK) {
		int status = check_roster(fresh, file);
		if (status == 0)
			run.config.roster = fresh;
		return status;
	}
	if (fault.line == 0)
		return say_cannot(e, "read", file);
	say("%s:%u: %s", file, fault.line, fault.what);
	return err_status(e);
}

/* The client's key: the one that is given, or that of the folder. */
static int
read_key(void)
{
	char path[FILE_PATH_MAX];
	const char *file = run.opt->identity;
	if (!file && !run.opt->dir)
		return 0;
	if (!file && file_join(path, run.opt->dir, IDENTITY_SK) != ERR_OK)
		return say_cannot(ERR_READ, "use", run.opt->dir);
	if (!file)
		file = path;
	enum err e = keyfile_read_private(&run.sk, file);
	if (e == ERR_REFUSED) {
		say("%s: a public key, where a private one is needed", file);
		return err_status(ERR_MALFORMED);
	}
	if (e != ERR_OK)
		return say_cannot(e, "read", file);
	run.config.sk = &run.sk;
	return 0;
}

int
connect_main(const struct memberopt *opt, int argc, char **argv)
{
	run.opt = opt;
	if (argc != 1)
		return opt_wrong(&member_applet.page,
				 "connect takes one name, or any");
	if (opt->wait == 0)
		return opt_wrong(&member_applet.page, "--wait cannot be 0");
	run.config.name = strcmp(argv[0], "any") == 0 ? NULL : argv[0];
	run.config.verbose = opt->level == LOG_LEVEL_DEBUG;
	run.config.wait_ms = opt->wait == MEMBEROPT_NO_WAIT ? (int64_t)WAIT_MS
							    : opt->wait * 1000;
	int status = startup_prepare(opt->ready_fd);
	if (status == 0)
		status = startup_rng(&run.rng);
	if (status == 0)
		status = read_roster();
	if (status == 0)
		status = read_key();
	if (status != 0)
		return status;
	reach_set_kind(&run.config, &run.loop, &run.rng);
	status = opt->listen
			 ? forward_run(opt, &run.config, &run.loop, read_roster)
			 : join_standard();
	bytes_wipe(&run.sk, sizeof run.sk);
	return status;
}
