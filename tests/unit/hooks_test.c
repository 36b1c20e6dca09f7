// SPDX-License-Identifier: MIT

/*
 * Commands that are told of events: a loop, small shell commands in a folder
 * of their own, and the log in a file.  What has to wait reads a pipe that is
 * opened here, never a clock.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets/member/hooks.h"
#include "core/base/log.h"
#include "tests/unit/tap.h"

#define LIMIT_MS 600000 /* a command that must not be too slow */
#define SHORT_MS 200    /* one that is to be killed */

static char folder[] = "/tmp/xl-hooks.XXXXXX";
static struct hooks_config config;
static struct hooks hooks;
static struct loop loop;
static uint64_t seq;
static int gate; /* a pipe for commands that wait for it */

static bool dies; /* right behind the next fork */

/* In place of the library's. */
pid_t
_Fork(void)
{
#ifdef SYS_fork
	pid_t pid = (pid_t)syscall(SYS_fork);
#else
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
#endif
	if (pid > 0 && dies)
		_exit(0);
	return pid;
}

/* What is in a file, as a string; "" when there is none. */
static const char *
contents(const char *path)
{
	static char text[1 << 20];
	size_t len = 0;
	FILE *f = fopen(path, "r");
	if (f) {
		len = fread(text, 1, sizeof text - 1, f);
		fclose(f);
	}
	text[len] = '\0';
	return text;
}

static void
write_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");
	if (!f)
		exit(1);
	fputs(text, f);
	fclose(f);
	chmod(path, mode);
}

static size_t
count(const char *text, const char *what)
{
	size_t n = 0;
	while ((text = strstr(text, what))) {
		text += strlen(what);
		n++;
	}
	return n;
}

/* Hooks anew, with a command, a folder, or both; log and out are empty. */
static void
begin_bytes(const char *command, const char *dir, int64_t limit_ms,
	    size_t bytes)
{
	loop_free(&loop);
	if (loop_init(&loop, HOOKS_WATCHES) != ERR_OK)
		exit(1);
	config = (struct hooks_config){
		.command = command,
		.folder = dir,
		.limit_ms = limit_ms,
		.queue_bytes = bytes,
		.self_name = "me",
		.self_id = "0011",
		.cluster = "alpha",
	};
	seq = 0;
	if (truncate("log", 0) != 0)
		exit(1);
	unlink("out");
	if (hooks_init(&hooks, &config, &loop) != ERR_OK)
		exit(1);
}

static void
begin(const char *command, const char *dir)
{
	begin_bytes(command, dir, LIMIT_MS, (size_t)256 * 1024);
}

static void
turn(void)
{
	loop_turn(&loop);
	if (loop_signalled(SIGCHLD))
		hooks_reap(&hooks);
}

static void
finish(void)
{
	while (hooks_busy(&hooks))
		turn();
}

/* Lets one command go on that waits by `read x <gate`. */
static void
open_gate(void)
{
	if (write(gate, "\n", 1) != 1)
		exit(1);
}

static struct event
make_event(enum event_kind kind, unsigned index)
{
	seq++;
	struct event e = {
		.kind = kind,
		.seq = seq,
		.member = index,
		.up = 2,
		.size = 3,
		.quorum = true,
		.id = { .len = NODEID_SHORT, .bytes = { (uint8_t)index } },
	};
	if (index < EVENT_NO_MEMBER) {
		snprintf(e.name, sizeof e.name, "m%u", index);
		snprintf(e.addr, sizeof e.addr, "192.0.2.%u:7001", index);
	}
	return e;
}

static void
tell(enum event_kind kind, unsigned index)
{
	struct event e = make_event(kind, index);
	hooks_tell(&hooks, &e);
}

static enum err
tell_message(const void *bytes, size_t len)
{
	struct event e = make_event(EVENT_MESSAGE, 1);
	e.contents = bytes;
	e.contents_len = len;
	return hooks_tell(&hooks, &e);
}

static void
test_order(void)
{
	begin("echo $XL_EVENT $XL_SEQ $XL_MEMBER >>out", NULL);
	tell(EVENT_START, EVENT_NO_MEMBER);
	tell(EVENT_MEMBER_UP, 2);
	tell(EVENT_QUORUM, EVENT_NO_MEMBER);
	tell(EVENT_MEMBER_DOWN, 1);
	tell(EVENT_NO_QUORUM, EVENT_NO_MEMBER);
	tell(EVENT_ROSTER, EVENT_NO_MEMBER);
	tell(EVENT_STOP, EVENT_NO_MEMBER);
	ok(hooks_busy(&hooks), "busy");
	finish();
	is_str(contents("out"),
	       "start 1\nmember-up 2 m2\nmember-down 4 m1\nno-quorum 5\n"
	       "roster 6\nstop 7\n",
	       "in order, and of quorum the last that waited");
	is_str(contents("log"), "", "nothing to log");
}

static void
test_environment(void)
{
	setenv("XL_MEMBER", "stale", 1);
	setenv("KEPT", "yes", 1);
	begin("env | grep -e ^XL_ -e ^KEPT= | sort >out", NULL);
	tell(EVENT_START, EVENT_NO_MEMBER);
	finish();
	is_str(contents("out"),
	       "KEPT=yes\nXL_CLUSTER=alpha\nXL_EVENT=start\nXL_MEMBER=\n"
	       "XL_MEMBER_ADDR=\nXL_MEMBER_ID=\nXL_MEMBER_INDEX=\n"
	       "XL_QUORUM=1\nXL_SELF=me\nXL_SELF_ID=0011\nXL_SEQ=1\n"
	       "XL_SIZE=3\nXL_UP=2\n",
	       "about no member");
	struct event e = make_event(EVENT_MEMBER_DOWN, 63);
	e.quorum = false;
	e.seq = UINT64_MAX;
	strcpy(e.addr, "a\n\033$(id):1");
	hooks_tell(&hooks, &e);
	finish();
	is_str(contents("out"),
	       "KEPT=yes\nXL_CLUSTER=alpha\nXL_EVENT=member-down\n"
	       "XL_MEMBER=m63\nXL_MEMBER_ADDR=a?"
	       "?$(id):1\n"
	       "XL_MEMBER_ID=3f00000000000000000000000000000000000000\n"
	       "XL_MEMBER_INDEX=63\nXL_QUORUM=0\nXL_SELF=me\n"
	       "XL_SELF_ID=0011\nXL_SEQ=18446744073709551615\n"
	       "XL_SIZE=3\nXL_UP=2\n",
	       "about a member, control characters made harmless");
}

/* What waits for a command that does not end is replaced by what is later. */
static void
test_coalescing(void)
{
	begin("[ $XL_EVENT != start ] || read x <gate;"
	      "echo $XL_EVENT $XL_SEQ $XL_MEMBER >>out",
	      NULL);
	tell(EVENT_START, EVENT_NO_MEMBER);
	for (int i = 0; i < 10; i++) {
		tell(EVENT_MEMBER_UP, 1);
		tell(EVENT_QUORUM, EVENT_NO_MEMBER);
		tell(EVENT_MEMBER_DOWN, 1);
		tell(EVENT_NO_QUORUM, EVENT_NO_MEMBER);
		tell(EVENT_ROSTER, EVENT_NO_MEMBER);
	}
	tell(EVENT_MEMBER_UP, 2);
	open_gate();
	finish();
	is_str(contents("out"),
	       "start 1\nmember-down 49 m1\nno-quorum 50\nroster 51\n"
	       "member-up 52 m2\n",
	       "the last of each");
}

static void
test_independence(void)
{
	begin("[ $XL_EVENT = start ] || read x <gate; echo $XL_EVENT >>out",
	      NULL);
	tell_message("x", 1);
	tell(EVENT_START, EVENT_NO_MEMBER);
	while (hooks.states.telling)
		turn();
	is_str(contents("out"), "start\n", "a slow message delays no state");
	ok(hooks_busy(&hooks), "it still waits");
	tell(EVENT_MEMBER_UP, 1);
	open_gate();
	open_gate();
	finish();
	is_int(count(contents("out"), "\n"), 3, "all were told");
}

/* As many messages as there is room for, and no more; none is lost. */
static void
test_full(void)
{
	static char big[16000];
	char want[64];
	unsigned taken = 0;
	memset(big, 'x', sizeof big);
	begin_bytes("read n; read x <gate; echo $n >>out; wc -c >>out", NULL,
		    LIMIT_MS, 5 * MAILBOX_MIN);
	for (;;) {
		memcpy(big, (char[]){ (char)('0' + taken), '\n' }, 2);
		if (tell_message(big, sizeof big) != ERR_OK)
			break;
		taken++;
	}
	is_int(taken, 5, "room for five");
	is_int(tell_message(big, 300), ERR_OK, "a small one fits besides");
	is_int(tell_message(big, 500), ERR_BUSY, "another does not");
	for (unsigned i = 0; i < taken + 1; i++)
		open_gate();
	finish();
	for (unsigned i = 0; i < taken; i++) {
		snprintf(want, sizeof want, "%u\n15998\n", i);
		ok(strstr(contents("out"), want), "message %u came", i);
	}
	is_int(count(contents("out"), "\n"), 12, "six in all");
	is_int(tell_message(big, sizeof big), ERR_OK, "there is room again");
	open_gate();
	finish();
}

/* More than a pipe holds, of every byte, in a ring that wraps. */
static void
test_input(void)
{
	static char bytes[200000], got[200001];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i + i / 256 * 3);
	begin("cat >out", NULL);
	for (int i = 0; i < 3; i++) {
		is_int(tell_message(bytes, sizeof bytes), ERR_OK, "a message");
		finish();
	}
	is_int(tell_message("", 0), ERR_OK, "one of nothing");
	is_int(tell_message("a\0b\n\0", 5), ERR_OK, "one of little");
	hooks_reap(&hooks);
	tell_message(bytes, sizeof bytes);
	finish();
	FILE *f = fopen("out", "r");
	size_t len = f ? fread(got, 1, sizeof got, f) : 0;
	is_int(len, sizeof bytes, "all bytes arrive");
	is_mem(got, bytes, sizeof bytes, "NULs too");
	if (f)
		fclose(f);
	tell_message("a\0b\n\0", 5);
	finish();
	contents("out");
	is_mem(contents("out"), "a\0b\n\0", 6, "and no others");
}

static void
test_input_not_read(void)
{
	static char bytes[200000];
	begin("exec <&-; echo $XL_SEQ >>out", NULL);
	tell_message(bytes, sizeof bytes);
	tell_message(bytes, 100);
	finish();
	begin("echo $XL_SEQ >>out", NULL);
	tell_message(bytes, sizeof bytes);
	tell_message(bytes, 100);
	tell(EVENT_START, EVENT_NO_MEMBER);
	finish();
	is_int(count(contents("out"), "\n"), 3, "who does not read is fine");
	is_str(contents("log"), "", "and nothing to speak of");
	begin("cat >out; ls -l /proc/self/fd/0 | sed 's/.* //' >>out", NULL);
	tell(EVENT_START, EVENT_NO_MEMBER);
	finish();
	is_str(contents("out"), "/dev/null\n", "states have no input");
}

/* Waits for a byte from a command that holds the leash. */
static void
await(int leash)
{
	char c;
	while (read(leash, &c, 1) != 1)
		usleep(1000);
}

/* Whether all who held the writing end of the leash are gone. */
static bool
all_gone(int leash)
{
	char c;
	ssize_t n;
	fcntl(leash, F_SETFL, 0);
	while ((n = read(leash, &c, 1)) != 0)
		if (n < 0 && errno != EINTR)
			return false;
	return true;
}

/*
 * A command and its children hold the leash; when its time is over, which is
 * when it has said that they are there, nobody may.
 */
static void
test_limit(const char *command, const char *name)
{
	int leash = open("leash", O_RDONLY | O_NONBLOCK);
	begin(command, NULL);
	tell(EVENT_START, EVENT_NO_MEMBER);
	tell(EVENT_STOP, EVENT_NO_MEMBER);
	await(leash);
	hooks.states.run.in.deadline = loop_now();
	finish();
	ok(all_gone(leash), "%s: nobody is left", name);
	ok(strstr(contents("log"), "hook start 1: killed: its time is over"),
	   "%s: it is logged", name);
	is_str(contents("out"), "stop\n", "%s: the next was told", name);
	close(leash);
}

#define NEXT "exec 3>leash; [ $XL_EVENT = start ] || exec echo stop >>out;"

/* The process is killed at the worst time: there is all, or no command. */
static void
test_input_whole(void)
{
	static char bytes[16000];
	char c;
	memset(bytes, 'x', sizeof bytes);
	begin("cat >out; echo >gate", NULL);
	pid_t pid = fork();
	if (pid == 0) {
		dies = true;
		tell_message(bytes, sizeof bytes);
		_exit(1);
	}
	is_int(waitpid(pid, NULL, 0), pid, "killed behind the fork");
	is_int(read(gate, &c, 1), 1, "the command has ended");
	is_int(strlen(contents("out")), sizeof bytes, "the message is whole");
}

static void
test_limits(void)
{
	test_limit(NEXT "sleep 1000 & echo >&3; wait", "a hanging child");
	test_limit(NEXT "trap '' TERM INT HUP; sleep 1000 & echo >&3;"
			"sleep 1000 & sleep 1000",
		   "several that hear no signals");
	test_limit(NEXT "sleep 1000 & echo >&3",
		   "a child that holds the output of who has ended");
	test_limit(NEXT "echo >&3; yes", "an endless flood");
	test_limit(NEXT "exec >/dev/null 2>&1; sleep 1000 & echo >&3; wait",
		   "one that closed its output");
	begin_bytes("sleep 1000", NULL, SHORT_MS, MAILBOX_MIN);
	tell(EVENT_START, EVENT_NO_MEMBER);
	finish();
	is_int(count(contents("log"), "killed: its time is over\n"), 1,
	       "the time is that of the configuration");
}

/* Who is left behind with an output of his own is left alone. */
static void
test_left_behind(void)
{
	char c = '\0';
	int leash = open("leash", O_RDONLY | O_NONBLOCK);
	begin("exec 3>leash; { read x <gate; echo end >&3; } >/dev/null 2>&1 &",
	      NULL);
	tell(EVENT_START, EVENT_NO_MEMBER);
	finish();
	is_str(contents("log"), "", "a background process is nobody's matter");
	fcntl(leash, F_SETFL, 0);
	open_gate();
	ok(read(leash, &c, 1) == 1 && c == 'e', "and lives");
	close(leash);
}

static void
test_flood(void)
{
	unsigned long lost = 0;
	begin("yes | head -c 3000000; echo end >&2; [ $XL_SEQ = 1 ]", NULL);
	tell(EVENT_START, EVENT_NO_MEMBER);
	tell_message("x", 1);
	finish();
	const char *log = contents("log");
	const char *more = strstr(log, "hook start 1: ");
	size_t lines = count(log, "hook start 1: y\n");
	ok(lines > 100 && lines < 2000, "%d lines are logged", (int)lines);
	while (more && strncmp(more, "hook start 1: y", 15) == 0)
		more = strstr(more + 1, "hook start 1: ");
	if (more)
		lost = strtoul(more + 14, NULL, 10);
	is_int(lost, 3000004 - 2 * lines, "the rest is counted");
	is_int(count(log, "more bytes of output\n"), 2, "once a command");
	is_int(count(log, "exit status 1\n"), 1,
	       "the status is that at the end");
	is_int(count(log, "killed"), 0, "who talks much is not killed");
}

static void
test_log(void)
{
	char want[700];
	begin("printf 'one\\ntw\\033[2Jo\\n\\nthree\\0end\\n'; echo err >&2;"
	      "head -c 600 /dev/zero | tr '\\0' z; printf '\\nunfinished'",
	      NULL);
	tell(EVENT_MEMBER_UP, 3);
	finish();
	const char *log = contents("log");
	ok(strstr(log, "Z hook member-up 1: one\n"), "a line");
	ok(strstr(log, "Z hook member-up 1: tw?[2Jo\n"), "made printable");
	ok(strstr(log, "Z hook member-up 1: three?end\n"), "also a NUL");
	ok(strstr(log, "Z hook member-up 1: err\n"), "errors too");
	ok(strstr(log, "Z hook member-up 1: unfinished\n"), "without an end");
	memset(want, 'z', sizeof want);
	want[HOOKOUT_LINE_MAX] = '\0';
	ok(strstr(log, want), "a long line");
	is_int(count(log, "zzzzzzzz"), 75, "in two, and whole");
	is_int(count(log, "\n"), 8, "and no other line");
}

static void
test_ends(void)
{
	begin("exit 7", NULL);
	tell(EVENT_START, EVENT_NO_MEMBER);
	finish();
	ok(strstr(contents("log"), "hook start 1: exit status 7\n"), "status");
	begin("/nowhere/at/all", NULL);
	tell(EVENT_START, EVENT_NO_MEMBER);
	finish();
	ok(strstr(contents("log"), "hook start 1: exit status 127\n") &&
		   strstr(contents("log"), "/nowhere/at/all"),
	   "a command that is not there");
	begin("kill -TERM $$; kill -PIPE $$; exit 0", NULL);
	tell(EVENT_START, EVENT_NO_MEMBER);
	finish();
	ok(strstr(contents("log"), "hook start 1: ended by signal 15\n"),
	   "a signal that is blocked here");
	begin("kill -PIPE $$; exit 0", NULL);
	tell(EVENT_START, EVENT_NO_MEMBER);
	finish();
	ok(strstr(contents("log"), "hook start 1: ended by signal 13\n"),
	   "a signal that is ignored here");
}

static void
test_surroundings(void)
{
	begin("if (: >&9) 2>/dev/null; then echo 9; fi >out;"
	      "set -- $(cut -d' ' -f1,5,6 /proc/$$/stat);"
	      "[ $1 = $2 ] && [ $1 = $3 ] || echo $* >>out",
	      NULL);
	dup2(gate, 9);
	tell(EVENT_START, EVENT_NO_MEMBER);
	tell_message("x", 1);
	finish();
	close(9);
	is_str(contents("out"), "",
	       "a session of its own, and no other descriptors");
}

static void
make_folder(void)
{
	static const char tells[] = "#!/bin/sh\n"
				    "echo ${0##*/} $(cat) >>out\n";
	mkdir("d", 0755);
	write_file("d/10-a", tells, 0755);
	write_file("d/9_b", "#!/bin/sh\necho 9_b >>out; exit 3\n", 0755);
	write_file("d/a", tells, 0755);
	write_file("d/B", tells, 0755);
	write_file("d/Z", "echo no interpreter >>out\n", 0755);
	write_file("d/_", "#!/nowhere/at/all\n", 0755);
	write_file("d/plain", tells, 0644);
	write_file("d/c.sh", tells, 0755);
	write_file("d/c~", tells, 0755);
	write_file("d/.hidden", tells, 0755);
	write_file("d/c d", tells, 0755);
	mkdir("d/folder", 0755);
	if (symlink("a", "d/link") != 0 || symlink("none", "d/broken") != 0)
		exit(1);
}

static void
test_folder(void)
{
	make_folder();
	begin("echo first $(cat) >>out", "d");
	tell_message("data", 4);
	finish();
	is_str(contents("out"),
	       "first data\n10-a data\n9_b\nB data\na data\nlink data\n",
	       "all executables, in order, each with the message");
	const char *log = contents("log");
	ok(strstr(log, "hook message 1 9_b: exit status 3\n"),
	   "one that fails is logged");
	ok(strstr(log, "hook message 1 Z: ") &&
		   strstr(log, "cannot run Z: Exec format error\n"),
	   "one that is no program");
	ok(strstr(log, "cannot run _: No such file or directory\n"),
	   "one without its interpreter");
	is_int(count(log, "exit status 127\n"), 2, "those two");
	is_int(count(log, "\n"), 5, "and no more is logged");
}

static void
test_no_folder(void)
{
	begin(NULL, "nowhere");
	tell(EVENT_START, EVENT_NO_MEMBER);
	is_int(tell_message("x", 1), ERR_OK, "a message is taken");
	finish();
	is_int(count(contents("log"),
		     "cannot read nowhere: No such file or directory\n"),
	       2, "a folder that is not there is logged");
	mkdir("empty", 0755);
	begin(NULL, "empty");
	tell(EVENT_START, EVENT_NO_MEMBER);
	ok(!hooks_busy(&hooks), "nothing to do in an empty one");
	is_str(contents("log"), "", "nor to say");
}

/* Many names, so that they do not come from the kernel all at once. */
static void
test_many(void)
{
	char path[300], want[16];
	mkdir("many", 0755);
	for (int i = 0; i < 60; i++) {
		snprintf(path, sizeof path, "many/%02d-%0*d", i, 200, 0);
		write_file(path, "#!/bin/sh\nn=${0##*/}; echo ${n%%-*} >>out\n",
			   0755);
	}
	begin(NULL, "many");
	tell(EVENT_START, EVENT_NO_MEMBER);
	finish();
	const char *out = contents("out");
	bool good = true;
	for (int i = 0; i < 60; i++) {
		snprintf(want, sizeof want, "%02d\n", i);
		good = good && strncmp(out + (size_t)i * 3, want, 3) == 0;
	}
	ok(good && strlen(out) == 180, "60 long names in order");
}

static void
test_none(void)
{
	begin(NULL, NULL);
	is_int(loop.len, 0, "without commands there is nothing to wait for");
	is_int(tell_message("x", 1), ERR_REFUSED, "nobody takes messages");
	tell(EVENT_START, EVENT_NO_MEMBER);
	hooks_reap(&hooks);
	ok(!hooks_busy(&hooks), "nobody is told");
	hooks_kill(&hooks);
	ok(!hooks_busy(&hooks), "nobody to kill");
}

static void
test_kill(void)
{
	int leash = open("leash", O_RDONLY | O_NONBLOCK);
	begin("exec 3>leash; echo $XL_EVENT >>out; sleep 1000 & wait", "d");
	tell(EVENT_START, EVENT_NO_MEMBER);
	tell(EVENT_STOP, EVENT_NO_MEMBER);
	tell_message("x", 1);
	tell_message("x", 1);
	while (count(contents("out"), "\n") < 2) {
		hooks_reap(&hooks);
		usleep(1000);
	}
	hooks_kill(&hooks);
	finish();
	ok(all_gone(leash), "all are killed");
	is_int(count(contents("out"), "\n"), 2, "nobody else is told");
	is_int(count(contents("log"), ": killed: stopping\n"), 2, "logged");
	is_int(count(contents("log"), " 2 messages were not told"), 1,
	       "so are the messages");
	is_int(tell_message("x", 1), ERR_REFUSED, "nor later: messages");
	tell(EVENT_START, EVENT_NO_MEMBER);
	ok(!hooks_busy(&hooks), "nor later: states");
	close(leash);
}

/* Descriptors run out, and come back. */
static void
test_shortage(void)
{
	struct rlimit limit, none;
	begin("echo $XL_EVENT >>out", NULL);
	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = 1; /* the log polls one */
	setrlimit(RLIMIT_NOFILE, &none);
	tell(EVENT_START, EVENT_NO_MEMBER);
	tell_message("x", 1);
	setrlimit(RLIMIT_NOFILE, &limit);
	is_int(count(contents("log"), "cannot start: "), 2, "two cannot start");
	ok(hooks_busy(&hooks), "nor are they forgotten");
	finish();
	is_int(count(contents("out"), "\n"), 2, "they are told later");
	setrlimit(RLIMIT_NOFILE, &none);
	tell(EVENT_START, EVENT_NO_MEMBER);
	setrlimit(RLIMIT_NOFILE, &limit);
	hooks_kill(&hooks);
	ok(!hooks_busy(&hooks), "or never, when it is to end");
	hooks_reap(&hooks);
}

/* There are two for the pipe, and the process has to do with that. */
static void
test_last_descriptors(void)
{
	struct rlimit limit, few;
	begin("read x; echo $XL_EVENT", NULL);
	int next = dup(STDERR_FILENO);
	close(next);
	getrlimit(RLIMIT_NOFILE, &limit);
	few = limit;
	few.rlim_cur = (rlim_t)next + 2;
	setrlimit(RLIMIT_NOFILE, &few);
	tell(EVENT_START, EVENT_NO_MEMBER);
	setrlimit(RLIMIT_NOFILE, &limit);
	finish();
	ok(strstr(contents("log"), "hook start 1: start\n"), "it is told");
}

static void
make_place(void)
{
	int log;
	if (!mkdtemp(folder) || chdir(folder) != 0 ||
	    mkfifo("gate", 0600) != 0 || mkfifo("leash", 0600) != 0)
		exit(1);
	gate = open("gate", O_RDWR | O_CLOEXEC);
	log = open("log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (gate < 0 || log < 0 || dup2(log, STDERR_FILENO) < 0)
		exit(1);
	close(log);
	signal(SIGPIPE, SIG_IGN);
	if (loop_catch(SIGCHLD) != ERR_OK || loop_catch(SIGTERM) != ERR_OK)
		exit(1);
}

static void
remove_place(void)
{
	pid_t pid = fork();
	if (pid == 0)
		execlp("rm", "rm", "-rf", folder, (char *)NULL);
	waitpid(pid, NULL, 0);
}

int
main(void)
{
	/* All of it: else lines may be left out that come too fast. */
	log_setup(LOG_LEVEL_DEBUG, false);
	make_place();
	test_order();
	test_environment();
	test_coalescing();
	test_independence();
	test_full();
	test_input();
	test_input_not_read();
	test_input_whole();
	test_limits();
	test_left_behind();
	test_flood();
	test_log();
	test_ends();
	test_surroundings();
	test_folder();
	test_no_folder();
	test_many();
	test_none();
	test_kill();
	test_shortage();
	test_last_descriptors();
	loop_free(&loop);
	remove_place();
	return done_testing();
}
