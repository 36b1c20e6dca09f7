// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <string.h>

#include "applets/member/report.h"
#include "core/base/date.h"
#include "core/base/fmt.h"

/* The figures of a member, in the order in which they are shown. */
#define FIGURES 6
#define RTT 1
#define FIGURE_NONE (-1)

static const struct {
	char name[13];
	char metric[27]; /* for Prometheus, in its base units */
	char help[47];
} figures[FIGURES] = {
	{ "since", "changed_timestamp_seconds",
	  "When it came up or went down" },
	{ "rtt_us", "rtt_seconds", "Round trip of the last KeepAlive" },
	{ "messages_in", "messages_received_total", "Messages from it" },
	{ "messages_out", "messages_sent_total", "Messages that it has got" },
	{ "bytes_in", "received_bytes_total", "Bytes from it on the wire" },
	{ "bytes_out", "sent_bytes_total", "Bytes to it on the wire" },
};

static int64_t
figure(const struct peer_status *s, size_t i)
{
	const int64_t values[FIGURES] = {
		s->since,
		s->rtt_us,
		(int64_t)s->messages_in,
		(int64_t)s->messages_out,
		(int64_t)s->bytes_in,
		(int64_t)s->bytes_out,
	};
	return values[i];
}

/* Text */

static int
longer(int width, size_t len)
{
	return (int)len > width ? (int)len : width;
}

static void
format_addr(char dst[static ENDPOINT_TEXT_MAX + 1], const struct member *m)
{
	strcpy(dst, "-");
	if (m->ends_len > 0)
		endpoint_format(dst, &m->ends[0]);
}

static void
member_text(FILE *out, const struct member *m, const struct peer_status *s,
	    int name_width, int addr_width)
{
	char addr[ENDPOINT_TEXT_MAX + 1];
	char since[DATE_MAX];
	char rtt[24] = "-";
	format_addr(addr, m);
	date_format(since, s->since);
	if (s->rtt_us >= 0)
		fmt_text(rtt, sizeof rtt, "%" PRId64 ".%03d", s->rtt_us / 1000,
			 (int)(s->rtt_us % 1000));
	fmt_print(out,
		  "%c %5u  %-*s  %-*s  %-5s  %s  %8s  %7" PRIu64 "  %8" PRIu64
		  "  %10" PRIu64 "  %10" PRIu64 "  %s\n",
		  s->self ? '*' : ' ', m->index, name_width, m->name,
		  addr_width, addr, s->up ? "up" : "down", since, rtt,
		  s->messages_in, s->messages_out, s->bytes_in, s->bytes_out,
		  *s->error ? s->error : "-");
}

static void
report_text(FILE *out, const struct report *r)
{
	char text[NODEID_HEX_MAX];
	int name_width = 4, addr_width = 7; /* of the headings */
	nodeid_format(text, &r->roster.id);
	fmt_print(out, "%s %s %u of %zu members up, %s\n", r->roster.name, text,
		  r->up, r->roster.members_len,
		  r->quorum ? "quorum" : "no quorum");
	for (size_t i = 0; i < r->roster.members_len; i++) {
		format_addr(text, &r->roster.members[i]);
		name_width =
			longer(name_width, strlen(r->roster.members[i].name));
		addr_width = longer(addr_width, strlen(text));
	}
	fmt_print(out,
		  "  INDEX  %-*s  %-*s  STATE  SINCE                   RTT/MS  "
		  "MSGS-IN  MSGS-OUT    BYTES-IN   BYTES-OUT  LAST ERROR\n",
		  name_width, "NAME", addr_width, "ADDRESS");
	for (size_t i = 0; i < r->roster.members_len; i++)
		member_text(out, &r->roster.members[i], &r->status[i],
			    name_width, addr_width);
}

/* JSON */

static void
print_quoted(FILE *out, char quote, const char *text)
{
	char quoted[TEXT_QUOTED_MAX(PEER_ERROR_MAX)];
	text_quote(quoted, quote, text);
	fputs(quoted, out);
}

static void
member_json(FILE *out, const struct member *m, const struct peer_status *s)
{
	char text[NODEID_HEX_MAX];
	nodeid_format(text, &m->id);
	fmt_print(out,
		  "{\"index\":%u,\"name\":\"%s\",\"id\":\"%s\","
		  "\"self\":%s,\"up\":%s",
		  m->index, m->name, text, s->self ? "true" : "false",
		  s->up ? "true" : "false");
	for (size_t i = 0; i < FIGURES; i++) {
		fmt_print(out, ",\"%s\":", figures[i].name);
		if (i == RTT && s->rtt_us == FIGURE_NONE)
			fputs("null", out);
		else
			fmt_print(out, "%" PRIu64, (uint64_t)figure(s, i));
	}
	fputs(",\"endpoints\":[", out);
	for (size_t i = 0; i < m->ends_len; i++) {
		endpoint_format(text, &m->ends[i]);
		fmt_print(out, "%s\"%s\"", i > 0 ? "," : "", text);
	}
	fputs("],\"last_error\":", out);
	if (*s->error)
		print_quoted(out, '"', s->error);
	else
		fputs("null", out);
	fputs("}", out);
}

static void
report_json(FILE *out, const struct report *r)
{
	char id[NODEID_HEX_MAX];
	char self[4] = "";
	nodeid_format(id, &r->roster.id);
	fmt_text(self, sizeof self, "%u", r->roster.self);
	fmt_print(out,
		  "{\"name\":\"%s\",\"id\":\"%s\",\"self\":%s,\"up\":%u,"
		  "\"size\":%zu,\"max_size\":%u,\"quorum\":%s,\"members\":[",
		  r->roster.name, id,
		  r->roster.self == ROSTER_NO_SELF ? "null" : self, r->up,
		  r->roster.members_len, r->roster.max_size,
		  r->quorum ? "true" : "false");
	for (size_t i = 0; i < r->roster.members_len; i++) {
		fputs(i > 0 ? "," : "", out);
		member_json(out, &r->roster.members[i], &r->status[i]);
	}
	fputs("]}\n", out);
}

/* Shell variables: those of xl-join, and more. */

static void
print_upper(FILE *out, const char *name)
{
	for (; *name; name++)
		fputc(*name >= 'a' && *name <= 'z' ? *name - 'a' + 'A' : *name,
		      out);
}

static void
report_env(FILE *out, const struct report *r)
{
	show_roster(out, SHOW_ENV, &r->roster);
	fmt_print(out, "XL_UP='%u'\nXL_SIZE='%zu'\nXL_QUORUM='%d'\n", r->up,
		  r->roster.members_len, r->quorum);
	for (size_t i = 0; i < r->roster.members_len; i++) {
		unsigned index = r->roster.members[i].index;
		const struct peer_status *s = &r->status[i];
		fmt_print(out, "XL_MEMBER_%u_STATE='%s'\n", index,
			  s->up ? "up" : "down");
		for (size_t k = 0; k < FIGURES; k++) {
			fmt_print(out, "XL_MEMBER_%u_", index);
			print_upper(out, figures[k].name);
			if (k == RTT && s->rtt_us == FIGURE_NONE)
				fputs("=''\n", out);
			else
				fmt_print(out, "='%" PRIu64 "'\n",
					  (uint64_t)figure(s, k));
		}
		fmt_print(out, "XL_MEMBER_%u_ERROR=", index);
		print_quoted(out, '\'', s->error);
		fputs("\n", out);
	}
}

static void
report_hosts(FILE *out, const struct report *r)
{
	uint64_t down = 0;
	for (size_t i = 0; i < r->roster.members_len; i++)
		if (!r->status[i].up)
			down |= (uint64_t)1 << r->roster.members[i].index;
	show_hosts(out, &r->roster, down);
}

/*
 * Prometheus: the text format 0.0.4.  Names are of letters, digits and ._-,
 * and its escapes are those of JSON for what is printable, as all lines are.
 */

static void
metric_head(FILE *out, const char *scope, const char *name, const char *help)
{
	const char *unit = strrchr(name, '_');
	bool counter = unit && strcmp(unit, "_total") == 0;
	fmt_print(out, "# HELP xl_%s_%s %s.\n# TYPE xl_%s_%s %s\n", scope, name,
		  help, scope, name, counter ? "counter" : "gauge");
}

static void
cluster_metric(FILE *out, const struct report *r, const char *name,
	       const char *help, size_t value)
{
	metric_head(out, "cluster", name, help);
	fmt_print(out, "xl_cluster_%s{cluster=\"%s\"} %zu\n", name,
		  r->roster.name, value);
}

static void
member_sample(FILE *out, const struct report *r, size_t i, const char *name)
{
	const struct member *m = &r->roster.members[i];
	fmt_print(out, "xl_member_%s{cluster=\"%s\",member=\"%s\",index=\"%u\"",
		  name, r->roster.name, m->name, m->index);
}

static void
figure_metric(FILE *out, const struct report *r, size_t k)
{
	metric_head(out, "member", figures[k].metric, figures[k].help);
	for (size_t i = 0; i < r->roster.members_len; i++) {
		int64_t value = figure(&r->status[i], k);
		if (k == RTT && value == FIGURE_NONE)
			continue;
		member_sample(out, r, i, figures[k].metric);
		if (k == RTT)
			fmt_print(out, "} %" PRId64 ".%06d\n", value / 1000000,
				  (int)(value % 1000000));
		else
			fmt_print(out, "} %" PRIu64 "\n", (uint64_t)value);
	}
}

static void
report_prometheus(FILE *out, const struct report *r)
{
	char text[NODEID_HEX_MAX];
	cluster_metric(out, r, "members", "Members of the cluster",
		       r->roster.members_len);
	cluster_metric(out, r, "members_up", "Members that are up", r->up);
	cluster_metric(out, r, "quorum", "Whether a majority is up", r->quorum);
	metric_head(out, "member", "up", "Whether the member is up");
	for (size_t i = 0; i < r->roster.members_len; i++) {
		member_sample(out, r, i, "up");
		fmt_print(out, "} %d\n", r->status[i].up);
	}
	for (size_t k = 0; k < FIGURES; k++)
		figure_metric(out, r, k);
	metric_head(out, "member", "info", "Its ID, address and last error");
	for (size_t i = 0; i < r->roster.members_len; i++) {
		const struct member *m = &r->roster.members[i];
		member_sample(out, r, i, "info");
		nodeid_format(text, &m->id);
		fmt_print(out, ",id=\"%s\"", text);
		format_addr(text, m);
		fmt_print(out, ",address=\"%s\",error=", text);
		print_quoted(out, '"', r->status[i].error);
		fputs("} 1\n", out);
	}
}

void
report_show(FILE *out, enum show_format format, const struct report *r)
{
	switch (format) {
	case SHOW_TEXT:
		report_text(out, r);
		break;
	case SHOW_JSON:
		report_json(out, r);
		break;
	case SHOW_ENV:
		report_env(out, r);
		break;
	case SHOW_HOSTS:
		report_hosts(out, r);
		break;
	case SHOW_PROMETHEUS:
		report_prometheus(out, r);
		break;
	case SHOW_DAT: /* takes keys */
		break;
	}
}
