// SPDX-License-Identifier: MIT
/* How many connections come from one place. */
#include "core/run/origins.h"

#include "core/run/net.h"
#include "tests/unit/tap.h"

#define MAX 16

static struct net_addr
addr(const char *text)
{
	struct net_addr a = { 0 };
	is_int(net_parse(&a, text, 7), ERR_OK, "%s", text);
	return a;
}

int
main(void)
{
	struct origins o;
	struct net_addr four = addr("192.0.2.1"), next = addr("192.0.2.2");
	struct net_addr six = addr("2001:db8:1:2::1");
	struct net_addr near = addr("2001:db8:1:2:ffff::");
	struct net_addr far = addr("2001:db8:1:3::1");
	struct net_addr local = addr("::1");
	is_int(origins_init(&o, MAX), ERR_OK, "room");
	is_int(origins_count(&o, &four), 0, "none yet");
	origins_set(&o, 0, &four);
	origins_set(&o, MAX - 1, &four);
	net_set_port(&four, 8);
	origins_set(&o, 3, &four);
	origins_set(&o, 5, &next);
	is_int(origins_count(&o, &four), 3, "three, from any port");
	is_int(origins_count(&o, &next), 1, "one from another");
	origins_set(&o, 6, &six);
	origins_set(&o, 7, &near);
	origins_set(&o, 8, &far);
	is_int(origins_count(&o, &six), 2, "an IPv6 network");
	is_int(origins_count(&o, &far), 1, "and another");
	is_int(origins_count(&o, &local), 0, "free slots are nobody's");
	origins_set(&o, 9, &local);
	is_int(origins_count(&o, &local), 1, "loopback");
	ok(origins_is(&o, 3, &four) && !origins_is(&o, 5, &four) &&
		   !origins_is(&o, 4, &local),
	   "which is whose");
	origins_set(&o, 3, NULL);
	origins_set(&o, MAX - 1, NULL);
	is_int(origins_count(&o, &four), 1, "some are gone");
	origins_set(&o, 3, &next);
	is_int(origins_count(&o, &next), 2, "and others in their place");
	origins_free(&o);
	return done_testing();
}
