// SPDX-License-Identifier: MIT
#include "applets/join/self.h"

#include <stdio.h>
#include <string.h>

#include "applets/join/joinopt.h"
#include "applets/join/progress.h"
#include "core/base/bytes.h"
#include "core/base/file.h"
#include "core/base/fmt.h"
#include "core/base/say.h"

/* Says why the identity in folder cannot be had. */
static int
say_fault(enum err e, const char *folder, const struct identity_fault *fault)
{
	char path[FILE_PATH_MAX];
	bool output = e == ERR_CREATE || e == ERR_WRITE;
	if (!fault->file || !fault->file[0] ||
	    file_join(path, folder, fault->file) != ERR_OK)
		fmt_text(path, sizeof path, "%s", folder);
	progress_end();
	if (fault->at.line == 0)
		return say_cannot(e, output ? "create" : "read", path);
	say("%s:%u: %s", path, fault->at.line, fault->at.what);
	return err_status(e);
}

static bool
same_ends(const struct node *node, const struct joinopt *o)
{
	if (node->ends_len != o->ends_len)
		return false;
	for (size_t i = 0; i < o->ends_len; i++)
		if (node->ends[i].port != o->ends[i].port ||
		    strcmp(node->ends[i].host, o->ends[i].host) != 0)
			return false;
	return true;
}

/* Takes over the end points of this run. */
static void
take_ends(struct self *s, const struct joinopt *o)
{
	struct node *node = &s->identity.node;
	if (o->ends_len == 0 || same_ends(node, o))
		return;
	memcpy(node->ends, o->ends, sizeof o->ends);
	node->ends_len = o->ends_len;
	s->moved = o->folder != NULL;
}

/* Whether what was found is what o asks for. */
static int
check(const struct self *s, const struct joinopt *o)
{
	const struct identity *id = &s->identity;
	if (o->name && strcmp(o->name, id->node.name) != 0)
		return joinopt_wrong("the node in %s is called %s, not %s",
				     o->folder, id->node.name, o->name);
	if (rsakey_check_public(&id->ck.pub, o->min_bits) != ERR_OK ||
	    rsakey_check_public(&id->sk.pub, o->min_bits) != ERR_OK) {
		say("keys in %s have fewer than %u bits", o->folder,
		    o->min_bits);
		return err_status(ERR_MALFORMED);
	}
	return joinopt_check_ends(o, id->node.ends_len);
}

int
self_load(struct self *s, const struct joinopt *o, struct rng *rng)
{
	char name[TEXT_NAME_MAX + 1];
	struct identity_fault fault = { .file = "" };
	struct identity_wish wish = {
		.name = o->name ? o->name : name,
		.bits = o->bits,
		.min_bits = o->min_bits,
		.id_len = NODEID_LONG,
	};
	enum err e;
	identity_default_name(name);
	bool look = joinopt_is_look(o);
	bool known = look || (o->folder && identity_exists(o->folder));
	if (!known && joinopt_check_ends(o, o->ends_len) != 0)
		return err_status(ERR_USAGE);
	if (!known)
		progress("making keys");
	if (look)
		e = identity_load(&s->identity, o->folder, &fault);
	else if (o->folder)
		e = identity_make(&s->identity, o->folder, &wish,
				  IDENTITY_MISSING, rng, &fault);
	else
		e = identity_generate(&s->identity, &wish, rng);
	if (e != ERR_OK)
		return say_fault(e, o->folder ? o->folder : "keys", &fault);
	take_ends(s, o);
	if (!o->folder || look)
		s->attrs = SELF_EPHEMERAL | SELF_SOLO;
	else if (o->job == ENROLL_REGISTER)
		s->attrs = SELF_SOLO;
	return check(s, o);
}

void
self_describe(struct member *m, const struct self *s)
{
	const struct node *node = &s->identity.node;
	memcpy(m->name, node->name, sizeof m->name);
	m->id = node->id;
	m->attrs = s->attrs;
	m->ck = s->identity.ck.pub;
	m->sk = s->identity.sk.pub;
	m->ends_len = node->ends_len;
	memcpy(m->ends, node->ends, sizeof m->ends);
}

int
self_store(struct self *s, const char *folder)
{
	if (!s->moved)
		return 0;
	enum err e = identity_store_node(folder, &s->identity.node);
	if (e == ERR_OK)
		return 0;
	progress_end();
	return say_cannot(e, "write node.dat in", folder);
}

void
self_wipe(struct self *s)
{
	bytes_wipe(&s->identity, sizeof s->identity);
}
