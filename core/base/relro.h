// SPDX-License-Identifier: MIT
#ifndef XL_BASE_RELRO_H
#define XL_BASE_RELRO_H

/*
 * Makes the pages of this executable that need no writing any more (tables of
 * pointers, all that was relocated at its start) read-only.  A dynamic linker
 * does that; a static executable of musl has nobody who does.
 */
void
relro_protect(void);

#endif
