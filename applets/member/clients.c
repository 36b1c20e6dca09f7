// SPDX-License-Identifier: MIT
#include "applets/member/clients.h"

#include <bearssl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/bytes.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/ident/keyfile.h"

/* No shorter line holds a key. */
#define LINE_MIN 128
#define CLIENTS_MAX (CLIENTS_TEXT_MAX / LINE_MIN)
#define ENTRIES_LEN (CLIENTS_MAX * sizeof(struct clients_entry))

/* Memory that is not there before it is touched. */
static void *
map(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

void
clients_free(struct clients *c)
{
	if (c->text)
		munmap(c->text, CLIENTS_TEXT_MAX);
	if (c->entries)
		munmap(c->entries, ENTRIES_LEN);
	*c = (struct clients){ .text = NULL };
}

/* Looks at all of them: who asks is not to tell by the time where one is. */
static const struct clients_entry *
find(const struct clients *c, const uint8_t id[static CLIENTS_ID_LEN])
{
	const struct clients_entry *found = NULL;
	for (size_t i = 0; i < c->len; i++)
		if (memcmp(c->entries[i].id, id, CLIENTS_ID_LEN) == 0)
			found = &c->entries[i];
	return found;
}

static void
make_id(uint8_t id[static CLIENTS_ID_LEN], const struct rsakey_public *key)
{
	uint8_t spki[RSAKEY_SPKI_MAX];
	br_sha256_context sha256;
	br_sha256_init(&sha256);
	br_sha256_update(&sha256, spki, rsakey_encode_spki(spki, key));
	br_sha256_out(&sha256, id);
}

/* Takes a line without its end.  Returns what is wrong with it, or NULL. */
static const char *
add_line(struct clients *c, size_t at, size_t len, unsigned min_bits)
{
	struct rsakey_public key;
	struct clients_entry *entry = &c->entries[c->len];
	if (len == 0 || c->text[at] == '#')
		return NULL;
	if (c->len == CLIENTS_MAX ||
	    keyfile_parse_ssh(&key, c->text + at, len) != ERR_OK)
		return "no \"ssh-rsa BASE64 NAME\"";
	if (rsakey_check_public(&key, min_bits) != ERR_OK)
		return "a key of too few bits";
	make_id(entry->id, &key);
	if (find(c, entry->id))
		return "this key is there already";
	entry->at = (uint32_t)at;
	entry->len = (uint32_t)len;
	c->len++;
	return NULL;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The bytes of a line without blanks around it; *at is its first. */
static size_t
strip(const char *text, size_t *at, size_t end)
{
	while (*at < end && is_blank(text[*at]))
		++*at;
	while (*at < end && is_blank(text[end - 1]))
		end--;
	return end - *at;
}

static enum err
parse(struct clients *c, size_t len, unsigned min_bits, unsigned *line,
      const char **what)
{
	*line = 0;
	for (size_t at = 0, next; at < len; at = next) {
		const char *end = memchr(c->text + at, '\n', len - at);
		size_t stop = end ? (size_t)(end - c->text) : len;
		next = stop + 1;
		++*line;
		size_t line_len = strip(c->text, &at, stop);
		*what = add_line(c, at, line_len, min_bits);
		if (*what)
			return ERR_MALFORMED;
	}
	return ERR_OK;
}

enum err
clients_load(struct clients *c, const char *path, unsigned min_bits,
	     unsigned *line, const char **what)
{
	struct clients fresh = {
		.text = map(CLIENTS_TEXT_MAX),
		.entries = map(ENTRIES_LEN),
	};
	size_t len = 0;
	enum err e = fresh.text && fresh.entries ? ERR_OK : ERR_SYSTEM;
	if (e == ERR_OK)
		e = file_read(path, fresh.text, CLIENTS_TEXT_MAX, &len);
	if (e == ERR_OK)
		e = parse(&fresh, len, min_bits, line, what);
	if (e != ERR_OK) {
		clients_free(&fresh);
		return e;
	}
	clients_free(c);
	*c = fresh;
	return ERR_OK;
}

enum err
clients_find(const struct clients *c, const uint8_t id[static CLIENTS_ID_LEN],
	     struct clients_one *one)
{
	const struct clients_entry *found = find(c, id), *entry = found;
	size_t len;
	if (c->len == 0)
		return ERR_REFUSED;
	if (!found)
		entry = &c->entries[bytes_get_be16(id) % c->len];
	const char *line = c->text + entry->at;
	const char *name = keyfile_comment(line, entry->len, &len);
	if (len >= sizeof one->name)
		len = sizeof one->name - 1;
	memset(one->name, 0, sizeof one->name);
	if (len > 0)
		memcpy(one->name, name, len);
	text_clean(one->name, len);
	enum err e = keyfile_parse_ssh(&one->key, line, entry->len);
	return found ? e : ERR_REFUSED;
}
