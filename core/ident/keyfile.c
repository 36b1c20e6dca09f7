// SPDX-License-Identifier: MIT

/* Reads keys of every form.  What writes them is in keyformat.c. */

#include "core/ident/keyfile.h"

#include <stdbool.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/ident/der.h"
#include "core/ident/keyder.h"

#define DER_MAX 4096 /* bytes of the largest key, and room for attributes */
#define PEM_BODY_MAX TEXT_BASE64_LEN(DER_MAX)
#define SSH_TYPE "ssh-rsa"
#define SSH_BLOB_MAX 540

/* A line of text, without its end; trailing blanks and CR are off too. */
struct line {
	const char *at;
	size_t len;
};

static bool
take_line(struct line *text, struct line *line)
{
	if (text->len == 0)
		return false;
	const char *end = memchr(text->at, '\n', text->len);
	size_t len = end ? (size_t)(end - text->at) : text->len;
	size_t past = end ? len + 1 : len;
	*line = (struct line){ text->at, len };
	while (line->len > 0 && (line->at[line->len - 1] == '\r' ||
				 line->at[line->len - 1] == ' ' ||
				 line->at[line->len - 1] == '\t'))
		line->len--;
	text->at += past;
	text->len -= past;
	return true;
}

static bool
starts_with(struct line line, const char *head)
{
	size_t len = strlen(head);
	return line.len >= len && memcmp(line.at, head, len) == 0;
}

static bool
ends_with(struct line line, const char *tail)
{
	size_t len = strlen(tail);
	return line.len >= len &&
	       memcmp(line.at + line.len - len, tail, len) == 0;
}

/* Passes over everything up to the first line that begins a key. */
static bool
find_pem(struct line *text, struct line *begin)
{
	while (take_line(text, begin))
		if (starts_with(*begin, "-----BEGIN ") &&
		    ends_with(*begin, "KEY-----"))
			return true;
	return false;
}

/* Gathers the base64 of a PEM text up to its END line. */
static enum err
gather_body(char body[static PEM_BODY_MAX], size_t *len, struct line text)
{
	struct line line;
	while (take_line(&text, &line)) {
		if (starts_with(line, "-----END ") &&
		    ends_with(line, "KEY-----"))
			return ERR_OK;
		if (starts_with(line, "Proc-Type:") &&
		    ends_with(line, "ENCRYPTED"))
			return ERR_ENCRYPTED; /* RFC 1421 4.6.1.1 */
		if (memchr(line.at, ':', line.len))
			continue;
		if (line.len > PEM_BODY_MAX - *len)
			return ERR_TOO_LONG;
		memcpy(body + *len, line.at, line.len);
		*len += line.len;
	}
	return ERR_MALFORMED;
}

static enum err
parse_pem(struct keyder *f, struct line begin, struct line text)
{
	char body[PEM_BODY_MAX];
	uint8_t *der = (uint8_t *)body;
	size_t len = 0;
	if (ends_with(begin, "BEGIN ENCRYPTED PRIVATE KEY-----"))
		return ERR_ENCRYPTED;
	if (ends_with(begin, "BEGIN OPENSSH PRIVATE KEY-----"))
		return ERR_OPENSSH;
	enum err e = gather_body(body, &len, text);
	if (e == ERR_OK)
		e = text_unbase64(der, sizeof body, &len, body, len);
	if (e == ERR_OK)
		e = keyder_parse(f, der, len);
	bytes_wipe(body, sizeof body);
	return e;
}

/* Takes one string of an ssh blob (RFC 4251 5). */
static struct bytes_reader
take_string(struct bytes_reader *r)
{
	size_t len = bytes_take_be32(r);
	const uint8_t *p = bytes_take(r, len);
	return p ? bytes_reader(p, len)
		 : (struct bytes_reader){ .failed = true };
}

/* Takes one mpint above 0 in its shortest form. */
static struct der_number
take_mpint(struct bytes_reader *r)
{
	struct bytes_reader in = take_string(r);
	bool zero = in.left > 0 && in.at[0] == 0;
	if (zero)
		bytes_take_u8(&in);
	if (in.left == 0 || zero != (in.at[0] >= 0x80))
		r->failed = true;
	return (struct der_number){ in.at, in.left };
}

static enum err
parse_blob(struct rsakey_public *key, const uint8_t *blob, size_t len)
{
	struct bytes_reader r = bytes_reader(blob, len);
	struct bytes_reader type = take_string(&r);
	struct der_number e = take_mpint(&r);
	struct der_number n = take_mpint(&r);
	if (r.failed || r.left > 0 || type.left != strlen(SSH_TYPE) ||
	    memcmp(type.at, SSH_TYPE, type.left) != 0)
		return ERR_MALFORMED;
	return rsakey_set_public(key, n.at, n.len, e.at, e.len);
}

/* The characters up to the next blank; the blanks behind are passed over. */
static struct line
take_word(struct line *line)
{
	struct line word = { line->at, 0 };
	while (word.len < line->len && word.at[word.len] != ' ' &&
	       word.at[word.len] != '\t')
		word.len++;
	size_t past = word.len;
	while (past < line->len &&
	       (line->at[past] == ' ' || line->at[past] == '\t'))
		past++;
	line->at += past;
	line->len -= past;
	return word;
}

enum err
keyfile_parse_ssh(struct rsakey_public *key, const char *text, size_t len)
{
	uint8_t blob[SSH_BLOB_MAX];
	size_t blob_len = 0;
	struct line rest = { text, len };
	struct line line;
	if (!take_line(&rest, &line) || rest.len > 0)
		return ERR_MALFORMED;
	struct line type = take_word(&line);
	struct line base64 = take_word(&line);
	if (type.len != strlen(SSH_TYPE) || !starts_with(type, SSH_TYPE))
		return starts_with(base64, "AAAA") ? ERR_NOT_RSA
						   : ERR_MALFORMED;
	enum err e = text_unbase64(blob, sizeof blob, &blob_len, base64.at,
				   base64.len);
	return e == ERR_OK ? parse_blob(key, blob, blob_len) : e;
}

/* The first line of a .pub file that is not blank or a remark. */
static struct line
ssh_line(const void *src, size_t len)
{
	struct line text = { src, len };
	struct line line;
	while (take_line(&text, &line))
		if (line.len > 0 && line.at[0] != '#')
			return line;
	return (struct line){ src, 0 };
}

const char *
keyfile_comment(const void *src, size_t len, size_t *comment_len)
{
	struct line line = ssh_line(src, len);
	struct line type = take_word(&line);
	*comment_len = 0;
	if (type.len != strlen(SSH_TYPE) || !starts_with(type, SSH_TYPE))
		return line.at;
	take_word(&line);
	*comment_len = line.len;
	return line.at;
}

static enum err
parse_any(struct keyder *f, const void *src, size_t len)
{
	struct line text = { src, len };
	struct line begin;
	*f = (struct keyder){ .is_private = false };
	if (len > 0 && text.at[0] == DER_SEQUENCE)
		return keyder_parse(f, src, len);
	if (find_pem(&text, &begin))
		return parse_pem(f, begin, text);
	struct line line = ssh_line(src, len);
	return keyfile_parse_ssh(&f->pub, line.at, line.len);
}

enum err
keyfile_parse_private(struct rsakey_private *key, const void *src, size_t len)
{
	struct keyder f;
	enum err e = parse_any(&f, src, len);
	if (e == ERR_OK && !f.is_private)
		e = ERR_REFUSED;
	if (e == ERR_OK)
		*key = f.priv;
	bytes_wipe(&f, sizeof f);
	return e;
}

enum err
keyfile_parse_public(struct rsakey_public *key, const void *src, size_t len)
{
	struct keyder f;
	enum err e = parse_any(&f, src, len);
	if (e == ERR_OK)
		*key = f.pub;
	bytes_wipe(&f, sizeof f);
	return e;
}

/* Too large for the stack of a small box; wiped after each use. */
static uint8_t file_bytes[KEYFILE_MAX];

enum err
keyfile_read_private(struct rsakey_private *key, const char *path)
{
	size_t len = 0;
	enum err e = file_read(path, file_bytes, sizeof file_bytes, &len);
	if (e == ERR_OK)
		e = keyfile_parse_private(key, file_bytes, len);
	bytes_wipe(file_bytes, sizeof file_bytes);
	return e;
}

enum err
keyfile_read_public(struct rsakey_public *key, const char *path)
{
	size_t len = 0;
	enum err e = file_read(path, file_bytes, sizeof file_bytes, &len);
	if (e == ERR_OK)
		e = keyfile_parse_public(key, file_bytes, len);
	bytes_wipe(file_bytes, sizeof file_bytes);
	return e;
}
