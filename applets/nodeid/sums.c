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

/* Reads a line without its end; false for one that is too long. */
static bool
whole_line(char *line, FILE *list)
{
	size_t len = strlen(line);
	if (len > 0 && line[len - 1] == '\n') {
		line[--len] = '\0';
		if (len > 0 && line[len - 1] == '\r')
			line[--len] = '\0';
		return true;
	}
	bool whole = true; /* the last line may lack its end */
	for (int c; (c = getc(list)) != EOF && c != '\n';)
		whole = false;
	return whole;
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
check_list(FILE *list, const char *name, const struct sums_rules *rules)
{
	static char line[LINE_LEN];
	struct tally tally = { 0 };
	while (fgets(line, sizeof line, list)) {
		struct entry entry;
		if (!whole_line(line, list))
			tally.improper++;
		else if (line[0] == '#')
			continue;
		else if (parse_entry(&entry, line))
			check_entry(&entry, rules, &tally);
		else
			tally.improper++;
	}
	if (ferror(list))
		return say_cannot(ERR_READ, "read", name);
	return all_right(&tally, rules, name) ? 0 : err_status(ERR_REFUSED);
}

int
sums_check(char **lists, const struct sums_rules *rules)
{
	int status = 0;
	if (!*lists)
		return check_list(stdin, "standard input", rules);
	for (; *lists; lists++) {
		bool standard = strcmp(*lists, "-") == 0;
		FILE *list = standard ? stdin : fopen(*lists, "re");
		if (!list) {
			status = say_cannot(ERR_READ, "read", *lists);
			continue;
		}
		int s = check_list(list, *lists, rules);
		status = s ? s : status;
		if (!standard)
			fclose(list);
	}
	return status;
}
