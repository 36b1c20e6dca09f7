// SPDX-License-Identifier: MIT
#include "applets/member/rosterfile.h"

#include <errno.h>
#include <sys/mman.h>

#include "core/base/file.h"
#include "core/doc/block.h"
#include "core/doc/roster.h"

static char *
map(void)
{
	void *p = mmap(NULL, ROSTER_TEXT_MAX, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

/* Leaves errno as it is. */
static void
unmap(char *text)
{
	int saved = errno;
	munmap(text, ROSTER_TEXT_MAX);
	errno = saved;
}

enum err
rosterfile_read(struct roster *roster, const char *path,
		struct block_fault *fault)
{
	size_t len;
	char *text = map();
	if (!text)
		return ERR_SYSTEM;
	enum err e = file_read(path, text, ROSTER_TEXT_MAX, &len);
	if (e == ERR_OK)
		e = roster_parse(roster, text, len, fault);
	unmap(text);
	return e;
}

enum err
rosterfile_write(const struct roster *roster, const char *path)
{
	char *text = map();
	if (!text)
		return ERR_SYSTEM;
	enum err e = file_write(path, 0644, text, roster_format(text, roster));
	unmap(text);
	return e;
}
