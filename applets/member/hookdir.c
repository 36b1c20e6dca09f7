// SPDX-License-Identifier: MIT
#include "applets/member/hookdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the kernel gives at once; opendir(3) would allocate. */
union entries {
	struct dirent first; /* for its alignment */
	char bytes[2048];
};

static bool
is_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool
is_command(int folder, const char *name)
{
	struct stat st;
	for (const char *c = name; *c; c++)
		if (!is_char(*c))
			return false;
	return fstatat(folder, name, &st, 0) == 0 && S_ISREG(st.st_mode) &&
	       faccessat(folder, name, X_OK, 0) == 0;
}

/* Whether name is behind after and before best, which may be "". */
static bool
is_between(const char *after, const char *name, const char *best)
{
	return strcmp(name, after) > 0 && (!*best || strcmp(name, best) < 0);
}

static void
look(int folder, const char *after, char *best, const char *entries, long len)
{
	for (long at = 0; at < len;) {
		const struct dirent *entry =
			(const struct dirent *)(const void *)(entries + at);
		const char *name = entry->d_name;
		if (is_between(after, name, best) && is_command(folder, name))
			strcpy(best, name);
		at += entry->d_reclen;
	}
}

enum err
hookdir_next(const char *folder, char name[static HOOKDIR_NAME_MAX])
{
	union entries entries;
	char best[HOOKDIR_NAME_MAX] = "";
	long len = -1;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ERR_READ;
	while ((len = syscall(SYS_getdents64, fd, &entries, sizeof entries)) >
	       0)
		look(fd, name, best, entries.bytes, len);
	int saved = errno;
	close(fd);
	errno = saved;
	if (len < 0)
		return ERR_READ;
	strcpy(name, best);
	return *best ? ERR_OK : ERR_REFUSED;
}
