/* What qmd is told and what of its output is believed. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "services/indexer/qmd_text.h"

enum { ARENA_BYTES = 8 * 1024 * 1024 };

static int
parse(struct qmd_hits *out, const char *text, struct arena *arena,
    struct err *err)
{
	AUTO(buf_release)
	struct buf copy;

	buf_init(&copy);
	buf_adds(&copy, text);
	return qmd_hits_parse(out, &copy, "c", "i", arena, err);
}

static const struct {
	const char *name, *text, *path, *title, *snippet;
	double score;
	int64_t line;
} hits[] = {
	{ "as 2.8 prints it",
	    "[{\"docid\":\"#9973ae\",\"score\":0.5,\"file\":"
	    "\"qmd://c/docs/My File.md?index=i\",\"line\":3,\"title\":"
	    "\"Alpha\",\"snippet\":\"@@ -2,3 @@ (1 before, 0 after)\\n\\n"
	    "Hello  world.\\n\"}]\n",
	    "docs/My File.md", "Alpha", "Hello world.", 0.5, 3 },
	{ "without its index", "[{\"file\":\"qmd://c/a.md\"}]", "a.md", "", "",
	    0, 1 },
	{ "a name that looks like more",
	    "[{\"file\":\"qmd://c/a?index=j#%20.md?index=i\"}]",
	    "a?index=j#%20.md", "", "", 0, 1 },
	{ "numbers out of range",
	    "[{\"file\":\"qmd://c/a.md\",\"score\":-1,\"line\":0}]", "a.md", "",
	    "", 0, 1 },
	{ "wrong types",
	    "[{\"file\":\"qmd://c/a.md\",\"score\":\"1\",\"line\":1.5,"
	    "\"title\":[],\"snippet\":7}]",
	    "a.md", "", "", 0, 1 },
	{ "half a character at the end",
	    "[{\"file\":\"qmd://c/a.md\",\"snippet\":\"x\\ud83d\"}]", "a.md",
	    "", "x\xef\xbf\xbd", 0, 1 },
	{ "the other half, and a NUL",
	    "[{\"file\":\"qmd://c/a.md\",\"title\":\"\\udd9c\\u0000\"}]",
	    "a.md", "\xef\xbf\xbd\xef\xbf\xbd", "", 0, 1 },
	{ "a whole one, escaped",
	    "[{\"file\":\"qmd://c/a.md\",\"title\":\"\\ud83e\\udd9c\"}]",
	    "a.md", "\xf0\x9f\xa6\x9c", "", 0, 1 },
	{ "a backslash before what looks like half of one",
	    "[{\"file\":\"qmd://c/a.md\",\"title\":\"\\\\ud83d\"}]", "a.md",
	    "\\ud83d", "", 0, 1 },
	{ "a name that is no UTF-8, and no file's",
	    "[{\"file\":\"qmd://c/\xff.md\"}]", "?.md", "", "", 0, 1 },
	{ "only a place", "[{\"file\":\"qmd://c/a.md\",\"snippet\":\"@@ x\"}]",
	    "a.md", "", "", 0, 1 },
};

static void
a_hit_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(hits); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(ARENA_BYTES);
		struct qmd_hits out;
		struct err err = { .text = "" };
		const struct qmd_hit *hit;

		if (parse(&out, hits[i].text, arena, &err) < 0 ||
		    out.n_hits != 1)
			fail_msg("%s: %s", hits[i].name, err.text);
		hit = &out.hits[0];
		if (strcmp(hit->path, hits[i].path) != 0 ||
		    strcmp(hit->title, hits[i].title) != 0 ||
		    strcmp(hit->snippet, hits[i].snippet) != 0 ||
		    hit->score != hits[i].score || hit->line != hits[i].line)
			fail_msg("%s: %s, %s, %s", hits[i].name, hit->path,
			    hit->title, hit->snippet);
	}
}

static const char *const refused[] = {
	"",
	"No results found.",
	"[",
	"[] []",
	"{}",
	"null",
	"[1]",
	"[{}]",
	"[{\"file\":1}]",
	"[{\"file\":\"a.md\"}]",
	"[{\"file\":\"qmd://d/a.md\"}]",
	"[{\"file\":\"qmd://c\"}]",
	"[{\"file\":\"qmd://c/a.md\",\"file\":\"qmd://c/b.md\"}]",
	"[{\"file\":\"qmd://c/a.md\"},{\"file\":\"/etc/passwd\"}]",
	"[{\"file\":\"qmd://c/a.md\",\"title\":\"\\u12\"}]",
	"[{\"file\":\"qmd://c/a.md\",\"title\":\"\\",
	"[{\"file\":\"qmd://c/a.md\",\"title\":\"\\ud83d\\u",
};

static void
anything_else_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(refused); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(ARENA_BYTES);
		struct qmd_hits out;
		struct err err;

		if (parse(&out, refused[i], arena, &err) == 0)
			fail_msg("%s", refused[i]);
	}
}

static void
versions(void **state)
{
	static const struct {
		const char *text, *version; /* NULL: refused */
	} rows[] = {
		{ "qmd 2.8.3 (facd35e)\n", "2.8.3" },
		{ "qmd 2.8.0", "2.8.0" },
		{ "qmd 2.11.4-beta", "2.11.4" },
		{ "qmd 2.7.9", NULL },
		{ "qmd 1.9.0", NULL },
		{ "qmd 3.0.0", NULL },
		{ "qmd 2.8", NULL },
		{ "qmd -2.-8.-3", NULL },
		{ "2.8.3", NULL },
		{ "", NULL },
		{ "qmd 2.8.3 and a great deal more than it has ever said about "
		  "itself before",
		    NULL },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(ARENA_BYTES);
		const char *version = NULL;
		struct err err;
		int rc = qmd_version_parse(&version, rows[i].text, arena, &err);

		if ((rc == 0) != (rows[i].version != NULL) ||
		    (rc == 0 && strcmp(version, rows[i].version) != 0))
			fail_msg("%s", rows[i].text);
	}
}

static void
globs_cover_what_they_should(void **state)
{
	static const struct {
		const char *globs, *path;
		bool is_covered;
	} rows[] = {
		{ "", "a.md", false },
		{ "logs/chats/**", "logs/chats/a/b.md", true },
		{ "logs/chats/**", "logs/chats", true },
		{ "logs/chats/**", "logs/chatsy/a.md", false },
		{ "./a/**", "a/b.md", true },
		{ "/a/**", "a/b.md", true },
		{ "*.tmp.md", "x.tmp.md", true },
		{ "*.tmp.md", "a/x.tmp.md", false },
		{ "a,b/**,c", "b/x.md", true },
		{ "a,b/**,c", "c", true },
		{ ",,", "a.md", false },
		{ "[", "a.md", false },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++)
		if (qmd_is_excluded(rows[i].globs, rows[i].path) !=
		    rows[i].is_covered)
			fail_msg("%s, %s", rows[i].globs, rows[i].path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hit_is_read),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(versions),
		cmocka_unit_test(globs_cover_what_they_should),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
