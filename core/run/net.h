// SPDX-License-Identifier: MIT
#ifndef XL_RUN_NET_H
#define XL_RUN_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

/*
 * TCP sockets and numeric addresses.  All descriptors are non-blocking and
 * close on exec.  Names are the resolver's matter.
 */

#define NET_TEXT_MAX 56 /* "[IPv6]:PORT" and a NUL */

struct net_addr {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
};

/* Reads a numeric address, IPv4 or IPv6 without brackets.  ERR_MALFORMED. */
enum err
net_parse(struct net_addr *addr, const char *host, uint16_t port);

/*
 * Takes the 4 or 16 bytes of an address of family; the port is 0.
 * ERR_MALFORMED.
 */
enum err
net_set_ip(struct net_addr *addr, int family, const void *ip, size_t len);

/* Writes the address without its port and without brackets. */
void
net_format_host(char dst[static NET_TEXT_MAX], const struct net_addr *addr);

/* Writes ADDRESS:PORT, brackets round IPv6. */
void
net_format(char dst[static NET_TEXT_MAX], const struct net_addr *addr);

uint16_t
net_port(const struct net_addr *addr);

void
net_set_port(struct net_addr *addr, uint16_t port);

/* Whether it is 0.0.0.0 or [::]. */
bool
net_is_wildcard(const struct net_addr *addr);

/* Whether both are the same address, whatever the ports. */
bool
net_same_host(const struct net_addr *a, const struct net_addr *b);

/*
 * Listens at addr and fills in the real port if it was 0.  An IPv6 socket
 * takes IPv6 only.  ERR_SYSTEM or ERR_PERMISSION (errno); EAFNOSUPPORT and
 * EADDRNOTAVAIL tell a kernel without IPv6.
 */
enum err
net_listen(struct net_addr *addr, int *fd);

/*
 * Accepts a connection.  ERR_BUSY: none waits, or it went away; ERR_SYSTEM:
 * no descriptors or memory for it.
 */
enum err
net_accept(int listener, int *fd, struct net_addr *peer);

/*
 * Starts a connection, from the address from unless NULL.  Completion is
 * POLLOUT.  ERR_UNREACHABLE, ERR_SYSTEM (errno).
 */
enum err
net_connect(const struct net_addr *addr, const struct net_addr *from, int *fd);

/* How it went.  ERR_UNREACHABLE (errno). */
enum err
net_connected(int fd);

/*
 * Throws away what has come, within reason.  True: the other end has closed
 * its side, too.
 */
bool
net_drain(int fd);

/*
 * Closes a connection.  The other end reads all that it was sent and then the
 * end, whatever it has sent itself: closing alone resets the connection when
 * there are bytes that nobody has read.
 */
void
net_hang_up(int fd);

/*
 * When it is closed, also by the end of the process, what was not sent is lost,
 * and the other end is told; or that is undone.
 */
void
net_reset_at_close(int fd, bool reset);

/* After so much silence TCP asks whether the other end is there still. */
void
net_probe_silence(int fd, int seconds);

/*
 * Receives at most cap bytes; *len 0 with ERR_OK is the end of the stream.
 * ERR_BUSY: nothing now.  ERR_UNREACHABLE: broken (errno).
 */
enum err
net_recv(int fd, void *dst, size_t cap, size_t *len);

/* Sends what it takes now, *len bytes.  Errors as net_recv. */
enum err
net_send(int fd, const void *src, size_t cap, size_t *len);

/*
 * The global addresses of the interfaces that are up (no loopback, no link
 * local), at most cap.  Returns how many.
 */
size_t
net_global_addrs(struct net_addr *addrs, size_t cap);

#endif
