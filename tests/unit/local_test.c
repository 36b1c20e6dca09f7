// SPDX-License-Identifier: MIT
#include "core/run/local.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/tap.h"

static char top[] = "/tmp/xl-local.XXXXXX";

static bool
talk(const char *folder)
{
	int client;
	if (local_connect(folder, "s", &client) != ERR_OK)
		return false;
	bool good = send(client, "x", 1, 0) == 1;
	close(client);
	return good;
}

/* A folder whose path is too long for the address of a socket. */
static void
test_long(void)
{
	char folder[300], here[310], there[310];
	int fd;
	strcpy(folder, top);
	for (int i = 0; i < 4; i++) {
		strcat(folder,
		       "/a-name-of-48-bytes-so-that-there-will-be-many");
		mkdir(folder, 0700);
	}
	ok(getcwd(here, sizeof here), "where we are");
	is_int(local_listen(folder, "s", &fd), ERR_OK, "a long path");
	ok(talk(folder), "can be reached");
	ok(getcwd(there, sizeof there) && strcmp(here, there) == 0,
	   "and we are where we were");
	close(fd);
	is_int(local_connect(folder, "s", &fd), ERR_UNREACHABLE,
	       "not any more");
	strcat(folder, "/none");
	is_int(local_listen(folder, "s", &fd), ERR_CREATE, "no folder");
	is_int(errno, ENOENT, "is the reason");
	is_int(local_connect(folder, "s", &fd), ERR_UNREACHABLE, "nor there");
	is_int(errno, ENOENT, "for the same reason");
	ok(getcwd(there, sizeof there) && strcmp(here, there) == 0,
	   "still where we were");
	*strrchr(folder, '/') = '\0';
	snprintf(here, sizeof here, "%s/s", folder);
	unlink(here);
	while (strlen(folder) > strlen(top)) {
		rmdir(folder);
		*strrchr(folder, '/') = '\0';
	}
}

static void
test_others(void)
{
	char path[300];
	int fd, again;
	snprintf(path, sizeof path, "%s/s", top);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	is_int(local_listen(top, "s", &fd), ERR_CREATE,
	       "a file is not replaced");
	is_int(local_connect(top, "s", &fd), ERR_UNREACHABLE, "nor listens");
	unlink(path);
	is_int(local_listen(top, "s", &fd), ERR_OK, "a socket");
	is_int(local_listen(top, "s", &again), ERR_OK, "is replaced");
	close(fd);
	ok(talk(top), "by one that listens");
	int more[1000];
	size_t n = 0;
	enum err e = ERR_OK;
	while (n < 1000 && e == ERR_OK)
		e = local_connect(top, "s", &more[n++]);
	is_int(e, ERR_BUSY, "until nobody accepts for long");
	while (n-- > 0)
		close(more[n]);
	close(again);
	unlink(path);
}

int
main(void)
{
	if (!mkdtemp(top))
		return 1;
	test_others();
	test_long();
	rmdir(top);
	return done_testing();
}
