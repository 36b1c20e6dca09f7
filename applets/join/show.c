// SPDX-License-Identifier: MIT
#include "applets/join/show.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/fmt.h"
#include "core/doc/node.h"
#include "core/doc/roster.h"
#include "core/ident/keyfile.h"

static const char *const names[] = {
	[SHOW_TEXT] = "text",
	[SHOW_JSON] = "json",
	[SHOW_ENV] = "env",
	[SHOW_HOSTS] = "hosts",
};

bool
show_find(enum show_format *format, const char *name)
{
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		*format = (enum show_format)i;
		return true;
	}
	return false;
}

/* Printable ASCII as it is, '?' for the rest: for terminals and comments. */
static void
put_plain(FILE *out, const char *s)
{
	for (; *s; s++)
		putc(*s < 0x20 || *s > 0x7e ? '?' : *s, out);
}

/* A JSON string (RFC 8259); bytes beyond ASCII as the code point they name. */
static void
put_json(FILE *out, const char *s)
{
	putc('"', out);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c < 0x20 || c > 0x7e)
			fmt_print(out, "\\u%04x", c);
		else if (c == '"' || c == '\\')
			fmt_print(out, "\\%c", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

/* A word in single quotes, which POSIX shells take as it stands. */
static void
put_quoted(FILE *out, const char *s)
{
	putc('\'', out);
	for (; *s; s++) {
		if (*s == '\'')
			fputs("'\\''", out);
		else
			putc(*s, out);
	}
	putc('\'', out);
}

static void
put_id(FILE *out, const struct nodeid *id)
{
	char hex[NODEID_HEX_MAX];
	nodeid_format(hex, id);
	fputs(hex, out);
}

/* Text */

static void
put_ends_text(FILE *out, const struct endpoint *ends, size_t len)
{
	char text[ENDPOINT_TEXT_MAX + 1];
	for (size_t i = 0; i < len; i++) {
		endpoint_format(text, &ends[i]);
		fputs(i > 0 ? " " : "", out);
		put_plain(out, text);
	}
	if (len == 0)
		putc('-', out);
	putc('\n', out);
}

/* Pads to the column that the longest of the names and IDs needs. */
static void
put_padding(FILE *out, size_t used, size_t width)
{
	fmt_print(out, "%*s  ", (int)(used < width ? width - used : 0), "");
}

static void
put_row_text(FILE *out, const struct member *m, bool self, size_t name_width,
	     size_t id_width)
{
	fmt_print(out, "%c %5u  ", self ? '*' : ' ', m->index);
	put_plain(out, m->name);
	put_padding(out, strlen(m->name), name_width);
	put_id(out, &m->id);
	put_padding(out, 2 * (size_t)m->id.len, id_width);
	put_ends_text(out, m->ends, m->ends_len);
}

static void
roster_text(FILE *out, const struct roster *r)
{
	size_t name_width = strlen("NAME");
	size_t id_width = strlen("ID");
	put_plain(out, r->name);
	putc(' ', out);
	put_id(out, &r->id);
	fmt_print(out, " %zu of %u members\n", r->members_len, r->max_size);
	if (r->members_len == 0)
		return;
	for (size_t i = 0; i < r->members_len; i++) {
		size_t name_len = strlen(r->members[i].name);
		size_t id_len = 2 * (size_t)r->members[i].id.len;
		name_width = name_len > name_width ? name_len : name_width;
		id_width = id_len > id_width ? id_len : id_width;
	}
	fputs("  INDEX  NAME", out);
	put_padding(out, strlen("NAME"), name_width);
	fputs("ID", out);
	put_padding(out, strlen("ID"), id_width);
	fputs("END POINTS\n", out);
	for (size_t i = 0; i < r->members_len; i++)
		put_row_text(out, &r->members[i],
			     r->members[i].index == r->self, name_width,
			     id_width);
}

static void
node_text(FILE *out, const struct node *node)
{
	put_plain(out, node->name);
	putc(' ', out);
	put_id(out, &node->id);
	putc(' ', out);
	put_ends_text(out, node->ends, node->ends_len);
}

/* JSON */

static void
put_ends_json(FILE *out, const struct endpoint *ends, size_t len)
{
	char text[ENDPOINT_TEXT_MAX + 1];
	fputs("\"endpoints\":[", out);
	for (size_t i = 0; i < len; i++) {
		endpoint_format(text, &ends[i]);
		fputs(i > 0 ? "," : "", out);
		put_json(out, text);
	}
	putc(']', out);
}

static void
put_key_json(FILE *out, const char *name, const struct rsakey_public *key)
{
	char line[KEYFILE_SSH_MAX];
	keyfile_format_ssh(line, key);
	fmt_print(out, "\"%s\":", name);
	put_json(out, line);
	putc(',', out);
}

/* The members that every object has: name, id and attrs. */
static void
put_names_json(FILE *out, const char *name, const struct nodeid *id)
{
	fputs("\"name\":", out);
	put_json(out, name);
	fputs(",\"id\":\"", out);
	put_id(out, id);
	fputs("\",", out);
}

static void
put_member_json(FILE *out, const struct member *m)
{
	fmt_print(out, "{\"index\":%u,", m->index);
	put_names_json(out, m->name, &m->id);
	/* A string: 64 bits do not fit the numbers of every reader. */
	fmt_print(out, "\"attrs\":\"0x%016" PRIx64 "\",", m->attrs);
	put_key_json(out, "comms_key", &m->ck);
	put_key_json(out, "sig_key", &m->sk);
	put_ends_json(out, m->ends, m->ends_len);
	putc('}', out);
}

static void
roster_json(FILE *out, const struct roster *r)
{
	putc('{', out);
	put_names_json(out, r->name, &r->id);
	fmt_print(out, "\"attrs\":\"0x%016" PRIx64 "\",\"size\":%u,", r->attrs,
		  r->max_size);
	if (r->endpoint_count > 0)
		fmt_print(out, "\"endpoint_count\":%u,", r->endpoint_count);
	fmt_print(out, "\"complete\":%s,",
		  r->members_len == r->max_size ? "true" : "false");
	if (r->self != ROSTER_NO_SELF)
		fmt_print(out, "\"self\":%u,", r->self);
	else
		fputs("\"self\":null,", out);
	fputs("\"members\":[", out);
	for (size_t i = 0; i < r->members_len; i++) {
		fputs(i > 0 ? "," : "", out);
		put_member_json(out, &r->members[i]);
	}
	fputs("]}\n", out);
}

static void
node_json(FILE *out, const struct node *node)
{
	putc('{', out);
	put_names_json(out, node->name, &node->id);
	put_ends_json(out, node->ends, node->ends_len);
	fputs("}\n", out);
}

/* Shell variables */

static void
put_env(FILE *out, const char *prefix, const char *name, const char *value)
{
	fmt_print(out, "%s%s=", prefix, name);
	put_quoted(out, value);
	putc('\n', out);
}

static void
put_env_number(FILE *out, const char *prefix, const char *name, unsigned value)
{
	fmt_print(out, "%s%s='%u'\n", prefix, name, value);
}

/* XL_MEMBER_0_NAME and what else there is of one node. */
static void
put_node_env(FILE *out, const char *prefix, const char *name,
	     const struct nodeid *id, const struct endpoint *ends, size_t len)
{
	char text[NODEID_HEX_MAX > ENDPOINT_TEXT_MAX ? NODEID_HEX_MAX
						     : ENDPOINT_TEXT_MAX + 1];
	char field[24];
	put_env(out, prefix, "NAME", name);
	nodeid_format(text, id);
	put_env(out, prefix, "ID", text);
	put_env(out, prefix, "ADDR", len > 0 ? ends[0].host : "");
	put_env_number(out, prefix, "ENDPOINTS", (unsigned)len);
	for (size_t i = 0; i < len; i++) {
		fmt_text(field, sizeof field, "ENDPOINT_%u", (unsigned)i);
		endpoint_format(text, &ends[i]);
		put_env(out, prefix, field, text);
	}
}

static void
roster_env(FILE *out, const struct roster *r)
{
	char prefix[24];
	char hex[NODEID_HEX_MAX];
	nodeid_format(hex, &r->id);
	put_env(out, "XL_CLUSTER_", "NAME", r->name);
	put_env(out, "XL_CLUSTER_", "ID", hex);
	put_env_number(out, "XL_CLUSTER_", "SIZE", r->max_size);
	put_env_number(out, "XL_", "MEMBERS", (unsigned)r->members_len);
	fputs("XL_INDEXES='", out);
	for (size_t i = 0; i < r->members_len; i++)
		fmt_print(out, "%s%u", i > 0 ? " " : "", r->members[i].index);
	fputs("'\n", out);
	if (r->self != ROSTER_NO_SELF)
		put_env_number(out, "XL_", "SELF", r->self);
	else
		put_env(out, "XL_", "SELF", "");
	for (size_t i = 0; i < r->members_len; i++) {
		const struct member *m = &r->members[i];
		fmt_text(prefix, sizeof prefix, "XL_MEMBER_%u_", m->index);
		put_node_env(out, prefix, m->name, &m->id, m->ends,
			     m->ends_len);
	}
}

/* Hosts */

/*
 * One line for each host of a node; one that is a DNS name already is only
 * told of.  cluster is NULL for a node alone.
 */
static void
put_hosts(FILE *out, const char *name, const char *cluster,
	  const struct endpoint *ends, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool seen = false;
		for (size_t j = 0; j < i; j++)
			seen = seen || strcmp(ends[j].host, ends[i].host) == 0;
		if (seen)
			continue;
		fputs(ends[i].kind == ENDPOINT_NAME ? "# " : "", out);
		put_plain(out, ends[i].host);
		putc(' ', out);
		put_plain(out, name);
		if (cluster) {
			putc(' ', out);
			put_plain(out, name);
			putc('.', out);
			put_plain(out, cluster);
		}
		putc('\n', out);
	}
}

static void
roster_hosts(FILE *out, const struct roster *r)
{
	for (size_t i = 0; i < r->members_len; i++)
		put_hosts(out, r->members[i].name, r->name, r->members[i].ends,
			  r->members[i].ends_len);
}

void
show_roster(FILE *out, enum show_format format, const struct roster *roster)
{
	static void (*const shows[])(FILE *, const struct roster *) = {
		[SHOW_TEXT] = roster_text,
		[SHOW_JSON] = roster_json,
		[SHOW_ENV] = roster_env,
		[SHOW_HOSTS] = roster_hosts,
	};
	shows[format](out, roster);
}

void
show_node(FILE *out, enum show_format format, const struct node *node)
{
	switch (format) {
	case SHOW_TEXT:
		node_text(out, node);
		break;
	case SHOW_JSON:
		node_json(out, node);
		break;
	case SHOW_ENV:
		put_node_env(out, "XL_NODE_", node->name, &node->id, node->ends,
			     node->ends_len);
		break;
	case SHOW_HOSTS:
		put_hosts(out, node->name, NULL, node->ends, node->ends_len);
		break;
	}
}
