/* Which paths count, what a scope lets be read, and what a snippet shows. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "proto/search.h"
#include "services/indexer/document.h"
#include "services/indexer/paths.h"
#include "services/indexer/scope.h"
#include "services/indexer/snippet.h"

static const struct {
	const char *path;
	bool is_openable, is_indexed;
} paths[] = {
	{ "welcome.md", true, true },
	{ "docs/a b/\xc3\xa9.MD", true, true },
	{ "logs/chats/x.md", true, false },
	{ "tasks/2026/t.md", true, false },
	{ "docs/logs/x.md", true, true },
	{ "logs.md", true, true },
	{ "welcome.txt", false, false },
	{ "md", false, false },
	{ ".md", false, false },
	{ "", false, false },
	{ "/etc/x.md", false, false },
	{ "../x.md", false, false },
	{ "a/../x.md", false, false },
	{ "a/./x.md", false, false },
	{ "a//x.md", false, false },
	{ "a/x.md/", false, false },
	{ ".git/x.md", false, false },
	{ "a/.hidden.md", false, false },
	{ "a/\xff.md", false, false },
};

static void
paths_count_or_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(paths); i++)
		if (paths_is_openable(paths[i].path) != paths[i].is_openable ||
		    paths_is_indexed(paths[i].path) != paths[i].is_indexed)
			fail_msg("%s", paths[i].path);
}

static void
workspace_names(void **state)
{
	static const struct {
		const char *name;
		bool is_one;
	} rows[] = {
		{ "0c8a1b1e-2b1c-4d6c-8f0e-1a2b3c4d5e6f", true },
		{ "a.b_c-D9", true },
		{ "", false },
		{ ".", false },
		{ "..", false },
		{ ".tmp-x", false },
		{ "a/b", false },
		{ "a b", false },
		{ "\xc3\xa9", false },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++)
		if (paths_is_workspace(rows[i].name) != rows[i].is_one)
			fail_msg("%s", rows[i].name);
}

static void
scopes_hold(void **state)
{
	static const char *allow[] = { "" };
	static const char *deny[] = { "memory/", "inbox/" };
	static const char *extra[] = { "memory/ctx1/", "inbox/mine.md" };
	const struct search_scope scope = { allow, 1, deny, 2, extra, 2 };
	const struct search_scope none = { 0 };
	const struct search_scope all = { allow, 1, NULL, 0, NULL, 0 };

	(void)state;
	assert_true(search_scope_allows(&scope, "welcome.md"));
	assert_true(search_scope_allows(&scope, "memory.md"));
	assert_false(search_scope_allows(&scope, "memory/ctx2/x.md"));
	assert_true(search_scope_allows(&scope, "memory/ctx1/x.md"));
	assert_true(search_scope_allows(&scope, "inbox/mine.md"));
	assert_false(search_scope_allows(&scope, "inbox/yours.md"));
	assert_false(search_scope_allows(&scope, "inbox/mine.md/x.md"));
	assert_false(search_scope_allows(&scope, "inbox/mine.mdx"));
	assert_false(search_scope_allows(&none, "welcome.md"));
	assert_false(scope_is_all(&scope));
	assert_false(scope_is_all(&none));
	assert_true(scope_is_all(&all));
}

static void
scope_sets_hold_what_was_added(void **state)
{
	struct scope_set set = { 0 };

	(void)state;
	assert_false(scope_set_has(&set, 0));
	for (int64_t id = 1; id < 5000; id += 3)
		scope_set_add(&set, id, 2);
	for (int64_t id = 0; id < 6000; id++)
		assert_int_equal(
		    scope_set_has(&set, id), id < 5000 && id % 3 == 1);
	assert_int_equal(scope_set_size(&set, 4), 2);
	assert_int_equal(set.n_sections, 2 * 1667);
	scope_set_release(&set);
	assert_false(scope_set_has(&set, 1));
}

static void
snippets_are_clean(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "" },
		{ " a\n\n b\t c ", "a b c" },
		{ "a\x1b[31mb", "a [31mb" },
		{ "a\xffz", "a z" },
		{ "a\xe2\x80\xae"
		  "b",
		    "a b" },
		{ "one two three four", "one two three\xe2\x80\xa6" },
		{ "onetwothreefourfive", "onetwothreefou\xe2\x80\xa6" },
		{ "abcdefghijklm\xc3\xa9"
		  "z123",
		    "abcdefghijklm\xe2\x80\xa6" },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(4096);

		assert_string_equal(snippet_clean(rows[i].text,
					strlen(rows[i].text), 17, arena),
		    rows[i].want);
	}
}

static void
targets_may_name_a_line(void **state)
{
	static const struct {
		const char *target, *path;
		int64_t line;
	} rows[] = {
		{ "a.md", "a.md", 1 },
		{ "./././a.md", "a.md", 1 },
		{ "a.md:12", "a.md", 12 },
		{ "a.md:0", "a.md", 1 },
		{ "a.md:", "a.md:", 1 },
		{ "a:2.md", "a:2.md", 1 },
		{ "a.md:1234567890", "a.md:1234567890", 1 },
		{ ":3", "", 3 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(4096);
		int64_t line;

		assert_string_equal(
		    document_target(rows[i].target, &line, arena),
		    rows[i].path);
		assert_int_equal(line, rows[i].line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_count_or_not),
		cmocka_unit_test(workspace_names),
		cmocka_unit_test(scopes_hold),
		cmocka_unit_test(scope_sets_hold_what_was_added),
		cmocka_unit_test(snippets_are_clean),
		cmocka_unit_test(targets_may_name_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
