// SPDX-License-Identifier: MIT
#include "applets/member/control.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "applets/member/event.h"
#include "core/run/local.h"
#include "core/run/net.h"
#include "tests/unit/peers_fake.h"
#include "tests/unit/tap.h"

#define A1 "a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0"
#define C1 "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1"

static struct control control;
static struct loop loop;
static char folder[64];
static char line[CONTROL_LINE_MAX + 1];

/* Turns until nothing is ready any more: all here is in this process. */
static void
turn(void)
{
	for (int i = 0; i < 4; i++) {
		struct pollfd polls[CONTROL_WATCHES];
		nfds_t n = 0;
		for (size_t k = 0; k < loop.len; k++)
			polls[n++] = (struct pollfd){
				.fd = loop.watches[k]->events
					      ? loop.watches[k]->fd
					      : -1,
				.events = loop.watches[k]->events
			};
		bool due = false;
		for (size_t k = 0; k < loop.len; k++)
			due |= loop.watches[k]->deadline <= loop_now();
		if (poll(polls, n, 0) > 0 || due)
			loop_turn(&loop);
	}
}

static int
ask_raw(const void *request, size_t len)
{
	int fd = -1;
	if (local_connect(folder, CONTROL_NAME, &fd) != ERR_OK)
		return -1;
	if (len > 0 && send(fd, request, len, MSG_NOSIGNAL) < 0)
		return -1;
	turn();
	return fd;
}

static int
ask(const char *request)
{
	return ask_raw(request, strlen(request));
}

/* The next line, "(nothing)", or "(closed)". */
static const char *
next(int fd)
{
	size_t len;
	enum err e = net_recv(fd, line, sizeof line - 1, &len);
	line[len] = '\0';
	if (e == ERR_BUSY)
		return "(nothing)";
	return e == ERR_OK && len > 0 ? line : "(closed)";
}

static void
is_answer(const char *request, const char *want)
{
	int fd = ask(request);
	is_str(next(fd), want, "\"%.40s\"", request);
	is_str(next(fd), "(closed)", "and that was all");
	close(fd);
}

static void
test_socket(void)
{
	char path[128];
	struct stat st;
	snprintf(path, sizeof path, "%s/control", folder);
	ok(stat(path, &st) == 0 && S_ISSOCK(st.st_mode), "there is a socket");
	is_int(st.st_mode & 0777, 0600, "for this user alone");
}

static void
test_wrong(void)
{
	static char longest[CONTROL_REQUEST_MAX + 1];
	is_answer("what", "error 76 no such request");
	is_answer(" ", "error 76 no such request");
	is_answer("\n", "error 76 no such request");
	is_answer("Status", "error 76 no such request");
	is_answer("send", "error 76 no such request");
	is_answer("send 1 a", "error 76 no such request");
	is_answer("wait", "error 64 nothing to wait for");
	memset(longest, 'x', sizeof longest);
	int fd = ask_raw(longest, sizeof longest);
	is_str(next(fd), "error 65 too long a request", "a request too long");
	close(fd);
	fd = ask_raw("status\0x", 8);
	is_str(next(fd), "error 76 no such request", "a NUL in a request");
	close(fd);
	fd = ask("");
	shutdown(fd, SHUT_WR);
	turn();
	is_str(next(fd), "(closed)", "no request");
	close(fd);
}

static void
test_status(void)
{
	char want[512];
	fake.up[0] = true;
	strcpy(fake.error, "bad \x1b[2J");
	long first = (long)time(NULL) - 6;
	int fd = ask("status");
	long last = (long)time(NULL) - 4;
	is_str(next(fd), "cluster alpha " C1 " 1 2 5 7 0", "the cluster");
	next(fd);
	bool found = false;
	for (long i = first; i <= last; i++) {
		snprintf(want, sizeof want,
			 "member 0 a " A1 " 1 %ld 1000 10 20 30 "
			 "18446744073709551615 192.0.2.1:7001 bad ?[2J",
			 i);
		found |= strcmp(line, want) == 0;
	}
	ok(found, "a member: %s", line);
	ok(strncmp(next(fd), "member 1 b ", 11) == 0, "this one");
	ok(strncmp(next(fd), "member 2 c ", 11) == 0, "the next");
	ok(strstr(line, " 0 ") && strstr(line, "[2001:db8::3]:7001"), "down");
	ok(strncmp(next(fd), "member 4 d-d ", 13) == 0, "behind a gap");
	ok(strncmp(next(fd), "member 63 e ", 12) == 0, "the last one");
	is_str(next(fd), "end", "the end");
	is_str(next(fd), "(closed)", "of the connection too");
	close(fd);
	fake.up[0] = false;
}

/* A status that does not fit into the socket goes on when it was read. */
static void
test_status_slow(void)
{
	for (unsigned i = 5; i < 63; i++) {
		struct member *m =
			&fake.roster.members[fake.roster.members_len++];
		*m = fake.roster.members[0];
		m->index = i < 62 ? i : 63;
	}
	fake.roster.members[4].index = 5;
	for (size_t i = 4; i < fake.roster.members_len; i++)
		fake.roster.members[i].index = (unsigned)i + 1;
	memset(fake.error, 'e', sizeof fake.error - 1);
	int small = 1;
	int fd = -1;
	local_connect(folder, CONTROL_NAME, &fd);
	turn();
	for (size_t i = 0; i < CONTROL_CONNS; i++)
		if (control.conns[i].state == CONTROL_ASKED)
			setsockopt(control.conns[i].watch.fd, SOL_SOCKET,
				   SO_SNDBUF, &small, sizeof small);
	ok(send(fd, "status", 6, 0) == 6, "a small socket");
	unsigned lines = 0, turns = 0;
	const char *last = "";
	while (turns < 100 && strcmp(last, "end") != 0) {
		turn();
		turns++;
		while (strncmp(last = next(fd), "member", 6) == 0 ||
		       strncmp(last, "cluster", 7) == 0)
			lines++;
	}
	is_int(lines, 1 + fake.roster.members_len, "all lines came");
	ok(turns > 2 && turns < 100, "in %u turns", turns);
	close(fd);
	fake_init();
}

static void
test_wait(void)
{
	is_answer("wait b", "end");
	int all = ask("wait all"), quorum = ask("wait quorum");
	int both = ask("wait c a"), later = ask("wait later");
	is_str(next(quorum), "waiting", "no quorum yet");
	next(all);
	next(both);
	next(later);
	fake.up[0] = true;
	control_changed(&control);
	is_str(next(quorum), "(nothing)", "nor with two");
	fake.up[2] = true;
	control_changed(&control);
	is_str(next(quorum), "end", "now there is");
	is_str(next(both), "end", "and both are up");
	is_str(next(all), "(nothing)", "not all");
	fake.up[4] = fake.up[63] = true;
	control_changed(&control);
	is_str(next(all), "end", "all");
	is_str(next(later), "(nothing)", "who is not known yet");
	static struct roster more;
	more = fake.roster;
	strcpy(more.members[0].name, "later");
	control_set_roster(&control, &more);
	is_str(next(later), "end", "may become a member");
	control_set_roster(&control, &fake.roster);
	close(all);
	close(quorum);
	close(both);
	close(later);
	char words[CONTROL_WAIT_MAX + 8] = "wait ";
	memset(words + 5, 'x', CONTROL_WAIT_MAX);
	is_answer(words, "error 64 too many names");
	fake_init();
}

static void
test_watch(void)
{
	struct event event = { .kind = EVENT_MEMBER_UP,
			       .member = 2,
			       .seq = 7,
			       .at = 1795262400,
			       .up = 2,
			       .size = 5,
			       .name = "c",
			       .addr = "[2001:db8::3]:7001" };
	event.id = fake.roster.members[0].id;
	int fd = ask("watch");
	is_str(next(fd), "(nothing)", "no event yet");
	control_event(&control, &event);
	is_str(next(fd),
	       "event 1795262400 7 member-up c 2 " A1
	       " [2001:db8::3]:7001 2 5 0 0",
	       "an event");
	event = (struct event){ .kind = EVENT_QUORUM,
				.member = EVENT_NO_MEMBER,
				.seq = 8,
				.quorum = true };
	control_event(&control, &event);
	is_str(next(fd), "event 0 8 quorum - 64 - - 0 0 1 0", "of no member");
	int present = ask("watch all");
	ok(strstr(next(present), " 8 no-quorum - 64 - - 1 5 0 0"),
	   "the present state");
	ok(strstr(next(present), " member-down a 0 " A1 " 192.0.2.1:7001 "),
	   "of each");
	for (int i = 0; i < 3; i++)
		next(present);
	is_str(next(present), "(nothing)", "of the others");
	close(present);
	close(fd);
	turn();
	control_event(&control, &event);
}

/* Who does not read is cut off, can read what there was, and is told. */
static void
test_watch_slow(void)
{
	struct event event = { .kind = EVENT_ROSTER,
			       .member = EVENT_NO_MEMBER };
	int slow = ask("watch"), quick = ask("watch");
	for (unsigned i = 1; i <= 5000; i++) {
		event.seq = i;
		control_event(&control, &event);
		if (strncmp(next(quick), "event ", 6) != 0)
			break;
	}
	is_int(event.seq, 5000, "who reads gets them all");
	unsigned n = 0;
	while (strncmp(next(slow), "event ", 6) == 0)
		n++;
	ok(n > 64 && n < 5000, "who does not gets %u", n);
	is_str(line, "error 69 cut off: events were not read", "and is told");
	close(slow);
	close(quick);
	turn();
}

static void
test_send(void)
{
	static const struct {
		enum peer_answer answer;
		const char *want;
	} answers[] = {
		{ PEER_HAS_IT, "answer a ok" },
		{ PEER_DOWN, "answer a down" },
		{ PEER_BUSY, "answer a busy" },
		{ PEER_REFUSED, "answer a refused" },
		{ PEER_UNKNOWN, "answer a unknown" },
	};
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		fake.answer[0] = answers[i].answer;
		int fd = ask_raw("send 1000 a\nx\0y\n", 16);
		is_str(next(fd), answers[i].want, "an answer");
		is_str(next(fd), "end", "the end");
		close(fd);
		ok(fake.len == 4 && memcmp(fake.bytes, "x\0y\n", 4) == 0,
		   "the contents");
	}
	fake.sent = 0;
	is_answer("send 1000 x\ny", "error 64 no member x");
	is_answer("send 1000 a x\ny", "error 64 no member x");
	is_answer("send 1000 b\ny", "error 64 b is this member");
	is_answer("send 1000\ny", "error 64 nobody to send to");
	is_answer("send 0 a\ny", "error 76 no such time");
	is_answer("send 99999999999 a\ny", "error 76 no such time");
	is_answer("send 1000 a\n", "error 65 1 to 16000 bytes, not 0");
	int fd = -1;
	local_connect(folder, CONTROL_NAME, &fd);
	send(fd, "send 1000 a\nx", 13, 0);
	close(fd);
	turn();
	is_int(fake.sent, 0, "nothing was sent, nor for who has gone");
	fake_init();
}

static void
test_send_all(void)
{
	static char request[32 + CONTROL_CONTENTS_MAX + 1] = "send 1000 *\n";
	size_t head = strlen(request);
	memset(request + head, 'z', CONTROL_CONTENTS_MAX + 1);
	int fd = ask_raw(request, head + CONTROL_CONTENTS_MAX);
	static const char *const want[] = { "answer a ok",   "answer c ok",
					    "answer d-d ok", "answer e ok",
					    "end",           "(closed)" };
	for (size_t i = 0; i < sizeof want / sizeof *want; i++)
		is_str(next(fd), want[i], "to all");
	is_int(fake.len, CONTROL_CONTENTS_MAX, "as much as there may be");
	close(fd);
	fd = ask_raw(request, head + CONTROL_CONTENTS_MAX + 1);
	is_str(next(fd), "error 65 1 to 16000 bytes, not 16001", "no more");
	close(fd);
	fake.sent = 0;
	fd = ask("send 1000 c c a c\nx");
	is_int(fake.sent, 2, "no message twice");
	close(fd);
}

static void
hold_all(void)
{
	for (unsigned i = 0; i < ROSTER_MEMBERS_MAX; i++)
		fake.manner[i] = FAKE_HOLD;
}

static void
test_send_later(void)
{
	hold_all();
	int fd = ask("send 1000 *\nx");
	is_str(next(fd), "(nothing)", "nobody has answered");
	fake_answer(PEER_HAS_IT);
	is_str(next(fd), "answer a ok", "the first one has");
	close(fd);
	turn();
	is_int(fake.held_len, 0, "taken back when who asked has gone");

	fd = ask("send 1000 *\nx");
	fake_answer(PEER_BUSY);
	control.conns[0].watch.deadline = 0;
	turn();
	is_int(fake.held_len, 0, "taken back when the time is up");
	is_str(next(fd), "answer a busy", "who answered did");
	is_str(next(fd), "answer c unknown", "of others it is unknown");
	is_str(next(fd), "answer d-d unknown", "which it is");
	is_str(next(fd), "answer e unknown", "of all");
	is_str(next(fd), "end", "then it ends");
	close(fd);

	/* Gone between two answers: no trouble with the ones that come. */
	fd = ask("send 1000 *\nx");
	close(fd);
	fake_answer(PEER_HAS_IT);
	fake_answer(PEER_HAS_IT);
	turn();
	is_int(fake.held_len, 0, "taken back after a failed answer");
	is_int(control.conns[0].state, CONTROL_FREE, "its place is free");
	fake_init();
}

/* Those for whom there is no room have their turn later. */
static void
test_send_turns(void)
{
	int fds[CONTROL_SENDS + 2];
	hold_all();
	for (size_t i = 0; i < CONTROL_SENDS + 2; i++)
		fds[i] = ask("send 1000 a\nx");
	is_int(fake.held_len, CONTROL_SENDS, "so many at once");
	fake_answer(PEER_HAS_IT);
	turn();
	is_int(fake.held_len, CONTROL_SENDS, "the next one had its turn");
	close(fds[1]);
	turn();
	is_int(fake.held_len, CONTROL_SENDS, "and when one has gone");
	close(fds[CONTROL_SENDS]);
	turn();
	while (fake.held_len > 0)
		fake_answer(PEER_HAS_IT);
	is_str(next(fds[0]), "answer a ok", "the first one");
	is_str(next(fds[CONTROL_SENDS + 1]), "answer a ok", "the last one");
	for (size_t i = 0; i < CONTROL_SENDS + 2; i++)
		if (i != 1 && i != CONTROL_SENDS)
			close(fds[i]);
	hold_all();
	for (size_t i = 0; i < CONTROL_SENDS + 1; i++)
		fds[i] = ask("send 1000 a\nx");
	for (size_t i = 0; i < CONTROL_CONNS; i++)
		if (control.conns[i].state == CONTROL_ASKED)
			control.conns[i].watch.deadline = 0;
	turn();
	is_str(next(fds[CONTROL_SENDS]), "error 75 no room, or no request",
	       "not for ever");
	for (size_t i = 0; i < CONTROL_SENDS + 1; i++)
		close(fds[i]);
	turn();
	fake_init();
}

static void
test_full(void)
{
	int fds[CONTROL_CONNS + 2];
	for (size_t i = 0; i < CONTROL_LONG_MAX; i++)
		fds[i] = ask(i % 2 ? "watch" : "wait all");
	is_answer("watch", "error 75 12 wait and watch already");
	is_answer("wait all", "error 75 12 wait and watch already");
	for (size_t i = CONTROL_LONG_MAX; i < CONTROL_CONNS + 2; i++)
		fds[i] = ask("");
	int fd = ask("wait b");
	is_str(next(fd), "(nothing)", "when all are taken, others wait");
	turn();
	control.conns[CONTROL_CONNS - 1].watch.deadline = 0;
	turn();
	is_str(next(fds[CONTROL_CONNS - 1]), "error 75 no room, or no request",
	       "who asks nothing is sent away");
	close(fds[0]);
	for (size_t i = CONTROL_LONG_MAX; i < CONTROL_CONNS + 2; i++)
		close(fds[i]);
	turn();
	turn();
	is_str(next(fd), "end", "and they have their turn");
	close(fd);
	for (size_t i = 1; i < CONTROL_LONG_MAX; i++)
		close(fds[i]);
	turn();
	is_int(loop.len, 1, "nothing is left");
}

static void
test_stop(void)
{
	hold_all();
	int send_fd = ask("send 1000 a\nx"), watch_fd = ask("watch");
	char path[128];
	struct stat st;
	control_stop(&control);
	is_str(next(send_fd), "answer a unknown", "whose answer is awaited");
	is_str(next(send_fd), "end", "is unknown");
	is_str(next(watch_fd), "(closed)", "the others are closed");
	is_int(fake.held_len, 0, "nothing is under way");
	is_int(loop.len, 0, "nor in the loop");
	snprintf(path, sizeof path, "%s/control", folder);
	ok(lstat(path, &st) != 0, "the socket is removed");
	close(send_fd);
	close(watch_fd);
}

static void
test_stale(void)
{
	struct loop full;
	is_int(control_init(&control, &loop, folder, &fake.roster, NULL),
	       ERR_OK, "a new one");
	close(control.listener.fd);
	loop_remove(&loop, &control.listener);
	is_int(ask("status"), -1, "nobody listens at a stale socket");
	is_int(control_init(&control, &loop, folder, &fake.roster, NULL),
	       ERR_OK, "which is replaced");
	is_answer("wait b", "end");
	control_stop(&control);
	loop_init(&full, 0);
	is_int(control_init(&control, &full, folder, &fake.roster, NULL),
	       ERR_BUSY, "a full loop");
	loop_free(&full);
}

int
main(void)
{
	strcpy(folder, "/tmp/xl-control.XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	fake_init();
	loop_init(&loop, CONTROL_WATCHES);
	is_int(control_init(&control, &loop, folder, &fake.roster, NULL),
	       ERR_OK, "it starts");
	test_socket();
	test_wrong();
	test_status();
	test_status_slow();
	test_wait();
	test_watch();
	test_watch_slow();
	test_send();
	test_send_all();
	test_send_later();
	test_send_turns();
	test_full();
	test_stop();
	test_stale();
	loop_free(&loop);
	char path[128];
	snprintf(path, sizeof path, "%s/control", folder);
	unlink(path);
	rmdir(folder);
	return done_testing();
}
