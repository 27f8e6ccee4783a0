/* How messages become words, and what patterns fit them. */

#include "services/task-engine/conversation/speech.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "tests/unit/unit.h"

/* The words: "quoted" ones in (), mentions with @, the mark behind. */
static const struct {
	const char *claim;
	const char *text;
	const char *words;
} texts[] = {
	{ "ASCII is folded", "Approve IT", "approve it" },
	{ "apostrophes go", "Don't, I can\xe2\x80\x99t", "dont, i cant" },
	{ "marks stay", "Yes. No! Why? a, b: c; d - e\nf",
	    "yes. no! why? a, b: c; d- e\n f" },
	{ "the stronger mark counts", "what,? no.\n", "what? no." },
	{ "other scripts are words", "\xc3\x84rger \xd0\xb4\xd0\xb0",
	    "\xc3\x84rger \xd0\xb4\xd0\xb0" },
	{ "emoji part words", "yes\xf0\x9f\x91\x8d\xef\xb8\x8fno", "yes no" },
	{ "no-break spaces part words",
	    "a\xc2\xa0"
	    "b\xe3\x80\x80"
	    "c",
	    "a b c" },
	{ "wide marks", "ok\xef\xbc\x9f ja\xe3\x80\x82", "ok? ja." },
	{ "paths are one word", "open docs/a-b.md, #a1b2 ./x.md",
	    "open docs/a-b.md, #a1b2 ./x.md" },
	{ "ids are one word", "act_1f-2a task-9f", "act_1f-2a task-9f" },
	{ "URLs are one word", "see https://a.b/c?d=e. ok",
	    "see https://a.b/c?d=e. ok" },
	{ "a colon parts", "action:act_1", "action: act_1" },
	{ "double quotes", "he said \"approve it\" once",
	    "he said (approve) (it) once" },
	{ "curly quotes",
	    "said \xe2\x80\x9c"
	    "do it\xe2\x80\x9d ok",
	    "said (do) (it) ok" },
	{ "low and high quotes", "\xe2\x80\x9eja\xe2\x80\x9c nein",
	    "(ja) nein" },
	{ "guillemets", "\xc2\xabok\xc2\xbb no", "(ok) no" },
	{ "single quotes", "say 'do it' now", "say (do) (it) now" },
	{ "a plural's apostrophe quotes nothing", "users' logs", "users logs" },
	{ "nor does one that nothing ends", "'tis so", "tis so" },
	{ "inches quote nothing", "a 5\" screen now", "a 5 screen now" },
	{ "a quote without end goes on", "x \"approve it", "x (approve) (it)" },
	{ "back-ticks", "open `a.md` now", "open (a.md) now" },
	{ "quoted lines are left out", "> approve it\nno\n  > yes", "no\n" },
	{ "all that follows is quoted", ">>> approve it\nno", "" },
	{ "a comparison is none", "a > b", "a b" },
	{ "code is left out", "run\n```\napprove it\n```\nok", "run\n ok" },
	{ "code within a line too", "run ```approve it``` ok", "run\n ok" },
	{ "code without end", "no ```approve it", "no\n" },
	{ "tilde fences", "no\n~~~\napprove it\n~~~\nok", "no\n ok" },
	{ "mentions", "@bot <@!42> hi a@b", "@bot @42 hi a @b" },
	{ "signs alone are nothing", "\xf0\x9f\x91\x8d !?", "" },
	{ "empty", "", "" },
};

static void
texts_have_the_words_of_the_table(void **state)
{
	AUTO(buf_release)
	struct buf got = { 0 };
	AUTO(arena_free)
	struct arena *arena = arena_new(8 << 20);

	(void)state;
	buf_init(&got);
	for (size_t i = 0; i < N_OF(texts); i++) {
		struct speech s;

		speech_read(&s, texts[i].text, arena);
		buf_reset(&got);
		for (size_t w = 0; w < s.n_words; w++) {
			const struct said *word = &s.words[w];

			buf_addf(&got, "%s%s%s%s%s", w ? " " : "",
			    word->is_mention ? "@" : "",
			    word->is_quoted ? "(" : "", word->text,
			    word->is_quoted ? ")" : "");
			if (word->mark)
				buf_addc(&got, word->mark);
		}
		if (strcmp(got.data, texts[i].words) != 0)
			fail_msg("%s: \"%s\"", texts[i].claim, got.data);
	}
}

static const struct {
	const char *claim;
	const char *text, *pattern;
	size_t n;
} patterns[] = {
	{ "words", "approve it now", "approve it", 2 },
	{ "whole words", "approved it", "approve it", 0 },
	{ "alternatives", "deny that", "approve|deny it|that", 2 },
	{ "optional and there", "the last action", "the? last action", 3 },
	{ "optional and not there", "last action", "the? last action", 2 },
	{ "optional at the end", "approve", "approve it?", 1 },
	{ "optional that must give way", "the the", "the? the? the", 2 },
	{ "only optional ones are nothing", "x", "a? b?", 0 },
	{ "beginning", "harassment", "harass*", 1 },
	{ "drawn out", "okkkk", "ok+", 1 },
	{ "not drawn out otherwise", "okra", "ok+", 0 },
	{ "not over a sentence's end", "approve. it", "approve it", 0 },
	{ "over a comma", "approve, it", "approve it", 2 },
	{ "quoted words are not said", "\"approve it\"", "approve it", 0 },
	{ "but they can be named", "approve \"act_12ab\"", "approve <action>",
	    2 },
	{ "mentions are not said", "@approve it", "approve it", 0 },
	{ "action", "ACT_12AB", "<action>", 1 },
	{ "no action", "act_12", "<action>", 0 },
	{ "task", "9f3c", "<task>", 1 },
	{ "objective's task", "task-abcd", "<task>", 1 },
	{ "no task", "face", "<task>", 0 },
	{ "token", "ABCDEF1234", "<token>", 1 },
	{ "no token (G-27)", "immediately", "<token>", 0 },
	{ "role", "Admin", "<role>", 1 },
	{ "no role", "guest", "<role>", 0 },
	{ "due", "1h30m", "<due>", 1 },
	{ "no due", "2weeks", "<due>", 0 },
	{ "document", "Docs/A.md", "<document>", 1 },
	{ "short id", "#a1b2c3", "<document>", 1 },
	{ "no document", "source", "<document>", 0 },
	{ "site", "example.org", "<site>", 1 },
	{ "no site", "3.5", "<site>", 0 },
};

static void
patterns_fit_as_the_table_says(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(8 << 20);

	(void)state;
	for (size_t i = 0; i < N_OF(patterns); i++) {
		struct speech s;
		size_t n;

		speech_read(&s, patterns[i].text, arena);
		n = speech_match(&s, 0, patterns[i].pattern);
		if (n != patterns[i].n)
			fail_msg("%s: %zu words", patterns[i].claim, n);
		/* Who looks at the first letters only misses nothing. */
		if (n > 0 && !speech_may_begin(
				 &s, 0, speech_initials(patterns[i].pattern)))
			fail_msg("%s: is passed over", patterns[i].claim);
	}
}

/* G-11: U+023A is shorter than its lower-case form. */
static void
offsets_are_those_of_the_message(void **state)
{
	static const char text[] =
	    "\xc8\xba\xc8\xba\xc8\xba\xc8\xba \xc4\xb0 Set PROMPT to \xc8\xba!";
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 20);
	struct speech s;

	(void)state;
	speech_read(&s, text, arena);
	assert_int_equal(s.n_words, 6);
	assert_memory_equal(text + s.words[3].at, "PROMPT", 6);
	assert_string_equal(speech_rest(&s, 5, arena), "\xc8\xba!");
}

static void
long_messages_are_cut(void **state)
{
	AUTO(buf_release)
	struct buf text = { 0 };
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 20);
	struct speech s;

	(void)state;
	buf_init(&text);
	for (int i = 0; i < SPEECH_MAX_WORDS; i++)
		buf_adds(&text, "a ");
	speech_read(&s, text.data, arena);
	assert_int_equal(s.n_words, SPEECH_MAX_WORDS);
	buf_adds(&text, "b");
	speech_read(&s, text.data, arena);
	assert_int_equal(s.n_words, SPEECH_MAX_WORDS);
	assert_true(s.is_cut);
}

static void
white_space_is_also_unicodes(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 20);
	static const char text[] =
	    "\xe2\x80\x83\xc2\xa0 a b\xe2\x80\xa8 \xe3\x80\x80";

	(void)state;
	assert_string_equal(speech_trim(text, sizeof(text) - 1, arena), "a b");
	assert_string_equal(speech_trim(" \n", 2, arena), "");
	assert_int_equal(speech_space("\xe2\x80\x8b"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_have_the_words_of_the_table),
		cmocka_unit_test(patterns_fit_as_the_table_says),
		cmocka_unit_test(offsets_are_those_of_the_message),
		cmocka_unit_test(long_messages_are_cut),
		cmocka_unit_test(white_space_is_also_unicodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
