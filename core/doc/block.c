// SPDX-License-Identifier: MIT
#include "core/doc/block.h"

#include <stdint.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/fmt.h"

#define INDENT 4 /* blanks a level */

enum line_kind {
	LINE_END, /* no more lines */
	LINE_KEY,
	LINE_OPEN,
	LINE_CLOSE,
};

struct reader {
	const char *at;
	size_t left;
	struct block_fault *fault;
	enum line_kind kind;
	char line[BLOCK_LINE_MAX + 1];
	const char *word;  /* the key or the block's name, in line */
	const char *value; /* of a key, in line */
};

/* Says what is wrong in the present line. */
static enum err
fail(struct reader *r, const char *what, const char *more)
{
	fmt_text(r->fault->what, sizeof r->fault->what, "%s%s", what, more);
	return ERR_MALFORMED;
}

/* The same with a key or block, of whose name it says the start. */
static enum err
fail_name(struct reader *r, const char *what, bool is_key, const char *name)
{
	fmt_text(r->fault->what, sizeof r->fault->what, "%s %s %s", what,
		 is_key ? "key" : "block", name);
	return ERR_MALFORMED;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_word(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

static bool
has_control(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

/* Copies the next line to r->line, without its end and the blanks before. */
static enum err
take_line(struct reader *r)
{
	const char *lf = memchr(r->at, '\n', r->left);
	size_t len = lf ? (size_t)(lf - r->at) : r->left;
	const char *s = r->at;
	r->at += lf ? len + 1 : len;
	r->left -= lf ? len + 1 : len;
	r->fault->line++;
	if (len > 0 && s[len - 1] == '\r')
		len--;
	if (len > BLOCK_LINE_MAX)
		return fail(r, "line too long", "");
	if (has_control(s, len))
		return fail(r, "control character", "");
	while (len > 0 && is_blank(s[len - 1]))
		len--;
	memcpy(r->line, s, len);
	r->line[len] = '\0';
	return ERR_OK;
}

/* Takes r->line, which begins with text, apart. */
static enum err
split_line(struct reader *r, char *text)
{
	char *end = text;
	while (is_word(*end))
		end++;
	char *mark = end;
	while (is_blank(*mark))
		mark++;
	r->word = text;
	r->value = mark + 1;
	if (end > text && *mark == ':')
		r->kind = LINE_KEY;
	else if (end > text && strcmp(mark, "{") == 0)
		r->kind = LINE_OPEN;
	else if (strcmp(text, "}") == 0)
		r->kind = LINE_CLOSE;
	else
		return fail(r, "neither Key: value nor NAME { nor }", "");
	*end = '\0';
	if (r->kind == LINE_KEY)
		while (is_blank(*r->value))
			r->value++;
	return ERR_OK;
}

/* Goes to the next line that is not blank. */
static enum err
next_line(struct reader *r)
{
	r->kind = LINE_END;
	while (r->left > 0) {
		enum err e = take_line(r);
		if (e != ERR_OK)
			return e;
		char *text = r->line;
		while (is_blank(*text))
			text++;
		if (*text)
			return split_line(r, text);
	}
	return ERR_OK;
}

static size_t *
count_of(const struct block_field *field, void *base)
{
	return (size_t *)(void *)((char *)base + field->count_at);
}

/* The row behind a value, or behind the end of a block. */
static const struct block_field *
next_field(const struct block_field *field)
{
	int depth = 0;
	do {
		depth += (field->row == BLOCK_OPEN) -
			 (field->row == BLOCK_CLOSE);
		field++;
	} while (depth > 0);
	return field;
}

/* The row of the present line's key or block, among those of one block. */
static const struct block_field *
find_field(const struct reader *r, const struct block_field *fields)
{
	enum block_row row = r->kind == LINE_KEY ? BLOCK_VALUE : BLOCK_OPEN;
	for (; fields->row != BLOCK_CLOSE; fields = next_field(fields))
		if (fields->row == row && strcmp(r->word, fields->key) == 0)
			return fields;
	return NULL;
}

static enum err
fail_field(struct reader *r, const char *what, const struct block_field *field)
{
	return fail_name(r, what, field->row == BLOCK_VALUE, field->key);
}

/* Finds the place for one more occurrence of a field, and counts it. */
static enum err
take_slot(struct reader *r, const struct block_field *field, void *base,
	  bool seen, void **slot)
{
	*slot = (char *)base + field->at;
	if (field->list_max == 0)
		return seen ? fail_field(r, "repeated", field) : ERR_OK;
	size_t *count = count_of(field, base);
	if (*count >= field->list_max)
		return fail_field(r, "one too many of", field);
	*slot = (char *)*slot + (*count)++ * field->stride;
	return ERR_OK;
}

static bool
is_missing(const struct block_field *field, void *base, bool seen)
{
	if (field->list_max > 0)
		return *count_of(field, base) < field->list_min;
	return !seen && !(field->flags & BLOCK_OPTIONAL);
}

static enum err
check_missing(struct reader *r, const struct block_field *fields, void *base,
	      uint32_t seen)
{
	for (const struct block_field *f = fields; f->row != BLOCK_CLOSE;
	     f = next_field(f))
		if (is_missing(f, base, seen >> (f - fields) & 1))
			return fail_field(r, "missing", f);
	return ERR_OK;
}

/*
 * Reads the lines of a block and its end, which is that of the text for the
 * outermost one.  It calls itself no deeper than the tables go.
 */
static enum err
read_block(struct reader *r, const struct block_field *fields, void *base,
	   enum line_kind end)
{
	uint32_t seen = 0;
	for (;;) {
		void *slot;
		enum err e = next_line(r);
		if (e != ERR_OK)
			return e;
		if (r->kind == end)
			return check_missing(r, fields, base, seen);
		if (r->kind == LINE_END)
			return fail(r, "missing }", "");
		if (r->kind == LINE_CLOSE)
			return fail(r, "} without {", "");
		const struct block_field *f = find_field(r, fields);
		if (!f)
			return fail_name(r, "unknown", r->kind == LINE_KEY,
					 r->word);
		uint32_t bit = (uint32_t)1 << (f - fields);
		e = take_slot(r, f, base, seen & bit, &slot);
		if (e == ERR_OK && f->row == BLOCK_OPEN)
			e = read_block(r, f + 1, slot, LINE_CLOSE);
		else if (e == ERR_OK && !field_read(f->kind, slot, r->value))
			e = fail(r, "bad ", field_noun(f->kind));
		if (e != ERR_OK)
			return e;
		seen |= bit;
	}
}

enum err
block_parse(const struct block_field *table, void *dst, const char *text,
	    size_t len, struct block_fault *fault)
{
	struct reader r = { .at = text, .left = len, .fault = fault };
	*fault = (struct block_fault){ .line = 0 };
	enum err e = read_block(&r, table, dst, LINE_END);
	if (fault->line == 0)
		fault->line = 1; /* an empty file still has a first line */
	return e;
}

void
block_blame(struct block_fault *fault, const char *what, const char *text,
	    size_t len, const char *key, size_t nth)
{
	struct reader r = { .at = text, .left = len, .fault = fault };
	*fault = (struct block_fault){ .line = 0 };
	while (next_line(&r) == ERR_OK && r.kind != LINE_END) {
		if (r.kind == LINE_CLOSE || strcmp(r.word, key) != 0)
			continue;
		if (nth-- == 0)
			break;
	}
	fail(&r, what, "");
}

/* Writes one line: "WORD: VALUE", "WORD {" or "}". */
static void
put_line(struct bytes_writer *w, int indent, const char *word, const char *mark,
	 const char *value, unsigned flags)
{
	char line[BLOCK_LINE_MAX];
	bool cr = flags & BLOCK_CRLF && !(flags & BLOCK_LF);
	size_t len = fmt_text(line, sizeof line, "%*s%s%s%s%s\n", indent, "",
			      word, mark, value, cr ? "\r" : "");
	bytes_put(w, line, len);
}

static size_t
entries_of(const struct block_field *field, const void *base)
{
	size_t n = 1;
	if (field->list_max > 0)
		memcpy(&n, (const char *)base + field->count_at, sizeof n);
	return n;
}

/* Calls itself no deeper than the tables go.  flags may have BLOCK_CRLF. */
static void
write_block(struct bytes_writer *w, const struct block_field *fields,
	    const void *base, int indent, unsigned flags)
{
	char value[FIELD_VALUE_MAX];
	for (const struct block_field *f = fields; f->row != BLOCK_CLOSE;
	     f = next_field(f)) {
		int blanks = indent + (f->flags & BLOCK_WIDE ? 1 : 0);
		unsigned how = flags | f->flags;
		const char *at = (const char *)base + f->at;
		for (size_t n = entries_of(f, base); n > 0; n--) {
			if (f->row == BLOCK_VALUE) {
				field_write(f->kind, value, at);
				if (*value)
					put_line(w, blanks, f->key, ": ", value,
						 how);
			} else {
				put_line(w, blanks, f->key, " {", "", how);
				write_block(w, f + 1, at, indent + INDENT,
					    how & BLOCK_CRLF);
				put_line(w, blanks, "}", "", "", how);
			}
			at += f->stride;
		}
	}
}

size_t
block_format(const struct block_field *table, char *dst, size_t cap,
	     const void *src)
{
	struct bytes_writer w = bytes_writer(dst, cap);
	write_block(&w, table, src, 0, 0);
	return w.failed ? 0 : w.len;
}
