// SPDX-License-Identifier: MIT
#include "applets/join/joinopt.h"

#include <string.h>

#include "core/base/text.h"

#define WAIT_SECONDS 60
#define WAIT_SECONDS_MAX 31536000 /* a year */
#define CLUSTER_ENDS_MAX 2

/* Options with a long form only: the jobs, then others that a set holds. */
enum {
	OPT_CREATE_ONLY = ENROLL_CREATE,
	OPT_LIST = ENROLL_LIST,
	OPT_REGISTER_ONLY = ENROLL_REGISTER,
	OPT_CRED = ENROLL_CRED,
	OPT_FORMAT = 27,
	OPT_DIALECT,
	OPT_INSECURE,
};

#define CREATE_ONLY "\1"
#define LIST "\2"
#define REGISTER_ONLY "\3"
#define CRED "\4"
#define FORMAT "\33"
#define DIALECT "\34"
#define INSECURE "\35"

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
	OPT(FORMAT, "format", "FORMAT", "text, json, env, hosts or dat")
	OPT(DIALECT, "dialect", "NAME", "sealed, documented or prefixed")
	OPT(INSECURE, "insecure-test-key", "", "allow keys of 1024 bits");
// clang-format on

/* Sets of options that take an argument: 'a' is bit 1, FORMAT bit 27. */
#define BIT(id) (1U << ((id)&31))
#define FOR_ALL (BIT('r') | BIT('w') | BIT(OPT_DIALECT))
#define FOR_NODES (BIT('d') | BIT('e') | BIT('n') | BIT('b') | BIT(OPT_FORMAT))

static const struct {
	unsigned needs, takes;
} jobs[] = {
	[ENROLL_JOIN] = { BIT('r') | BIT('d') | BIT('c'),
			  FOR_ALL | FOR_NODES | BIT('c') | BIT('s') },
	[ENROLL_CREATE] = { BIT('r') | BIT('c') | BIT('s'),
			    FOR_ALL | FOR_NODES | BIT('c') | BIT('s') },
	[ENROLL_LIST] = { BIT('r') | BIT('c'), FOR_ALL | FOR_NODES | BIT('c') },
	[ENROLL_REGISTER] = { BIT('r') | BIT('d'), FOR_ALL | FOR_NODES },
	[ENROLL_CRED] = { BIT('r'), FOR_ALL },
};

/* And of --list with --format dat. */
#define LOOK_NEEDS BIT('d')
#define LOOK_LEAVES (BIT('e') | BIT('b'))

static const char *
long_name(int id)
{
	return opt_name(&join_applet.page, id);
}

/* The name of the first option in a set. */
static const char *
first_name(unsigned set)
{
	int id = 1;
	while (!(set & BIT(id)))
		id++;
	return long_name(id < OPT_FORMAT ? id | 0x60 : id);
}

static int
clash(const char *a, const char *b)
{
	return joinopt_wrong("--%s and --%s do not go together", a, b);
}

/* More than ENDPOINTS_MAX are counted, not kept. */
static bool
take_end(struct joinopt *o, const char *arg)
{
	struct endpoint more;
	size_t i = o->ends_len++;
	return endpoint_parse(i < ENDPOINTS_MAX ? &o->ends[i] : &more, arg,
			      strlen(arg)) == ERR_OK;
}

static bool
take_name(const char **name, const char *arg)
{
	*name = arg;
	return text_is_name(arg, strlen(arg));
}

static bool
take_dialect(struct joinopt *o, const char *arg)
{
	for (o->dialect = 0; o->dialect < DIALECTS_LEN; o->dialect++)
		if (strcmp(arg, dialect_name(o->dialect)) == 0)
			return true;
	return false;
}

/* False for an argument that cannot be. */
static bool
take_argument(struct joinopt *o, int id, const char *arg)
{
	switch (id) {
	case 'r':
		o->registry = arg;
		return *arg;
	case 'd':
		o->folder = arg;
		return *arg;
	case 'c':
		return take_name(&o->cluster, arg);
	case 'e':
		return take_end(o, arg);
	case 'n':
		return take_name(&o->name, arg);
	case 's':
		return OPT_NUMBER(o->size, arg, 2, ROSTER_MEMBERS_MAX, 1);
	case 'w':
		return OPT_NUMBER(o->wait, arg, 0, WAIT_SECONDS_MAX, 1);
	case 'b':
		return OPT_NUMBER(o->bits, arg, RSAKEY_BITS_MIN,
				  RSAKEY_BITS_MAX, 1) &&
		       o->bits % 1024 == 0;
	case OPT_FORMAT:
		return show_find(&o->format, arg) &&
		       o->format != SHOW_PROMETHEUS;
	default:
		return take_dialect(o, arg);
	}
}

static void
take_flag(struct joinopt *o, int id)
{
	if (id == 'v')
		o->verbose = true;
	else if (id == 'q')
		o->quiet = true;
	else
		o->min_bits = RSAKEY_BITS_MIN;
}

int
joinopt_check_ends(const struct joinopt *o, size_t len)
{
	size_t max = o->size > 0 ? CLUSTER_ENDS_MAX : ENDPOINTS_MAX;
	if (len == 0 && o->job == ENROLL_JOIN)
		return joinopt_wrong("--%s is missing", long_name('e'));
	if (len > max)
		return joinopt_wrong("%zu end points where %zu may be", len,
				     max);
	return 0;
}

/* Whether the options fit the job and each other. */
static int
check(const struct joinopt *o, unsigned given)
{
	unsigned needs = jobs[o->job].needs;
	unsigned takes = jobs[o->job].takes;
	if (joinopt_is_look(o)) {
		needs |= LOOK_NEEDS;
		takes &= ~LOOK_LEAVES;
	}
	unsigned missing = needs & ~given;
	unsigned useless = given & ~takes;
	if (missing)
		return joinopt_wrong("--%s is missing", first_name(missing));
	if (useless)
		return clash(long_name((int)o->job), first_name(useless));
	if (o->quiet && o->verbose)
		return clash(long_name('q'), long_name('v'));
	if (o->bits < o->min_bits)
		return joinopt_wrong("keys of %u bits are for tests only",
				     o->bits);
	if (o->ends_len > 0 && joinopt_check_ends(o, o->ends_len) != 0)
		return err_status(ERR_USAGE);
	return JOINOPT_GO_ON;
}

int
joinopt_parse(struct joinopt *o, int argc, char **argv)
{
	const char *arg;
	unsigned given = 0;
	o->wait = WAIT_SECONDS;
	o->bits = RSAKEY_BITS_STRONG;
	o->min_bits = RSAKEY_BITS_STRONG;
	o->format = SHOW_TEXT;
	o->dialect = DIALECT_SEALED;
	for (int id; (id = opt_next(&join_applet.page, argc, argv, &arg));) {
		if (id == OPT_STOP)
			return opt_status();
		if (arg && !take_argument(o, id, arg))
			return opt_wrong_argument(&join_applet.page, id, arg);
		if (arg) {
			given |= BIT(id);
		} else if (id > OPT_CRED) {
			take_flag(o, id);
		} else {
			if (o->job != ENROLL_JOIN && (int)o->job != id)
				return clash(long_name((int)o->job),
					     long_name(id));
			o->job = (enum enroll_job)id;
		}
	}
	if (opt_operands() > 0)
		return joinopt_wrong("unexpected operand %s", argv[1]);
	return check(o, given);
}
