// SPDX-License-Identifier: MIT
#include "applets/nodeid/sums.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/err.h"
#include "core/base/fmt.h"
#include "core/base/say.h"
#include "core/base/text.h"

#define READ_LEN (64 * 1024)
#define LINE_LEN 8704 /* of a list: a sum and a path of 4 KiB, escaped */

/* A list that is read line by line. */
struct list {
	int fd;
	bool failed;    /* it cannot be read */
	size_t at, len; /* the bytes not yet taken are from at to len */
	char buf[LINE_LEN + 1];
};

/* What the check of one list has seen. */
struct tally {
	unsigned long sums, wrong, unreadable, improper;
};

/* One line of a list. */
struct entry {
	struct nodeid id;
	char *name;
};

void
sums_begin(struct sum *sum, size_t id_len)
{
	const br_hash_class *class =
		id_len == NODEID_SHORT ? &br_sha1_vtable : &br_sha256_vtable;
	sum->id_len = id_len;
	class->init(&sum->context.vtable);
}

void
sums_add(struct sum *sum, const void *data, size_t len)
{
	sum->context.vtable->update(&sum->context.vtable, data, len);
}

void
sums_end(struct sum *sum, struct nodeid *id)
{
	*id = (struct nodeid){ .len = (uint8_t)sum->id_len };
	sum->context.vtable->out(&sum->context.vtable, id->bytes);
}

static enum err
sum_descriptor(struct nodeid *id, int fd, size_t id_len)
{
	static uint8_t block[READ_LEN];
	struct sum sum;
	ssize_t n;
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	sums_begin(&sum, id_len);
	while ((n = read(fd, block, sizeof block)) > 0)
		sums_add(&sum, block, (size_t)n);
	sums_end(&sum, id);
	return n < 0 ? ERR_READ : ERR_OK;
}

static enum err
sum_file(struct nodeid *id, const char *path, size_t id_len)
{
	if (strcmp(path, "-") == 0)
		return sum_descriptor(id, STDIN_FILENO, id_len);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return ERR_READ;
	enum err e = sum_descriptor(id, fd, id_len);
	close(fd);
	return e;
}

/* Prints a name with an escape for what would end or garble the line. */
static void
print_escaped(const char *name)
{
	for (; *name; name++) {
		if (*name == '\n')
			fputs("\\n", stdout);
		else if (*name == '\r')
			fputs("\\r", stdout);
		else if (*name == '\\')
			fputs("\\\\", stdout);
		else
			putchar(*name);
	}
}

int
sums_print(char **files, size_t id_len)
{
	int status = 0;
	for (; *files; files++) {
		char hex[NODEID_HEX_MAX];
		struct nodeid id;
		enum err e = sum_file(&id, *files, id_len);
		if (e != ERR_OK) {
			status = say_cannot(e, "read", *files);
			continue;
		}
		nodeid_format(hex, &id);
		if (strpbrk(*files, "\\\n\r"))
			putchar('\\');
		fmt_print(stdout, "%s  ", hex);
		print_escaped(*files);
		putchar('\n');
	}
	return status;
}

/* Undoes print_escaped in place.  False for an escape that it does not make. */
static bool
unescape(char *name)
{
	char *to = name;
	for (; *name; name++) {
		if (*name != '\\') {
			*to++ = *name;
			continue;
		}
		const char *found = strchr("nr\\", *++name);
		if (*name == '\0' || !found)
			return false;
		*to++ = "\n\r\\"[found - "nr\\"];
	}
	*to = '\0';
	return true;
}

/* Reads "HEX  NAME" or "HEX *NAME", escaped when a backslash leads. */
static bool
parse_entry(struct entry *entry, char *line)
{
	bool escaped = *line == '\\';
	char *hex = line + escaped;
	size_t len = strcspn(hex, " ");
	char *name = hex + len;
	if (nodeid_parse(&entry->id, hex, len) != ERR_OK)
		return false;
	if (name[0] != ' ' || (name[1] != ' ' && name[1] != '*') || !name[2])
		return false;
	entry->name = name + 2;
	return !escaped || unescape(entry->name);
}

static void
print_verdict(const char *name, const char *verdict)
{
	if (strpbrk(name, "\n\r")) {
		putchar('\\');
		print_escaped(name);
	} else {
		fputs(name, stdout);
	}
	fmt_print(stdout, ": %s\n", verdict);
}

static void
check_entry(const struct entry *entry, const struct sums_rules *rules,
	    struct tally *tally)
{
	struct nodeid id;
	tally->sums++;
	enum err e = sum_file(&id, entry->name, entry->id.len);
	if (e != ERR_OK) {
		tally->unreadable++;
		if (rules->silent)
			return;
		say_cannot(e, "read", entry->name);
		print_verdict(entry->name, "FAILED open or read");
		return;
	}
	bool right = nodeid_equal(&id, &entry->id);
	tally->wrong += !right;
	if (!rules->silent && !(right && rules->quiet))
		print_verdict(entry->name, right ? "OK" : "FAILED");
}

/* Takes the bytes up to end as a line; without the CR of a CRLF. */
static char *
cut_line(struct list *list, char *end)
{
	char *line = list->buf + list->at;
	*end = '\0';
	if (end > line && end[-1] == '\r')
		end[-1] = '\0';
	return line;
}

/*
 * The next line without its end, or NULL.  Of one that is too long only the
 * last part is given, and *whole is false.
 */
static char *
next_line(struct list *list, bool *whole)
{
	*whole = true;
	for (;;) {
		size_t left = list->len - list->at;
		char *end = memchr(list->buf + list->at, '\n', left);
		if (end) {
			char *line = cut_line(list, end);
			list->at = (size_t)(end + 1 - list->buf);
			return line;
		}
		memmove(list->buf, list->buf + list->at, left);
		*whole = *whole && left < LINE_LEN;
		list->at = 0;
		list->len = left < LINE_LEN ? left : 0;
		ssize_t n = read(list->fd, list->buf + list->len,
				 LINE_LEN - list->len);
		if (n > 0) {
			list->len += (size_t)n;
			continue;
		}
		list->failed = n < 0;
		if (list->failed || (list->len == 0 && *whole))
			return NULL;
		/* The last line may lack its end. */
		char *line = cut_line(list, list->buf + list->len);
		list->len = 0;
		return line;
	}
}

static void
warn_of(unsigned long count, const char *one, const char *many)
{
	if (count > 0)
		say("WARNING: %lu %s", count, count == 1 ? one : many);
}

static bool
all_right(const struct tally *tally, const struct sums_rules *rules,
	  const char *name)
{
	if (!rules->silent && tally->sums == 0)
		say("%s: no properly formatted checksum lines found", name);
	if (!rules->silent && tally->sums > 0) {
		warn_of(tally->improper, "line is improperly formatted",
			"lines are improperly formatted");
		warn_of(tally->unreadable, "listed file could not be read",
			"listed files could not be read");
		warn_of(tally->wrong, "computed checksum did NOT match",
			"computed checksums did NOT match");
	}
	return tally->sums > 0 && tally->wrong == 0 && tally->unreadable == 0 &&
	       (tally->improper == 0 || !rules->strict);
}

static int
check_list(int fd, const char *name, const struct sums_rules *rules)
{
	static struct list list;
	struct tally tally = { 0 };
	struct entry entry;
	bool whole;
	list.fd = fd;
	list.at = list.len = 0;
	for (char *line; (line = next_line(&list, &whole));) {
		if (line[0] == '#' && whole)
			continue;
		if (whole && parse_entry(&entry, line))
			check_entry(&entry, rules, &tally);
		else
			tally.improper++;
	}
	if (list.failed)
		return say_cannot(ERR_READ, "read", name);
	return all_right(&tally, rules, name) ? 0 : err_status(ERR_REFUSED);
}

int
sums_check(char **lists, const struct sums_rules *rules)
{
	int status = 0;
	if (!*lists)
		return check_list(STDIN_FILENO, "standard input", rules);
	for (; *lists; lists++) {
		bool standard = strcmp(*lists, "-") == 0;
		int fd = standard ? STDIN_FILENO
				  : open(*lists,
					 O_RDONLY | O_CLOEXEC | O_NOCTTY);
		int s = fd < 0 ? say_cannot(ERR_READ, "read", *lists)
			       : check_list(fd, *lists, rules);
		status = s ? s : status;
		if (fd > STDIN_FILENO)
			close(fd);
	}
	return status;
}
