// SPDX-License-Identifier: MIT

/*
 * xl-nodeid: makes IDs at random, from keys or from files' contents, checks
 * their form, and prints the ID of a node.  Files are summed in the format of
 * sha256sum(1) and sha1sum(1), and lists of sums are checked as those do.
 */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/applet.h"
#include "applets/nodeid/sums.h"
#include "core/base/err.h"
#include "core/base/file.h"
#include "core/base/fmt.h"
#include "core/base/say.h"
#include "core/base/text.h"
#include "core/doc/identity.h"
#include "core/ident/keyfile.h"
#include "core/ident/nodeid.h"
#include "core/ident/rng.h"

#define COUNT_MAX 1000000000

/* Options with a long form only: their ids as numbers and as strings. */
enum {
	OPT_STRICT = 1,
	OPT_STATUS,
};

#define STRICT "\1"
#define STATUS "\2"

/* What this run is to do. */
struct nodeid_run {
	int mode; /* an option's letter, 0 without one */
	size_t id_len;
	uint64_t count;
	const char *folder;
	struct sums_rules rules;
};

// clang-format off
static const char opts[] =
	OPT("1", "short", "", "160-bit IDs, SHA-1 sums")
	OPT("n", "count", "COUNT", "print COUNT random IDs")
	OPT("k", "key", "", "derive an ID from public keys")
	OPT("v", "validate", "", "check the form of IDs")
	OPT("d", "dir", "DIR", "print the ID of the node in DIR")
	OPT("c", "check", "", "check lists of sums of files")
	OPT("q", "quiet", "", "with -c, print only what fails")
	OPT(STATUS, "status", "", "with -c, print nothing")
	OPT(STRICT, "strict", "", "with -c, fail on improper lines");
// clang-format on

static void
tell_waiting(void)
{
	say("waiting for the system to gather randomness");
}

static void
print_id(const struct nodeid *id)
{
	char hex[NODEID_HEX_MAX];
	nodeid_format(hex, id);
	puts(hex);
}

static int
print_random(const struct nodeid_run *run)
{
	struct rng rng;
	struct nodeid id;
	enum err e = rng_init(&rng, tell_waiting);
	if (e != ERR_OK)
		return say_cannot(e, "get", "random bytes");
	for (uint64_t i = 0; i < run->count && !ferror(stdout); i++) {
		nodeid_random(&id, run->id_len, &rng);
		print_id(&id);
	}
	return 0;
}

static int
derive(const struct nodeid_run *run, char **keys)
{
	struct sum sum;
	struct nodeid id;
	sums_begin(&sum, run->id_len);
	for (; *keys; keys++) {
		struct rsakey_public key;
		uint8_t spki[RSAKEY_SPKI_MAX];
		enum err e = keyfile_read_public(&key, *keys);
		if (e != ERR_OK)
			return say_cannot(e, "read", *keys);
		sums_add(&sum, spki, rsakey_encode_spki(spki, &key));
	}
	sums_end(&sum, &id);
	print_id(&id);
	return 0;
}

/* Whether each operand is an ID; says which is not. */
static int
validate(char **texts)
{
	int status = 0;
	for (; *texts; texts++) {
		struct nodeid id;
		if (nodeid_parse(&id, *texts, strlen(*texts)) == ERR_OK)
			continue;
		say("not an ID of 20 or 32 bytes: %s", *texts);
		status = err_status(ERR_REFUSED);
	}
	return status;
}

static int
print_node(const char *folder)
{
	struct node node;
	struct identity_fault fault;
	char path[FILE_PATH_MAX];
	enum err e = identity_load_node(&node, folder, &fault);
	if (e == ERR_OK) {
		print_id(&node.id);
		return 0;
	}
	if (fault.at.line > 0) {
		say("%s/%s:%u: %s", folder, fault.file, fault.at.line,
		    fault.at.what);
		return err_status(e);
	}
	fmt_text(path, sizeof path, "%s/%s", folder, fault.file);
	return say_cannot(e, "read", path);
}

/* Whether an option's argument cannot be; takes it if it is a number. */
static bool
is_wrong(struct nodeid_run *run, int id, const char *arg)
{
	if (id == 'n')
		return text_number(&run->count, arg, 1, COUNT_MAX) != ERR_OK;
	return id == 'd' && !*arg;
}

/* Notes one option; false when it contradicts those before. */
static bool
take_option(struct nodeid_run *run, int id, const char *arg)
{
	int mode = run->mode;
	switch (id) {
	case '1':
		run->id_len = NODEID_SHORT;
		return true;
	case 'q':
		run->rules.quiet = true;
		return true;
	case OPT_STATUS:
		run->rules.silent = true;
		return true;
	case OPT_STRICT:
		run->rules.strict = true;
		return true;
	case 'd':
		run->folder = arg;
		break;
	}
	run->mode = id;
	return mode == 0 || mode == id;
}

/* Whether the mode takes that many operands. */
static bool
takes_operands(int mode, int operands)
{
	switch (mode) {
	case 'k':
	case 'v':
		return operands > 0;
	case 'n':
	case 'd':
		return operands == 0;
	default:
		return true;
	}
}

/*
 * Says the first thing wrong with the options as a whole; 0 if none.  Without
 * a mode, operands are files to sum; without operands too, an ID is made.
 */
static int
check_options(struct nodeid_run *run, char **operands, int len)
{
	const struct opt_page *page = &nodeid_applet.page;
	const struct sums_rules *rules = &run->rules;
	if (run->mode == 0)
		run->mode = len > 0 ? 's' : 'n';
	if (run->mode != 'c' &&
	    (rules->quiet || rules->silent || rules->strict))
		return opt_wrong(page, "-q, --status or --strict goes with -c");
	if (run->id_len == NODEID_SHORT && strchr("cvd", run->mode))
		return opt_wrong(page, "-1 does not go with -%c", run->mode);
	if (takes_operands(run->mode, len))
		return 0;
	if (len == 0)
		return opt_wrong(page, "an operand is missing");
	return opt_wrong(page, "operand does not fit here: %s", operands[0]);
}

/* Returns an exit status, or -1 to go on. */
static int
parse_options(struct nodeid_run *run, int argc, char **argv)
{
	const char *arg;
	int id;
	*run = (struct nodeid_run){ .id_len = NODEID_LONG, .count = 1 };
	while ((id = opt_next(&nodeid_applet.page, argc, argv, &arg)) >
	       OPT_END) {
		if (is_wrong(run, id, arg))
			return opt_wrong_argument(&nodeid_applet.page, id, arg);
		if (!take_option(run, id, arg))
			return opt_wrong(&nodeid_applet.page,
					 "option --%s does not fit here",
					 opt_name(&nodeid_applet.page, id));
	}
	if (id == OPT_STOP)
		return opt_status();
	int status = check_options(run, argv + 1, opt_operands());
	return status ? status : -1;
}

static int
run_mode(const struct nodeid_run *run, char **operands)
{
	switch (run->mode) {
	case 'k':
		return derive(run, operands);
	case 'v':
		return validate(operands);
	case 'd':
		return print_node(run->folder);
	case 'c':
		return sums_check(operands, &run->rules);
	case 's':
		return sums_print(operands, run->id_len);
	default:
		return print_random(run);
	}
}

static int
nodeid_main(int argc, char **argv)
{
	struct nodeid_run run;
	int status = parse_options(&run, argc, argv);
	if (status >= 0)
		return status;
	return say_finish(run_mode(&run, argv + 1));
}

const struct applet nodeid_applet = {
	.page = {
		.name = "xl-nodeid",
		.summary = "Make, derive and check node IDs",
		.synopsis = "[-1] [-n COUNT]\n"
			    "[-1] -k PUBKEY...\n"
			    "[-1] FILE...\n"
			    "-c [-q] [--status] [--strict] [LIST]...\n"
			    "-v ID...\n"
			    "-d DIR",
		.opts = opts,
	},
	.main = nodeid_main,
};
