/* Where a part of a prompt comes from; pure. */

#include "services/task-engine/knowledge/origin.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"

static const struct {
	const char *name;
	const char *said; /* before the source */
} kinds[ORIGIN_KIND_COUNT] = {
	[ORIGIN_PROGRAM] = { "program", "the program" },
	[ORIGIN_INSTALLATION] = { "installation", "the configuration" },
	[ORIGIN_ADMIN] = { "admin", "the prompt of" },
	[ORIGIN_PERSON] = { "person", "message of" },
	[ORIGIN_AGENT] = { "agent", "what the agent wrote in" },
	[ORIGIN_FILE] = { "file", "file" },
	[ORIGIN_CHAT] = { "chat", "chat log" },
	[ORIGIN_MAIL] = { "mail", "mail" },
	[ORIGIN_WEB] = { "web", "web page" },
	[ORIGIN_TOOL] = { "tool", "result of" },
};

/* The first that fits; what lies elsewhere is what people keep there. */
static const struct {
	const char *folder;
	enum origin_kind kind;
} folders[] = {
	{ "inbox/imap/", ORIGIN_MAIL },
	{ "inbox/web/", ORIGIN_WEB },
	{ "logs/", ORIGIN_CHAT },
	{ "memory/", ORIGIN_CHAT }, /* people's sentences */
	{ "scratch/", ORIGIN_AGENT },
	{ "tasks/", ORIGIN_AGENT },
	{ "", ORIGIN_FILE },
};

struct origin
origin_of_path(const char *path)
{
	struct origin out = { .source = path, .role = "" };

	for (size_t i = 0; i < N_OF(folders); i++)
		if (strncmp(path, folders[i].folder,
			strlen(folders[i].folder)) == 0) {
			out.kind = folders[i].kind;
			break;
		}
	return out;
}

struct origin
origin_of_person(const char *name, const char *role)
{
	if (*name == '\0')
		return (struct origin){ ORIGIN_AGENT, "", "" };
	return (struct origin){ ORIGIN_PERSON, name, role };
}

const char *
origin_name(const struct origin *origin)
{
	return *origin->role ? origin->role : kinds[origin->kind].name;
}

bool
origin_is(const struct origin *a, const struct origin *b)
{
	return a->kind == b->kind && strcmp(a->source, b->source) == 0 &&
	       strcmp(a->role, b->role) == 0;
}

void
origin_say(struct buf *out, const struct origin *origin)
{
	buf_adds(out, kinds[origin->kind].said);
	if (*origin->role)
		buf_addf(out, " %s", origin->role);
}
