// SPDX-License-Identifier: MIT
#include "core/ident/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/fmt.h"

#define PREFIX "TcpEndPoint: "
#define LABEL_MAX 63 /* RFC 1035 2.3.4 */
#define PORT_DIGITS 5

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_hex_digit(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool
is_label_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* Whether resolvers would take the label for a part of an IPv4 address. */
static bool
is_numeric(const char *label, size_t len)
{
	bool hex = len > 1 && label[0] == '0' && (label[1] | 0x20) == 'x';
	for (size_t i = hex ? 2 : 0; i < len; i++)
		if (!(hex ? is_hex_digit(label[i]) : is_digit(label[i])))
			return false;
	return true;
}

static bool
is_dns_name(const char *host)
{
	bool numeric = true;
	for (;;) {
		size_t len = 0;
		while (is_label_char(host[len]))
			len++;
		if (len < 1 || len > LABEL_MAX || host[0] == '-' ||
		    host[len - 1] == '-')
			return false;
		numeric = numeric && is_numeric(host, len);
		if (host[len] == '\0')
			return !numeric;
		if (host[len] != '.')
			return false;
		host += len + 1;
	}
}

static enum err
parse_port(uint16_t *port, const char *text, size_t len)
{
	unsigned value = 0;
	if (len < 1 || len > PORT_DIGITS || text[0] == '0')
		return ERR_MALFORMED;
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(text[i]))
			return ERR_MALFORMED;
		value = value * 10 + (unsigned)(text[i] - '0');
	}
	if (value > UINT16_MAX)
		return ERR_MALFORMED;
	*port = (uint16_t)value;
	return ERR_OK;
}

static enum err
parse_host(struct endpoint *ep, const char *text, size_t len)
{
	struct in6_addr address;
	bool bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';
	if (bracketed) {
		text++;
		len -= 2;
	}
	if (len < 1 || len > ENDPOINT_TEXT_MAX || memchr(text, '\0', len))
		return ERR_MALFORMED;
	memcpy(ep->host, text, len);
	ep->host[len] = '\0';
	if (bracketed)
		ep->kind = ENDPOINT_IPV6;
	else if (inet_pton(AF_INET, ep->host, &address) == 1)
		ep->kind = ENDPOINT_IPV4;
	else
		ep->kind = ENDPOINT_NAME;
	if (ep->kind == ENDPOINT_IPV6 &&
	    inet_pton(AF_INET6, ep->host, &address) != 1)
		return ERR_MALFORMED;
	if (ep->kind == ENDPOINT_NAME && !is_dns_name(ep->host))
		return ERR_MALFORMED;
	return ERR_OK;
}

enum err
endpoint_parse(struct endpoint *ep, const void *text, size_t len)
{
	const char *bare = endpoint_bare(text, &len);
	if (len > ENDPOINT_TEXT_MAX)
		return ERR_MALFORMED;
	size_t host = len;
	while (host > 0 && bare[host - 1] != ':')
		host--;
	if (host == 0)
		return ERR_MALFORMED;
	*ep = (struct endpoint){ .port = 0 };
	enum err e = parse_port(&ep->port, bare + host, len - host);
	return e == ERR_OK ? parse_host(ep, bare, host - 1) : e;
}

void
endpoint_format(char dst[static ENDPOINT_TEXT_MAX + 1],
		const struct endpoint *ep)
{
	struct bytes_writer w = bytes_writer(dst, ENDPOINT_TEXT_MAX);
	char port[PORT_DIGITS + 2];
	size_t port_len = fmt_text(port, sizeof port, ":%u", ep->port);
	if (ep->kind == ENDPOINT_IPV6)
		bytes_put_u8(&w, '[');
	bytes_put(&w, ep->host, strlen(ep->host));
	if (ep->kind == ENDPOINT_IPV6)
		bytes_put_u8(&w, ']');
	bytes_put(&w, port, port_len);
	dst[w.len] = '\0';
}

const char *
endpoint_bare(const char *text, size_t *len)
{
	size_t prefix = strlen(PREFIX);
	if (*len < prefix || memcmp(text, PREFIX, prefix) != 0)
		return text;
	*len -= prefix;
	return text + prefix;
}
