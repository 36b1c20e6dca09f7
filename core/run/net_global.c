// SPDX-License-Identifier: MIT

/*
 * The addresses of this machine, asked of the kernel by rtnetlink(7); musl has
 * no headers for it, and its getifaddrs is 2 KB and allocates.
 */

#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/run/net.h"

#define ROUTE 0             /* NETLINK_ROUTE */
#define REQUEST_DUMP 0x0301 /* NLM_F_REQUEST | NLM_F_DUMP */
#define REPLY_MAX 8192      /* the kernel's datagrams are no longer */

enum {
	NEW_ADDR = 20, /* RTM_NEWADDR */
	GET_ADDR = 22, /* RTM_GETADDR */
};

enum {
	IFA_ADDRESS = 1, /* of the other end, where there is one */
	IFA_LOCAL = 2,
};

struct message {
	uint32_t len; /* with this head */
	uint16_t type, flags;
	uint32_t sequence, port;
};

struct address {
	uint8_t family, prefix, flags, scope;
	uint32_t interface;
};

struct attribute {
	uint16_t len, type; /* with this head */
};

static bool
take(struct bytes_reader *r, void *dst, size_t len)
{
	const uint8_t *p = bytes_take(r, len);
	if (p)
		memcpy(dst, p, len);
	return p;
}

/* Takes what follows a head, len bytes with it, and is padded to a word. */
static bool
take_body(struct bytes_reader *body, struct bytes_reader *r, size_t len,
	  size_t head)
{
	*body = bytes_reader(bytes_take(r, len - head), len - head);
	return bytes_take(r, (0 - len) & 3);
}

/* Whether an interface is up and leads somewhere. */
static bool
is_up(int fd, uint32_t interface)
{
	struct ifreq r = { .ifr_ifindex = (int)interface };
	return ioctl(fd, SIOCGIFNAME, &r) == 0 &&
	       ioctl(fd, SIOCGIFFLAGS, &r) == 0 &&
	       (r.ifr_flags & (IFF_UP | IFF_LOOPBACK)) == IFF_UP;
}

static bool
is_link_local(const struct net_addr *addr)
{
	const uint8_t *v6 = addr->v6.sin6_addr.s6_addr;
	if (addr->any.sa_family == AF_INET6)
		return v6[0] == 0xfe && (v6[1] & 0xc0) == 0x80;
	return ntohl(addr->v4.sin_addr.s_addr) >> 16 == 0xa9fe;
}

/* Takes the address out of one message; false when it is not a global one. */
static bool
take_global(struct net_addr *addr, int fd, struct bytes_reader *r)
{
	struct bytes_reader ip;
	struct address head;
	struct attribute a;
	bool found = false;
	bool local = false;
	if (!take(r, &head, sizeof head) || !is_up(fd, head.interface))
		return false;
	while (take(r, &a, sizeof a) && take_body(&ip, r, a.len, sizeof a)) {
		if (a.type != IFA_LOCAL && (a.type != IFA_ADDRESS || local))
			continue;
		local = a.type == IFA_LOCAL;
		found = net_set_ip(addr, head.family, ip.at, ip.left) == ERR_OK;
	}
	return found && !is_link_local(addr);
}

/* Goes through one datagram; false when it is the last one. */
static bool
take_globals(struct net_addr *addrs, size_t cap, size_t *len, int fd,
	     struct bytes_reader *r)
{
	while (r->left > 0) {
		struct message m;
		struct bytes_reader body;
		if (!take(r, &m, sizeof m) || m.type != NEW_ADDR ||
		    !take_body(&body, r, m.len, sizeof m) || *len == cap)
			return false;
		*len += take_global(&addrs[*len], fd, &body);
	}
	return true;
}

size_t
net_global_addrs(struct net_addr *addrs, size_t cap)
{
	static uint8_t reply[REPLY_MAX];
	struct {
		struct message head;
		struct address all;
	} ask = { .head = { sizeof ask, GET_ADDR, REQUEST_DUMP, 0, 0 } };
	size_t len = 0;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, ROUTE);
	if (fd < 0)
		return 0;
	bool more = send(fd, &ask, sizeof ask, 0) == sizeof ask;
	while (more) {
		ssize_t n = recv(fd, reply, sizeof reply, 0);
		struct bytes_reader r = bytes_reader(reply, (size_t)n);
		more = n > 0 && take_globals(addrs, cap, &len, fd, &r);
	}
	close(fd);
	return len;
}
