// SPDX-License-Identifier: MIT
/*
 * Both ends of the control socket.  The daemon's: whatever clients send, in
 * whatever order they come, go, and members answer, it goes on, and nothing is
 * left of those who have gone.  The script's: no line makes a report that is
 * not one.
 *
 * Input: a byte.  0: lines of a daemon follow, each with its length in two
 * bytes, most significant first.  Else steps: a byte each, its upper half what
 * (step), its lower half which client, and for a request its length in two
 * bytes and its bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "applets/member/control.h"
#include "applets/member/event.h"
#include "applets/member/report.h"
#include "core/base/bytes.h"
#include "core/run/local.h"
#include "tests/unit/peers_fake.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define CLIENTS 16

static struct control control;
static struct loop loop;
static char folder[64];
static int clients[CLIENTS];
static struct report report;

static void
need(bool cond)
{
	if (!cond)
		abort();
}

static void
remove_folder(void)
{
	rmdir(folder);
}

static void
set_up(void)
{
	if (!*folder) {
		strcpy(folder, "/tmp/xl-fuzz.XXXXXX");
		need(mkdtemp(folder));
		need(atexit(remove_folder) == 0);
		need(loop_init(&loop, CONTROL_WATCHES) == ERR_OK);
	}
	fake_init();
	for (unsigned i = 0; i < ROSTER_MEMBERS_MAX; i++)
		fake.manner[i] = i % 2 ? FAKE_AT_ONCE : FAKE_HOLD;
	for (size_t i = 0; i < CLIENTS; i++)
		clients[i] = -1;
	need(control_init(&control, &loop, folder, &fake.roster, NULL) ==
	     ERR_OK);
}

/* As the loop does, but never waits. */
static void
turn(void)
{
	for (size_t i = loop.len; i-- > 0;) {
		if (i >= loop.len)
			continue;
		struct loop_watch *w = loop.watches[i];
		struct pollfd p = { .fd = w->events ? w->fd : -1,
				    .events = w->events };
		if (poll(&p, 1, 0) > 0 || w->deadline <= loop_now())
			w->ready(w, p.revents);
	}
}

static void
hang_up(unsigned i)
{
	if (clients[i] >= 0)
		close(clients[i]);
	clients[i] = -1;
}

/* Every message that comes back is a line of the protocol. */
static void
read_all(unsigned i)
{
	static const char *const words[] = { "cluster ", "member ", "event ",
					     "waiting",  "answer ", "end",
					     "error " };
	char line[CONTROL_LINE_MAX + 1];
	ssize_t n;
	while (clients[i] >= 0 &&
	       (n = recv(clients[i], line, CONTROL_LINE_MAX, 0)) > 0) {
		bool known = false;
		line[n] = '\0';
		for (size_t k = 0; k < sizeof words / sizeof *words; k++)
			known |= strncmp(line, words[k], strlen(words[k])) == 0;
		need(known && n < CONTROL_LINE_MAX);
		for (ssize_t k = 0; k < n; k++)
			need(line[k] >= 0x20 && line[k] < 0x7f);
		if (strncmp(line, "member ", 7) == 0 ||
		    strncmp(line, "cluster ", 8) == 0)
			need(report_take(&report, line) == ERR_OK);
	}
}

static void
request(unsigned i, struct bytes_reader *in)
{
	size_t n = bytes_take_be16(in);
	const uint8_t *bytes = bytes_take(in, n);
	if (clients[i] < 0 &&
	    local_connect(folder, CONTROL_NAME, &clients[i]) != ERR_OK)
		clients[i] = -1;
	if (bytes && clients[i] >= 0)
		(void)send(clients[i], bytes, n, MSG_NOSIGNAL);
}

static void
happen(unsigned which)
{
	struct event event = { .kind = (enum event_kind)(which % EVENT_KINDS),
			       .member = which,
			       .seq = control.seq + 1,
			       .name = "a" };
	control_event(&control, &event);
}

/* Time passes for all. */
static void
expire(void)
{
	for (size_t i = 0; i < CONTROL_CONNS; i++)
		if (control.conns[i].watch.deadline != LOOP_NEVER)
			control.conns[i].watch.deadline = 0;
}

static void
step(struct bytes_reader *in)
{
	uint8_t byte = bytes_take_u8(in);
	unsigned which = byte & 15;
	switch (byte >> 4 & 7) {
	case 0:
		hang_up(which);
		break;
	case 1:
		fake.up[which % 5] = !fake.up[which % 5];
		control_changed(&control);
		break;
	case 2:
		happen(which);
		break;
	case 3:
		if (fake.held_len > 0)
			fake_answer((enum peer_answer)(which % 5));
		break;
	case 4:
		read_all(which);
		break;
	case 5:
		expire();
		break;
	default:
		request(which, in);
	}
	if (byte & 128)
		turn();
}

static void
serve(struct bytes_reader *in)
{
	set_up();
	while (in->left > 0 && !in->failed)
		step(in);
	for (unsigned i = 0; i < CLIENTS; i++)
		hang_up(i);
	/*
	 * First who was never accepted is, then what he had sent is read, and
	 * then it is noticed that he hung up.
	 */
	for (unsigned i = 0; i < 64 && loop.len > 1; i++)
		turn();
	need(loop.len == 1 && fake.held_len == 0);
	control_stop(&control);
	need(loop.len == 0);
}

static void
ask(struct bytes_reader *in)
{
	static FILE *nowhere;
	char line[CONTROL_LINE_MAX + 1];
	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	memset(&report, 0, sizeof report);
	while (in->left > 0 && !in->failed) {
		size_t n = bytes_take_be16(in) % CONTROL_LINE_MAX;
		const uint8_t *bytes = bytes_take(in, n);
		if (!bytes)
			break;
		memcpy(line, bytes, n);
		line[n] = '\0';
		(void)report_take(&report, line);
	}
	for (int format = SHOW_TEXT; format <= SHOW_PROMETHEUS; format++)
		if (format != SHOW_DAT)
			report_show(nowhere, (enum show_format)format, &report);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes_reader in = bytes_reader(data, len);
	if (bytes_take_u8(&in) == 0)
		ask(&in);
	else
		serve(&in);
	return 0;
}
