/* Recognises commands in what people write. Pure. */

#include "services/task-engine/conversation/command.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"

// clang-format off
const struct command_row command_rows[] = {
	{ COMMAND_HELP,   "help",   "",                "command.help",
	    "what you can say here" },
	{ COMMAND_TASK,   "task",   "<prompt>",        "command.task",
	    "give me work to do in the background" },
	{ COMMAND_STATUS, "status", "",                "command.status",
	    "how this workspace stands" },
	{ COMMAND_SEARCH, "search", "<query>",         "command.search",
	    "search the Markdown of this workspace" },
	{ COMMAND_OPEN,   "open",   "<path-or-docid>", "command.open",
	    "read a document that a search found" },
};
// clang-format on

const size_t n_command_rows = N_OF(command_rows);

enum { NAME_LONGEST = 32 };

const struct command_row *
command_find(enum command_id id)
{
	for (size_t i = 0; i < n_command_rows; i++)
		if (command_rows[i].id == id)
			return &command_rows[i];
	assert(!"a command without a row");
	return NULL;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static const char *
trim(const char *text, struct arena *arena)
{
	size_t size;

	while (is_space(*text))
		text++;
	size = strlen(text);
	while (size && is_space(text[size - 1]))
		size--;
	return arena_strndup(arena, text, size);
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

static enum command_id
find_name(const char *name)
{
	for (size_t i = 0; i < n_command_rows; i++)
		if (strcmp(command_rows[i].name, name) == 0)
			return command_rows[i].id;
	return COMMAND_UNKNOWN;
}

static void
parse_slash(struct command *out, const char *text, bool is_addressed,
    struct arena *arena)
{
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
		while (*rest && !is_space(*rest))
			rest++;
	}
	/* "/etc/passwd" and "/shrug!" are words. */
	if (*rest && !is_space(*rest))
		return;
	out->name = fold_name(text, size, arena);
	out->id = find_name(out->name);
	out->argument = trim(rest, arena);
}

void
command_parse(struct command *out, const char *text, bool is_addressed,
    struct arena *arena)
{
	text = trim(text, arena);
	*out = (struct command){ COMMAND_NONE, "", "" };
	if (*text == '/') {
		parse_slash(out, text + 1, is_addressed, arena);
		return;
	}
	for (size_t i = 0; is_addressed && i < n_command_rows; i++) {
		if (*command_rows[i].argument ||
		    strcasecmp(command_rows[i].name, text) != 0)
			continue;
		out->id = command_rows[i].id;
		out->name = command_rows[i].name;
	}
}
