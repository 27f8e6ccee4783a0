/* qmd's folders, configuration and environment. */

#include "services/indexer/qmd_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/json.h"

enum { ARENA_BYTES = 64 * 1024 };

static const char usual_path[] = "/usr/local/bin:/usr/bin:/bin";

static const char *
our_path(void)
{
	const char *path = getenv("PATH");

	return path && *path ? path : usual_path;
}

static bool
is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(path, X_OK) == 0;
}

/* Folders of PATH that are not absolute would depend on where we stand. */
static const char *
find_on(const char *path, const char *name, struct arena *arena)
{
	while (*path) {
		size_t n = strcspn(path, ":");
		const char *full =
		    arena_printf(arena, "%.*s/%s", (int)n, path, name);

		if (*full == '/' && n > 0 && is_program(full))
			return full;
		path += n + (path[n] == ':');
	}
	return NULL;
}

const char *
qmd_place_program(const struct qmd_options *options, struct arena *arena)
{
	if (!strchr(options->binary, '/'))
		return find_on(our_path(), options->binary, arena);
	return options->binary[0] == '/' && is_program(options->binary)
		   ? options->binary
		   : NULL;
}

/* What stands beside the program is found first: npm puts its node there. */
static const char *
path_for(const char *program, struct arena *arena)
{
	return arena_printf(
	    arena, "%s:%s", dirname(arena_strdup(arena, program)), our_path());
}

static const char *
real_path(const char *path, struct arena *arena)
{
	AUTO(xfree)
	char *real = path ? realpath(path, NULL) : NULL;

	return real ? arena_strdup(arena, real) : NULL;
}

/* Of a package its whole tree, and never what lies beside that: it may be
 * somebody's home. */
static const char *
tree_of(const char *real, struct arena *arena)
{
	static const char name[] = "/node_modules/";
	const char *at = strstr(real, name);

	return at ? arena_strndup(
			arena, real, (size_t)(at - real) + sizeof(name) - 2)
		  : NULL;
}

void
qmd_place_programs(const struct qmd_options *options,
    const char *paths[QMD_PLACE_MAX_PROGRAMS], struct arena *arena)
{
	static const char *const interpreters[] = { "node", "bun" };
	const char *program = qmd_place_program(options, arena);
	const char *real = real_path(program, arena);
	const char *tree = real ? tree_of(real, arena) : NULL;
	size_t n = 0;

	if (real)
		paths[n++] = real;
	if (tree)
		paths[n++] = tree;
	for (size_t i = 0; real && i < N_OF(interpreters); i++) {
		const char *found = real_path(
		    find_on(path_for(program, arena), interpreters[i], arena),
		    arena);

		if (found)
			paths[n++] = found;
	}
	paths[n] = NULL;
}

const char *
qmd_place_folder(const struct qmd_options *options, const char *workspace,
    struct arena *arena)
{
	return arena_printf(arena, "%s/%s/qmd", options->index_root, workspace);
}

char **
qmd_place_environment(
    const char *program, const char *folder, struct arena *arena)
{
	char *const variables[] = {
		arena_printf(arena, "PATH=%s", path_for(program, arena)),
		arena_printf(arena, "HOME=%s", folder),
		arena_printf(arena, "XDG_CACHE_HOME=%s/cache", folder),
		arena_printf(arena, "XDG_CONFIG_HOME=%s/config", folder),
		arena_printf(arena, "TMPDIR=%s/tmp", folder),
		arena_strdup(arena, "LANG=C.UTF-8"),
		arena_strdup(arena, "NO_COLOR=1"),
		/* node does not start when it may not read the one of /etc */
		arena_strdup(arena, "OPENSSL_CONF=/dev/null"),
		NULL,
	};
	char **copy = arena_alloc(arena, sizeof(variables));

	memcpy(copy, variables, sizeof(variables));
	return copy;
}

/* YAML reads JSON. */
static void
print_configuration(
    const struct qmd_options *options, const char *workspace, struct buf *text)
{
	AUTO(buf_release)
	struct buf path;
	struct json_out out;

	buf_init(&path);
	buf_addf(&path, "%s/%s", options->root, workspace);
	json_out_init(&out, text);
	json_out_object(&out, NULL);
	json_out_object(&out, "collections");
	json_out_object(&out, options->collection);
	json_out_str(&out, "path", path.data);
	json_out_str(&out, "pattern", "**/*.{md,MD,Md,mD}");
	json_out_list(&out, "ignore");
	json_out_str(&out, NULL, "logs/**");
	json_out_str(&out, NULL, "tasks/**");
	json_out_list_end(&out);
	json_out_object_end(&out);
	json_out_object_end(&out);
	json_out_object_end(&out);
}

static bool
says(const char *path, const struct buf *text)
{
	AUTO(buf_release)
	struct buf now;
	struct err ignored;

	buf_init(&now);
	return file_read(&now, AT_FDCWD, path, text->size, &ignored) == 0 &&
	       now.size == text->size &&
	       memcmp(now.data, text->data, text->size) == 0;
}

static const char *
path_of_configuration(
    const struct qmd_options *options, const char *folder, struct arena *arena)
{
	return arena_printf(
	    arena, "%s/config/qmd/%s.yml", folder, options->index);
}

/* The copy tells what was written; qmd itself reads the other. */
static bool
is_configured(const struct qmd_options *options, const char *folder,
    const struct buf *text, struct arena *arena)
{
	return access(path_of_configuration(options, folder, arena), F_OK) ==
		   0 &&
	       says(arena_printf(arena, "%s/config/written", folder), text);
}

/*
 * qmd rewrites its configuration, and not at once: who reads it meanwhile finds
 * half of it. So it is written only when it is to say something else, which is
 * known by a copy, and before its index is used.
 */
static int
write_configuration(const struct qmd_options *options, const char *workspace,
    const char *folder, struct arena *arena, struct err *err)
{
	const char *path = path_of_configuration(options, folder, arena);
	const char *copy = arena_printf(arena, "%s/config/written", folder);
	AUTO(buf_release)
	struct buf text;

	buf_init(&text);
	print_configuration(options, workspace, &text);
	if (is_configured(options, folder, &text, arena))
		return 0;
	if (file_replace_soon(AT_FDCWD, path, text.data, text.size, 0600, err) <
	    0)
		return -1;
	return file_replace_soon(
	    AT_FDCWD, copy, text.data, text.size, 0600, err);
}

/* Models are large, so all workspaces share them. */
static int
link_models(const struct qmd_options *options, const char *folder,
    struct arena *arena, struct err *err)
{
	const char *link = arena_printf(arena, "%s/cache/qmd/models", folder);
	char now[PATH_MAX] = "";

	if (readlink(link, now, sizeof(now) - 1) >= 0 &&
	    strcmp(now, options->models_dir) == 0)
		return 0;
	if (unlink(link) < 0 && errno == EISDIR)
		(void)rmdir(link);
	if (symlink(options->models_dir, link) < 0 && errno != EEXIST)
		return err_errno(err, "cannot link the models to %s", link);
	return 0;
}

int
qmd_place_make(const struct qmd_options *options, const char *workspace,
    struct arena *arena, struct err *err)
{
	static const char *const folders[] = { "cache/qmd", "config/qmd",
		"tmp" };
	const char *folder = qmd_place_folder(options, workspace, arena);

	for (size_t i = 0; i < N_OF(folders); i++)
		if (file_mkdirs(AT_FDCWD,
			arena_printf(arena, "%s/%s", folder, folders[i]), 0700,
			err) < 0)
			return -1;
	if (link_models(options, folder, arena, err) < 0)
		return -1;
	return write_configuration(options, workspace, folder, arena, err);
}

static const char *
mark_of(const char *folder, struct arena *arena)
{
	return arena_printf(arena, "%s/current", folder);
}

bool
qmd_place_is_current(const struct qmd_options *options, const char *workspace)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	const char *folder = qmd_place_folder(options, workspace, arena);
	AUTO(buf_release)
	struct buf text;

	buf_init(&text);
	print_configuration(options, workspace, &text);
	return access(mark_of(folder, arena), F_OK) == 0 &&
	       access(arena_printf(arena, "%s/cache/qmd/%s.sqlite", folder,
			  options->index),
		   F_OK) == 0 &&
	       is_configured(options, folder, &text, arena);
}

/* One that cannot be written costs an update after the next start. */
void
qmd_place_set_current(
    const struct qmd_options *options, const char *workspace, bool is_current)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	const char *mark =
	    mark_of(qmd_place_folder(options, workspace, arena), arena);
	int fd;

	if (!is_current) {
		(void)unlink(mark);
		return;
	}
	fd = open(mark, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	fd_close(&fd);
}

bool
qmd_place_has_model(const struct qmd_options *options)
{
	DIR *dir = opendir(options->models_dir);
	const struct dirent *entry;
	bool is_there = false;

	while (dir && (entry = readdir(dir))) {
		size_t size = strlen(entry->d_name);

		is_there |=
		    size > 5 && strcmp(entry->d_name + size - 5, ".gguf") == 0;
	}
	if (dir)
		closedir(dir);
	return is_there;
}
