// SPDX-License-Identifier: MIT

/* IDs, versions, end points, and random bytes. */

#include "core/ident/endpoint.h"
#include "core/ident/nodeid.h"
#include "core/ident/rng.h"
#include "core/ident/version.h"
#include "tests/unit/tap.h"

#define H40 "839f8276268749b3df25e9a6e338f7f10e19bec7"
#define H64 "839f8276268749b3df25e9a6e338f7f10e19bec7839f8276268749b3df25e9a6"

static void
test_nodeid(void)
{
	static const char *const bad[] = {
		"",
		"8",
		"83",
		H40 "0",
		H40 "00",
		H64 "00",
		H64 "0",
		"g39f8276268749b3df25e9a6e338f7f10e19bec7",
		"839f8276268749b3df25e9a6e338f7f10e19bec ",
	};
	struct nodeid id, other;
	char hex[NODEID_HEX_MAX];
	is_int(nodeid_parse(&id, H40, 40), ERR_OK, "160 bits");
	is_int(id.len, 20, "are 20 bytes");
	is_int(id.bytes[19], 0xc7, "the last of them");
	nodeid_format(hex, &id);
	is_str(hex, H40, "and back");
	is_int(nodeid_parse(&other, H64, 64), ERR_OK, "256 bits");
	ok(!nodeid_equal(&id, &other), "a longer one differs");
	nodeid_format(hex, &other);
	is_str(hex, H64, "and back");
	is_int(nodeid_parse(&other, "839F8276268749B3DF25E9A6E338F7F10E19BEC7",
			    40),
	       ERR_OK, "upper case");
	ok(nodeid_equal(&id, &other), "is the same");
	other.bytes[0] ^= 1;
	ok(!nodeid_equal(&id, &other), "a bit flipped differs");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		is_int(nodeid_parse(&id, bad[i], strlen(bad[i])), ERR_MALFORMED,
		       "ID refused: \"%s\"", bad[i]);
	for (size_t len = 0; len <= 33; len++)
		is_int(nodeid_from_bytes(&id, H64, len),
		       len == 20 || len == 32 ? ERR_OK : ERR_MALFORMED,
		       "ID of %zu bytes", len);
}

static void
test_rng(void)
{
	struct rng a, b;
	struct nodeid x, y;
	rng_init_fixed(&a, "seed", 4);
	rng_init_fixed(&b, "seed", 4);
	nodeid_random(&x, NODEID_LONG, &a);
	nodeid_random(&y, NODEID_LONG, &b);
	ok(nodeid_equal(&x, &y), "the same seed gives the same");
	nodeid_random(&x, NODEID_LONG, &a);
	ok(!nodeid_equal(&x, &y), "but not twice");
	is_int(rng_init(&a, NULL), ERR_OK, "seed from the system");
	is_int(rng_init(&b, NULL), ERR_OK, "and again");
	nodeid_random(&x, NODEID_SHORT, &a);
	nodeid_random(&y, NODEID_SHORT, &b);
	is_int(x.len, 20, "a short ID");
	ok(!nodeid_equal(&x, &y), "no two are the same");
}

static void
test_version(void)
{
	static const struct {
		const char *text, *back;
		uint8_t wire[4]; /* as documented */
	} rows[] = {
		{ "1.2.3.4", "1.2.3.4", { 4, 3, 2, 1 } },
		{ "1.2", "1.2", { 0, 0, 2, 1 } },
		{ "1", "1.0", { 0, 0, 0, 1 } },
		{ "1.0.0.0", "1.0", { 0, 0, 0, 1 } },
		{ "1.2.0.4", "1.2.0.4", { 4, 0, 2, 1 } },
		{ "0", "0.0", { 0, 0, 0, 0 } },
		{ "255.255.255.255",
		  "255.255.255.255",
		  { 255, 255, 255, 255 } },
	};
	static const char *const bad[] = { "",         ".",         "1.",
					   ".1",       "256",       "1..2",
					   "1.a",      "1.2.3.4.5", "-1",
					   "1.2.3.4.", "0001",      "1 " };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *text = rows[i].text;
		char back[VERSION_TEXT_MAX];
		uint8_t wire[4];
		struct version v, w;
		is_int(version_parse(&v, text, strlen(text)), ERR_OK,
		       "version %s", text);
		version_format(back, &v);
		is_str(back, rows[i].back, "written again");
		version_put_documented(wire, &v);
		is_mem(wire, rows[i].wire, 4, "on the wire");
		w = version_get_documented(wire);
		is_mem(&w, &v, sizeof v, "and back");
		version_put_prefixed(wire, &v);
		is_int(wire[0], rows[i].wire[3], "prefixed: a first");
		w = version_get_prefixed(wire);
		is_mem(&w, &v, sizeof v, "and back");
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct version v;
		is_int(version_parse(&v, bad[i], strlen(bad[i])), ERR_MALFORMED,
		       "version refused: \"%s\"", bad[i]);
	}
}

static void
test_endpoint_good(void)
{
	static const struct {
		const char *text, *host, *back;
		enum endpoint_kind kind;
		unsigned port;
	} rows[] = {
		{ "127.0.0.1:1", "127.0.0.1", "127.0.0.1:1", ENDPOINT_IPV4, 1 },
		{ "192.0.2.7:65535", "192.0.2.7", "192.0.2.7:65535",
		  ENDPOINT_IPV4, 65535 },
		{ "[::1]:55555", "::1", "[::1]:55555", ENDPOINT_IPV6, 55555 },
		{ "[fe80::1:2]:80", "fe80::1:2", "[fe80::1:2]:80",
		  ENDPOINT_IPV6, 80 },
		{ "[0123:4567:89ab:cdef:0123:4567:255.255.255.255]:65535",
		  "0123:4567:89ab:cdef:0123:4567:255.255.255.255",
		  "[0123:4567:89ab:cdef:0123:4567:255.255.255.255]:65535",
		  ENDPOINT_IPV6, 65535 },
		{ "host:7", "host", "host:7", ENDPOINT_NAME, 7 },
		{ "a-b.c_d.example:7", "a-b.c_d.example", "a-b.c_d.example:7",
		  ENDPOINT_NAME, 7 },
		{ "1.2.3.4.example:7", "1.2.3.4.example", "1.2.3.4.example:7",
		  ENDPOINT_NAME, 7 },
		{ "TcpEndPoint: 192.0.2.7:7", "192.0.2.7", "192.0.2.7:7",
		  ENDPOINT_IPV4, 7 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *text = rows[i].text;
		char back[ENDPOINT_TEXT_MAX + 1];
		struct endpoint ep;
		is_int(endpoint_parse(&ep, text, strlen(text)), ERR_OK, "%s",
		       text);
		is_int(ep.kind, rows[i].kind, "its kind");
		is_int(ep.port, rows[i].port, "its port");
		is_str(ep.host, rows[i].host, "its host");
		endpoint_format(back, &ep);
		is_str(back, rows[i].back, "written again");
	}
}

static const char *const bad_endpoints[] = {
	"",
	":",
	":1",
	"host",
	"host:",
	"host:0",
	"host:65536",
	"host:99999999999",
	"host:+1",
	"host:-1",
	"host: 1",
	"host:1 ",
	"host:01",
	"host:1x",
	"1.2.3:4",
	"256.1.1.1:1",
	"1.2.3.4.5:1",
	"01.2.3.4:1",
	"12345:1",
	"0x7f.1:1",
	"0x7f000001:1",
	"::1:1",
	"[]:1",
	"[:1",
	"]:1",
	"[::1:1",
	"[::1]1",
	"[::1]",
	"[fe80::1%eth0]:1",
	"[127.0.0.1]:1",
	"[host]:1",
	"[1:2:3:4:5:6:7:8:9]:1",
	"-host:1",
	"host-:1",
	"a..b:1",
	".a:1",
	"a.:1",
	"a b:1",
	"a/b:1",
	"a;b:1",
	"\033[2J:1",
	"h\303\266st:1",
	"TcpEndPoint: ",
	"TcpEndPoint: TcpEndPoint: a:1",
};

static void
test_endpoint_bad(void)
{
	struct endpoint ep;
	for (size_t i = 0; i < sizeof bad_endpoints / sizeof *bad_endpoints;
	     i++)
		is_int(endpoint_parse(&ep, bad_endpoints[i],
				      strlen(bad_endpoints[i])),
		       ERR_MALFORMED, "end point %zu is refused", i);
	for (int len = 60; len < 70; len++) {
		char text[80];
		int n = snprintf(text, sizeof text, "%0*d.a:1", len - 4, 0);
		is_int(endpoint_parse(&ep, text, (size_t)n),
		       len <= 64 ? ERR_OK : ERR_MALFORMED, "%d bytes", len);
	}
	is_int(endpoint_parse(&ep, "ho\0st:1", 7), ERR_MALFORMED,
	       "NUL in a name");
	is_int(endpoint_parse(&ep, "1.2.3.4\0x:1", 11), ERR_MALFORMED,
	       "NUL behind an address");
	is_int(endpoint_parse(&ep, "[::1\0x]:1", 9), ERR_MALFORMED,
	       "NUL in an IPv6 address");
}

int
main(void)
{
	test_nodeid();
	test_rng();
	test_version();
	test_endpoint_good();
	test_endpoint_bad();
	return done_testing();
}
