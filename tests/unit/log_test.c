// SPDX-License-Identifier: MIT

/* A log that others can make long, but not fill a disk with. */

#include "core/base/log.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/tap.h"

#define MANY 100000

/* What is written to standard error meanwhile. */
static FILE *
begin(int *saved)
{
	FILE *file = tmpfile();
	if (!file) {
		printf("Bail out! no temporary file\n");
		exit(1);
	}
	*saved = dup(STDERR_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	return file;
}

/* How many of its lines hold word. */
static unsigned
end(FILE *file, int saved, const char *word)
{
	char line[1024];
	unsigned count = 0;
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	while (fgets(line, sizeof line, file))
		count += strstr(line, word) != NULL;
	fclose(file);
	return count;
}

static void
check(enum log_level most, enum log_level level, unsigned count, unsigned least,
      unsigned max, const char *name)
{
	int saved;
	log_setup(most, false);
	FILE *file = begin(&saved);
	for (unsigned i = 0; i < count; i++)
		log_line(level, "line %u", i);
	unsigned lines = end(file, saved, "line");
	ok(lines >= least && lines <= max, "%s: %u of %u", name, lines, count);
}

int
main(void)
{
	check(LOG_LEVEL_INFO, LOG_LEVEL_INFO, 500, 500, 500, "some lines");
	check(LOG_LEVEL_INFO, LOG_LEVEL_INFO, MANY, 500, 5000, "too many");
	check(LOG_LEVEL_INFO, LOG_LEVEL_ERROR, 500, 500, 500, "errors");
	check(LOG_LEVEL_INFO, LOG_LEVEL_ERROR, MANY, 500, 5000,
	      "too many errors");
	check(LOG_LEVEL_INFO, LOG_LEVEL_DEBUG, 10, 0, 0, "not wanted");
	check(LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, 10000, 10000, 10000,
	      "all are wanted");
	return done_testing();
}
