// SPDX-License-Identifier: MIT

/*
 * xl-regd: the registry.  Makes its identity and its public credential on
 * first start, reads its journal, listens, and serves nodes and clusters until
 * it is told to stop.
 */

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "applets/applet.h"
#include "applets/regd/regd.h"
#include "core/base/bytes.h"
#include "core/base/text.h"

#define DEFAULT_SESSIONS 1024
#define SESSIONS_MAX 1000000
#define SECONDS_MAX 86400

/* Options with a long form only: their ids as numbers and as strings. */
enum {
	OPT_CRED_OUT = 1,
	OPT_DIALECTS,
	OPT_MAX_SESSIONS,
	OPT_MAX_PER_ADDRESS,
	OPT_WORKERS,
	OPT_HELLO_TIMEOUT,
	OPT_MESSAGE_TIMEOUT,
	OPT_IDLE_TIMEOUT,
	OPT_EPHEMERAL,
	OPT_RECOVER,
	OPT_SYSLOG,
	OPT_READY_FD,
	OPT_TEST_KEY,
};

#define CRED_OUT "\1"
#define DIALECTS "\2"
#define MAX_SESSIONS "\3"
#define MAX_PER_ADDRESS "\4"
#define WORKERS "\5"
#define HELLO_TIMEOUT "\6"
#define MESSAGE_TIMEOUT "\7"
#define IDLE_TIMEOUT "\10"
#define EPHEMERAL "\11"
#define RECOVER "\12"
#define SYSLOG "\13"
#define READY_FD "\14"
#define TEST_KEY "\15"

// clang-format off
static const char opts[] =
	OPT("d", "dir", "DIR", "keep identity and journal in DIR")
	OPT("a", "address", "ADDR", "listen at ADDR (default: at all)")
	OPT("p", "port", "PORT", "listen at PORT (default 55555), 0: any")
	OPT("g", "global", "ADDR", "be known as ADDR or ADDR:PORT")
	OPT("n", "name", "NAME", "name the registry (default xlReg)")
	OPT("b", "bits", "BITS", "make keys of BITS (default 2048)")
	OPT("1", "short", "", "give out IDs of 160 bits")
	OPT(CRED_OUT, "cred-out", "FILE", "write the credential there too")
	OPT(DIALECTS, "dialects", "LIST", "serve only these dialects")
	OPT(MAX_SESSIONS, "max-sessions", "N", "at once (default 1024)")
	OPT(MAX_PER_ADDRESS, "max-per-address", "N", "from one (a quarter)")
	OPT(WORKERS, "workers", "N", "RSA processes (default: one a CPU)")
	OPT(HELLO_TIMEOUT, "hello-timeout", "SECONDS", "for a Hello (10)")
	OPT(MESSAGE_TIMEOUT, "message-timeout", "SECONDS", "for one message (10)")
	OPT(IDLE_TIMEOUT, "idle-timeout", "SECONDS", "between messages (60)")
	OPT(EPHEMERAL, "ephemeral", "", "keep everything in memory")
	OPT(RECOVER, "recover", "", "start with a damaged journal")
	OPT("v", "verbose", "", "log each message")
	OPT("q", "quiet", "", "log errors only")
	OPT(SYSLOG, "syslog", "", "log to syslog")
	OPT(READY_FD, "ready-fd", "N", "write a newline to N when ready")
	OPT(TEST_KEY, "insecure-test-key", "", "allow 1024-bit keys");
// clang-format on

static bool
take_dialect(unsigned *dialects, const char *name, size_t len)
{
	for (int d = 0; d < DIALECTS_LEN; d++) {
		const char *known = dialect_name((enum dialect)d);
		if (strlen(known) == len && memcmp(known, name, len) == 0) {
			*dialects |= DIALECT_BIT(d);
			return true;
		}
	}
	return false;
}

/* Reads names of dialects with commas between them. */
static bool
take_dialects(unsigned *dialects, const char *list)
{
	*dialects = 0;
	for (;;) {
		size_t len = strcspn(list, ",");
		if (!take_dialect(dialects, list, len))
			return false;
		if (list[len] == '\0')
			return true;
		list += len + 1;
	}
}

#define TAKE_NUMBER(dst, min, max) OPT_NUMBER(dst, arg, min, max, 1)
#define TAKE_SECONDS(dst) OPT_NUMBER(dst, arg, 1, SECONDS_MAX, 1000)

/* Takes an option that has an argument.  False: wrong. */
static bool
take_argument(struct regd *r, int id, const char *arg)
{
	switch (id) {
	case 'd':
		r->dir = arg;
		return *arg != '\0';
	case 'a':
		return public_add_address(&r->public, arg);
	case 'p':
		return TAKE_NUMBER(r->public.port, 0, UINT16_MAX);
	case 'g':
		return public_add_given(&r->public, arg);
	case 'n':
		r->name = arg;
		return text_is_name(arg, strlen(arg));
	case 'b':
		return TAKE_NUMBER(r->bits, RSAKEY_BITS_MIN, RSAKEY_BITS_MAX) &&
		       r->bits % 1024 == 0;
	case OPT_CRED_OUT:
		r->cred_out = arg;
		return *arg != '\0';
	case OPT_DIALECTS:
		return take_dialects(&r->dialects, arg);
	case OPT_MAX_SESSIONS:
		return TAKE_NUMBER(r->max_sessions, 1, SESSIONS_MAX);
	case OPT_MAX_PER_ADDRESS:
		return TAKE_NUMBER(r->max_per_address, 1, SESSIONS_MAX);
	case OPT_WORKERS:
		return TAKE_NUMBER(r->workers, 0, RSAWORKER_MAX);
	case OPT_HELLO_TIMEOUT:
		return TAKE_SECONDS(r->hello_ms);
	case OPT_MESSAGE_TIMEOUT:
		return TAKE_SECONDS(r->message_ms);
	case OPT_IDLE_TIMEOUT:
		return TAKE_SECONDS(r->idle_ms);
	default:
		return TAKE_NUMBER(r->ready_fd, 0, INT_MAX);
	}
}

/* Takes an option without an argument. */
static void
take_flag(struct regd *r, int id, bool *ephemeral)
{
	if (id == '1')
		r->id_len = NODEID_SHORT;
	else if (id == 'v')
		r->level = LOG_LEVEL_DEBUG;
	else if (id == 'q')
		r->level = LOG_LEVEL_ERROR;
	else if (id == OPT_SYSLOG)
		r->syslog = true;
	else if (id == OPT_RECOVER)
		r->recover = true;
	else if (id == OPT_TEST_KEY)
		r->min_bits = RSAKEY_BITS_MIN;
	else
		*ephemeral = true;
}

/* Returns an exit status, or -1 to go on. */
static int
parse_options(struct regd *r, int argc, char **argv)
{
	const char *arg;
	bool ephemeral = false;
	for (int id;
	     (id = opt_next(&regd_applet.page, argc, argv, &arg)) != OPT_END;) {
		if (id == OPT_STOP)
			return opt_status();
		if (!arg)
			take_flag(r, id, &ephemeral);
		else if (!take_argument(r, id, arg))
			return opt_wrong_argument(&regd_applet.page, id, arg);
	}
	if (opt_operands() > 0)
		return opt_wrong(&regd_applet.page, "unexpected operand %s",
				 argv[1]);
	if (ephemeral == (r->dir != NULL))
		return opt_wrong(&regd_applet.page,
				 "give one of -d and --ephemeral");
	if (ephemeral && r->recover)
		return opt_wrong(&regd_applet.page, "--recover needs -d");
	if (r->bits < r->min_bits)
		return opt_wrong(&regd_applet.page,
				 "%u bits need --insecure-test-key", r->bits);
	if (r->max_per_address == 0)
		r->max_per_address = (r->max_sessions + 3) / 4;
	return -1;
}

/* At run time: an initializer would put all of struct regd into the file. */
static void
set_defaults(struct regd *r)
{
	r->public.port = PUBLIC_PORT;
	r->bits = RSAKEY_BITS_STRONG;
	r->min_bits = RSAKEY_BITS_STRONG;
	r->id_len = NODEID_LONG;
	r->max_sessions = DEFAULT_SESSIONS;
	r->workers = rsapool_default();
	r->dialects = DIALECTS_ALL;
	r->hello_ms = 10000;
	r->message_ms = 10000;
	r->idle_ms = 60000;
	r->level = LOG_LEVEL_INFO;
	r->ready_fd = -1;
}

static int
regd_main(int argc, char **argv)
{
	static struct regd r;
	set_defaults(&r);
	int status = parse_options(&r, argc, argv);
	if (status >= 0)
		return status;
	status = regd_start(&r);
	if (status == 0)
		status = regd_run(&r);
	bytes_wipe(&r.identity, sizeof r.identity);
	return status;
}

const struct applet regd_applet = {
	.page = {
		.name = "xl-regd",
		.summary = "Keep clusters and their members: the registry",
		.synopsis =
			"-d DIR [-a ADDR]... [-p PORT] [-g ADDR]... [-n NAME]\n"
			"--ephemeral [-a ADDR]... [-p PORT] [-g ADDR]... "
			"[-n NAME]",
		.opts = opts,
	},
	.main = regd_main,
};
