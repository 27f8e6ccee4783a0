/* Prompt files, SOUL files and skills: which are read, and in which order. */

#include "services/task-engine/knowledge/prompt_files.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "proto/bounds.h"
#include "services/task-engine/config.h"
#include "tests/unit/unit.h"

#define CONTEXT "ctx:1"
#define ESCAPED "ctx%3A1"

enum { ARENA_BYTES = 4 * 1024 * 1024, SAID_SIZE = 4096 };

/* A folder of its own for each test, with w/ the only workspace. */
struct place_of_test {
	char folder[64];
	char global_prompt[PATH_MAX], global_soul[PATH_MAX], root[PATH_MAX];
	struct engine_cfg cfg;
	struct prompt_files files;
};

static void
write_text(const struct place_of_test *t, const char *path, const char *text)
{
	struct err err;
	char full[PATH_MAX], folder[PATH_MAX];

	snprintf(full, sizeof(full), "%s/%s", t->folder, path);
	snprintf(folder, sizeof(folder), "%s", full);
	*strrchr(folder, '/') = '\0';
	assert_int_equal(file_mkdirs(AT_FDCWD, folder, 0700, &err), 0);
	assert_int_equal(
	    file_replace_soon(AT_FDCWD, full, text, strlen(text), 0600, &err),
	    0);
}

static void
link_to(const struct place_of_test *t, const char *target, const char *path)
{
	char full[PATH_MAX];

	write_text(t, path, "");
	snprintf(full, sizeof(full), "%s/%s", t->folder, path);
	assert_int_equal(unlink(full), 0);
	assert_int_equal(symlink(target, full), 0);
}

static int
make_place(void **state)
{
	struct place_of_test *t = xcalloc(1, sizeof(*t));

	snprintf(t->folder, sizeof(t->folder), "/tmp/prompt-files-XXXXXX");
	assert_non_null(mkdtemp(t->folder));
	snprintf(t->global_prompt, PATH_MAX, "%s/PROMPT.md", t->folder);
	snprintf(t->global_soul, PATH_MAX, "%s/SOUL.md", t->folder);
	snprintf(t->root, PATH_MAX, "%s/root", t->folder);
	t->cfg = (struct engine_cfg){
		.llm_admin_system_prompt = "ADMIN",
		.llm_public_system_prompt = "PUBLIC",
		.system_prompt_max_bytes = 16000,
		.skills_global_root = t->root,
		.skills_max = 4,
		.soul_global_file = t->global_soul,
		.soul_workspace_path = "context/SOUL.md",
		.soul_context_path = "context/agents/{context_id}/SOUL.md",
		.system_prompt_global_file = t->global_prompt,
		.system_prompt_workspace_path = "context/PROMPT.md",
		.system_prompt_context_path =
		    "context/agents/{context_id}/P.md",
	};
	t->files = (struct prompt_files){ .cfg = &t->cfg,
		.workspace_root = t->folder };
	*state = t;
	return 0;
}

static int
remove_place(void **state)
{
	struct place_of_test *t = *state;
	char command[128];

	prompt_files_release(&t->files);
	snprintf(command, sizeof(command), "rm -rf '%s'", t->folder);
	assert_int_equal(system(command), 0);
	free(t);
	return 0;
}

/* The texts that are found, one a line. */
static void
read_texts(struct place_of_test *t, bool is_admin, const char *policy,
    char said[SAID_SIZE])
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	const struct prompt_place place = { "w", CONTEXT, is_admin };
	struct system_in in = { .n_items = 0 };
	size_t n = 0;

	prompt_files_read(&t->files, &place, policy, arena, &in);
	said[0] = '\0';
	for (size_t i = 0; i < in.n_items; i++)
		n += (size_t)snprintf(
		    said + n, SAID_SIZE - n, "%s\n", in.items[i].text);
}

static void
expect(struct place_of_test *t, bool is_admin, const char *want)
{
	char said[SAID_SIZE];

	read_texts(t, is_admin, "", said);
	assert_string_equal(said, want);
}

static void
nothing_but_the_baseline_is_needed(void **state)
{
	expect(*state, false, "PUBLIC\n");
	expect(*state, true, "ADMIN\n");
}

static void
what_overrides_comes_later(void **state)
{
	struct place_of_test *t = *state;
	char said[SAID_SIZE];

	write_text(t, "PROMPT.md", "p global");
	write_text(
	    t, "w/context/PROMPT.md", "\xef\xbb\xbf\r\n p workspace\n\n");
	write_text(t, "w/context/agents/" ESCAPED "/P.md", "p context");
	write_text(t, "SOUL.md", "s global");
	write_text(t, "w/context/SOUL.md", "s workspace");
	write_text(t, "w/context/agents/" ESCAPED "/SOUL.md", "s context");
	write_text(t, "w/context/agents/other/SOUL.md", "s other");
	write_text(t, "root/common/a.md", "skill");
	read_texts(t, false, "set here", said);
	assert_string_equal(said,
	    "PUBLIC\np global\np workspace\np context\nset here\n"
	    "s global\ns workspace\ns context\nskill\n");
}

static void
skills_are_searched_in_order(void **state)
{
	struct place_of_test *t = *state;

	write_text(t, "root/common/e.md", "6");
	write_text(t, "root/public/d.md", "5");
	write_text(t, "root/contexts/" ESCAPED "/z.md", "4");
	write_text(t, "w/skills/common/c.md", "3");
	write_text(t, "w/skills/public/b.md", "2");
	write_text(t, "w/skills/admin/b.md", "a2");
	write_text(t, "root/admin/d.md", "a5");
	write_text(t, "w/skills/contexts/" ESCAPED "/a.md", "1");
	write_text(t, "w/skills/contexts/other/a.md", "not ours");
	t->cfg.skills_max = 64;
	expect(t, false, "PUBLIC\n1\n2\n3\n4\n5\n6\n");
	expect(t, true, "ADMIN\n1\na2\n3\n4\na5\n6\n");
	/* The first found are taken. */
	t->cfg.skills_max = 2;
	expect(t, false, "PUBLIC\n1\n2\n");
	t->cfg.skills_max = 0;
	expect(t, false, "PUBLIC\n");
}

static void
of_one_name_the_first_counts(void **state)
{
	struct place_of_test *t = *state;

	write_text(t, "root/common/Git.md", "installation");
	write_text(t, "w/skills/common/gIT.md", "workspace");
	write_text(t, "root/common/jq.md", "installation");
	write_text(t, "w/skills/common/JQ.md", " \n");
	write_text(t, "root/common/rg.md", "installation rg");
	write_text(t, "w/skills/common/rg.md", "\xff is not UTF-8");
	expect(t, false, "PUBLIC\nworkspace\ninstallation rg\n");
}

static void
only_md_files_of_the_folder_itself_are_skills(void **state)
{
	struct place_of_test *t = *state;

	write_text(t, "root/common/b.md", "b");
	write_text(t, "root/common/B2.md", "B2");
	write_text(t, "root/common/.hidden.md", "hidden");
	write_text(t, "root/common/notes.txt", "text");
	write_text(t, "root/common/.md", "no name");
	write_text(t, "root/common/deep/a.md", "deep");
	write_text(t, "root/common/folder.md/a.md", "folder");
	write_text(t, "root/a.md", "beside");
	/* By the bytes of their names. */
	expect(t, false, "PUBLIC\nB2\nb\n");
}

static void
what_cannot_be_used_is_left_out_and_said_once(void **state)
{
	struct place_of_test *t = *state;
	char *large = xcalloc(1, 70 * 1024 + 1);
	char fifo[PATH_MAX];

	memset(large, 'l', 70 * 1024);
	write_text(t, "outside.md", "outside");
	link_to(t, "../../outside.md", "root/common/link.md");
	link_to(t, "../../outside.md", "w/context/SOUL.md");
	link_to(t, "../outside", "w/skills/common");
	write_text(t, "outside/x.md", "outside");
	write_text(t, "root/common/large.md", large);
	write_text(t, "root/common/zero.md", "\xc0\x80");
	snprintf(fifo, sizeof(fifo), "%s/PROMPT.md", t->folder);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	free(large);
	expect(t, false, "PUBLIC\n");
	assert_int_equal(t->files.complaints.n, 6);
	expect(t, false, "PUBLIC\n");
	assert_int_equal(t->files.complaints.n, 6);
	/* What an operator names may be a link. */
	assert_int_equal(unlink(fifo), 0);
	link_to(t, "outside.md", "PROMPT.md");
	expect(t, false, "PUBLIC\noutside\n");
	assert_int_equal(t->files.complaints.n, 5);
}

static void
long_files_are_shortened(void **state)
{
	struct place_of_test *t = *state;
	char text[BOUND_PROMPT_TEXT + 100], said[SAID_SIZE];

	memset(text, 'X', sizeof(text));
	memcpy(text, "First. ", 7);
	text[sizeof(text) - 1] = '\0';
	write_text(t, "SOUL.md", text);
	text[BOUND_SKILL_TEXT + 1] = '\0';
	write_text(t, "root/common/a.md", text);
	text[BOUND_SKILL_TEXT] = '\0';
	write_text(t, "root/common/b.md", text);
	read_texts(t, false, "", said);
	assert_int_equal(strlen(said),
	    strlen("PUBLIC\nFirst.\nFirst.\n") + BOUND_SKILL_TEXT + 1);
	assert_int_equal(t->files.complaints.n, 2);
}

static void
what_is_edited_is_read_at_the_next_look(void **state)
{
	struct place_of_test *t = *state;

	write_text(t, "SOUL.md", "one");
	expect(t, false, "PUBLIC\none\n");
	write_text(t, "SOUL.md", "two");
	expect(t, false, "PUBLIC\ntwo\n");
}

int
main(void)
{
#define WITH_PLACE(test)                                                       \
	cmocka_unit_test_setup_teardown(test, make_place, remove_place)
	const struct CMUnitTest tests[] = {
		WITH_PLACE(nothing_but_the_baseline_is_needed),
		WITH_PLACE(what_overrides_comes_later),
		WITH_PLACE(skills_are_searched_in_order),
		WITH_PLACE(of_one_name_the_first_counts),
		WITH_PLACE(only_md_files_of_the_folder_itself_are_skills),
		WITH_PLACE(what_cannot_be_used_is_left_out_and_said_once),
		WITH_PLACE(long_files_are_shortened),
		WITH_PLACE(what_is_edited_is_read_at_the_next_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
