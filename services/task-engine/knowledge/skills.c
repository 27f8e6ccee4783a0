/* Finds the skill templates of a context. */

#include "services/task-engine/knowledge/skills.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "proto/bounds.h"
#include "services/task-engine/config.h"
#include "services/task-engine/knowledge/text_file.h"
#include "services/task-engine/policy/names.h"

enum { N_FOLDERS = 6 }; /* that are searched */

static const char suffix[] = ".md";

/* One search, over all folders. */
struct hunt {
	struct prompt_files *files;
	struct arena *arena;
	size_t max;

	struct system_item *found;
	size_t n_found;
	const char **taken; /* names, those of empty files too */
	size_t n_taken, n_beyond;
};

struct folder {
	int root_fd;
	const char *path;  /* beneath it */
	const char *about; /* in the log */
	const char *names[SKILLS_MAX_FILES];
	size_t n_names;
};

static bool
is_skill(const char *name)
{
	size_t size = strlen(name);

	/* What editors leave behind begins with a dot. */
	return name[0] != '.' && size > sizeof(suffix) - 1 &&
	       strcmp(name + size - (sizeof(suffix) - 1), suffix) == 0;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
close_folder(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static int
add_names(struct folder *folder, DIR *dir, struct arena *arena, struct err *err)
{
	const struct dirent *entry;

	while ((entry = readdir(dir)) != NULL) {
		if (!is_skill(entry->d_name))
			continue;
		if (folder->n_names == SKILLS_MAX_FILES)
			return err_set(err, ERR_INVALID,
			    "more than %d files: none of them is used",
			    SKILLS_MAX_FILES);
		folder->names[folder->n_names++] =
		    arena_strdup(arena, entry->d_name);
	}
	qsort(folder->names, folder->n_names, sizeof(*folder->names), compare);
	return 0;
}

/* The descriptor is the folder's once it is open. */
static DIR *
open_folder(const struct folder *folder, struct err *err)
{
	int fd = file_open_beneath(
	    folder->root_fd, folder->path, O_RDONLY | O_DIRECTORY, 0, err);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && dir == NULL) {
		(void)err_errno(err, "cannot list %s", folder->path);
		fd_close(&fd);
	}
	return dir;
}

static int
list(struct folder *folder, struct arena *arena, struct err *err)
{
	AUTO(close_folder)
	DIR *dir = open_folder(folder, err);

	return dir == NULL ? -1 : add_names(folder, dir, arena, err);
}

static bool
is_taken(const struct hunt *hunt, const char *name)
{
	for (size_t i = 0; i < hunt->n_taken; i++)
		if (strcasecmp(hunt->taken[i], name) == 0)
			return true;
	return false;
}

static void
take(struct hunt *hunt, const struct folder *folder, const char *name)
{
	struct arena *arena = hunt->arena;
	const struct text_file file = {
		.dir_fd = folder->root_fd,
		.path = arena_printf(arena, "%s/%s", folder->path, name),
		.about = arena_printf(arena, "%s/%s", folder->about, name),
		.max_bytes = BOUND_SKILL_TEXT,
	};
	const char *text;

	if (is_taken(hunt, name))
		return;
	if (hunt->n_found == hunt->max) {
		hunt->n_beyond++;
		return;
	}
	text = text_file_read(&file, &hunt->files->complaints, arena);
	if (text == NULL)
		return;
	hunt->taken[hunt->n_taken++] = name;
	if (*text)
		hunt->found[hunt->n_found++] = (struct system_item){
			.part = SYSTEM_SKILL,
			.label = name,
			.text = text,
			.source = file.about,
		};
}

static void
search_folder(struct hunt *hunt, int root_fd, const char *root_name,
    const char *path, const char *folder_name)
{
	struct complaints *complaints = &hunt->files->complaints;
	struct folder folder = {
		.root_fd = root_fd,
		.path = arena_printf(hunt->arena, "%s%s", path, folder_name),
		.about = arena_printf(
		    hunt->arena, "%s/%s%s", root_name, path, folder_name),
	};
	struct err err;

	if (list(&folder, hunt->arena, &err) < 0) {
		text_file_complain(complaints, folder.about, &err);
		return;
	}
	complaint_over(complaints, folder.about);
	for (size_t i = 0; i < folder.n_names; i++)
		take(hunt, &folder, folder.names[i]);
}

/* path: "" or what leads from the root to its three folders, with a slash. */
static void
search_root(struct hunt *hunt, const struct prompt_place *place, int root_fd,
    const char *root_name, const char *path)
{
	char context[NAME_SIZE];

	name_escape(context, place->context_id);
	search_folder(hunt, root_fd, root_name, path,
	    arena_printf(hunt->arena, "contexts/%s", context));
	search_folder(hunt, root_fd, root_name, path,
	    place->is_admin ? "admin" : "public");
	search_folder(hunt, root_fd, root_name, path, "common");
}

static void
note_beyond(struct hunt *hunt, const struct prompt_place *place)
{
	const char *about =
	    arena_printf(hunt->arena, "skills of %s", place->context_id);
	struct complaints *complaints = &hunt->files->complaints;
	struct err err;

	if (hunt->n_beyond == 0) {
		complaint_over(complaints, about);
		return;
	}
	(void)err_set(&err, ERR_INVALID,
	    "%zu more than AGENT_RUNTIME_SKILLS_MAX", hunt->n_beyond);
	text_file_complain(complaints, about, &err);
}

size_t
skills_find(struct prompt_files *files, const struct prompt_place *place,
    int workspace_fd, struct arena *arena, struct system_item *out)
{
	const char *root = files->cfg->skills_global_root;
	AUTO(fd_close)
	int root_fd = *root ? open(root, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	struct hunt hunt = {
		.files = files,
		.arena = arena,
		.max = (size_t)files->cfg->skills_max,
		.found = out,
		.taken = arena_alloc(arena,
		    (size_t)N_FOLDERS * SKILLS_MAX_FILES * sizeof(*hunt.taken)),
	};

	if (workspace_fd >= 0)
		search_root(
		    &hunt, place, workspace_fd, place->workspace_id, "skills/");
	if (root_fd >= 0)
		search_root(&hunt, place, root_fd, root, "");
	note_beyond(&hunt, place);
	return hunt.n_found;
}
