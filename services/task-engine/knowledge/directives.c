/* Reads the directive files of a turn; what they say is for prompt.c. */

#include "services/task-engine/knowledge/directives.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/json.h"
#include "libcommon/log.h"
#include "services/task-engine/config.h"
#include "services/task-engine/policy/names.h"

/* Far more than is used: prompt.c cuts at a page. */
enum { MAX_FILE_BYTES = 64 * 1024 };

static const char placeholder[] = "{context_id}";

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

static const char *
read_text(int dir_fd, const char *path, struct arena *arena)
{
	AUTO(buf_release)
	struct buf text;
	struct err err;

	buf_init(&text);
	if (path[0] == '\0')
		return "";
	if (file_read(&text, dir_fd, path, MAX_FILE_BYTES, &err) < 0) {
		if (err.code != ERR_NOT_FOUND)
			log_warn("directive-unreadable", "why=%s",
			    log_quote(err.text));
		return "";
	}
	if (!utf8_is_valid(text.data, text.size)) {
		log_warn("directive-unreadable", "why=%s",
		    log_quote("not UTF-8 text"));
		return "";
	}
	return arena_strndup(arena, text.data, text.size);
}

size_t
directives_read(const struct engine_cfg *cfg, const char *workspace_folder,
    const char *context_id, struct arena *arena,
    struct directive out[DIRECTIVES_MAX])
{
	AUTO(fd_close)
	int dir_fd = open(workspace_folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct {
		const char *label;
		const char *global, *workspace, *context;
	} families[] = {
		{ "System prompt directives", cfg->system_prompt_global_file,
		    cfg->system_prompt_workspace_path,
		    cfg->system_prompt_context_path },
		{ "SOUL behavior directives", cfg->soul_global_file,
		    cfg->soul_workspace_path, cfg->soul_context_path },
	};
	size_t n = 0;

	for (size_t i = 0; i < N_OF(families); i++) {
		out[n].label = arena_printf(
		    arena, "%s (for everybody)", families[i].label);
		out[n++].text = read_text(AT_FDCWD, families[i].global, arena);
		if (dir_fd < 0)
			continue;
		out[n].label = arena_printf(arena,
		    "%s (this workspace; these come first)", families[i].label);
		out[n++].text = read_text(dir_fd, families[i].workspace, arena);
		out[n].label = arena_printf(arena,
		    "%s (this conversation; these come before all)",
		    families[i].label);
		out[n++].text = read_text(dir_fd,
		    context_path(families[i].context, context_id, arena),
		    arena);
	}
	return n;
}
