// SPDX-License-Identifier: MIT
#include "applets/show.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/fmt.h"
#include "core/base/text.h"
#include "core/doc/node.h"
#include "core/doc/roster.h"
#include "core/ident/keyfile.h"

/* A name or end point, each byte escaped, in quotes, and what follows it. */
#define WORD_MAX TEXT_QUOTED_MAX(TEXT_NAME_MAX)
_Static_assert(TEXT_NAME_MAX == ENDPOINT_TEXT_MAX, "a word is either");

/* What there is to say of a member. */
struct words {
	char name[WORD_MAX];
	char id[NODEID_HEX_MAX];
	char ends[ENDPOINTS_MAX * WORD_MAX]; /* of a cluster: our index */
};

bool
show_find(enum show_format *format, const char *name)
{
	static const char names[][11] = {
		[SHOW_TEXT] = "text", [SHOW_JSON] = "json",
		[SHOW_ENV] = "env",   [SHOW_HOSTS] = "hosts",
		[SHOW_DAT] = "dat",   [SHOW_PROMETHEUS] = "prometheus",
	};
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		*format = (enum show_format)i;
		return true;
	}
	return false;
}

static void
find_words(struct words *w, char quote, const struct member *m)
{
	char text[ENDPOINT_TEXT_MAX + 1];
	char *at = w->ends;
	text_quote(w->name, quote, m->name);
	nodeid_format(w->id, &m->id);
	strcpy(at, quote ? "" : "-");
	for (size_t i = 0; i < m->ends_len; i++) {
		if (i > 0)
			*at++ = quote ? ',' : ' ';
		endpoint_format(text, &m->ends[i]);
		at = text_quote(at, quote, text);
	}
}

/* The same of a cluster, whose line has the index of this node, or none. */
static void
find_cluster_words(struct words *w, char quote, const struct roster *r,
		   const char *none)
{
	text_quote(w->name, quote, r->name);
	nodeid_format(w->id, &r->id);
	strcpy(w->ends, none);
	if (r->self != ROSTER_NO_SELF)
		fmt_text(w->ends, sizeof w->ends, "%u", r->self);
}

/* Text */

static int
longer(int width, size_t len)
{
	return (int)len > width ? (int)len : width;
}

static void
roster_text(FILE *out, const struct roster *r)
{
	struct words w;
	int name_width = 4, id_width = 2; /* of the headings */
	find_cluster_words(&w, 0, r, "");
	fmt_print(out, "%s %s %zu of %u members\n", w.name, w.id,
		  r->members_len, r->max_size);
	if (r->members_len == 0)
		return;
	for (size_t i = 0; i < r->members_len; i++) {
		const struct member *m = &r->members[i];
		name_width = longer(name_width, strlen(m->name));
		id_width = longer(id_width, 2 * (size_t)m->id.len);
	}
	fmt_print(out, "  INDEX  %-*s  %-*s  END POINTS\n", name_width, "NAME",
		  id_width, "ID");
	for (size_t i = 0; i < r->members_len; i++) {
		const struct member *m = &r->members[i];
		find_words(&w, 0, m);
		fmt_print(out, "%c %5u  %-*s  %-*s  %s\n",
			  m->index == r->self ? '*' : ' ', m->index, name_width,
			  w.name, id_width, w.id, w.ends);
	}
}

static void
node_text(FILE *out, const struct member *m)
{
	struct words w;
	find_words(&w, 0, m);
	fmt_print(out, "%s %s %s\n", w.name, w.id, w.ends);
}

/* JSON; attributes as strings: not every reader's numbers have 64 bits. */

static void
member_json(FILE *out, const struct member *m)
{
	struct words w;
	char ck[KEYFILE_SSH_MAX];
	char sk[KEYFILE_SSH_MAX];
	find_words(&w, '"', m);
	keyfile_format_ssh(ck, &m->ck);
	keyfile_format_ssh(sk, &m->sk);
	fmt_print(out,
		  "{\"index\":%u,\"name\":%s,\"id\":\"%s\","
		  "\"attrs\":\"0x%016" PRIx64 "\",\"comms_key\":\"%s\","
		  "\"sig_key\":\"%s\",\"endpoints\":[%s]}",
		  m->index, w.name, w.id, m->attrs, ck, sk, w.ends);
}

static void
roster_json(FILE *out, const struct roster *r)
{
	struct words w;
	find_cluster_words(&w, '"', r, "null");
	fmt_print(out,
		  "{\"name\":%s,\"id\":\"%s\",\"attrs\":\"0x%016" PRIx64
		  "\",\"size\":%u,",
		  w.name, w.id, r->attrs, r->max_size);
	if (r->endpoint_count > 0)
		fmt_print(out, "\"endpoint_count\":%u,", r->endpoint_count);
	fmt_print(out, "\"complete\":%s,\"self\":%s,\"members\":[",
		  r->members_len == r->max_size ? "true" : "false", w.ends);
	for (size_t i = 0; i < r->members_len; i++) {
		fputs(i > 0 ? "," : "", out);
		member_json(out, &r->members[i]);
	}
	fmt_print(out, "]}\n");
}

static void
node_json(FILE *out, const struct member *m)
{
	struct words w;
	find_words(&w, '"', m);
	fmt_print(out, "{\"name\":%s,\"id\":\"%s\",\"endpoints\":[%s]}\n",
		  w.name, w.id, w.ends);
}

/* Shell variables */

/* XL_MEMBER_0_NAME and what else there is of one node. */
static void
node_env(FILE *out, const char *prefix, const struct member *m)
{
	struct words w;
	char text[ENDPOINT_TEXT_MAX + 1];
	find_words(&w, '\'', m);
	text_quote(w.ends, '\'', m->ends_len > 0 ? m->ends[0].host : "");
	fmt_print(out, "%sNAME=%s\n%sID='%s'\n%sADDR=%s\n%sENDPOINTS='%zu'\n",
		  prefix, w.name, prefix, w.id, prefix, w.ends, prefix,
		  m->ends_len);
	for (size_t i = 0; i < m->ends_len; i++) {
		endpoint_format(text, &m->ends[i]);
		text_quote(w.ends, '\'', text);
		fmt_print(out, "%sENDPOINT_%zu=%s\n", prefix, i, w.ends);
	}
}

static void
roster_env(FILE *out, const struct roster *r)
{
	struct words w;
	char prefix[24];
	find_cluster_words(&w, '\'', r, "");
	fmt_print(out,
		  "XL_CLUSTER_NAME=%s\nXL_CLUSTER_ID='%s'\n"
		  "XL_CLUSTER_SIZE='%u'\nXL_MEMBERS='%zu'\nXL_INDEXES='",
		  w.name, w.id, r->max_size, r->members_len);
	for (size_t i = 0; i < r->members_len; i++)
		fmt_print(out, "%s%u", i > 0 ? " " : "", r->members[i].index);
	fmt_print(out, "'\nXL_SELF='%s'\n", w.ends);
	for (size_t i = 0; i < r->members_len; i++) {
		fmt_text(prefix, sizeof prefix, "XL_MEMBER_%u_",
			 r->members[i].index);
		node_env(out, prefix, &r->members[i]);
	}
}

/* Hosts */

/*
 * A line for each host of a node; one that is a DNS name already is only told
 * of.  cluster is NULL for a node alone.
 */
static void
node_hosts(FILE *out, const char *cluster, const struct member *m,
	   const char *remark)
{
	const struct endpoint *ends = m->ends;
	char names[3 * WORD_MAX], host[WORD_MAX];
	char *at = text_quote(names, 0, m->name);
	if (cluster) {
		*at++ = ' ';
		at = text_quote(at, 0, m->name);
		*at++ = '.';
		text_quote(at, 0, cluster);
	}
	for (size_t i = 0; i < m->ends_len; i++) {
		size_t first = 0;
		while (strcmp(ends[first].host, ends[i].host) != 0)
			first++;
		if (first < i)
			continue;
		text_quote(host, 0, ends[i].host);
		fmt_print(out, "%s%s %s%s\n",
			  ends[i].kind == ENDPOINT_NAME ? "# " : "", host,
			  names, remark);
	}
}

void
show_hosts(FILE *out, const struct roster *r, uint64_t down)
{
	for (size_t i = 0; i < r->members_len; i++) {
		const struct member *m = &r->members[i];
		node_hosts(out, r->name, m,
			   down >> m->index & 1 ? " # down" : "");
	}
}

/* Files: cluster.dat and node.dat */

static void
roster_dat(FILE *out, const struct roster *r)
{
	static char text[ROSTER_TEXT_MAX];
	fwrite(text, 1, roster_format(text, r), out);
}

static void
node_dat(FILE *out, const struct member *m)
{
	char text[NODE_TEXT_MAX];
	struct node node = { .id = m->id, .ends_len = m->ends_len };
	memcpy(node.name, m->name, sizeof node.name);
	memcpy(node.ends, m->ends, sizeof node.ends);
	size_t len = node_format(text, &node);
	fwrite(text, 1, len, out);
}

void
show_roster(FILE *out, enum show_format format, const struct roster *roster)
{
	switch (format) {
	case SHOW_TEXT:
		roster_text(out, roster);
		break;
	case SHOW_JSON:
		roster_json(out, roster);
		break;
	case SHOW_ENV:
		roster_env(out, roster);
		break;
	case SHOW_HOSTS:
		show_hosts(out, roster, 0);
		break;
	case SHOW_PROMETHEUS:
		break;
	case SHOW_DAT:
		roster_dat(out, roster);
		break;
	}
}

void
show_node(FILE *out, enum show_format format, const struct member *node)
{
	switch (format) {
	case SHOW_TEXT:
		node_text(out, node);
		break;
	case SHOW_JSON:
		node_json(out, node);
		break;
	case SHOW_ENV:
		node_env(out, "XL_NODE_", node);
		break;
	case SHOW_HOSTS:
		node_hosts(out, NULL, node, "");
		break;
	case SHOW_PROMETHEUS:
		break;
	case SHOW_DAT:
		node_dat(out, node);
		break;
	}
}
