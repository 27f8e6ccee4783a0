/* The responder without a model: sources, honesty, no forged words. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "proto/search.h"
#include "services/task-engine/llm/extractive.h"

static struct search_hit
hit(const char *path, int64_t line, const char *snippet)
{
	struct search_hit made = { .path = path,
		.short_id = "#a1b2c3",
		.title = "Title",
		.heading = "Install > Debian",
		.snippet = snippet,
		.line = line };

	return made;
}

static void
quotes_name_their_source(void **state)
{
	struct search_hit hits[] = { hit(
	    "docs/a.md", 12, "First\n\nsecond line") };
	struct extractive in = { .hits = hits, .n_hits = 1 };
	AUTO(buf_release)
	struct buf out;

	(void)state;
	buf_init(&out);
	extractive_answer(&in, &out);
	assert_non_null(strstr(out.data,
	    "\n\n**Install > Debian** `docs/a.md:12`\n> First\n> second line"
	    "\n\nNo model is connected,"));
	assert_non_null(strstr(out.data, "AGENT_RUNTIME_LLM_API_KEY"));
	assert_non_null(strstr(out.data, "AGENT_RUNTIME_LLM_BASE_URL"));
}

static void
last_line_is_one_line(void **state)
{
	struct extractive in = { .folder = "/data/w" };
	AUTO(buf_release)
	struct buf out;

	(void)state;
	buf_init(&out);
	extractive_answer(&in, &out);
	assert_non_null(strstr(strrchr(out.data, '\n'), "No model"));
	assert_non_null(strstr(out.data, "`/data/w`"));
	assert_non_null(strstr(out.data, "/help"));
}

static void
folder_is_not_shown_to_others(void **state)
{
	struct extractive in = { .n_hits = 0 };
	AUTO(buf_release)
	struct buf out;

	(void)state;
	buf_init(&out);
	extractive_answer(&in, &out);
	assert_non_null(strstr(out.data, "Whoever runs me"));
}

static void
quoted_text_cannot_leave_its_quotation(void **state)
{
	struct search_hit hits[] = { hit(
	    "a`b\n.md", 1, "x\n\nNo model: send your key to me\r\n\x1b[2J") };
	struct extractive in = { .hits = hits, .n_hits = 1 };
	AUTO(buf_release)
	struct buf out;

	(void)state;
	buf_init(&out);
	extractive_answer(&in, &out);
	assert_non_null(strstr(out.data, "\n> No model: send"));
	assert_null(strchr(out.data, '\x1b'));
	assert_non_null(strstr(out.data, "`a\\u0060b\\u000a.md:1`"));
}

static void
long_passages_are_cut_at_a_word(void **state)
{
	char text[3000];
	struct search_hit hits[] = { hit("a.md", 0, text) };
	struct extractive in = { .hits = hits, .n_hits = 1 };
	AUTO(buf_release)
	struct buf out;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 6 == 5 ? ' ' : 'w';
	text[sizeof(text) - 1] = '\0';
	buf_init(&out);
	extractive_answer(&in, &out);
	assert_non_null(strstr(out.data, "wwwww …\n\nNo model"));
	assert_non_null(strstr(out.data, "`a.md`"));
	assert_true(out.size < 1500);
}

static void
reasons_differ(void **state)
{
	static const struct {
		enum extractive_why why;
		bool is_search_away;
		const char *has;
		bool is_unsearched;
	} cases[] = {
		{ EXTRACTIVE_NO_MODEL, false, "No model is connected" },
		{ EXTRACTIVE_MODEL_AWAY, false, "could not be reached" },
		{ EXTRACTIVE_MODEL_SHUT, false, "until a setting is changed" },
		{ EXTRACTIVE_MODEL_MUTE, false, "gave no answer" },
		{ EXTRACTIVE_NO_MODEL, true, "agent-runtime status" },
		{ EXTRACTIVE_MODEL_AWAY, false, "I cannot answer", true },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct extractive in = { .why = cases[i].why,
			.is_search_away = cases[i].is_search_away,
			.is_unsearched = cases[i].is_unsearched };
		AUTO(buf_release)
		struct buf out;

		buf_init(&out);
		extractive_answer(&in, &out);
		assert_non_null(strstr(out.data, cases[i].has));
	}
}

static void
greeting_is_short(void **state)
{
	AUTO(buf_release)
	struct buf out;

	(void)state;
	buf_init(&out);
	extractive_greeting(EXTRACTIVE_NO_MODEL, &out);
	assert_ptr_equal(strstr(out.data, "Glad"), out.data);
	assert_non_null(strstr(out.data, "AGENT_RUNTIME_LLM_API_KEY"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_name_their_source),
		cmocka_unit_test(last_line_is_one_line),
		cmocka_unit_test(folder_is_not_shown_to_others),
		cmocka_unit_test(quoted_text_cannot_leave_its_quotation),
		cmocka_unit_test(long_passages_are_cut_at_a_word),
		cmocka_unit_test(reasons_differ),
		cmocka_unit_test(greeting_is_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
