// SPDX-License-Identifier: MIT

/*
 * Looks at the registry, by a child that stands in for xl-join: every way in
 * which it can end, and when the next look is due.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/applet.h"
#include "applets/member/follow.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/say.h"
#include "core/doc/roster.h"
#include "core/ident/rng.h"
#include "tests/unit/tap.h"

static struct roster roster, taken;
static char text[ROSTER_TEXT_MAX];
static unsigned takings;
static struct loop loop;
static struct rng rng;
static struct follow follow;
static const char *log_path;

/* In place of xl-join: what it does is in -d. */

static const char *
check_arguments(int argc, char **argv)
{
	static const char *const want[] = { "xl-join",      "--list", "-qw0",
					    "--format=dat", "-r",     "cred",
					    "-d",           NULL,     "-c",
					    "alpha" };
	if (argc == 11 && strcmp(argv[10], "--insecure-test-key") == 0 &&
	    !argv[11])
		return "moved";
	if (argc != 10 || argv[10])
		return "odd arguments";
	for (int i = 0; i < argc; i++)
		if (want[i] && strcmp(argv[i], want[i]) != 0)
			return argv[i];
	if (strcmp(say_name(), "xl-join") != 0 || getpgrp() != getpid())
		return "not detached";
	for (int fd = 3; fd < 100; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return "open descriptors";
	return argv[7];
}

static int
print(void)
{
	size_t len = roster_format(text, &roster);
	return file_write_all(STDOUT_FILENO, text, len) == ERR_OK ? 0 : 74;
}

static void
change(const char *what)
{
	struct member *other = &roster.members[0];
	struct member *self = &roster.members[1];
	if (strcmp(what, "moved") == 0)
		other->ends[0].port++;
	else if (strcmp(what, "index") == 0)
		roster.self = self->index = 1;
	else if (strcmp(what, "cluster") == 0)
		roster.id.bytes[0] ^= 1;
	else if (strcmp(what, "id") == 0)
		self->id.bytes[0] ^= 1;
	else if (strcmp(what, "ck") == 0)
		self->ck = self->sk;
	else if (strcmp(what, "sk") == 0)
		self->sk = self->ck;
	else if (strcmp(what, "out") == 0)
		roster.self = ROSTER_NO_SELF;
}

static void
flood(void)
{
	while (file_write_all(STDOUT_FILENO, text, sizeof text) == ERR_OK)
		;
}

static int
stand_in(int argc, char **argv)
{
	const char *what = check_arguments(argc, argv);
	if (strcmp(what, "69") == 0 || strcmp(what, "1") == 0) {
		say("cannot reach 127.0.0.1:1: \x1b[2J%s", what);
		say("a second line");
		return what[0] == '1' ? 1 : 69;
	}
	if (strcmp(what, "mute") == 0)
		return 71;
	if (strcmp(what, "signal") == 0)
		raise(SIGKILL);
	if (strcmp(what, "malformed") == 0)
		return file_write_all(STDOUT_FILENO, "cluster {", 9) != ERR_OK;
	if (strcmp(what, "flood") == 0)
		flood();
	if (strcmp(what, "hang") == 0)
		pause();
	if (strcmp(what, "late") == 0) {
		print();
		close(STDOUT_FILENO);
		pause();
	}
	change(what);
	return print();
}

const struct applet join_applet = {
	.page = { .name = "xl-join", .opts = "" },
	.main = stand_in,
};

/* The owner. */

static void
take(struct follow *f, const struct roster *fresh)
{
	(void)f;
	takings++;
	taken = *fresh;
}

static struct follow_config config = {
	.loop = &loop,
	.rng = &rng,
	.registry = "cred",
	.limit_ms = 60000,
	.min_bits = RSAKEY_BITS_STRONG,
	.taken = take,
};

/* What was logged since the last call, without the time; "" if nothing. */
static const char *
logged(void)
{
	static char line[512];
	static off_t at;
	int fd = open(log_path, O_RDONLY | O_CLOEXEC);
	ssize_t n = pread(fd, line, sizeof line - 1, at);
	close(fd);
	at += n > 0 ? n : 0;
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return line[0] ? strchr(line, ' ') + 1 : line;
}

static void
begin(const char *what)
{
	config.folder = what;
	config.interval_ms = 0;
	is_int(follow_init(&follow, &config, &roster), ERR_OK, "%s: begin",
	       what);
	config.interval_ms = 1000000;
}

/* One look, to its end. */
static void
look(void)
{
	follow.timer.deadline = 0;
	do {
		loop_turn(&loop);
		if (loop_signalled(SIGCHLD))
			follow_reap(&follow);
	} while (follow.timer.deadline == LOOP_NEVER);
	ok(!look_is_on(&follow.look) && follow.look.pid < 0 && loop.len == 1,
	   "%s: nothing is left of it", config.folder);
}

/* A first look that has line logged, and a second that has not. */
static void
expect(const char *what, const char *line, unsigned more, unsigned failures)
{
	unsigned before = takings;
	begin(what);
	look();
	is_str(logged(), line, "%s: what is logged", what);
	is_int(takings - before, more, "%s: what is taken", what);
	is_int(follow.failures, failures, "%s: failures", what);
	look();
	is_str(logged(), "", "%s: once", what);
	is_int(follow.failures, 2 * failures, "%s: failures again", what);
	follow_stop(&follow);
	is_int(loop.len, 0, "%s: stopped", what);
}

static void
test_ends(void)
{
	expect("same", "", 0, 0);
	expect("moved", "", 1, 0);
	is_int(taken.members[0].ends[0].port,
	       roster.members[0].ends[0].port + 1, "the new port");
	expect("index", "", 1, 0);
	is_int(taken.self, 1, "the new index");
	expect("out",
	       "registry: this node is no member any more; its roster stays", 0,
	       0);
	expect("cluster", "registry: another cluster than ours", 0, 1);
	expect("id", "registry: another ID or other keys than ours", 0, 1);
	expect("ck", "registry: another ID or other keys than ours", 0, 1);
	expect("sk", "registry: another ID or other keys than ours", 0, 1);
	expect("malformed", "registry: malformed list of members", 0, 1);
	expect("69", "registry: cannot reach 127.0.0.1:1: ?[2J69", 0, 1);
	expect("1", "registry: cannot reach 127.0.0.1:1: ?[2J1", 0, 1);
	expect("mute", "registry: no reason given", 0, 1);
	expect("signal", "registry: xl-join ended by signal 9", 0, 1);
	expect("flood", "registry: too long a list of members", 0, 1);
	config.limit_ms = 200;
	expect("hang", "registry: no answer in time", 0, 1);
	expect("late", "registry: no answer in time", 0, 1);
	config.limit_ms = 60000;
	config.min_bits = RSAKEY_BITS_MIN;
	expect("weak", "", 1, 0);
	config.min_bits = RSAKEY_BITS_STRONG;
}

static void
test_change(void)
{
	begin("69");
	look();
	is_str(logged(), "registry: cannot reach 127.0.0.1:1: ?[2J69", "away");
	config.folder = "same";
	look();
	is_str(logged(), "registry: followed again", "back");
	config.folder = "1";
	look();
	is_str(logged(), "registry: cannot reach 127.0.0.1:1: ?[2J1", "away");
	config.folder = "mute";
	look();
	is_str(logged(), "registry: no reason given", "for another reason");
	follow_stop(&follow);
}

/* Whether the next look is due between ms and ms after the last began. */
static bool
is_due(int64_t from, int64_t to)
{
	int64_t at = follow.timer.deadline - follow.began;
	return at >= from && at <= to;
}

static void
test_times(void)
{
	int64_t now = loop_now();
	begin("same");
	ok(follow.timer.deadline <= loop_now(), "the first look comes soon");
	follow_stop(&follow);
	follow_init(&follow, &config, &roster);
	ok(follow.timer.deadline >= now &&
		   follow.timer.deadline <= loop_now() + FOLLOW_AGAIN_MS,
	   "the first comes within ten seconds");
	follow_soon(&follow);
	ok(follow.timer.deadline <= loop_now(), "or when it is asked for");
	look();
	ok(is_due(750000, 1260000), "the next at the interval");
	follow_soon(&follow);
	ok(is_due(FOLLOW_AGAIN_MS, FOLLOW_AGAIN_MS), "ten seconds at least");
	follow_soon(&follow);
	ok(is_due(FOLLOW_AGAIN_MS, FOLLOW_AGAIN_MS), "however often");
	follow.timer.deadline = 0;
	loop_turn(&loop);
	ok(look_is_on(&follow.look), "one is under way");
	follow_soon(&follow);
	follow_stop(&follow);
	begin("same");
	follow.soon = true;
	look();
	ok(is_due(FOLLOW_AGAIN_MS, FOLLOW_AGAIN_MS), "again after it");
	follow_stop(&follow);
	begin("69");
	for (int i = 1; i <= 20; i++) {
		int64_t pause = i < 8 ? FOLLOW_AGAIN_MS << (i - 1) : 1000000;
		look();
		ok(is_due(pause * 3 / 4, pause * 5 / 4 + 60000),
		   "pause after failure %d", i);
	}
	follow_stop(&follow);
}

int
main(void)
{
	static char folder[] = "/tmp/xl-follow.XXXXXX";
	static char path[64];
	struct block_fault fault;
	size_t len;
	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof path, "%s/log", folder);
	log_path = path;
	if (!freopen(path, "a", stderr))
		return 1;
	say_program("xl-member");
	log_setup(LOG_LEVEL_INFO, false);
	ok(file_read("tests/data/cluster.dat", text, sizeof text, &len) ==
			   ERR_OK &&
		   roster_parse(&roster, text, len, &fault) == ERR_OK,
	   "a roster");
	is_int(rng_init(&rng, NULL), ERR_OK, "randomness");
	is_int(loop_init(&loop, FOLLOW_WATCHES), ERR_OK, "a loop");
	loop_catch(SIGCHLD);
	test_ends();
	test_change();
	test_times();
	loop_free(&loop);
	unlink(path);
	rmdir(folder);
	return done_testing();
}
