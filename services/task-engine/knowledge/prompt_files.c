/* Gathers what the system message of a turn is made of. */

#include "services/task-engine/knowledge/prompt_files.h"

#include <fcntl.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/file.h"
#include "libcommon/log.h"
#include "proto/bounds.h"
#include "services/task-engine/config.h"
#include "services/task-engine/knowledge/skills.h"
#include "services/task-engine/knowledge/text_file.h"
#include "services/task-engine/policy/names.h"

enum { N_LEVELS = 3, N_FILES = 2 * N_LEVELS, N_TEXTS = 2 };

static const char placeholder[] = "{context_id}";

void
prompt_files_release(struct prompt_files *files)
{
	complaints_release(&files->complaints);
}

static void
add(struct system_in *out, enum system_part part, const char *label,
    const char *text, const char *source)
{
	if (text != NULL && *text)
		out->items[out->n_items++] =
		    (struct system_item){ part, label, text, source, false };
}

/* The configured path with the context's own name in it. */
static const char *
context_path(const char *path, const char *context_id, struct arena *arena)
{
	const char *at = strstr(path, placeholder);
	char name[NAME_SIZE];

	if (at == NULL)
		return path;
	name_escape(name, context_id);
	return arena_printf(arena, "%.*s%s%s", (int)(at - path), path, name,
	    at + sizeof(placeholder) - 1);
}

/* One kind of file at its three levels, what overrides last. */
struct family {
	enum system_part part;
	const char *global, *workspace, *context;
};

static void
add_family(struct prompt_files *files, const struct family *family,
    const struct prompt_place *place, int workspace_fd, struct arena *arena,
    struct system_in *out)
{
	static const char *const labels[N_LEVELS] = { "For everybody",
		"Override of this workspace", "Override of this conversation" };
	const char *paths[N_LEVELS] = { family->global, family->workspace,
		context_path(family->context, place->context_id, arena) };

	for (size_t i = 0; i < N_LEVELS; i++) {
		const struct text_file file = {
			.dir_fd = i == 0 ? AT_FDCWD : workspace_fd,
			.path = paths[i],
			.about = i == 0 ? paths[i]
					: arena_printf(arena, "%s/%s",
					      place->workspace_id, paths[i]),
			.max_bytes = BOUND_PROMPT_TEXT,
		};

		if (i > 0 && workspace_fd < 0)
			break;
		add(out, family->part, labels[i],
		    text_file_read(&file, &files->complaints, arena),
		    file.path);
	}
}

void
prompt_files_read(struct prompt_files *files, const struct prompt_place *place,
    const char *policy, struct arena *arena, struct system_in *out)
{
	const struct engine_cfg *cfg = files->cfg;
	const struct family prompts = { SYSTEM_PROMPT_FILE,
		cfg->system_prompt_global_file,
		cfg->system_prompt_workspace_path,
		cfg->system_prompt_context_path };
	const struct family souls = { SYSTEM_SOUL_FILE, cfg->soul_global_file,
		cfg->soul_workspace_path, cfg->soul_context_path };
	AUTO(fd_close)
	int workspace_fd = open(arena_printf(arena, "%s/%s",
				    files->workspace_root, place->workspace_id),
	    O_PATH | O_DIRECTORY | O_CLOEXEC);

	out->n_items = 0;
	out->items =
	    arena_alloc(arena, (N_TEXTS + N_FILES + (size_t)cfg->skills_max) *
				   sizeof(*out->items));
	add(out, SYSTEM_BASELINE, "",
	    place->is_admin ? cfg->llm_admin_system_prompt
			    : cfg->llm_public_system_prompt,
	    place->is_admin ? "AGENT_RUNTIME_LLM_ADMIN_SYSTEM_PROMPT"
			    : "AGENT_RUNTIME_LLM_PUBLIC_SYSTEM_PROMPT");
	add_family(files, &prompts, place, workspace_fd, arena, out);
	add(out, SYSTEM_POLICY, "", policy, "");
	add_family(files, &souls, place, workspace_fd, arena, out);
	out->n_items += skills_find(
	    files, place, workspace_fd, arena, out->items + out->n_items);
}

static const char *
item_name(const struct system_item *item)
{
	static const char *const names[SYSTEM_PART_COUNT] = {
		[SYSTEM_BASELINE] = "baseline",
		[SYSTEM_PROMPT_FILE] = "prompt file",
		[SYSTEM_POLICY] = "prompt",
		[SYSTEM_SOUL_FILE] = "SOUL file",
		[SYSTEM_SKILL] = "skill",
	};

	return names[item->part];
}

void
prompt_files_note(struct prompt_files *files, const struct prompt_place *place,
    const struct system_in *in, struct arena *arena)
{
	const char *about =
	    arena_printf(arena, "budget of %s", place->context_id);
	AUTO(buf_release)
	struct buf what = { 0 };

	buf_init(&what);
	for (size_t i = 0; i < in->n_items; i++)
		if (in->items[i].is_left_out)
			buf_addf(&what, "%s%s %s", what.size ? ", " : "",
			    item_name(&in->items[i]), in->items[i].label);
	if (what.size == 0)
		complaint_over(&files->complaints, about);
	else if (complaint_is_new(&files->complaints, about, what.data))
		log_warn("prompt-left-out", "context=%s what=%s",
		    place->context_id, log_quote(what.data));
}
