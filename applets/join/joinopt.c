// SPDX-License-Identifier: MIT
#include "applets/join/joinopt.h"

#include <string.h>
#include <unistd.h>

#include "core/base/text.h"

#define WAIT_SECONDS 60
#define WAIT_SECONDS_MAX 31536000 /* a year */
#define BITS 2048

/* Options with a long form only: their ids as numbers and as strings. */
enum {
	OPT_CREATE_ONLY = 1,
	OPT_LIST,
	OPT_REGISTER_ONLY,
	OPT_CRED,
	OPT_FORMAT,
	OPT_DIALECT,
	OPT_INSECURE,
};

#define CREATE_ONLY "\1"
#define LIST "\2"
#define REGISTER_ONLY "\3"
#define CRED "\4"
#define FORMAT "\5"
#define DIALECT "\6"
#define INSECURE "\7"

// clang-format off
const char joinopt_table[] =
	OPT("r", "registry", "FILE", "the registry's regCred.dat, - for stdin")
	OPT("d", "dir", "DIR", "the node's folder, made if missing")
	OPT("c", "cluster", "NAME", "the cluster")
	OPT("e", "endpoint", "HOST:PORT", "where the node is found; up to 4")
	OPT("n", "name", "NAME", "of a new node (default: the host's)")
	OPT("s", "size", "N", "create the cluster for N members, 2 to 64")
	OPT("w", "wait", "SECONDS", "how long to try and wait (60; 0: do not)")
	OPT("b", "bits", "BITS", "of a new node's keys (2048)")
	OPT("v", "verbose", "", "say what is going on")
	OPT("q", "quiet", "", "no progress and no warnings")
	OPT(CREATE_ONLY, "create-only", "", "create, do not join")
	OPT(LIST, "list", "", "print who is there, do not join")
	OPT(REGISTER_ONLY, "register-only", "", "register the node alone")
	OPT(CRED, "cred", "", "print the registry's own credential")
	OPT(FORMAT, "format", "FORMAT", "text, json, env or hosts")
	OPT(DIALECT, "dialect", "NAME", "sealed, documented or prefixed")
	OPT(INSECURE, "insecure-test-key", "", "allow keys of 1024 bits");
// clang-format on

/* Options that not every job has use for, as bits. */
enum {
	HAS_D = 1,
	HAS_C = 2,
	HAS_E = 4,
	HAS_N = 8,
	HAS_S = 16,
	HAS_B = 32,
	HAS_FORMAT = 64,
};

static const struct {
	const char *name;
	unsigned needs, takes;
} jobs[] = {
	[ENROLL_JOIN] = { "joining", HAS_D | HAS_C,
			  HAS_E | HAS_N | HAS_S | HAS_B | HAS_FORMAT },
	[ENROLL_CREATE] = { "--create-only", HAS_C | HAS_S,
			    HAS_D | HAS_E | HAS_N | HAS_B | HAS_FORMAT },
	[ENROLL_LIST] = { "--list", HAS_C,
			  HAS_D | HAS_E | HAS_N | HAS_B | HAS_FORMAT },
	[ENROLL_REGISTER] = { "--register-only", HAS_D,
			      HAS_E | HAS_N | HAS_B | HAS_FORMAT },
	[ENROLL_CRED] = { "--cred", 0, 0 },
};

static const char *const option_names[] = { "-d", "-c", "-e",      "-n",
					    "-s", "-b", "--format" };

static int
take_job(struct joinopt *o, enum enroll_job job)
{
	if (o->job != ENROLL_JOIN && o->job != job)
		return joinopt_wrong("%s and %s do not go together",
				     jobs[o->job].name, jobs[job].name);
	o->job = job;
	return JOINOPT_GO_ON;
}

static int
take_end(struct joinopt *o, const char *arg)
{
	if (o->ends_len == ENDPOINTS_MAX)
		return joinopt_wrong("more than %d end points", ENDPOINTS_MAX);
	if (endpoint_parse(&o->ends[o->ends_len], arg, strlen(arg)) != ERR_OK)
		return joinopt_wrong("bad end point %s", arg);
	o->ends_len++;
	return JOINOPT_GO_ON;
}

static int
take_path(const char **path, const char *arg)
{
	*path = arg;
	return *arg ? JOINOPT_GO_ON : joinopt_wrong("empty name of a file");
}

static int
take_name(const char **name, const char *arg)
{
	if (!text_is_name(arg, strlen(arg)))
		return joinopt_wrong("bad name %s", arg);
	*name = arg;
	return JOINOPT_GO_ON;
}

static int
take_number(unsigned *number, const char *what, const char *arg, unsigned min,
	    unsigned max)
{
	uint64_t value;
	if (text_number(&value, arg, min, max) != ERR_OK)
		return joinopt_wrong("bad %s %s: %u to %u", what, arg, min,
				     max);
	*number = (unsigned)value;
	return JOINOPT_GO_ON;
}

static int
take_wait(struct joinopt *o, const char *arg)
{
	unsigned seconds = 0;
	int status = take_number(&seconds, "time", arg, 0, WAIT_SECONDS_MAX);
	o->wait_ms = (int64_t)seconds * 1000;
	return status;
}

static int
take_dialect(struct joinopt *o, const char *arg)
{
	for (unsigned i = 0; i < DIALECTS_LEN; i++) {
		if (strcmp(arg, dialect_name((enum dialect)i)) != 0)
			continue;
		o->dialect = (enum dialect)i;
		return JOINOPT_GO_ON;
	}
	return joinopt_wrong("unknown dialect %s", arg);
}

static int
take_format(struct joinopt *o, const char *arg)
{
	if (!show_find(&o->format, arg))
		return joinopt_wrong("unknown format %s", arg);
	o->formatted = true;
	return JOINOPT_GO_ON;
}

static int
take_flag(struct joinopt *o, int id)
{
	o->verbose = o->verbose || id == 'v';
	o->quiet = o->quiet || id == 'q';
	o->insecure = o->insecure || id == OPT_INSECURE;
	return JOINOPT_GO_ON;
}

static int
take_option(struct joinopt *o, int id, const char *arg)
{
	switch (id) {
	case 'r':
		return take_path(&o->registry, arg);
	case 'd':
		return take_path(&o->folder, arg);
	case 'c':
		return take_name(&o->cluster, arg);
	case 'e':
		return take_end(o, arg);
	case 'n':
		return take_name(&o->name, arg);
	case 's':
		return take_number(&o->size, "size", arg, 2, 64);
	case 'w':
		return take_wait(o, arg);
	case 'b':
		return take_number(&o->bits, "key size", arg, 1024, 4096);
	case OPT_CREATE_ONLY:
		return take_job(o, ENROLL_CREATE);
	case OPT_LIST:
		return take_job(o, ENROLL_LIST);
	case OPT_REGISTER_ONLY:
		return take_job(o, ENROLL_REGISTER);
	case OPT_CRED:
		return take_job(o, ENROLL_CRED);
	case OPT_FORMAT:
		return take_format(o, arg);
	case OPT_DIALECT:
		return take_dialect(o, arg);
	default:
		return take_flag(o, id);
	}
}

/* Bits of the options that were given. */
static unsigned
given(const struct joinopt *o)
{
	return (o->folder ? HAS_D : 0U) | (o->cluster ? HAS_C : 0U) |
	       (o->ends_len > 0 ? HAS_E : 0U) | (o->name ? HAS_N : 0U) |
	       (o->size > 0 ? HAS_S : 0U) | (o->bits > 0 ? HAS_B : 0U) |
	       (o->formatted ? HAS_FORMAT : 0U);
}

/* Whether the options fit the job and each other. */
static int
check(struct joinopt *o)
{
	unsigned needs = jobs[o->job].needs;
	unsigned takes = needs | jobs[o->job].takes;
	unsigned has = given(o);
	if (!o->registry)
		return joinopt_wrong("option -r is missing");
	for (unsigned i = 0; i < sizeof option_names / sizeof *option_names;
	     i++) {
		if (needs & ~has & 1U << i)
			return joinopt_wrong("option %s is missing",
					     option_names[i]);
		if (has & ~takes & 1U << i)
			return joinopt_wrong("%s has no use for %s",
					     jobs[o->job].name,
					     option_names[i]);
	}
	if (o->bits == 0)
		o->bits = BITS;
	if (o->bits % 1024 != 0)
		return joinopt_wrong("bad key size %u: 2048, 3072 or 4096",
				     o->bits);
	if (o->bits < RSAKEY_BITS_STRONG && !o->insecure)
		return joinopt_wrong("keys of %u bits are for tests only",
				     o->bits);
	if (o->size > 0 && o->ends_len > JOINOPT_CLUSTER_ENDS)
		return joinopt_wrong(JOINOPT_BAD_ENDS, o->ends_len);
	if (o->quiet && o->verbose)
		return joinopt_wrong("-q and -v do not go together");
	return JOINOPT_GO_ON;
}

int
joinopt_parse(struct joinopt *o, int argc, char **argv)
{
	const char *arg;
	int status = JOINOPT_GO_ON;
	*o = (struct joinopt){
		.wait_ms = WAIT_SECONDS * 1000,
		.format = SHOW_TEXT,
		.dialect = DIALECT_SEALED,
	};
	for (int id; (id = opt_next(&join_applet.page, argc, argv, &arg));) {
		if (id == OPT_STOP)
			return opt_status();
		status = take_option(o, id, arg);
		if (status != JOINOPT_GO_ON)
			return status;
	}
	if (opt_operands() > 0)
		return joinopt_wrong("unexpected operand %s", argv[1]);
	return check(o);
}
