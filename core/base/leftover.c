// SPDX-License-Identifier: MIT
#include "core/base/leftover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/fmt.h"

#define SUFFIX ".xl-tmp"
#define PID_MAX 100000000 /* above what Linux gives out */

/* What the kernel gives at once; opendir(3) would allocate. */
union entries {
	struct dirent first; /* for its alignment */
	char bytes[2048];
};

/* The process whose temporary of file this is by its name, or 0. */
static pid_t
writer_of(const char *name, const char *file)
{
	size_t len = strlen(file);
	pid_t pid = 0;
	if (strncmp(name, file, len) != 0 || name[len] != '.')
		return 0;
	for (name += len + 1; *name >= '0' && *name <= '9'; name++)
		if (pid < PID_MAX)
			pid = pid * 10 + (*name - '0');
	return strcmp(name, SUFFIX) == 0 ? pid : 0;
}

static void
look(int folder, const char *file, const char *entries, long len)
{
	for (long at = 0; at < len;) {
		const struct dirent *entry =
			(const struct dirent *)(const void *)(entries + at);
		pid_t pid = writer_of(entry->d_name, file);
		if (pid == getpid() ||
		    (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH))
			unlinkat(folder, entry->d_name, 0);
		at += entry->d_reclen;
	}
}

size_t
leftover_name(char *dst, size_t cap, const char *path)
{
	return fmt_text(dst, cap, "%s.%d" SUFFIX, path, getpid());
}

void
leftover_remove(const char *path)
{
	union entries entries;
	const char *slash = strrchr(path, '/');
	int saved = errno;
	long len;
	int fd = file_open_folder(path);
	while (fd >= 0 && (len = syscall(SYS_getdents64, fd, &entries,
					 sizeof entries)) > 0)
		look(fd, slash ? slash + 1 : path, entries.bytes, len);
	if (fd >= 0)
		close(fd);
	errno = saved;
}
