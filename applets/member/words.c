// SPDX-License-Identifier: MIT
#include "applets/member/words.h"

#include <string.h>

#include "core/base/text.h"

char *
words_next(char **at)
{
	static char none[1];
	char *word = *at;
	if (!word)
		return none;
	*at = strchr(word, ' ');
	if (*at)
		*(*at)++ = '\0';
	return word;
}

bool
words_number(char **at, uint64_t min, uint64_t max, uint64_t *number)
{
	*number = min;
	return text_number(number, words_next(at), min, max) == ERR_OK;
}

bool
words_copy(char **at, char *dst, size_t cap)
{
	const char *word = words_next(at);
	size_t len = strlen(word);
	*dst = '\0';
	if (len == 0 || len >= cap)
		return false;
	if (strcmp(word, "-") != 0)
		memcpy(dst, word, len + 1);
	return true;
}
