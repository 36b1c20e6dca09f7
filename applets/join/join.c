// SPDX-License-Identifier: MIT

/*
 * xl-join: makes a node join a cluster and waits until all members have,
 * writes them to the node's folder and prints them.  Its other jobs use parts
 * of that: create a cluster, list one, register a node, fetch the registry's
 * credential.
 */

#include <stdio.h>
#include <string.h>

#include "applets/applet.h"
#include "applets/credfile.h"
#include "applets/join/joinopt.h"
#include "applets/join/progress.h"
#include "applets/join/self.h"
#include "applets/join/visit.h"
#include "core/base/bytes.h"
#include "core/base/file.h"
#include "core/base/fmt.h"
#include "core/base/say.h"
#include "core/ident/rng.h"

#define CLUSTER_FILE "cluster.dat"

/* All that this run knows. */
static struct {
	struct joinopt opt;
	struct rng rng;
	struct regcred registry;
	struct self self; /* wiped before the end */
	struct enroll_plan plan;
	struct visit visit;
	struct roster roster;
	char text[ROSTER_TEXT_MAX]; /* of a file that is read or written */
} run;

static void
say_waiting(void)
{
	say("waiting for the system to gather randomness");
}

static int
load_self(void)
{
	enum err e = rng_init(&run.rng, run.opt.quiet ? NULL : say_waiting);
	if (e != ERR_OK)
		return say_cannot(e, "get", "randomness");
	if (run.opt.job == ENROLL_CRED)
		return 0;
	int status = self_load(&run.self, &run.opt, &run.rng);
	if (status == 0)
		self_describe(&run.plan.self, &run.self);
	return status;
}

static void
make_plan(void)
{
	struct enroll_plan *plan = &run.plan;
	plan->job = run.opt.job;
	plan->dialect = run.opt.dialect;
	plan->wait = run.opt.wait > 0;
	plan->min_bits = run.opt.min_bits;
	plan->size = run.opt.size;
	if (run.opt.cluster)
		fmt_text(plan->cluster, sizeof plan->cluster, "%s",
			 run.opt.cluster);
	plan->sk = &run.self.identity.sk;
	plan->registry = &run.registry;
}

/* Takes what cluster.dat has of the cluster, where that has to hold. */
static int
load_cluster(void)
{
	char path[FILE_PATH_MAX];
	struct block_fault fault = { .line = 0 };
	struct enroll_plan *plan = &run.plan;
	const struct roster *r = &run.roster;
	size_t len;
	if (!joinopt_is_look(&run.opt))
		return 0;
	enum err e = file_join(path, run.opt.folder, CLUSTER_FILE);
	if (e == ERR_OK)
		e = file_read(path, run.text, sizeof run.text, &len);
	if (e != ERR_OK)
		return say_cannot(e, "read", path);
	e = roster_parse(&run.roster, run.text, len, &fault);
	if (e != ERR_OK) {
		say("%s:%u: %s", path, fault.line, fault.what);
		return err_status(e);
	}
	if (strcmp(r->name, plan->cluster) != 0)
		return joinopt_wrong("the cluster in %s is called %s, not %s",
				     run.opt.folder, r->name, plan->cluster);
	plan->cluster_id = r->id;
	plan->attrs = r->attrs;
	plan->max_size = r->max_size;
	plan->endpoint_count = r->endpoint_count;
	return 0;
}

static void
warn_of_size(void)
{
	const struct roster *r = &run.roster;
	if (run.opt.quiet || run.opt.size == 0 || r->max_size == 0 ||
	    r->max_size == run.opt.size)
		return;
	progress_end();
	say("warning: cluster %s has size %u, not %u", r->name, r->max_size,
	    run.opt.size);
}

/* Does the job.  Returns 0 or an exit status. */
static int
visit(void)
{
	enum err e = visit_run(&run.visit, &run.plan, &run.roster, &run.rng,
			       (int64_t)run.opt.wait * 1000);
	int status = 0;
	warn_of_size();
	if (run.visit.enroll.accepted && e != ERR_PROTOCOL && run.opt.folder)
		status = self_store(&run.self, run.opt.folder);
	progress_end();
	if (e == ERR_OK)
		return status;
	say("%s", run.visit.why);
	return err_status(e);
}

static int
store_cluster(void)
{
	char path[FILE_PATH_MAX];
	if (run.opt.job != ENROLL_JOIN)
		return 0;
	enum err e = file_join(path, run.opt.folder, CLUSTER_FILE);
	if (e != ERR_OK)
		return say_cannot(ERR_CREATE, "write", CLUSTER_FILE);
	size_t len = roster_format(run.text, &run.roster);
	e = file_write(path, 0644, run.text, len);
	return e == ERR_OK ? 0 : say_cannot(e, "write", path);
}

static int
print(void)
{
	const struct joinopt *o = &run.opt;
	if (o->job == ENROLL_CRED) {
		size_t len = regcred_format(run.text, &run.visit.enroll.cred);
		fwrite(run.text, 1, len, stdout);
	} else if (o->job == ENROLL_REGISTER) {
		show_node(stdout, o->format, &run.plan.self);
	} else {
		show_roster(stdout, o->format, &run.roster);
	}
	return say_finish(0);
}

static int
join_main(int argc, char **argv)
{
	int status = joinopt_parse(&run.opt, argc, argv);
	if (status != JOINOPT_GO_ON)
		return status;
	progress_setup(run.opt.verbose, run.opt.quiet);
	status = credfile_read(&run.registry, run.opt.registry,
			       run.opt.min_bits);
	if (status == 0)
		status = load_self();
	if (status == 0) {
		make_plan();
		status = load_cluster();
	}
	if (status == 0)
		status = visit();
	self_wipe(&run.self);
	bytes_wipe(&run.rng, sizeof run.rng);
	if (status == 0)
		status = store_cluster();
	if (status == 0)
		status = print();
	return status;
}

const struct applet join_applet = {
	.page = {
		.name = "xl-join",
		.summary = "Make a node join a cluster and learn its members",
		.synopsis =
			"-r FILE -d DIR -c NAME [-e HOST:PORT]... [-n NAME] "
			"[-s N]\n"
			"--create-only -r FILE -c NAME -s N [-d DIR] "
			"[-e HOST:PORT]...\n"
			"--list -r FILE -c NAME [-d DIR]\n"
			"--register-only -r FILE -d DIR [-e HOST:PORT]... "
			"[-n NAME]\n"
			"--cred -r FILE",
		.opts = joinopt_table,
	},
	.main = join_main,
};
