// SPDX-License-Identifier: MIT
/*
 * What the tests of the three text documents share. A hand-written golden file
 * is read, changed in every way that a file can be damaged, and written again.
 */
#ifndef TESTS_UNIT_DOC_H
#define TESTS_UNIT_DOC_H

#include <stdlib.h>

#include "core/doc/block.h"
#include "tests/unit/tap.h"

#define DOC_TEXT_MAX (144 * 1024)

/* One document: its golden file, a place to read to, and what is tested. */
struct doc {
	const char *path;
	void *dst;
	enum err (*parse)(void *dst, const char *text, size_t len,
			  struct block_fault *fault);
	size_t (*format)(char *dst, const void *src);
};

/* A change of the golden text, and the fault it makes; NULL if none. */
struct doc_edit {
	const char *from, *to, *fault;
};

static char doc_text[DOC_TEXT_MAX]; /* the golden text, and a NUL */
static size_t doc_len;
static char doc_written[DOC_TEXT_MAX];

static inline void
doc_load(const struct doc *doc)
{
	FILE *f = fopen(doc->path, "rb");
	doc_len = f ? fread(doc_text, 1, sizeof doc_text - 1, f) : 0;
	if (f)
		fclose(f);
	doc_text[doc_len] = '\0';
	ok(doc_len > 0, "%s is there", doc->path);
}

/* Parses a copy that has not a byte more, for sanitizers to watch. */
static inline enum err
doc_parse(const struct doc *doc, const char *text, size_t len,
	  struct block_fault *fault)
{
	char *copy = malloc(len ? len : 1);
	if (!copy)
		abort();
	if (len > 0)
		memcpy(copy, text, len);
	enum err e = doc->parse(doc->dst, copy, len, fault);
	free(copy);
	return e;
}

/* Whether what was read last is written as the golden text. */
static inline bool
doc_writes_golden(const struct doc *doc)
{
	return doc->format(doc_written, doc->dst) == doc_len &&
	       memcmp(doc_written, doc_text, doc_len) == 0;
}

/*
 * The golden text with each line end and indentation replaced, and "blank"
 * before each line; all that a reader does not care about.
 */
static inline size_t
doc_reshape(char *dst, const char *end, const char *indent, const char *blank)
{
	size_t len = 0;
	for (const char *p = doc_text; *p; p++) {
		const char *s = p + strspn(p, " ");
		size_t n = strcspn(s, "\r\n");
		len += (size_t)sprintf(dst + len, "%s%s%.*s%s", blank, indent,
				       (int)n, s, end);
		p = s + n + (s[n] == '\r');
	}
	return len;
}

static inline void
doc_test_shapes(const struct doc *doc)
{
	static const char *const shapes[][3] = {
		{ "\n", "", "" },
		{ "\r\n", "  ", "" },
		{ " \t\r\n", "\t", "\r\n" },
		{ "\n", " \t ", "\n \t\n" },
	};
	static char text[DOC_TEXT_MAX];
	struct block_fault fault;
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		size_t len = doc_reshape(text, shapes[i][0], shapes[i][1],
					 shapes[i][2]);
		is_int(doc_parse(doc, text, len, &fault), ERR_OK,
		       "%s in shape %zu", doc->path, i);
		ok(doc_writes_golden(doc), "and it reads the same");
	}
}

static inline void
doc_test_truncations(const struct doc *doc)
{
	struct block_fault fault;
	size_t wrong = 0;
	for (size_t len = 0; len <= doc_len; len++) {
		bool whole = strchr(doc_text + len, '}') == NULL;
		enum err e = doc_parse(doc, doc_text, len, &fault);
		bool right = whole ? e == ERR_OK && doc_writes_golden(doc)
				   : e == ERR_MALFORMED && fault.line > 0 &&
					     fault.what[0];
		wrong += !right;
	}
	is_int(wrong, 0, "%s: %zu truncations", doc->path, doc_len);
}

/* What is read from a damaged file can be written and read again. */
static inline bool
doc_survives(const struct doc *doc)
{
	static char again[DOC_TEXT_MAX];
	struct block_fault fault;
	size_t len = doc->format(doc_written, doc->dst);
	return len > 0 && doc_parse(doc, doc_written, len, &fault) == ERR_OK &&
	       doc->format(again, doc->dst) == len &&
	       memcmp(again, doc_written, len) == 0;
}

static inline void
doc_test_flips(const struct doc *doc)
{
	struct block_fault fault;
	size_t wrong = 0;
	for (size_t bit = 0; bit < 8 * doc_len; bit++) {
		doc_text[bit / 8] ^= (char)(1 << bit % 8);
		enum err e = doc_parse(doc, doc_text, doc_len, &fault);
		wrong += e == ERR_OK ? !doc_survives(doc)
				     : fault.line == 0 || !fault.what[0];
		doc_text[bit / 8] ^= (char)(1 << bit % 8);
	}
	is_int(wrong, 0, "%s: %zu bit flips", doc->path, 8 * doc_len);
}

static inline void
doc_test_edit(const struct doc *doc, const struct doc_edit *edit, size_t n)
{
	static char text[DOC_TEXT_MAX];
	char got[128] = "";
	struct block_fault fault;
	const char *at = strstr(doc_text, edit->from);
	if (!at) {
		ok(false, "edit %zu has a place", n);
		return;
	}
	int len = snprintf(text, sizeof text, "%.*s%s%s", (int)(at - doc_text),
			   doc_text, edit->to, at + strlen(edit->from));
	if (doc_parse(doc, text, (size_t)len, &fault) != ERR_OK)
		snprintf(got, sizeof got, "%u: %s", fault.line, fault.what);
	is_str(got, edit->fault ? edit->fault : "", "edit %zu: %s", n,
	       edit->fault ? edit->fault : "taken");
}

/* Bytes that no C string shows. */
static inline void
doc_test_bytes(const struct doc *doc)
{
	static const char bad[] = { '\0', '\a', '\r', '\x1b', '\x7f' };
	char *p = strstr(doc_text, "ID: ") + 4;
	char was = *p;
	struct block_fault fault;
	for (size_t i = 0; i < sizeof bad; i++) {
		*p = bad[i];
		doc_parse(doc, doc_text, doc_len, &fault);
		is_str(fault.what, "control character", "byte %d is refused",
		       bad[i]);
		is_int(fault.line, 3, "in line 3");
	}
	*p = was;
	is_int(doc_parse(doc, "", 0, &fault), ERR_MALFORMED, "empty file");
	is_int(fault.line, 1, "has line 1");
}

/* All that holds for each document. */
static inline void
doc_test(const struct doc *doc, const struct doc_edit *edits)
{
	struct block_fault fault;
	doc_load(doc);
	is_int(doc_parse(doc, doc_text, doc_len, &fault), ERR_OK, "%s is read",
	       doc->path);
	ok(doc_writes_golden(doc), "and written again to the byte");
	doc_test_shapes(doc);
	doc_test_truncations(doc);
	doc_test_flips(doc);
	doc_test_bytes(doc);
	for (size_t n = 0; edits[n].from; n++)
		doc_test_edit(doc, &edits[n], n);
}

#endif
