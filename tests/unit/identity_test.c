// SPDX-License-Identifier: MIT

/*
 * A node's identity in a folder, and what each interruption of its making
 * leaves: the states of the folder are made by hand, one for each step.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/doc/identity.h"
#include "core/ident/keyfile.h"
#include "core/ident/nodeid.h"
#include "core/ident/rng.h"
#include "tests/unit/tap.h"

static const struct identity_wish wish = {
	.name = "alpha",
	.bits = 1024,
	.min_bits = RSAKEY_BITS_MIN,
	.id_len = NODEID_LONG,
};
static struct rng rng;
static struct identity_fault fault;

/* Everything is done inside one temporary folder. */
static char top[] = "/tmp/xl-identity.XXXXXX";
static char folder[64];

static const char *
in_folder(const char *name)
{
	static char path[4][FILE_PATH_MAX];
	static unsigned next;
	char *p = path[next++ % 4];
	snprintf(p, FILE_PATH_MAX, "%s/%s", folder, name);
	return p;
}

static void
empty_folder(void)
{
	static const char *const names[] = { "ck.pem",     "sk.pem",
					     "node.dat",   "ck.pem.new",
					     "sk.pem.new", "node.dat.new" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(in_folder(names[i]));
}

static bool
same_identity(const struct identity *a, const struct identity *b)
{
	return memcmp(&a->ck, &b->ck, sizeof a->ck) == 0 &&
	       memcmp(&a->sk, &b->sk, sizeof a->sk) == 0 &&
	       nodeid_equal(&a->node.id, &b->node.id) &&
	       strcmp(a->node.name, b->node.name) == 0;
}

/* Whether the folder loads as want and holds nothing unfinished. */
static void
check_holds(const struct identity *want, const char *what)
{
	static struct identity got;
	is_int(identity_load(&got, folder, &fault), ERR_OK, "%s: loads", what);
	ok(same_identity(&got, want), "%s: is the one expected", what);
	ok(!file_exists(in_folder("ck.pem.new")) &&
		   !file_exists(in_folder("sk.pem.new")) &&
		   !file_exists(in_folder("node.dat.new")),
	   "%s: nothing is left", what);
}

static unsigned
mode_of(const char *name)
{
	struct stat st;
	return stat(in_folder(name), &st) == 0 ? st.st_mode & 07777U : 0;
}

static void
write_key(const char *name, const struct rsakey_private *key)
{
	uint8_t pem[KEYFILE_PEM_MAX];
	size_t len = keyfile_encode_private(pem, KEYFILE_PKCS1_PEM, key);
	is_int(file_write(in_folder(name), 0600, pem, len), ERR_OK,
	       "write %s by hand", name);
}

static void
write_node(const char *name, const struct node *node)
{
	char text[NODE_TEXT_MAX];
	size_t len = node_format(text, node);
	is_int(file_write(in_folder(name), 0644, text, len), ERR_OK,
	       "write %s by hand", name);
}

static void
test_none(void)
{
	static struct identity id;
	ok(!identity_exists(folder), "there is none");
	is_int(identity_load(&id, folder, &fault), ERR_READ, "it cannot load");
	is_int(errno, ENOENT, "because it is not there");
	is_str(fault.file, "node.dat", "node.dat is not");
}

static void
test_make(struct identity *id)
{
	static struct identity other;
	is_int(identity_make(id, folder, &wish, IDENTITY_NEW, &rng, &fault),
	       ERR_OK, "make one");
	ok(identity_exists(folder), "it is there");
	check_holds(id, "new");
	is_str(id->node.name, "alpha", "its name");
	is_int(id->node.id.len, 32, "its ID");
	is_int(mode_of("ck.pem"), 0600, "ck.pem is secret");
	is_int(mode_of("sk.pem"), 0600, "sk.pem is secret");
	is_int(mode_of("node.dat"), 0644, "node.dat is not");
	is_int(identity_make(&other, folder, &wish, IDENTITY_NEW, &rng, &fault),
	       ERR_EXISTS, "not twice");
	check_holds(id, "refused");
	is_int(identity_make(&other, folder, &wish, IDENTITY_MISSING, &rng,
			     &fault),
	       ERR_OK, "if missing");
	ok(same_identity(&other, id), "it is not missing");
}

/* Each step of the renaming, as a kill would leave it. */
static void
test_interrupted(const struct identity *old)
{
	static struct identity fresh;
	is_int(identity_generate(&fresh, &wish, &rng), ERR_OK, "a new one");
	write_key("ck.pem.new", &fresh.ck);
	static struct identity got;
	is_int(identity_load(&got, folder, &fault), ERR_OK, "only ck.pem.new");
	ok(same_identity(&got, old), "the old one stands");
	write_key("sk.pem.new", &fresh.sk);
	is_int(identity_load(&got, folder, &fault), ERR_OK, "both keys");
	ok(same_identity(&got, old), "the old one stands");
	write_node("node.dat.new", &fresh.node);
	struct node node;
	is_int(identity_load_node(&node, folder, &fault), ERR_OK, "the node");
	ok(nodeid_equal(&node.id, &fresh.node.id), "is the new one");
	check_holds(&fresh, "all three");

	write_key("ck.pem", &old->ck);
	write_key("sk.pem", &old->sk);
	write_node("node.dat", &old->node);
	check_holds(old, "the old one again");
	write_key("ck.pem", &fresh.ck);
	write_key("sk.pem.new", &fresh.sk);
	write_node("node.dat.new", &fresh.node);
	check_holds(&fresh, "one renamed");

	write_key("sk.pem", &fresh.sk);
	write_node("node.dat", &old->node);
	write_node("node.dat.new", &fresh.node);
	check_holds(&fresh, "two renamed");

	unlink(in_folder("node.dat"));
	write_node("node.dat.new", &fresh.node);
	ok(identity_exists(folder), "node.dat.new alone is one");
	is_int(identity_make(&got, folder, &wish, IDENTITY_MISSING, &rng,
			     &fault),
	       ERR_OK, "if missing");
	ok(same_identity(&got, &fresh), "finishes it");
	check_holds(&fresh, "finished");
}

/* Keys without node.dat stay, and become part of the identity. */
static void
test_adopted(void)
{
	static struct identity keys, got, junk;
	is_int(identity_generate(&keys, &wish, &rng), ERR_OK, "two keys");
	is_int(identity_generate(&junk, &wish, &rng), ERR_OK, "and others");
	empty_folder();
	write_key("sk.pem", &keys.sk);
	write_key("sk.pem.new", &junk.sk);
	write_key("ck.pem.new", &junk.ck);
	ok(!identity_exists(folder), "a key is no identity");
	is_int(identity_make(&got, folder, &wish, IDENTITY_NEW, &rng, &fault),
	       ERR_OK, "one key is there");
	is_mem(&got.sk, &keys.sk, sizeof keys.sk, "it stays");
	ok(!rsakey_equal(&got.ck.pub, &junk.ck.pub), "leftovers do not");
	check_holds(&got, "with a key of before");
	empty_folder();
	write_key("sk.pem", &keys.sk);
	write_key("ck.pem", &keys.ck);
	is_int(identity_make(&got, folder, &wish, IDENTITY_MISSING, &rng,
			     &fault),
	       ERR_OK, "both are there");
	is_mem(&got.ck, &keys.ck, sizeof keys.ck, "ck stays");
	is_mem(&got.sk, &keys.sk, sizeof keys.sk, "sk stays");
}

static void
test_damaged(void)
{
	static struct identity got;
	is_int(file_write(in_folder("sk.pem"), 0600, "x\n", 2), ERR_OK,
	       "damage sk.pem");
	is_int(identity_load(&got, folder, &fault), ERR_MALFORMED, "seen");
	is_str(fault.file, "sk.pem", "and where");
	is_int(identity_make(&got, folder, &wish, IDENTITY_MISSING, &rng,
			     &fault),
	       ERR_MALFORMED, "it is not made anew");
	unlink(in_folder("sk.pem"));
	is_int(identity_make(&got, folder, &wish, IDENTITY_MISSING, &rng,
			     &fault),
	       ERR_READ, "nor when a key is gone");
	is_str(fault.file, "sk.pem", "and which");
	unlink(in_folder("node.dat"));
	is_int(file_write(in_folder("ck.pem"), 0600, "x\n", 2), ERR_OK,
	       "damage ck.pem");
	is_int(identity_make(&got, folder, &wish, IDENTITY_NEW, &rng, &fault),
	       ERR_MALFORMED, "a damaged key is not thrown away");
	is_int(identity_make(&got, folder, &wish, IDENTITY_REPLACE, &rng,
			     &fault),
	       ERR_OK, "but replaced when asked");
	check_holds(&got, "replaced");
	is_int(file_write(in_folder("node.dat"), 0644, "node {\nx\n", 9),
	       ERR_OK, "damage node.dat");
	is_int(identity_load(&got, folder, &fault), ERR_MALFORMED, "seen");
	is_str(fault.file, "node.dat", "where");
	is_int(fault.at.line, 2, "and on which line");
}

static void
test_default_name(void)
{
	char name[TEXT_NAME_MAX + 1];
	identity_default_name(name);
	ok(text_is_name(name, strlen(name)), "%s is a name", name);
	ok(!strchr(name, '.'), "without a dot");
}

int
main(void)
{
	static struct identity id;
	is_int(rng_init(&rng, NULL), ERR_OK, "random bytes");
	if (!mkdtemp(top))
		return 1;
	snprintf(folder, sizeof folder, "%s/node", top);
	test_none();
	test_make(&id);
	test_interrupted(&id);
	test_adopted();
	test_damaged();
	test_default_name();
	empty_folder();
	rmdir(folder);
	rmdir(top);
	return done_testing();
}
