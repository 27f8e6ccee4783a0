/* What people type, as FTS5 expressions. */

#include "tests/unit/unit.h"

#include <sqlite3.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "services/indexer/match.h"
#include "services/indexer/tokens.h"

static const struct {
	const char *name, *query, *best, *none, *begun;
} cases[] = {
	{ "nothing", "", NULL, NULL, NULL },
	{ "only_signs", " ?! -- \" ... ", NULL, NULL, NULL },
	{ "one_word", "telegram ", "\"telegram\"", NULL, NULL },
	{ "last_word_is_a_beginning", "tele", "\"tele\"", NULL, "\"tele\"*" },
	{ "short_last_word_is_whole", "ab", "\"ab\"", NULL, NULL },
	{ "characters_count_not_bytes", "\xc3\xa9\xc3\xa9",
	    "\"\xc3\xa9\xc3\xa9\"", NULL, NULL },
	{ "a_finished_word_is_whole", "telegram?", "\"telegram\"", NULL, NULL },
	{ "several_words", "connect bot.", "\"connect\" OR \"bot\"", NULL,
	    NULL },
	{ "last_of_several", "new bott", "\"new\" OR \"bott\"", NULL,
	    "\"new\" OR \"bott\"*" },
	{ "common_words_say_nothing", "How do I connect the bot?",
	    "\"connect\" OR \"bot\"", NULL, NULL },
	{ "common_words_alone_do", "how to ", "\"how\" OR \"to\"", NULL, NULL },
	{ "common_beside_what_is_left_out", "the -bot", "\"the\"", "\"bot\"",
	    NULL },
	{ "a_phrase_must_be_there", "\"set up\" bot.",
	    "\"set up\" AND (\"set up\" OR \"bot\")", NULL, NULL },
	{ "a_phrase_of_common_words", "\"to be\" bot.",
	    "\"to be\" AND (\"to be\" OR \"bot\")", NULL, NULL },
	{ "two_phrases", "\"set up\" \"my bot\"", "\"set up\" AND \"my bot\"",
	    NULL, NULL },
	{ "a_phrase_without_end", "\"set up", "\"set up\"", NULL, NULL },
	{ "a_phrase_that_goes_on", "\"set u\"*", "\"set u\"*", NULL, NULL },
	{ "left_out", "bot -mail", "\"bot\"", "\"mail\"", NULL },
	{ "left_out_phrase", "bot. -\"e mail\" -fax", "\"bot\"",
	    "\"e mail\" OR \"fax\"", NULL },
	{ "left_out_whole", "bot. -e-mail", "\"bot\"", "\"e-mail\"", NULL },
	{ "only_left_out_finds_nothing", "-mail", NULL, NULL, NULL },
	{ "a_star_makes_a_beginning", "te* bot.", "\"te\"* OR \"bot\"", NULL,
	    NULL },
	{ "a_star_within", "te*le.", "\"te\"* OR \"le\"", NULL, NULL },
	{ "a_hyphen_within_a_word", "e-mail.", "\"e\" OR \"mail\"", NULL,
	    NULL },
	{ "an_option_is_a_word", "--help.", "\"help\"", NULL, NULL },
	{ "a_dash_alone", "x - b", "\"x\" OR \"b\"", NULL, NULL },
	{ "operators_are_words", "x AND NOT NEAR", "\"x\" OR \"NEAR\"", NULL,
	    "\"x\" OR \"NEAR\"*" },
	{ "column_filters_are_words", "{title}: x+ ^y",
	    "\"title\" OR \"x\" OR \"y\"", NULL, NULL },
	{ "a_word_twice_is_once", "Bot bot.", "\"Bot\"", NULL, NULL },
	{ "dashes_and_quotes_of_print",
	    "\xe2\x80\x9cset\xe2\x80\x9d\xe2\x80\x94open.",
	    "\"set\" OR \"open\"", NULL, NULL },
	{ "pictures_are_no_words", "bot \xf0\x9f\xa4\x96", "\"bot\"", NULL,
	    NULL },
	{ "pairs_of_what_has_no_spaces", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
	    "\"\xe6\x97\xa5\xe6\x9c\xac\" OR \"\xe6\x9c\xac\xe8\xaa\x9e\"",
	    NULL, NULL },
	{ "one_sign_begins_a_pair", "\xe6\x97\xa5", "\"\xe6\x97\xa5\"*", NULL,
	    NULL },
	{ "scripts_side_by_side", "Docker\xe5\xae\xb9\xe5\x99\xa8",
	    "\"Docker\" OR \"\xe5\xae\xb9\xe5\x99\xa8\"", NULL, NULL },
	{ "ideographic_punctuation",
	    "\xe5\xae\xb9\xe5\x99\xa8\xe3\x80\x82\xef\xbc\x81",
	    "\"\xe5\xae\xb9\xe5\x99\xa8\"", NULL, NULL },
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
		if (!is_same(match.best, cases[i].best) ||
		    !is_same(match.begun, cases[i].begun) ||
		    !is_same(match.none, cases[i].none))
			fail_msg("%s: best=%s begun=%s none=%s", cases[i].name,
			    match.best, match.begun, match.none);
	}
}

static void
names_are_no_questions(void **state)
{
	static const struct {
		const char *query;
		bool is_question;
	} rows[] = {
		{ "telegram", false },
		{ "pairing code", false },
		{ "import/no-cycle", false },
		{ "AGENT_RUNTIME_HTTP_ADDR variable", false },
		{ "how do I get a token?", true },
		{ "(docker) run", false },
		{ "two modules that need each other", true },
		{ "pairing code lost", true },
		{ "bot bot bot", false },
		{ "a phrase \"of many more words than two\"", false },
		{ "bot -one -two -three", false },
		{ "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", false },
		{ "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xa7", true },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(65536);
		struct match match;

		match_build(&match, rows[i].query, arena);
		if (match.is_question != rows[i].is_question)
			fail_msg("%s", rows[i].query);
	}
}

static sqlite3 *
open_table(void)
{
	struct err err;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(tokens_register(db, &err), 0);
	assert_int_equal(
	    sqlite3_exec(db,
		"CREATE VIRTUAL TABLE t USING fts5(a, tokenize = 'words')",
		NULL, NULL, NULL),
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
		"\\", ";", "--", "rank", "a*b", "\xe2\x80\x94", "0",
		"\xe6\x97\xa5" };
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
		run(db, match.best);
		run(db, match.begun);
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
	assert_non_null(strstr(match.best, "\"word31\""));
	assert_null(strstr(match.best, "\"word32\""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries_are_understood),
		cmocka_unit_test(names_are_no_questions),
		cmocka_unit_test(nothing_typed_is_syntax),
		cmocka_unit_test(long_queries_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
