// SPDX-License-Identifier: MIT
#include "core/doc/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/base/file.h"
#include "core/base/fmt.h"
#include "core/ident/keyfile.h"
#include "core/ident/keypair.h"
#include "core/ident/nodeid.h"

#define NEW ".new"
#define MODE_SECRET 0600
#define MODE_PUBLIC 0644
#define HOST_NAME_LEN 256

/* In the order of writing and renaming. */
static const char *const files[] = {
	IDENTITY_CK,
	IDENTITY_SK,
	IDENTITY_NODE,
};

#define FILES_LEN (sizeof files / sizeof *files)

static enum err
path_of(char dst[static FILE_PATH_MAX], const char *folder, const char *file,
	const char *suffix)
{
	char name[32];
	fmt_text(name, sizeof name, "%s%s", file, suffix);
	return file_join(dst, folder, name);
}

static bool
has(const char *folder, const char *file, const char *suffix)
{
	char path[FILE_PATH_MAX];
	return path_of(path, folder, file, suffix) == ERR_OK &&
	       file_exists(path);
}

/*
 * Makers and readers of a folder wait for each other.  Returns what holds the
 * lock, or -1 where there is no folder or its file system has no locks.
 */
static int
lock(const char *folder, int kind)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (fd >= 0 && flock(fd, kind) != 0 && errno == EINTR)
		;
	return fd;
}

static void
unlock(int fd)
{
	int saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
}

/* Gives a new file its name; done already is well too. */
static enum err
settle(const char *folder, const char *file)
{
	char from[FILE_PATH_MAX];
	char to[FILE_PATH_MAX];
	enum err e = path_of(from, folder, file, NEW);
	if (e == ERR_OK)
		e = path_of(to, folder, file, "");
	if (e == ERR_OK && rename(from, to) != 0 && errno != ENOENT)
		e = ERR_CREATE;
	return e == ERR_OK ? file_sync_folder(to) : e;
}

/* Finishes what was cut short once node.dat.new was there. */
static enum err
finish(const char *folder, struct identity_fault *fault)
{
	if (!has(folder, IDENTITY_NODE, NEW))
		return ERR_OK;
	for (size_t i = 0; i < FILES_LEN; i++) {
		fault->file = files[i];
		enum err e = settle(folder, files[i]);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* Takes away new files that are not to count, node.dat.new first. */
static void
discard(const char *folder)
{
	char path[FILE_PATH_MAX];
	int saved = errno;
	for (size_t i = FILES_LEN; i-- > 0;)
		if (path_of(path, folder, files[i], NEW) == ERR_OK)
			unlink(path);
	errno = saved;
}

static enum err
read_key(struct rsakey_private *key, const char *folder, const char *file,
	 struct identity_fault *fault)
{
	char path[FILE_PATH_MAX];
	*fault = (struct identity_fault){ .file = file };
	enum err e = path_of(path, folder, file, "");
	return e == ERR_OK ? keyfile_read_private(key, path) : e;
}

enum err
identity_load_node(struct node *node, const char *folder,
		   struct identity_fault *fault)
{
	char path[FILE_PATH_MAX];
	char text[NODE_TEXT_MAX];
	size_t len = 0;
	*fault = (struct identity_fault){ .file = IDENTITY_NODE };
	/* One not yet renamed counts: all its files are there. */
	bool pending = has(folder, IDENTITY_NODE, NEW);
	enum err e = path_of(path, folder, IDENTITY_NODE, pending ? NEW : "");
	if (e == ERR_OK)
		e = file_read(path, text, sizeof text, &len);
	return e == ERR_OK ? node_parse(node, text, len, &fault->at) : e;
}

static enum err
load(struct identity *id, const char *folder, struct identity_fault *fault)
{
	enum err e = finish(folder, fault);
	if (e == ERR_OK)
		e = identity_load_node(&id->node, folder, fault);
	if (e == ERR_OK)
		e = read_key(&id->ck, folder, IDENTITY_CK, fault);
	if (e == ERR_OK)
		e = read_key(&id->sk, folder, IDENTITY_SK, fault);
	return e;
}

enum err
identity_load(struct identity *id, const char *folder,
	      struct identity_fault *fault)
{
	*fault = (struct identity_fault){ .file = "" };
	int fd = lock(folder, LOCK_SH);
	enum err e = load(id, folder, fault);
	unlock(fd);
	if (e != ERR_OK)
		bytes_wipe(id, sizeof *id);
	return e;
}

static void
name_node(struct node *node, const struct identity_wish *wish, struct rng *rng)
{
	*node = (struct node){ .ends_len = 0 };
	fmt_text(node->name, sizeof node->name, "%s", wish->name);
	nodeid_random(&node->id, wish->id_len, rng);
}

enum err
identity_generate(struct identity *id, const struct identity_wish *wish,
		  struct rng *rng)
{
	name_node(&id->node, wish, rng);
	return keypair_generate(&id->ck, &id->sk, wish->bits, rng);
}

/*
 * Writes a file under its new name: node.dat.new at once, as it says that all
 * are whole; a key in place, so that no other file is ever left with a secret.
 */
static enum err
stage(const char *folder, const char *file, mode_t mode, const void *data,
      size_t len, struct identity_fault *fault)
{
	char path[FILE_PATH_MAX];
	*fault = (struct identity_fault){ .file = file };
	enum err e = path_of(path, folder, file, NEW);
	if (e != ERR_OK)
		return e;
	return (mode == MODE_SECRET ? file_create : file_write)(path, mode,
								data, len);
}

static enum err
stage_key(const char *folder, const char *file,
	  const struct rsakey_private *key, struct identity_fault *fault)
{
	uint8_t pem[KEYFILE_PEM_MAX];
	size_t len = keyfile_encode_private(pem, KEYFILE_PKCS1_PEM, key);
	enum err e = stage(folder, file, MODE_SECRET, pem, len, fault);
	bytes_wipe(pem, sizeof pem);
	return e;
}

/* Which keys stay as they are. */
struct kept {
	bool ck, sk;
};

/* Reads a key that has never been part of an identity. */
static enum err
adopt_key(struct rsakey_private *key, const char *folder, const char *file,
	  unsigned min_bits, struct identity_fault *fault)
{
	enum err e = read_key(key, folder, file, fault);
	if (e == ERR_OK && rsakey_check_public(&key->pub, min_bits) != ERR_OK)
		return ERR_WEAK;
	return e;
}

static enum err
obtain_keys(struct identity *id, const char *folder, struct kept kept,
	    const struct identity_wish *wish, struct rng *rng,
	    struct identity_fault *fault)
{
	unsigned bits = wish->bits;
	unsigned least = wish->min_bits;
	enum err e = ERR_OK;
	if (kept.ck)
		e = adopt_key(&id->ck, folder, IDENTITY_CK, least, fault);
	if (e == ERR_OK && kept.sk)
		e = adopt_key(&id->sk, folder, IDENTITY_SK, least, fault);
	if (e != ERR_OK)
		return e;
	fault->file = "";
	if (!kept.ck && !kept.sk)
		return keypair_generate(&id->ck, &id->sk, bits, rng);
	if (!kept.ck)
		return rsakey_generate(&id->ck, bits, rng);
	return kept.sk ? ERR_OK : rsakey_generate(&id->sk, bits, rng);
}

static enum err
stage_all(const struct identity *id, const char *folder, struct kept kept,
	  struct identity_fault *fault)
{
	char text[NODE_TEXT_MAX];
	size_t len = node_format(text, &id->node);
	enum err e = ERR_OK;
	if (!kept.ck)
		e = stage_key(folder, IDENTITY_CK, &id->ck, fault);
	if (e == ERR_OK && !kept.sk)
		e = stage_key(folder, IDENTITY_SK, &id->sk, fault);
	if (e == ERR_OK)
		e = stage(folder, IDENTITY_NODE, MODE_PUBLIC, text, len, fault);
	return e;
}

static enum err
make(struct identity *id, const char *folder, const struct identity_wish *wish,
     enum identity_mode mode, struct rng *rng, struct identity_fault *fault)
{
	struct kept kept = { false, false };
	enum err e = finish(folder, fault);
	if (e != ERR_OK)
		return e;
	discard(folder); /* what a maker before this one did not finish */
	if (mode != IDENTITY_REPLACE) {
		fault->file = IDENTITY_NODE;
		if (has(folder, IDENTITY_NODE, ""))
			return mode == IDENTITY_NEW ? ERR_EXISTS
						    : load(id, folder, fault);
		kept.ck = has(folder, IDENTITY_CK, "");
		kept.sk = has(folder, IDENTITY_SK, "");
	}
	name_node(&id->node, wish, rng);
	e = obtain_keys(id, folder, kept, wish, rng, fault);
	if (e == ERR_OK)
		e = stage_all(id, folder, kept, fault);
	if (e != ERR_OK) {
		discard(folder);
		return e;
	}
	return finish(folder, fault);
}

enum err
identity_make(struct identity *id, const char *folder,
	      const struct identity_wish *wish, enum identity_mode mode,
	      struct rng *rng, struct identity_fault *fault)
{
	*fault = (struct identity_fault){ .file = "" };
	enum err e = file_make_folder(folder);
	if (e != ERR_OK)
		return e;
	int fd = lock(folder, LOCK_EX);
	e = make(id, folder, wish, mode, rng, fault);
	unlock(fd);
	if (e != ERR_OK)
		bytes_wipe(id, sizeof *id);
	return e;
}

enum err
identity_store_node(const char *folder, const struct node *node)
{
	char path[FILE_PATH_MAX];
	char text[NODE_TEXT_MAX];
	size_t len = node_format(text, node);
	enum err e = path_of(path, folder, IDENTITY_NODE, "");
	return e == ERR_OK ? file_write(path, MODE_PUBLIC, text, len) : e;
}

bool
identity_exists(const char *folder)
{
	return has(folder, IDENTITY_NODE, "") ||
	       has(folder, IDENTITY_NODE, NEW);
}

void
identity_default_name(char dst[static TEXT_NAME_MAX + 1])
{
	char host[HOST_NAME_LEN] = "";
	gethostname(host, sizeof host - 1);
	host[strcspn(host, ".")] = '\0';
	fmt_text(dst, TEXT_NAME_MAX + 1, "%.*s", TEXT_NAME_MAX, host);
	for (char *c = dst; *c; c++)
		if (!text_is_name(c, 1) && *c != '-')
			*c = '-';
	if (dst[0] == '\0' || dst[0] == '-') {
		memmove(dst + 1, dst, TEXT_NAME_MAX - 1);
		dst[0] = '_';
		dst[TEXT_NAME_MAX] = '\0';
	}
}
