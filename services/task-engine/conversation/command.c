/* Recognises commands in what people write. Pure. */

#include "services/task-engine/conversation/command.h"

#include <string.h>

#include "libcommon/arena.h"
#include "services/task-engine/conversation/speech.h"

enum { NAME_LONGEST = 32 };

const struct command_row *
command_find(enum command_id id)
{
	for (size_t i = 0; i < n_command_rows; i++)
		if (command_rows[i].id == id)
			return &command_rows[i];
	return NULL;
}

static bool
is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* ASCII only: folding other letters would change their number of bytes. */
static const char *
fold_name(const char *text, size_t size, struct arena *arena)
{
	char *name = arena_strndup(arena, text, size);

	for (char *p = name; *p; p++)
		if (*p == '_')
			*p = '-';
		else if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return name;
}

static const struct command_row *
find_name(const char *name)
{
	for (size_t i = 0; i < n_command_rows; i++)
		if (strcmp(command_rows[i].name, name) == 0 ||
		    (*command_rows[i].alias &&
			strcmp(command_rows[i].alias, name) == 0))
			return &command_rows[i];
	return NULL;
}

static void
parse_slash(struct command *out, const char *text, bool is_addressed,
    struct arena *arena)
{
	const struct command_row *row;
	size_t size = 0;
	const char *rest;

	while (is_name(text[size]))
		size++;
	rest = text + size;
	if (size == 0 || size > NAME_LONGEST)
		return;
	if (*rest == '@') {
		/* The connector knows our name and says so. */
		if (!is_addressed)
			return;
		rest++;
		while (*rest && speech_space(rest) == 0)
			rest++;
	}
	/* "/etc/passwd" and "/shrug!" are words. */
	if (*rest && speech_space(rest) == 0)
		return;
	out->name = fold_name(text, size, arena);
	row = find_name(out->name);
	out->id = row ? row->id : COMMAND_UNKNOWN;
	out->argument = speech_trim(rest, strlen(rest), arena);
}

/* Signs are no part of an order; a question is no order at all. */
static bool
stands_alone(const struct speech *speech)
{
	const struct said *last = &speech->words[speech->n_words - 1];

	return speech->is_whole && !speech->is_cut &&
	       !speech->words[0].is_quoted && !speech->words[0].is_mention &&
	       last->mark != '?';
}

static bool
fits_bare(const struct command_row *row, const struct speech *speech)
{
	size_t n_more = speech->n_words - 1;

	if (!row->bare || (n_more == 0 && row->needs_argument))
		return false;
	if (n_more == 0)
		return true;
	return !speech_ends_sentence(&speech->words[0]) &&
	       speech_match(speech, 1, row->bare) == n_more;
}

static void
parse_bare(struct command *out, const char *text, struct arena *arena)
{
	const struct command_row *row;
	const struct said *last;
	struct speech speech;

	speech_read(&speech, text, arena);
	if (speech.n_words == 0 || !stands_alone(&speech))
		return;
	row = find_name(fold_name(
	    speech.words[0].text, strlen(speech.words[0].text), arena));
	if (!row || !fits_bare(row, &speech))
		return;
	last = &speech.words[speech.n_words - 1];
	out->id = row->id;
	out->name = row->name;
	if (speech.n_words > 1)
		out->argument = arena_strndup(arena, text + speech.words[1].at,
		    last->at + last->size - speech.words[1].at);
}

/* One that was copied from an answer has what kept it from being pressed. */
static const char *
behind_slash(const char *text)
{
	static const char joiner[] = "\xe2\x81\xa0";
	size_t size = sizeof(joiner) - 1;

	text++;
	return strncmp(text, joiner, size) == 0 ? text + size : text;
}

void
command_parse(struct command *out, const char *text, bool is_addressed,
    struct arena *arena)
{
	text = speech_trim(text, strlen(text), arena);
	*out = (struct command){ COMMAND_NONE, "", "" };
	if (*text == '/')
		parse_slash(out, behind_slash(text), is_addressed, arena);
	else if (is_addressed)
		parse_bare(out, text, arena);
}
