// SPDX-License-Identifier: MIT
#include "applets/member/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/fmt.h"
#include "core/base/log.h"
#include "core/base/say.h"
#include "core/ident/endpoint.h"
#include "core/run/child.h"

#define RESOLVE_MS 5000
#define AGAIN_MS 5000  /* from one look to the next */
#define CANNOT_RUN 127 /* as shells have it */

/* What text says behind a word in front, or NULL. */
static const char *
behind(const char *text, const char *word)
{
	size_t len = strlen(word);
	return strncmp(text, word, len) == 0 ? text + len : NULL;
}

enum err
target_parse(struct target *t, const char *text)
{
	struct endpoint ep;
	struct sockaddr_un sun;
	const char *tcp = behind(text, "tcp:");
	const char *path = behind(text, "unix:");
	*t = (struct target){ .kind = TARGET_COMMAND, .text = text };
	if (tcp) {
		t->kind = TARGET_TCP;
		t->text = tcp;
		t->resolver.fd = -1;
		if (endpoint_parse(&ep, tcp, strlen(tcp)) != ERR_OK)
			return ERR_MALFORMED;
		t->named = net_parse(&t->addrs[0], ep.host, ep.port) != ERR_OK;
		t->addrs_len = !t->named;
		return ERR_OK;
	}
	if (path) {
		t->kind = TARGET_UNIX;
		t->text = path;
		if (!*path || strlen(path) >= sizeof sun.sun_path)
			return ERR_MALFORMED;
	}
	return *text ? ERR_OK : ERR_MALFORMED;
}

static void
take_found(struct loop_watch *watch, short revents)
{
	struct target *t =
		(struct target *)(void *)((char *)watch -
					  offsetof(struct target, watch));
	struct net_addr addrs[RESOLVER_ADDRS_MAX];
	size_t len = 0;
	loop_remove(t->loop, watch);
	if (revents != 0)
		(void)resolver_finish(&t->resolver, addrs, &len);
	else
		resolver_stop(&t->resolver);
	t->look_at = loop_now() + AGAIN_MS;
	if (len > 0) {
		memcpy(t->addrs, addrs, len * sizeof *addrs);
		t->addrs_len = len;
	} else {
		log_line(t->addrs_len > 0 ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR,
			 "cannot resolve %s: no answer", t->text);
	}
	t->looked(t);
}

bool
target_look(struct target *t)
{
	struct endpoint ep;
	int64_t now = loop_now();
	if (!t->named || t->resolver.fd >= 0 || now < t->look_at)
		return t->named && t->resolver.fd >= 0;
	if (endpoint_parse(&ep, t->text, strlen(t->text)) != ERR_OK ||
	    resolver_start(&t->resolver, ep.host, ep.port) != ERR_OK)
		return false;
	t->watch = (struct loop_watch){
		.fd = t->resolver.fd,
		.events = POLLIN,
		.deadline = now + RESOLVE_MS,
		.ready = take_found,
	};
	if (loop_add(t->loop, &t->watch) == ERR_OK)
		return true;
	resolver_stop(&t->resolver);
	return false;
}

void
target_stop(struct target *t)
{
	if (!t->named)
		return;
	loop_remove(t->loop, &t->watch);
	resolver_stop(&t->resolver);
}

static void
set(const char *name, const char *value)
{
	int failed = value ? setenv(name, value, 1) : unsetenv(name);
	if (failed)
		_exit(say_cannot(ERR_SYSTEM, "set", name));
}

static void
set_addr(const char *ip, const char *port, const struct net_addr *addr)
{
	char text[NET_TEXT_MAX];
	net_format_host(text, addr);
	set(ip, text);
	fmt_text(text, sizeof text, "%u", net_port(addr));
	set(port, text);
}

/* In the new process, which may allocate: it is about to be another. */
static _Noreturn void
become(const struct target *t, const struct target_client *client, int in,
       int out)
{
	struct net_addr local = { 0 };
	socklen_t len = sizeof local;
	(void)getsockname(client->fd, &local.any, &len);
	setsid();
	child_detach();
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(say_cannot(ERR_SYSTEM, "open", "standard input"));
	child_close_from(STDERR_FILENO + 1);
	set("PROTO", "TCP");
	set_addr("TCPREMOTEIP", "TCPREMOTEPORT", &client->remote);
	set_addr("TCPLOCALIP", "TCPLOCALPORT", &local);
	set("XL_CLIENT", client->name);
	set("XL_CLIENT_ID", client->id);
	set("XL_SELF", client->self_name);
	set("XL_SELF_ID", client->self_id);
	set("XL_CLUSTER", client->cluster);
	execl("/bin/sh", "sh", "-c", t->text, (char *)NULL);
	(void)say_cannot(ERR_SYSTEM, "run", "/bin/sh");
	_exit(CANNOT_RUN);
}

static void
close_both(const int ends[static 2])
{
	int saved = errno;
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			close(ends[i]);
	errno = saved;
}

/* Only our ends are non-blocking: the command's are other open files. */
static enum err
open_command(const struct target *t, const struct target_client *client,
	     struct target_ends *ends)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };
	int yes = 1;
	ends->pid = -1;
	if (pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
	    ioctl(in[1], FIONBIO, &yes) == 0 &&
	    ioctl(out[0], FIONBIO, &yes) == 0)
		ends->pid = _Fork();
	if (ends->pid == 0)
		become(t, client, in[0], out[1]);
	if (ends->pid < 0) {
		close_both(in);
		close_both(out);
		ends->pid = 0;
		return ERR_SYSTEM;
	}
	close(in[0]);
	close(out[1]);
	ends->from = out[0];
	ends->to = in[1];
	return ERR_OK;
}

static enum err
open_unix(const struct target *t, int *fd)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	memcpy(addr.sun_path, t->text, strlen(t->text));
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return ERR_SYSTEM;
	if (connect(*fd, (const struct sockaddr *)(const void *)&addr,
		    sizeof addr) == 0)
		return ERR_OK;
	int saved = errno;
	close(*fd);
	errno = saved;
	return ERR_UNREACHABLE;
}

enum err
target_open(const struct target *t, const struct target_client *client,
	    size_t *addr, struct target_ends *ends)
{
	enum err e = ERR_UNREACHABLE;
	*ends = (struct target_ends){ .connecting = t->kind == TARGET_TCP };
	if (t->kind == TARGET_COMMAND)
		return open_command(t, client, ends);
	if (t->kind == TARGET_UNIX)
		e = open_unix(t, &ends->from);
	else if (t->addrs_len == 0)
		errno = EHOSTUNREACH;
	while (e != ERR_OK && *addr < t->addrs_len)
		e = net_connect(&t->addrs[(*addr)++], NULL, &ends->from);
	ends->to = ends->from;
	return e;
}
