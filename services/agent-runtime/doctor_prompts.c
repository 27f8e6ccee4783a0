/* What doctor looks at in the files that people write for the model. */

#include "services/agent-runtime/doctor.h"

#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/utf8.h"
#include "proto/bounds.h"

static const char fix_unused[] = "make it a file of its own, readable, UTF-8 "
				 "and below 64 KiB, or remove it";

enum { DEEPEST = 3 }; /* context/agents/<id>/SOUL.md, from context/ */

struct look {
	struct doctor *doctor;
	int n_good, n_bad;
};

static void
complain(struct look *look, const char *path, const char *why)
{
	look->n_bad++;
	doctor_find(look->doctor, FINDING_WARN, "prompts", fix_unused,
	    "%s is not used: %s", path, why);
}

static int
read_text(const char *path, struct buf *out, struct err *err)
{
	AUTO(fd_close)
	int fd = file_open_named(path, err);

	if (fd < 0 || file_read_fd(out, fd, path, BOUND_PROMPT_BYTES, err) < 0)
		return -1;
	if (!utf8_is_valid(out->data, out->size))
		return err_set(err, ERR_INVALID, "it is not UTF-8 text");
	return 0;
}

static void
look_at(struct look *look, const char *path, size_t used_bytes)
{
	AUTO(buf_release)
	struct buf text = { 0 };
	struct err err;

	buf_init(&text);
	if (read_text(path, &text, &err) < 0) {
		if (err.code != ERR_NOT_FOUND)
			complain(look, path, err.text);
	} else if (text.size > used_bytes) {
		look->n_bad++;
		doctor_find(look->doctor, FINDING_WARN, "prompts",
		    "shorten it, or divide it",
		    "%s has %zu bytes: the first %zu are used at most", path,
		    text.size, used_bytes);
	} else {
		look->n_good++;
	}
}

static bool
is_named_md(const char *name)
{
	size_t size = strlen(name);

	return *name != '.' && size > 3 && strcmp(name + size - 3, ".md") == 0;
}

static void
look_at_entry(struct look *look, const FTSENT *entry, size_t used_bytes)
{
	switch (entry->fts_info) {
	case FTS_F:
		if (is_named_md(entry->fts_name))
			look_at(look, entry->fts_path, used_bytes);
		break;
	case FTS_SL:
	case FTS_SLNONE:
		complain(look, entry->fts_path,
		    "it is a symbolic link, and none is followed there");
		break;
	case FTS_DNR:
	case FTS_NS:
	case FTS_ERR:
		if (entry->fts_errno != ENOENT)
			complain(
			    look, entry->fts_path, strerror(entry->fts_errno));
		break;
	}
}

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void
close_tree(FTS **tree)
{
	if (*tree)
		fts_close(*tree);
}

/* The folder itself may be a link where an operator named it. */
static void
look_beneath(
    struct look *look, const char *folder, size_t used_bytes, bool is_named)
{
	char *roots[] = { (char *)(uintptr_t)folder, NULL };
	AUTO(close_tree)
	FTS *tree = fts_open(roots,
	    FTS_PHYSICAL | FTS_NOCHDIR | (is_named ? FTS_COMFOLLOW : 0),
	    by_name);
	FTSENT *entry;

	while (tree && (entry = fts_read(tree)) != NULL) {
		if (entry->fts_info == FTS_D && entry->fts_level >= DEEPEST)
			fts_set(tree, entry, FTS_SKIP);
		look_at_entry(look, entry, used_bytes);
	}
}

static void
look_at_workspace(struct look *look, const char *root, const char *name)
{
	AUTO(buf_release)
	struct buf path = { 0 };

	buf_init(&path);
	buf_addf(&path, "%s/%s/context", root, name);
	look_beneath(look, path.data, BOUND_PROMPT_TEXT, false);
	buf_reset(&path);
	buf_addf(&path, "%s/%s/skills", root, name);
	look_beneath(look, path.data, BOUND_SKILL_TEXT, false);
}

static void
look_at_workspaces(struct look *look, const char *root)
{
	char *roots[] = { (char *)(uintptr_t)root, NULL };
	AUTO(close_tree)
	FTS *tree = fts_open(
	    roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, by_name);
	FTSENT *entry;

	while (tree && (entry = fts_read(tree)) != NULL) {
		if (entry->fts_info != FTS_D || entry->fts_level == 0)
			continue;
		fts_set(tree, entry, FTS_SKIP);
		look_at_workspace(look, root, entry->fts_name);
	}
}

void
check_prompts(struct doctor *doctor)
{
	struct look look = { .doctor = doctor };
	const char *root = doctor_value("AGENT_RUNTIME_WORKSPACE_ROOT");
	AUTO(buf_release)
	struct buf default_root = { 0 };

	buf_init(&default_root);
	buf_addf(
	    &default_root, "%s/workspaces", doctor_settings(doctor)->data_dir);
	look_at(&look, doctor_value("AGENT_RUNTIME_SYSTEM_PROMPT_GLOBAL_FILE"),
	    BOUND_PROMPT_TEXT);
	look_at(&look, doctor_value("AGENT_RUNTIME_SOUL_GLOBAL_FILE"),
	    BOUND_PROMPT_TEXT);
	look_beneath(&look, doctor_value("AGENT_RUNTIME_SKILLS_GLOBAL_ROOT"),
	    BOUND_SKILL_TEXT, true);
	look_at_workspaces(&look, *root ? root : default_root.data);
	if (look.n_bad == 0)
		doctor_find(doctor, FINDING_OK, "prompts", "",
		    "%d prompt files and skills can be used", look.n_good);
}
