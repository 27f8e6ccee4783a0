/* Which texts are commands. */

#include "services/task-engine/conversation/command.h"

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

static void
every_command_has_a_row(void **state)
{
	(void)state;
	for (unsigned id = COMMAND_HELP; id < COMMAND_ID_COUNT; id++)
		assert_int_equal(command_find((enum command_id)id)->id, id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_what_the_table_says),
		cmocka_unit_test(every_command_has_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
