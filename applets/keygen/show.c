// SPDX-License-Identifier: MIT

/* What is done with a key that is there: print, export, check. */

#include <stdio.h>
#include <string.h>

#include "applets/keygen/keygen.h"
#include "core/base/bytes.h"
#include "core/base/err.h"
#include "core/base/file.h"
#include "core/base/fmt.h"
#include "core/base/say.h"
#include "core/base/text.h"
#include "core/ident/rng.h"

/* The key that was read, and the file that it stood in. */
struct source {
	bool is_private;
	struct rsakey_public pub;
	struct rsakey_private priv; /* when is_private */
	size_t len;
	char text[KEYFILE_MAX];
};

static enum err
read_source(struct source *from, const char *path)
{
	enum err e = file_read(path, from->text, sizeof from->text, &from->len);
	if (e != ERR_OK)
		return e;
	e = keyfile_parse_private(&from->priv, from->text, from->len);
	from->is_private = e == ERR_OK;
	if (from->is_private)
		from->pub = from->priv.pub;
	if (e == ERR_REFUSED)
		e = keyfile_parse_public(&from->pub, from->text, from->len);
	return e;
}

static int
explain(enum err e, const char *path)
{
	if (e != ERR_OPENSSH)
		return say_cannot(e, "read", path);
	say("cannot read %s: %s (ssh-keygen -p -m PEM -f %s makes it readable)",
	    path, err_text(e), path);
	return err_status(e);
}

static int
need_private(const char *path)
{
	say("%s: a public key, where a private one is needed", path);
	return err_status(ERR_MALFORMED);
}

static int
print_public(const struct keygen *job, const struct source *from)
{
	size_t len;
	const char *comment = keyfile_comment(from->text, from->len, &len);
	if (job->comment) {
		comment = job->comment;
		len = strlen(comment);
	}
	return keygen_put_line(job, job->output, &from->pub, comment, len);
}

/*
 * As ssh-keygen does: a private key's comment is that of its .pub file, or
 * where that has none the file's name.
 */
static void
read_comment_beside(struct source *from, const char *path,
		    char comment[static FILE_PATH_MAX])
{
	char pub_path[FILE_PATH_MAX];
	struct rsakey_public pub;
	size_t n = fmt_text(pub_path, sizeof pub_path, "%s.pub", path);
	from->len = 0;
	if (n >= sizeof pub_path || strcmp(path, "-") == 0)
		return;
	if (file_read(pub_path, from->text, sizeof from->text, &from->len) !=
		    ERR_OK ||
	    keyfile_parse_public(&pub, from->text, from->len) != ERR_OK ||
	    !rsakey_equal(&pub, &from->pub))
		from->len = 0;
	else
		strcpy(comment, pub_path);
}

static int
print_fingerprint(const struct keygen *job, struct source *from)
{
	char print[KEYFILE_FINGERPRINT_MAX];
	char comment[FILE_PATH_MAX] = "no comment";
	size_t len;
	if (from->is_private)
		read_comment_beside(from, job->key, comment);
	const char *text = keyfile_comment(from->text, from->len, &len);
	if (len > 0)
		fmt_text(comment, sizeof comment, "%.*s", (int)len, text);
	text_clean(comment, strlen(comment));
	keyfile_fingerprint(print, &from->pub);
	fmt_print(stdout, "%u %s %s (RSA)\n", rsakey_bits(&from->pub), print,
		  comment);
	return 0;
}

static int export(const struct keygen *job, const struct source *from)
{
	uint8_t data[KEYFILE_PEM_MAX];
	if (job->form->form == KEYFILE_SSH)
		return print_public(job, from);
	if (job->form->is_private && !from->is_private)
		return need_private(job->key);
	if (job->form->is_private)
		return keygen_put_private(job, job->form->form, &from->priv);
	size_t len = keyfile_encode_public(data, job->form->form, &from->pub);
	return keygen_put(job, job->output, false, data, len);
}

static int
check(const struct keygen *job, const struct source *from)
{
	struct rng rng;
	if (!from->is_private)
		return need_private(job->key);
	enum err e = rng_init(&rng, NULL);
	if (e != ERR_OK)
		return say_cannot(e, "get", "random bytes");
	e = rsakey_check_private(&from->priv, &rng);
	bytes_wipe(&rng, sizeof rng);
	if (e == ERR_OK)
		fmt_print(stdout, "%s: sound\n", job->key);
	else
		say("%s: not sound: its numbers do not fit", job->key);
	return err_status(e);
}

static int
show(const struct keygen *job, struct source *from)
{
	enum err e = read_source(from, job->key);
	if (e != ERR_OK)
		return explain(e, job->key);
	switch (job->mode) {
	case 'y':
		return print_public(job, from);
	case 'l':
		return print_fingerprint(job, from);
	case 'e':
		return export(job, from);
	default:
		return check(job, from);
	}
}

int
keygen_show(const struct keygen *job)
{
	static struct source from; /* too large for a small stack */
	int status = show(job, &from);
	bytes_wipe(&from, sizeof from);
	return status;
}
