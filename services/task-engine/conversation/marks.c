/* Recognises ids, tokens and fixed words. Pure. */

#include "services/task-engine/conversation/marks.h"

#include <string.h>
#include <strings.h>

#include "services/task-engine/store/roles.h"

enum { SHORT_ID_MIN = 4 };

static const char action_prefix[] = "act_";
static const char task_prefix[] = "task-";

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t
action_size(const char *text)
{
	size_t n = sizeof(action_prefix) - 1;

	if (strncasecmp(text, action_prefix, n) != 0)
		return 0;
	while (is_digit(text[n]) || is_letter(text[n]) || text[n] == '_' ||
	       text[n] == '-')
		n++;
	if (n < sizeof(action_prefix) - 1 + SHORT_ID_MIN || n > MARK_ID_MAX)
		return 0;
	return n;
}

bool
mark_is_action(const char *word)
{
	size_t n = action_size(word);

	return n > 0 && word[n] == '\0';
}

bool
mark_is_task(const char *word)
{
	size_t n = sizeof(task_prefix) - 1, size;
	bool is_told = strncmp(word, task_prefix, n) == 0;

	if (is_told)
		word += n;
	size = strlen(word);
	if (size < SHORT_ID_MIN || size > MARK_ID_MAX || *word == '-' ||
	    strspn(word, "0123456789abcdef-") != size)
		return false;
	return is_told || strpbrk(word, "0123456789") != NULL;
}

bool
mark_is_token(const char *word, size_t size)
{
	bool has_digit = false, has_small = false, has_letter = false;

	if (size < MARK_TOKEN_MIN || size > MARK_TOKEN_MAX)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (!is_digit(word[i]) && !is_letter(word[i]))
			return false;
		has_digit |= is_digit(word[i]);
		has_letter |= is_letter(word[i]);
		has_small |= word[i] >= 'a' && word[i] <= 'z';
	}
	return has_letter && (has_digit || !has_small);
}

bool
mark_is_role(const char *word)
{
	enum role role;

	return role_parse(word, &role);
}

bool
mark_is_document(const char *word)
{
	size_t size = strlen(word);

	if (*word == '#')
		return size > SHORT_ID_MIN &&
		       strspn(word + 1, "0123456789abcdef") == size - 1;
	return size > 3 && strcmp(word + size - 3, ".md") == 0;
}

bool
mark_is_site(const char *word)
{
	const char *dot = strrchr(word, '.');

	if (strncmp(word, "http://", 7) == 0 ||
	    strncmp(word, "https://", 8) == 0)
		return true;
	/* "3.5" is a number. */
	return dot && dot > word && is_letter(dot[1]) && is_letter(dot[2]);
}
