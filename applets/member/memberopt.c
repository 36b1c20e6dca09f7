// SPDX-License-Identifier: MIT
#include "applets/member/memberopt.h"

#include <limits.h>
#include <string.h>

#include "applets/applet.h"
#include "applets/member/mailbox.h"
#include "core/ident/rsakey.h"
#include "core/run/net.h"
#include "core/run/rsapool.h"

#define SECONDS_MAX 31536000 /* a year */
#define MS_MAX 60000
#define CLIENTS_MAX 100000
#define QUEUE_MAX (1U << 30)

/* Options with a long form only: their ids as numbers and as strings. */
enum {
	OPT_BIND = 1,
	OPT_ANY_ADDRESS,
	OPT_HOOK_TIMEOUT,
	OPT_QUEUE_BYTES,
	OPT_REGISTRY_INTERVAL,
	OPT_SERVICE,
	OPT_CLIENTS,
	OPT_MAX_CLIENTS,
	OPT_MAX_PER_ADDRESS,
	OPT_CLIENT_IDLE,
	OPT_KEEPALIVE,
	OPT_FAR_KEEPALIVE,
	OPT_PATIENCE,
	OPT_PROBE,
	OPT_WORKERS,
	OPT_SYSLOG,
	OPT_READY_FD,
	OPT_READY_QUORUM,
	OPT_FORMAT,
	OPT_INITIAL,
	OPT_CLUSTER,
	OPT_LISTEN,
	OPT_TEST_KEY,
};

#define BIND "\1"
#define ANY_ADDRESS "\2"
#define HOOK_TIMEOUT "\3"
#define QUEUE_BYTES "\4"
#define REGISTRY_INTERVAL "\5"
#define SERVICE "\6"
#define CLIENTS "\7"
#define MAX_CLIENTS "\10"
#define MAX_PER_ADDRESS "\11"
#define CLIENT_IDLE "\12"
#define KEEPALIVE "\13"
#define FAR_KEEPALIVE "\14"
#define PATIENCE "\15"
#define PROBE "\16"
#define WORKERS "\17"
#define SYSLOG "\20"
#define READY_FD "\21"
#define READY_QUORUM "\22"
#define FORMAT "\23"
#define INITIAL "\24"
#define CLUSTER "\25"
#define LISTEN "\26"
#define TEST_KEY "\27"

// clang-format off
const char memberopt_table[] =
	OPT("d", "dir", "DIR", "the node's folder")
	OPT(BIND, "bind", "ADDR", "listen at ADDR, not at the end points")
	OPT(ANY_ADDRESS, "any-address", "", "let members come from anywhere")
	OPT("x", "exec", "COMMAND", "tell COMMAND of each event")
	OPT("X", "exec-dir", "DIR", "tell each command in DIR")
	OPT(HOOK_TIMEOUT, "hook-timeout", "SECONDS", "for such a command (60)")
	OPT(QUEUE_BYTES, "queue-bytes", "N", "of messages waiting (262144)")
	OPT("r", "registry", "FILE", "follow the registry of regCred.dat")
	OPT(REGISTRY_INTERVAL, "registry-interval", "SECONDS", "ask it (300)")
	OPT(SERVICE, "service", "COMMAND", "or tcp:HOST:PORT, unix:PATH: serve")
	OPT(CLIENTS, "clients", "FILE", "whose keys may come, or any")
	OPT(MAX_CLIENTS, "max-clients", "N", "at once (1024)")
	OPT(MAX_PER_ADDRESS, "max-per-address", "N", "clients (64)")
	OPT(CLIENT_IDLE, "client-idle", "SECONDS", "then a client goes (3600)")
	OPT(KEEPALIVE, "keepalive", "MS", "between two (1000)")
	OPT(FAR_KEEPALIVE, "far-keepalive", "MS", "to the others (60000)")
	OPT(PATIENCE, "patience", "MS", "until suspected (2000)")
	OPT(PROBE, "probe", "MS", "then until down (1000)")
	OPT(WORKERS, "workers", "N", "RSA processes (default: one a CPU)")
	OPT("v", "verbose", "", "log each connection")
	OPT("q", "quiet", "", "log errors only; status: print nothing")
	OPT(SYSLOG, "syslog", "", "log to syslog")
	OPT(READY_FD, "ready-fd", "N", "write a newline to N when ready")
	OPT(READY_QUORUM, "ready-quorum", "", "ready is with a majority")
	OPT(FORMAT, "format", "FORMAT", "text, json, env, hosts, prometheus")
	OPT(INITIAL, "initial", "", "watch: the present state first")
	OPT("a", "all", "", "send: to all")
	OPT("w", "wait", "SECONDS", "send (10), wait (60), connect: how long")
	OPT(CLUSTER, "cluster", "FILE", "connect: a cluster.dat, for -d")
	OPT("i", "identity", "FILE", "connect: the client's private key")
	OPT(LISTEN, "listen", "ADDR:PORT", "connect: forward from there")
	OPT(TEST_KEY, "insecure-test-key", "", "allow keys of 1024 bits");
// clang-format on

static const struct opt_page *
page(void)
{
	return &member_applet.page;
}

#define TAKE_NUMBER(dst, min, max) OPT_NUMBER(dst, arg, min, max, 1)
#define TAKE_SECONDS(dst) OPT_NUMBER(dst, arg, 1, SECONDS_MAX, 1000)
#define TAKE_MS(dst) OPT_NUMBER(dst, arg, 1, MS_MAX, 1)

/* Takes a number.  False: wrong. */
static bool
take_number(struct memberopt *o, int id, const char *arg)
{
	switch (id) {
	case 'w':
		return TAKE_NUMBER(o->wait, 0, SECONDS_MAX);
	case OPT_HOOK_TIMEOUT:
		return TAKE_SECONDS(o->hook_ms);
	case OPT_REGISTRY_INTERVAL:
		return TAKE_SECONDS(o->registry_ms);
	case OPT_CLIENT_IDLE:
		return TAKE_SECONDS(o->client_idle_ms);
	case OPT_KEEPALIVE:
		return TAKE_MS(o->keepalive_ms);
	case OPT_FAR_KEEPALIVE:
		return TAKE_MS(o->far_ms);
	case OPT_PATIENCE:
		return TAKE_MS(o->patience_ms);
	case OPT_PROBE:
		return TAKE_MS(o->probe_ms);
	case OPT_QUEUE_BYTES:
		return TAKE_NUMBER(o->queue_bytes, MAILBOX_MIN, QUEUE_MAX);
	case OPT_MAX_CLIENTS:
		return TAKE_NUMBER(o->max_clients, 1, CLIENTS_MAX);
	case OPT_MAX_PER_ADDRESS:
		return TAKE_NUMBER(o->max_per_address, 1, CLIENTS_MAX);
	case OPT_WORKERS:
		return TAKE_NUMBER(o->workers, 0, RSAWORKER_MAX);
	default:
		return TAKE_NUMBER(o->ready_fd, 0, INT_MAX);
	}
}

/* Where the text of an option goes; NULL if it has none. */
static const char **
text_of(struct memberopt *o, int id)
{
	switch (id) {
	case 'd':
		return &o->dir;
	case 'r':
		return &o->registry;
	case 'x':
		return &o->command;
	case 'X':
		return &o->folder;
	case 'i':
		return &o->identity;
	case OPT_BIND:
		return &o->bind;
	case OPT_SERVICE:
		return &o->service;
	case OPT_CLIENTS:
		return &o->clients;
	case OPT_CLUSTER:
		return &o->cluster;
	case OPT_LISTEN:
		return &o->listen;
	default:
		return NULL;
	}
}

/* Takes an option that has an argument.  False: wrong. */
static bool
take_argument(struct memberopt *o, int id, const char *arg)
{
	struct net_addr addr;
	const char **text = text_of(o, id);
	if (text) {
		*text = arg;
		return id == OPT_BIND ? net_parse(&addr, arg, 0) == ERR_OK
				      : *arg != '\0';
	}
	if (id == OPT_FORMAT)
		return show_find(&o->format, arg) && o->format != SHOW_DAT;
	return take_number(o, id, arg);
}

/* Takes an option without an argument. */
static void
take_flag(struct memberopt *o, int id)
{
	if (id == OPT_ANY_ADDRESS)
		o->any_address = true;
	else if (id == OPT_READY_QUORUM)
		o->ready_quorum = true;
	else if (id == OPT_SYSLOG)
		o->syslog = true;
	else if (id == OPT_INITIAL)
		o->initial = true;
	else if (id == OPT_TEST_KEY)
		o->min_bits = RSAKEY_BITS_MIN;
	else if (id == 'a')
		o->all = true;
	else if (id == 'v')
		o->level = LOG_LEVEL_DEBUG;
	else {
		o->level = LOG_LEVEL_ERROR;
		o->quiet = true;
	}
}

static void
set_defaults(struct memberopt *o)
{
	o->level = LOG_LEVEL_INFO;
	o->ready_fd = -1;
	o->wait = MEMBEROPT_NO_WAIT;
	o->workers = rsapool_default();
	o->min_bits = RSAKEY_BITS_STRONG;
	o->max_clients = 1024;
	o->max_per_address = 64;
	o->queue_bytes = 256 * 1024;
	o->keepalive_ms = 1000;
	o->far_ms = 60000;
	o->patience_ms = 2000;
	o->probe_ms = 1000;
	o->hook_ms = 60000;
	o->registry_ms = 300000;
	o->client_idle_ms = 3600000;
}

/* The job that the first operand names. */
static const struct memberopt_job *
find_job(const struct memberopt_job *jobs, const char *word)
{
	while (*jobs->name && (!word || strcmp(jobs->name, word) != 0))
		jobs++;
	return jobs;
}

/* Whether the options that were given (a bit each) go with the job. */
static int
check_options(const struct memberopt_job *job, uint64_t given)
{
	for (const char *id = job->takes; *id; id++)
		given &= ~(UINT64_C(1) << (*id & 63));
	for (int id = 1; id < 128; id++)
		if ((given >> (id & 63) & 1) &&
		    strlen(opt_name(page(), id)) > 0)
			return opt_wrong(page(), "--%s does not go with %s",
					 opt_name(page(), id),
					 *job->name ? job->name : "the daemon");
	return 0;
}

const struct memberopt_job *
memberopt_parse(struct memberopt *o, const struct memberopt_job *jobs,
		int *argc, char ***argv, int *status)
{
	uint64_t given = 0; /* a letter's bit is that of its low six bits */
	const char *arg;
	set_defaults(o);
	for (int id; (id = opt_next(page(), *argc, *argv, &arg)) != OPT_END;) {
		*status = opt_status();
		if (id == OPT_STOP)
			return NULL;
		given |= UINT64_C(1) << (id & 63);
		if (!arg) {
			take_flag(o, id);
		} else if (!take_argument(o, id, arg)) {
			*status = opt_wrong_argument(page(), id, arg);
			return NULL;
		}
	}
	int operands = opt_operands();
	const char *word = operands > 0 ? (*argv)[1] : NULL;
	const struct memberopt_job *job = find_job(jobs, word);
	bool named = *job->name;
	*argc = named ? operands - 1 : operands;
	*argv += named ? 2 : 1;
	if (*argc > 0 && !job->operands) {
		*status = opt_wrong(page(), "%s %s",
				    named ? "unexpected operand"
					  : "unknown subcommand",
				    **argv);
		return NULL;
	}
	*status = check_options(job, given);
	return *status == 0 ? job : NULL;
}
