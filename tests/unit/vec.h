// SPDX-License-Identifier: MIT
/*
 * Reads the vectors in tests/data: files of lines "name = hex".
 */
#ifndef TESTS_UNIT_VEC_H
#define TESTS_UNIT_VEC_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"

#define VEC_LINE_MAX 20000

/*
 * Reads the vector called name in tests/data/FILE into dst, which holds cap
 * bytes; returns its length.  One that is not there ends the program: a test
 * cannot go on without it.
 */
static inline size_t
vec_load(const char *file, const char *name, uint8_t *dst, size_t cap)
{
	static char line[VEC_LINE_MAX];
	char path[256];
	size_t name_len = strlen(name);
	size_t len = 0;
	snprintf(path, sizeof path, "tests/data/%s", file);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f)) {
		char *hex = line + name_len;
		if (strncmp(line, name, name_len) != 0 ||
		    strncmp(hex, " = ", 3) != 0)
			continue;
		hex += 3;
		if (text_unhex(dst, cap, &len, hex, strcspn(hex, "\n")) !=
		    ERR_OK)
			break;
		fclose(f);
		return len;
	}
	printf("Bail out! no %s in %s\n", name, path);
	exit(1);
}

/* Reads the file tests/data/FILE whole; returns its length. */
static inline size_t
vec_file(const char *file, void *dst, size_t cap)
{
	char path[256];
	snprintf(path, sizeof path, "tests/data/%s", file);
	FILE *f = fopen(path, "rb");
	size_t len = f ? fread(dst, 1, cap, f) : 0;
	if (f)
		fclose(f);
	if (len > 0)
		return len;
	printf("Bail out! cannot read %s\n", path);
	exit(1);
}

#endif
