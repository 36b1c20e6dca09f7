// SPDX-License-Identifier: MIT
#include "core/base/relro.h"

#include <link.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

/* The head of the file, as mapped; the linker knows where. */
extern ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/* The start of the page that holds p. */
static char *
page_of(char *p)
{
	return p - ((uintptr_t)p & (getauxval(AT_PAGESZ) - 1));
}

void
relro_protect(void)
{
	char *base = (char *)&__ehdr_start;
	const ElfW(Phdr) *p = (const void *)(base + __ehdr_start.e_phoff);
	for (unsigned i = 0; i < __ehdr_start.e_phnum; i++) {
		if (p[i].p_type != PT_GNU_RELRO)
			continue;
		char *start = page_of(base + p[i].p_vaddr);
		char *end = page_of(base + p[i].p_vaddr + p[i].p_memsz);
		/* Only a precaution: without it all works as well. */
		if (start < end)
			mprotect(start, (size_t)(end - start), PROT_READ);
	}
}
