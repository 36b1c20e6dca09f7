// SPDX-License-Identifier: MIT

/* The making of identities and keys. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "applets/keygen/keygen.h"
#include "core/base/bytes.h"
#include "core/base/err.h"
#include "core/base/file.h"
#include "core/base/fmt.h"
#include "core/base/say.h"
#include "core/doc/identity.h"
#include "core/ident/rng.h"

static volatile sig_atomic_t dots;

static void
tell_waiting(void)
{
	say("waiting for the system to gather randomness");
}

/* One dot a second on the terminal, for as long as keys are made. */
static void
print_dot(int signal)
{
	(void)signal;
	const char *text = dots ? "." : "making keys .";
	dots = 1;
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		return; /* nobody looks */
}

static void
set_timer(time_t seconds)
{
	struct itimerval timer = { { seconds, 0 }, { seconds, 0 } };
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void
show_life(void)
{
	struct sigaction action = { .sa_handler = print_dot,
				    .sa_flags = SA_RESTART };
	if (!isatty(STDERR_FILENO))
		return;
	sigaction(SIGALRM, &action, NULL);
	set_timer(1);
}

static void
end_life(void)
{
	int saved = errno;
	set_timer(0);
	if (dots && write(STDERR_FILENO, "\n", 1) < 0)
		dots = 0;
	errno = saved;
}

static enum err
start(struct rng *rng)
{
	enum err e = rng_init(rng, tell_waiting);
	if (e == ERR_OK)
		show_life();
	return e;
}

static int
explain_fault(enum err e, const char *folder,
	      const struct identity_fault *fault)
{
	char path[FILE_PATH_MAX];
	if (fault->at.line > 0) {
		say("%s/%s:%u: %s", folder, fault->file, fault->at.line,
		    fault->at.what);
		return err_status(e);
	}
	fmt_text(path, sizeof path, "%s/%s", folder, fault->file);
	bool making = err_status(e) > err_status(ERR_READ);
	return say_cannot(e, making ? "make" : "read",
			  *fault->file ? path : folder);
}

/* A daemon that runs on the folder holds its lock: its keys stay. */
static enum err
lock_out_daemon(const char *folder)
{
	char path[FILE_PATH_MAX];
	int fd;
	enum err e = file_join(path, folder, "lock");
	if (e == ERR_OK && file_exists(path))
		e = file_lock(folder, &fd);
	return e;
}

int
keygen_make_identity(const struct keygen *job)
{
	struct identity id;
	struct identity_fault fault;
	struct rng rng;
	struct identity_wish wish = {
		.name = job->name,
		.bits = job->bits,
		.min_bits =
			job->test_key ? RSAKEY_BITS_MIN : RSAKEY_BITS_STRONG,
		.id_len = job->id_len,
	};
	enum identity_mode mode = job->force        ? IDENTITY_REPLACE
				  : job->if_missing ? IDENTITY_MISSING
						    : IDENTITY_NEW;
	enum err e = job->force ? lock_out_daemon(job->folder) : ERR_OK;
	if (e != ERR_OK)
		return say_cannot(e, "replace the identity in", job->folder);
	e = start(&rng);
	if (e != ERR_OK)
		return say_cannot(e, "get", "random bytes");
	e = identity_make(&id, job->folder, &wish, mode, &rng, &fault);
	end_life();
	bytes_wipe(&rng, sizeof rng);
	bytes_wipe(&id, sizeof id);
	return e == ERR_OK ? 0 : explain_fault(e, job->folder, &fault);
}

static int
write_pair(const struct keygen *job, const char *pub_path,
	   const struct rsakey_private *key)
{
	int status = keygen_put_private(job, KEYFILE_PKCS1_PEM, key);
	if (status != 0 || strcmp(job->output, "-") == 0)
		return status;
	const char *comment = job->comment ? job->comment : "";
	status = keygen_put_line(job, pub_path, &key->pub, comment,
				 strlen(comment));
	if (status != 0 && !job->force)
		unlink(job->output); /* both or none */
	return status;
}

int
keygen_make_key(const struct keygen *job)
{
	struct rsakey_private key;
	struct rng rng;
	char pub_path[FILE_PATH_MAX];
	size_t n = fmt_text(pub_path, sizeof pub_path, "%s.pub", job->output);
	if (n >= sizeof pub_path)
		return say_cannot(ERR_TOO_LONG, "write", job->output);
	if (!job->force && file_exists(job->output))
		return say_cannot(ERR_EXISTS, "write", job->output);
	if (!job->force && file_exists(pub_path))
		return say_cannot(ERR_EXISTS, "write", pub_path);
	enum err e = start(&rng);
	if (e == ERR_OK)
		e = rsakey_generate(&key, job->bits, &rng);
	end_life();
	int status = e == ERR_OK ? write_pair(job, pub_path, &key)
				 : say_cannot(e, "make", "a key");
	bytes_wipe(&key, sizeof key);
	bytes_wipe(&rng, sizeof rng);
	return status;
}
