/* What people type, as FTS5 expressions. */

#include "tests/unit/unit.h"

#include <sqlite3.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "services/indexer/match.h"

static const struct {
	const char *name, *query, *all, *any, *none, *begun;
} cases[] = {
	{ "nothing", "", NULL, NULL, NULL },
	{ "only_signs", " ?! -- \" ... ", NULL, NULL, NULL },
	{ "one_word", "telegram ", "\"telegram\"", NULL, NULL },
	{ "last_word_is_a_beginning", "tele", "\"tele\"", NULL, NULL,
	    "\"tele\"*" },
	{ "short_last_word_is_whole", "ab", "\"ab\"", NULL, NULL },
	{ "characters_count_not_bytes", "\xc3\xa9\xc3\xa9",
	    "\"\xc3\xa9\xc3\xa9\"", NULL, NULL },
	{ "a_finished_word_is_whole", "telegram?", "\"telegram\"", NULL, NULL },
	{ "several_words", "connect my bot.",
	    "\"connect\" AND \"my\" AND "
	    "\"bot\"",
	    "\"connect\" OR \"my\" OR \"bot\"", NULL },
	{ "last_of_several", "my bott", "\"my\" AND \"bott\"",
	    "\"my\" OR \"bott\"*", NULL, "\"my\" AND \"bott\"*" },
	{ "a_phrase", "\"set up\" it.", "\"set up\" AND \"it\"",
	    "\"set up\" OR \"it\"", NULL },
	{ "a_phrase_without_end", "\"set up", "\"set up\"", NULL, NULL },
	{ "left_out", "bot -mail", "\"bot\"", NULL, "\"mail\"" },
	{ "left_out_phrase", "bot. -\"e mail\" -fax", "\"bot\"", NULL,
	    "\"e mail\" OR \"fax\"" },
	{ "only_left_out_finds_nothing", "-mail", NULL, NULL, NULL },
	{ "a_hyphen_within_a_word", "e-mail.", "\"e-mail\"", NULL, NULL },
	{ "an_option_is_a_word", "--help.", "\"help\"", NULL, NULL },
	{ "a_dash_alone", "a - b", "\"a\" AND \"b\"", "\"a\" OR \"b\"", NULL },
	{ "operators_are_words", "a AND NOT b",
	    "\"a\" AND \"AND\" AND \"NOT\" "
	    "AND \"b\"",
	    "\"a\" OR \"AND\" OR \"NOT\" OR \"b\"", NULL },
	{ "column_filters_are_words", "{title}: x* ^y",
	    "\"title\" AND \"x\" "
	    "AND \"y\"",
	    "\"title\" OR \"x\" OR \"y\"", NULL },
	{ "a_word_twice_is_once", "Bot bot.", "\"Bot\"", NULL, NULL },
	{ "dashes_and_quotes_of_print",
	    "\xe2\x80\x9cset\xe2\x80\x9d\xe2\x80\x94up.", "\"set\" AND \"up\"",
	    "\"set\" OR \"up\"", NULL },
	{ "pictures_are_no_words", "bot \xf0\x9f\xa4\x96", "\"bot\"", NULL,
	    NULL },
};

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void
queries_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(65536);
		struct match match;

		match_build(&match, cases[i].query, arena);
		if (!is_same(match.all, cases[i].all) ||
		    !is_same(match.begun, cases[i].begun) ||
		    !is_same(match.any, cases[i].any) ||
		    !is_same(match.none, cases[i].none))
			fail_msg("%s: all=%s begun=%s any=%s none=%s",
			    cases[i].name, match.all, match.begun, match.any,
			    match.none);
	}
}

static sqlite3 *
open_table(void)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(
		db, "CREATE VIRTUAL TABLE t USING fts5(a)", NULL, NULL, NULL),
	    SQLITE_OK);
	return db;
}

static void
run(sqlite3 *db, const char *match)
{
	sqlite3_stmt *stmt;

	if (!match)
		return;
	assert_int_equal(
	    sqlite3_prepare_v2(
		db, "SELECT 1 FROM t WHERE t MATCH ?1", -1, &stmt, NULL),
	    SQLITE_OK);
	sqlite3_bind_text(stmt, 1, match, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) != SQLITE_DONE)
		fail_msg("%s: %s", match, sqlite3_errmsg(db));
	sqlite3_finalize(stmt);
}

/* Nothing that can be typed is a syntax error: each pair of odd pieces. */
static void
nothing_typed_is_syntax(void **state)
{
	static const char *const pieces[] = { "\"", "'", "(", ")", "*", "^",
		"-", "+", ":", "{", "}", "AND", "OR", "NOT", "NEAR(a b, 3)",
		"a:b", "x", " ", "\xff", "\xc3", "\xf0\x9f\x98\x80", "-\"",
		"\\", ";", "--", "rank", "a*b", "\xe2\x80\x94", "0" };
	sqlite3 *db = open_table();

	(void)state;
	for (size_t i = 0; i < N_OF(pieces) * N_OF(pieces) * N_OF(pieces);
	     i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(65536);
		struct match match;

		match_build(&match,
		    arena_printf(arena, "%s%s%s", pieces[i % N_OF(pieces)],
			pieces[i / N_OF(pieces) % N_OF(pieces)],
			pieces[i / N_OF(pieces) / N_OF(pieces)]),
		    arena);
		run(db, match.all);
		run(db, match.begun);
		run(db, match.any);
		run(db, match.none);
	}
	sqlite3_close(db);
}

static void
long_queries_are_bounded(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 20);
	AUTO(buf_release)
	struct buf query;
	struct match match;

	(void)state;
	buf_init(&query);
	for (int i = 0; i < 1000; i++)
		buf_addf(&query, "word%d ", i);
	match_build(&match, query.data, arena);
	assert_non_null(strstr(match.any, "\"word31\""));
	assert_null(strstr(match.any, "\"word32\""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries_are_understood),
		cmocka_unit_test(nothing_typed_is_syntax),
		cmocka_unit_test(long_queries_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
