// SPDX-License-Identifier: MIT

/* What xl-keygen writes, and where it goes. */

#include <string.h>
#include <unistd.h>

#include "applets/keygen/keygen.h"
#include "core/base/bytes.h"
#include "core/base/err.h"
#include "core/base/file.h"
#include "core/base/fmt.h"
#include "core/base/say.h"

#define MODE_SECRET 0600
#define MODE_PUBLIC 0644

/* Writes what was asked for to standard output or to the file of -o. */
int
keygen_put(const struct keygen *job, const char *path, bool is_private,
	   const void *data, size_t len)
{
	enum err e;
	if (!path || strcmp(path, "-") == 0) {
		path = "standard output"; /* no buffer keeps a secret */
		e = file_write_all(STDOUT_FILENO, data, len);
	} else {
		e = (job->force ? file_write : file_write_new)(
			path, is_private ? MODE_SECRET : MODE_PUBLIC, data,
			len);
	}
	return e == ERR_OK ? 0 : say_cannot(e, "write", path);
}

/* The ssh-rsa line with its comment. */
int
keygen_put_line(const struct keygen *job, const char *path,
		const struct rsakey_public *key, const char *comment,
		size_t comment_len)
{
	char base[KEYFILE_SSH_MAX];
	char line[KEYFILE_SSH_MAX + KEYGEN_COMMENT_MAX + 2];
	keyfile_format_ssh(base, key);
	size_t len = fmt_text(line, sizeof line, "%s%s%.*s\n", base,
			      comment_len > 0 ? " " : "", (int)comment_len,
			      comment_len > 0 ? comment : "");
	return keygen_put(job, path, false, line, len);
}

int
keygen_put_private(const struct keygen *job, enum keyfile_form form,
		   const struct rsakey_private *key)
{
	uint8_t pem[KEYFILE_PEM_MAX];
	size_t len = keyfile_encode_private(pem, form, key);
	int status = keygen_put(job, job->output, true, pem, len);
	bytes_wipe(pem, sizeof pem);
	return status;
}
