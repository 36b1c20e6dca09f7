// SPDX-License-Identifier: MIT
/* The list of clients: what it takes, finds, and keeps. */
#include "applets/member/clients.h"

#include <bearssl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/ident/keyfile.h"
#include "tests/unit/tap.h"
#include "tests/unit/vec.h"

static struct clients clients;
static struct clients_one one;
static unsigned line;
static const char *what;
static char path[] = "/tmp/xl-clients.XXXXXX";
static char key1[KEYFILE_SSH_MAX], key2[KEYFILE_SSH_MAX];

/* Loads a file of this text. */
static enum err
load(const char *text, size_t len, unsigned min_bits)
{
	int fd = open(path, O_WRONLY | O_TRUNC);
	if (fd < 0 || file_write_all(fd, text, len) != ERR_OK) {
		printf("Bail out! cannot write %s\n", path);
		exit(1);
	}
	close(fd);
	return clients_load(&clients, path, min_bits, &line, &what);
}

__attribute__((format(printf, 1, 2))) static enum err
load_text(const char *format, ...)
{
	static char text[8192];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return load(text, (size_t)len, RSAKEY_BITS_MIN);
}

/* The ID of a key, as clients of the wire say it. */
static void
make_id(uint8_t id[static CLIENTS_ID_LEN], const char *name)
{
	static uint8_t file[KEYFILE_MAX];
	struct rsakey_public key;
	uint8_t spki[RSAKEY_SPKI_MAX];
	br_sha256_context sha256;
	size_t len = vec_file(name, file, sizeof file);
	if (keyfile_parse_public(&key, file, len) != ERR_OK)
		printf("Bail out! cannot read %s\n", name);
	br_sha256_init(&sha256);
	br_sha256_update(&sha256, spki, rsakey_encode_spki(spki, &key));
	br_sha256_out(&sha256, id);
}

static void
load_key(char dst[static KEYFILE_SSH_MAX], const char *name)
{
	static uint8_t file[KEYFILE_MAX];
	struct rsakey_public key;
	size_t len = vec_file(name, file, sizeof file);
	if (keyfile_parse_public(&key, file, len) != ERR_OK)
		printf("Bail out! cannot read %s\n", name);
	keyfile_format_ssh(dst, &key);
}

static void
test_names(void)
{
	uint8_t id1[CLIENTS_ID_LEN], id2[CLIENTS_ID_LEN];
	char longest[400];
	make_id(id1, "rsa1024-1.pem");
	make_id(id2, "rsa2048-2.pem");
	is_int(clients_find(&clients, id1, &one), ERR_REFUSED, "in no list");
	is_int(load_text("# all\n\n \t\n  %s  Ann of\tB\x1b[0m \r\n%s", key1,
			 key2),
	       ERR_OK, "blanks, comments, and a line without an end");
	is_int(clients.len, 2, "two keys");
	is_int(clients_find(&clients, id1, &one), ERR_OK, "the first");
	is_str(one.name, "Ann of?B?[0m", "its name, made harmless");
	is_int(rsakey_bits(&one.key), 1024, "its key");
	is_int(clients_find(&clients, id2, &one), ERR_OK, "the second");
	is_str(one.name, "", "has no name");
	is_int(rsakey_bits(&one.key), 2048, "its key");
	memset(longest, 'n', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	is_int(load_text("%s %s\n", key1, longest), ERR_OK, "a long name");
	is_int(clients_find(&clients, id1, &one), ERR_OK, "is found");
	is_int(strlen(one.name), CLIENTS_NAME_MAX - 1, "and cut");
	memset(&one, 0, sizeof one);
	is_int(clients_find(&clients, id2, &one), ERR_REFUSED,
	       "who is listed no more");
	is_int(rsakey_bits(&one.key), 1024, "is compared with another");
}

static void
test_wrong(void)
{
	is_int(load_text("%s a\n%s b\n", key1, key2), ERR_OK, "two");
	is_int(load_text("%s a\n\n#\n%s b\n", key1, key1), ERR_MALFORMED,
	       "a key twice");
	is_int(line, 4, "where");
	is_str(what, "this key is there already", "what");
	is_int(load_text("ssh-rsa AAAA a\n"), ERR_MALFORMED, "no key");
	is_int(line, 1, "where");
	is_int(load_text("no-pty %s\n", key1), ERR_MALFORMED,
	       "options, which there are none of");
	is_int(load("\0\n", 2, RSAKEY_BITS_MIN), ERR_MALFORMED, "a NUL");
	is_int(load(key1, strlen(key1), RSAKEY_BITS_STRONG), ERR_MALFORMED,
	       "a short key");
	is_str(what, "a key of too few bits", "what");
	is_int(clients_load(&clients, "/nonexistent", 1024, &line, &what),
	       ERR_READ, "no file");
	is_int(errno, ENOENT, "errno");
	is_int(clients.len, 2, "after all that the list is as it was");
	is_int(load("", 0, RSAKEY_BITS_MIN), ERR_OK, "an empty file");
	is_int(clients.len, 0, "lists nobody");
	clients_free(&clients);
	clients_free(&clients);
}

int
main(void)
{
	int fd = mkstemp(path);
	if (fd < 0)
		return 1;
	close(fd);
	load_key(key1, "rsa1024-1.pem");
	load_key(key2, "rsa2048-2.pem");
	test_names();
	test_wrong();
	unlink(path);
	return done_testing();
}
