// SPDX-License-Identifier: MIT

/*
 * xl-keygen: makes a node's identity or a single RSA key, prints the public
 * key or the fingerprint of one, writes it in another form, and checks that a
 * private key is sound.
 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/applet.h"
#include "applets/keygen/keygen.h"
#include "core/base/err.h"
#include "core/base/say.h"
#include "core/base/text.h"
#include "core/doc/identity.h"
#include "core/ident/nodeid.h"

/* Options with a long form only: their ids as numbers and as strings. */
enum {
	OPT_FORCE = 1,
	OPT_IF_MISSING,
	OPT_TEST_KEY,
};

#define FORCE "\1"
#define IF_MISSING "\2"
#define TEST_KEY "\3"

/* For each mode the options that go with it. */
static const struct {
	int mode;
	const char *options;
} fits[] = {
	{ 'd', "dn1b" FORCE IF_MISSING TEST_KEY },
	{ 'e', "efoC" FORCE },
	{ 'y', "yfoC" FORCE },
	{ 'l', "lf" },
	{ 'p', "pf" },
	{ 'o', "obC" FORCE TEST_KEY },
};

static const struct keygen_form forms[] = {
	{ "ssh", KEYFILE_SSH, false },
	{ "pem", KEYFILE_SPKI_PEM, false },
	{ "der", KEYFILE_SPKI_DER, false },
	{ "pkcs1", KEYFILE_PKCS1_PEM, true },
	{ "pkcs8", KEYFILE_PKCS8_PEM, true },
};

#define FORMS_LEN (sizeof forms / sizeof *forms)

// clang-format off
static const char opts[] =
	OPT("d", "dir", "DIR", "make a node's identity in DIR")
	OPT("n", "name", "NAME", "name the node (default: the host name)")
	OPT("1", "short", "", "give the node a 160-bit ID")
	OPT(IF_MISSING, "if-missing", "", "keep an identity that is there")
	OPT("o", "output", "FILE", "write a key to FILE, - is standard output")
	OPT("b", "bits", "BITS",
	    "make keys of 2048 (default), 3072 or 4096 bits")
	OPT("C", "comment", "TEXT", "put TEXT behind the public key")
	OPT(FORCE, "force", "", "replace what is there")
	OPT("f", "file", "KEY", "read KEY, - is standard input")
	OPT("y", "public", "", "print the public key of KEY")
	OPT("l", "fingerprint", "", "print the fingerprint of KEY")
	OPT("e", "export", "FORMAT",
	    "write KEY as ssh, pem, der, pkcs1 or pkcs8")
	OPT("p", "check", "", "check that the private KEY is sound")
	OPT(TEST_KEY, "insecure-test-key", "", "allow keys of 1024 bits");
// clang-format on

/* Whether arg is a number of bits that may be made; sets it. */
static bool
take_bits(struct keygen *job, const char *arg)
{
	return OPT_NUMBER(job->bits, arg, RSAKEY_BITS_MIN, RSAKEY_BITS_MAX,
			  1) &&
	       job->bits % 1024 == 0;
}

static bool
take_form(struct keygen *job, const char *arg)
{
	for (size_t i = 0; i < FORMS_LEN; i++)
		if (strcmp(forms[i].name, arg) == 0)
			job->form = &forms[i];
	return job->form;
}

static bool
take_comment(struct keygen *job, const char *arg)
{
	size_t len = strlen(arg);
	job->comment = arg;
	for (const char *c = arg; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
	return len <= KEYGEN_COMMENT_MAX;
}

/* Notes one option; false when its argument is wrong. */
static bool
take_option(struct keygen *job, int id, const char *arg)
{
	switch (id) {
	case 'd':
		job->folder = arg;
		return *arg;
	case 'n':
		job->name = arg;
		return text_is_name(arg, strlen(arg));
	case '1':
		job->id_len = NODEID_SHORT;
		return true;
	case 'o':
		job->output = arg;
		return *arg;
	case 'b':
		return take_bits(job, arg);
	case 'C':
		return take_comment(job, arg);
	case 'f':
		job->key = arg;
		return *arg;
	case 'e':
		return take_form(job, arg);
	case OPT_FORCE:
		job->force = true;
		return true;
	case OPT_IF_MISSING:
		job->if_missing = true;
		return true;
	case OPT_TEST_KEY:
		job->test_key = true;
		return true;
	default:
		return true;
	}
}

/* The mode is the first of the table whose letter was given. */
static const char *
options_that_fit(struct keygen *job)
{
	for (size_t i = 0; i < sizeof fits / sizeof *fits; i++)
		if (strchr(job->seen, fits[i].mode)) {
			job->mode = fits[i].mode;
			return fits[i].options;
		}
	return NULL;
}

/* Says which option about what is written has nothing to be about. */
static int
check_output(const struct keygen *job)
{
	const struct opt_page *page = &keygen_applet.page;
	bool to_file = job->output && strcmp(job->output, "-") != 0;
	bool line = job->form ? job->form->form == KEYFILE_SSH
			      : job->mode == 'y' || to_file;
	if (job->comment && !line)
		return opt_wrong(page, "--comment goes with an ssh-rsa line");
	if (job->force && !job->folder && !to_file)
		return opt_wrong(page, "--force goes with a file");
	return 0;
}

/* Says the first thing wrong with the options as a whole; 0 if none. */
static int
check_options(struct keygen *job, int operands)
{
	const struct opt_page *page = &keygen_applet.page;
	const char *fit = options_that_fit(job);
	if (operands > 0)
		return opt_wrong(page, "there are no operands; -f names a key");
	if (!fit)
		return opt_wrong(page, "one of -d -o -y -l -e -p is needed");
	for (const char *id = job->seen; *id; id++)
		if (!strchr(fit, *id))
			return opt_wrong(page, "--%s does not go with -%c",
					 opt_name(page, *id), job->mode);
	if (strchr(fit, 'f') && !job->key)
		return opt_wrong(page, "-%c needs a key: -f KEY", job->mode);
	if (job->force && job->if_missing)
		return opt_wrong(page, "--force or --if-missing, not both");
	if (job->bits < RSAKEY_BITS_STRONG && !job->test_key)
		return opt_wrong(page, "%u bits need --insecure-test-key",
				 job->bits);
	return check_output(job);
}

/* Returns an exit status, or -1 to go on. */
static int
parse_options(struct keygen *job, int argc, char **argv)
{
	const char *arg;
	int id;
	size_t len = 0;
	*job = (struct keygen){ .bits = RSAKEY_BITS_STRONG,
				.id_len = NODEID_LONG };
	while ((id = opt_next(&keygen_applet.page, argc, argv, &arg)) >
	       OPT_END) {
		if (!take_option(job, id, arg))
			return opt_wrong_argument(&keygen_applet.page, id, arg);
		if (!strchr(job->seen, (char)id))
			job->seen[len++] = (char)id;
	}
	if (id == OPT_STOP)
		return opt_status();
	int status = check_options(job, opt_operands());
	return status ? status : -1;
}

static int
run_mode(const struct keygen *job)
{
	switch (job->mode) {
	case 'd':
		return keygen_make_identity(job);
	case 'o':
		return keygen_make_key(job);
	default:
		return keygen_show(job);
	}
}

static int
keygen_main(int argc, char **argv)
{
	struct keygen job;
	char name[TEXT_NAME_MAX + 1];
	int status = parse_options(&job, argc, argv);
	if (status >= 0)
		return status;
	if (!job.name) {
		identity_default_name(name);
		job.name = name;
	}
	return say_finish(run_mode(&job));
}

const struct applet keygen_applet = {
	.page = {
		.name = "xl-keygen",
		.summary = "Make, show, convert and check RSA keys",
		.synopsis =
			"-d DIR [-n NAME] [-b BITS] [-1]"
			" [--force | --if-missing]\n"
			"-o FILE [-b BITS] [-C TEXT] [--force]\n"
			"-y -f KEY [-o FILE] [-C TEXT] [--force]\n"
			"-e FORMAT -f KEY [-o FILE] [-C TEXT] [--force]\n"
			"-l -f KEY\n"
			"-p -f KEY",
		.opts = opts,
	},
	.main = keygen_main,
};
