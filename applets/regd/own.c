// SPDX-License-Identifier: MIT

/* The registry's folder and identity. */

#include <string.h>

#include "applets/regd/regd.h"
#include "applets/startup.h"
#include "core/base/file.h"
#include "core/base/fmt.h"
#include "core/base/say.h"

#define DEFAULT_NAME "xlReg"

/* Takes the folder, made if need be, for this process alone. */
static int
take_folder(const struct regd *r)
{
	enum err e = file_make_folder(r->dir);
	return e == ERR_OK ? startup_lock(r->dir)
			   : say_cannot(e, "use", r->dir);
}

/* Loads the identity, or makes it; takes the name over when one is given. */
static int
get_identity(struct regd *r)
{
	struct identity *id = &r->identity;
	struct identity_fault fault = { .file = "" };
	struct identity_wish wish = {
		.name = r->name ? r->name : DEFAULT_NAME,
		.bits = r->bits,
		.min_bits = r->min_bits,
		.id_len = r->id_len,
	};
	if (!r->dir) {
		enum err e = identity_generate(id, &wish, &r->rng);
		return e == ERR_OK ? 0 : say_cannot(e, "make", "keys");
	}
	if (!identity_exists(r->dir))
		log_line(LOG_LEVEL_INFO, "making a new identity in %s", r->dir);
	enum err e = identity_make(id, r->dir, &wish, IDENTITY_MISSING, &r->rng,
				   &fault);
	if (e != ERR_OK)
		return startup_say_identity(e, r->dir, &fault);
	if (!r->name || strcmp(r->name, id->node.name) == 0)
		return 0;
	fmt_text(id->node.name, sizeof id->node.name, "%s", r->name);
	e = identity_store_node(r->dir, &id->node);
	return e == ERR_OK ? 0 : say_cannot(e, "write", IDENTITY_NODE);
}

static int
check_keys(const struct regd *r)
{
	const struct rsakey_public *ck = &r->identity.ck.pub;
	const struct rsakey_public *sk = &r->identity.sk.pub;
	if (rsakey_check_public(ck, r->min_bits) == ERR_OK &&
	    rsakey_check_public(sk, r->min_bits) == ERR_OK)
		return 0;
	say("cannot use the keys in %s: of less than %u bits", r->dir,
	    r->min_bits);
	return err_status(ERR_MALFORMED);
}

int
regd_get_identity(struct regd *r)
{
	int status = r->dir ? take_folder(r) : 0;
	if (status == 0)
		status = get_identity(r);
	return status == 0 ? check_keys(r) : status;
}
