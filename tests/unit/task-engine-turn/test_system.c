/* The system message: its order, what is cut for its budget, and how. */

#include "services/task-engine/knowledge/system.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "tests/unit/unit.h"

enum { ITEM_BYTES = 4000, N_ITEMS = 10 };

/* All parts at all their levels, in the order in which they are gathered; the
 * last character of a text tells which it is. */
static const struct {
	enum system_part part;
	const char *label;
	char mark;
} all[N_ITEMS] = {
	{ SYSTEM_BASELINE, "", 'b' },
	{ SYSTEM_PROMPT_FILE, "For everybody", '1' },
	{ SYSTEM_PROMPT_FILE, "Override of this workspace", '2' },
	{ SYSTEM_PROMPT_FILE, "Override of this conversation", '3' },
	{ SYSTEM_POLICY, "", 'p' },
	{ SYSTEM_SOUL_FILE, "For everybody", '4' },
	{ SYSTEM_SOUL_FILE, "Override of this workspace", '5' },
	{ SYSTEM_SOUL_FILE, "Override of this conversation", '6' },
	{ SYSTEM_SKILL, "first.md", 'x' },
	{ SYSTEM_SKILL, "second.md", 'y' },
};

struct texts {
	struct system_item items[N_ITEMS];
	char bytes[N_ITEMS][ITEM_BYTES + 1];
};

static struct system_in
everything(struct texts *texts, size_t max_bytes)
{
	for (size_t i = 0; i < N_ITEMS; i++) {
		memset(texts->bytes[i], '=', ITEM_BYTES);
		texts->bytes[i][ITEM_BYTES - 1] = all[i].mark;
		texts->bytes[i][ITEM_BYTES] = '\0';
		texts->items[i] = (struct system_item){ all[i].part,
			all[i].label, texts->bytes[i], "", false };
	}
	return (struct system_in){
		.items = texts->items,
		.n_items = N_ITEMS,
		.fence = "00c0ffee00c0ffee",
		.now_ms = INT64_C(1790000000000),
		.max_bytes = max_bytes,
	};
}

/* The marks of what stands there whole, in order; R: our rules. */
static void
read_marks(const char *text, char *out)
{
	for (const char *p = text; *p; p++) {
		size_t n = strspn(p, "=");

		if (strncmp(p, "Rules of this program", 21) == 0)
			*out++ = 'R';
		if (n == 0)
			continue;
		assert_int_equal(n, ITEM_BYTES - 1);
		p += n;
		*out++ = *p;
	}
	*out = '\0';
}

static size_t
rules_size(void)
{
	struct system_in in = { .fence = "00c0ffee00c0ffee" };
	AUTO(buf_release)
	struct buf out = { 0 };

	buf_init(&out);
	assert_int_equal(system_prompt(&in, &out), 0);
	return out.size;
}

static const struct {
	const char *claim;
	size_t room; /* beside the rules, in items; headings are below one */
	const char *want;
} budgets[] = {
	{ "everything fits, in the documented order", 11, "b123p456Rxy" },
	{ "what was found last goes first", 10, "b123p456Rx" },
	{ "then all skills", 9, "b123p456R" },
	{ "of SOUL files what is overridden", 7, "b123p6R" },
	{ "before any prompt file all of SOUL", 6, "b123pR" },
	{ "of prompt files what is overridden", 4, "b3pR" },
	{ "what /prompt set outlasts files", 3, "bpR" },
	{ "the baseline goes last", 2, "bR" },
	{ "our rules stay whatever the budget", 0, "R" },
};

/* G-70, G-71: never in the middle, never our rules. */
static void
whole_items_are_cut_by_priority(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(budgets); i++) {
		struct texts texts;
		struct system_in in = everything(
		    &texts, rules_size() + budgets[i].room * ITEM_BYTES);
		AUTO(buf_release)
		struct buf out = { 0 };
		char got[64];
		size_t n_left_out;

		buf_init(&out);
		n_left_out = system_prompt(&in, &out);
		read_marks(out.data, got);
		if (strcmp(got, budgets[i].want) != 0)
			fail_msg("%s: got %s", budgets[i].claim, got);
		assert_int_equal(n_left_out + strlen(got), N_ITEMS + 1);
		if (budgets[i].room > 0)
			assert_true(out.size <= in.max_bytes);
	}
}

static void
overrides_are_labelled_and_headings_need_items(void **state)
{
	struct system_item items[] = {
		{ SYSTEM_BASELINE, "", "You assist.", "", false },
		{ SYSTEM_PROMPT_FILE, "Override of this workspace",
		    "100 % kind: %s %n", "", false },
		{ SYSTEM_SKILL, "a.md", "Do a.", "", false },
	};
	struct system_in in = { .items = items,
		.n_items = N_OF(items),
		.fence = "00c0ffee00c0ffee",
		.max_bytes = 8000 };
	AUTO(buf_release)
	struct buf out = { 0 };

	(void)state;
	buf_init(&out);
	assert_int_equal(system_prompt(&in, &out), 0);
	/* Texts are no format strings (G-39). */
	assert_ptr_equal(
	    strstr(out.data, "You assist.\n\nSystem prompt directives:\n\n"
			     "Override of this workspace:\n100 % kind: %s %n"
			     "\n\nRules of this program"),
	    out.data);
	assert_non_null(strstr(out.data, "[00c0ffee00c0ffee …]"));
	assert_non_null(strstr(out.data, "It is 1970-01-01T"));
	assert_null(strstr(out.data, "SOUL"));
	assert_null(strstr(out.data, "admins"));
	assert_string_equal(
	    out.data + out.size - strlen("a.md:\nDo a."), "a.md:\nDo a.");
}

static const struct {
	const char *claim, *text;
	size_t max;
	const char *want;
} cuts[] = {
	{ "what fits stays", "One. Two.", 9, "One. Two." },
	{ "after a sentence", "One is here. Two is there.", 20,
	    "One is here." },
	{ "a sentence that ends at the limit", "One. Two. Three.", 9,
	    "One. Two." },
	{ "not behind an abbreviation", "Use e.g. grep for it, always.", 20,
	    "" },
	{ "a decimal point is none", "Version 1.2 is out", 12, "" },
	{ "a wrapped line is in mid-sentence", "One\ntwo three", 8, "" },
	{ "paragraphs", "One\n\nTwo three", 8, "One" },
	{ "lines of a list", "- one\n- two\n- three", 13, "- one\n- two" },
	{ "before a heading", "one\n# Two\nthree", 11, "one" },
	{ "a block of code goes whole", "Run.\n```\na. B\nb\n```\nThen go.", 25,
	    "Run.\n```\na. B\nb\n```" },
	{ "or not at all", "Run.\n```\na. B\n\nb\n```\nThen.", 16, "Run." },
	{ "no code point is split", "Da. \xc3\xa4\xc3\xa4\xc3\xa4", 7, "Da." },
	{ "nothing whole", "abcdefgh", 4, "" },
};

static void
texts_are_cut_where_something_ends(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(4096);

	(void)state;
	for (size_t i = 0; i < N_OF(cuts); i++) {
		const char *got =
		    system_shorten(cuts[i].text, cuts[i].max, arena);

		if (strcmp(got, cuts[i].want) != 0)
			fail_msg("%s: got \"%s\"", cuts[i].claim, got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_items_are_cut_by_priority),
		cmocka_unit_test(
		    overrides_are_labelled_and_headings_need_items),
		cmocka_unit_test(texts_are_cut_where_something_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
