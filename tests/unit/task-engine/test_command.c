/* Which texts are commands. */

#include "services/task-engine/conversation/command.h"

#include <string.h>

#include "libcommon/arena.h"
#include "tests/unit/unit.h"

static const struct {
	const char *claim;
	const char *text;
	bool is_addressed;
	enum command_id id;
	const char *argument;
} cases[] = {
	{ "slash in a group", "/status", false, COMMAND_STATUS, "" },
	{ "slash in a DM", "/status", true, COMMAND_STATUS, "" },
	{ "argument", "/task write a poem", false, COMMAND_TASK,
	    "write a poem" },
	{ "any case", "/SeArCh Tide", false, COMMAND_SEARCH, "Tide" },
	{ "white space around", " \n/open  a.md \t", false, COMMAND_OPEN,
	    "a.md" },
	{ "argument on the next line", "/task\nfirst\nsecond", false,
	    COMMAND_TASK, "first\nsecond" },
	{ "argument behind a tab", "/search\ttide", false, COMMAND_SEARCH,
	    "tide" },
	{ "no argument", "/task", false, COMMAND_TASK, "" },
	{ "our own name", "/status@harbour_bot", true, COMMAND_STATUS, "" },
	{ "another bot's name", "/status@other_bot", false, COMMAND_NONE, "" },
	{ "our name and an argument", "/task@harbour_bot row", true,
	    COMMAND_TASK, "row" },
	{ "unknown", "/frobnicate it", false, COMMAND_UNKNOWN, "it" },
	{ "argument behind a no-break space (G-23)", "/task\xc2\xa0row", false,
	    COMMAND_TASK, "row" },
	{ "a second name", "/start", true, COMMAND_HELP, "" },
	{ "fixed word with a full stop", "Status.", true, COMMAND_STATUS, "" },
	{ "fixed word in question", "status?", true, COMMAND_NONE, "" },
	{ "fixed word in quotes", "\"status\"", true, COMMAND_NONE, "" },
	{ "fixed word in code", "```status```", true, COMMAND_NONE, "" },
	{ "fixed word as a name", "@status", true, COMMAND_NONE, "" },
	{ "underscore is hyphen", "/he_lp", false, COMMAND_UNKNOWN, "" },
	{ "a path is a sentence", "/etc/passwd is short", true, COMMAND_NONE,
	    "" },
	{ "slash alone", "/", true, COMMAND_NONE, "" },
	{ "slash and blank", "/ status", true, COMMAND_NONE, "" },
	{ "smiley", "/o\\", true, COMMAND_NONE, "" },
	{ "fixed word alone", "status", true, COMMAND_STATUS, "" },
	{ "fixed word in capitals", " Help ", true, COMMAND_HELP, "" },
	{ "fixed word to nobody", "status", false, COMMAND_NONE, "" },
	{ "sentence with a fixed word", "status of the deploy?", true,
	    COMMAND_NONE, "" },
	{ "prompt to set", "/prompt set Be brief.\nAnd kind.", false,
	    COMMAND_PROMPT, "set Be brief.\nAnd kind." },
	{ "prompt with fixed words", "prompt show", true, COMMAND_PROMPT,
	    "show" },
	{ "prompt with a text needs the slash", "prompt set Be brief.", true,
	    COMMAND_NONE, "" },
	{ "sentence with prompt", "prompt replies are nice", true, COMMAND_NONE,
	    "" },
	{ "sentence with task", "task force meets at nine", true, COMMAND_NONE,
	    "" },
	{ "sentence with open", "open source is great", true, COMMAND_NONE,
	    "" },
	{ "sentence with search", "search for the keys", true, COMMAND_NONE,
	    "" },
	{ "task alone needs the slash", "task", true, COMMAND_NONE, "" },
	{ "quoted command", "> /status", true, COMMAND_NONE, "" },
	{ "command in a sentence", "type /status there", true, COMMAND_NONE,
	    "" },
	{ "empty", "", true, COMMAND_NONE, "" },
	{ "copied from an answer", "/\xe2\x81\xa0status", true, COMMAND_STATUS,
	    "" },
	{ "letters that fold longer", "/\xc8\xba", true, COMMAND_NONE, "" },
	{ "a name without end",
	    "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true,
	    COMMAND_NONE, "" },
};

static void
texts_are_what_the_table_says(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 16);

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct command got;

		command_parse(
		    &got, cases[i].text, cases[i].is_addressed, arena);
		if (got.id != cases[i].id)
			fail_msg("%s: command %d, wanted %d", cases[i].claim,
			    got.id, cases[i].id);
		assert_string_equal(got.argument, cases[i].argument);
	}
}

static bool
is_name(const char *text)
{
	size_t size = strlen(text);

	/* Discord's and, with '_', Telegram's rule. */
	return size > 0 && size <= 32 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz_-") == size;
}

static void
rows_are_fit_for_platforms(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_command_rows; i++) {
		const struct command_row *row = &command_rows[i];

		assert_ptr_equal(command_find(row->id), row);
		assert_true(is_name(row->name));
		assert_true(strlen(row->help) <= COMMAND_MENU_MAX);
		assert_true(strlen(row->menu_help) <= COMMAND_MENU_MAX);
		assert_int_equal(*row->argument != 0, *row->menu_argument != 0);
		assert_int_equal(*row->argument != 0, *row->menu_help != 0);
		assert_true(!*row->argument || is_name(row->menu_argument));
		assert_true(*row->argument || !row->needs_argument);
	}
}

static void
every_row_is_reached_by_its_names(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < n_command_rows; i++) {
		const struct command_row *row = &command_rows[i];
		const char *names[] = { row->name, row->alias };

		for (size_t n = 0; n < N_OF(names); n++) {
			struct command got;

			if (!*names[n])
				continue;
			command_parse(&got,
			    arena_printf(arena, "/%s", names[n]), false, arena);
			assert_int_equal(got.id, row->id);
		}
	}
}

static void
what_needs_the_slash_is_words_without_it(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (size_t i = 0; i < n_command_rows; i++) {
		const struct command_row *row = &command_rows[i];
		struct command got;

		command_parse(&got, row->name, true, arena);
		assert_int_equal(got.id,
		    row->bare && !row->needs_argument ? row->id : COMMAND_NONE);
		command_parse(&got,
		    arena_printf(arena, "%s of the old harbour", row->name),
		    true, arena);
		assert_int_equal(got.id, COMMAND_NONE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_what_the_table_says),
		cmocka_unit_test(rows_are_fit_for_platforms),
		cmocka_unit_test(every_row_is_reached_by_its_names),
		cmocka_unit_test(what_needs_the_slash_is_words_without_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
