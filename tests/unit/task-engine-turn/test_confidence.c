/* How sure a model says it is, and what people are shown of that. */

#include "services/task-engine/knowledge/confidence.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "tests/unit/unit.h"

static const struct {
	const char *text;
	int64_t value;
} numbers[] = {
	{ "0", 0 },
	{ "1", 1000 },
	{ "1.0", 1000 },
	{ "0.35", 350 },
	{ ".5", 500 },
	{ "0.05", 50 },
	{ "0.0009", 0 },
	{ "35%", 350 },
	{ "99.9%", 999 },
	{ "100%", 1000 },
	{ "1.1", CONFIDENCE_UNSAID },
	{ "35", CONFIDENCE_UNSAID },
	{ "101%", CONFIDENCE_UNSAID },
	{ "-1", CONFIDENCE_UNSAID },
	{ "", CONFIDENCE_UNSAID },
	{ ".", CONFIDENCE_UNSAID },
	{ "%", CONFIDENCE_UNSAID },
	{ "0.5x", CONFIDENCE_UNSAID },
	{ "high", CONFIDENCE_UNSAID },
	{ "99999999999999999999", CONFIDENCE_UNSAID },
};

static void
numbers_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(numbers); i++)
		if (confidence_parse(numbers[i].text) != numbers[i].value)
			fail_msg("%s", numbers[i].text);
}

static const struct {
	const char *text, *shown; /* NULL: as it was */
	int64_t value;
} answers[] = {
	{ "At seven.\nconfidence: 0.9", "At seven.", 900 },
	{ "At seven.\n\n**Confidence:** 90%\n", "At seven.", 900 },
	{ "At seven.\r\nCONFIDENCE = 0.9\r\n", "At seven.", 900 },
	{ "`confidence: 0.2`", "", 200 },
	{ "", NULL, CONFIDENCE_UNSAID },
	{ "At seven.", NULL, CONFIDENCE_UNSAID },
	{ "confidence: 0.9\nAt seven.", "At seven.", 900 },
	{ "**Confidence:** 0.9\n\nAt\nseven.", "At\nseven.", 900 },
	{ "confidence: 0.9\nAt seven.\nconfidence: 0.2", "At seven.", 200 },
	{ "confidence: 0.1\nAt seven.\nconfidence: 0.2", "At seven.", 100 },
	{ "Well.\nconfidence: 0.9\nAt seven.", NULL, CONFIDENCE_UNSAID },
	{ "My confidence: 0.9", NULL, CONFIDENCE_UNSAID },
	{ "At seven. confidence: 0.9", NULL, CONFIDENCE_UNSAID },
	{ "confidence: high", NULL, CONFIDENCE_UNSAID },
	{ "confidence", NULL, CONFIDENCE_UNSAID },
	{ "```\nconfidence: 0.9\n```", NULL, CONFIDENCE_UNSAID },
	{ "confidence: 0.9, because it is written in two places", NULL,
	    CONFIDENCE_UNSAID },
};

static void
only_the_last_line_says_it(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(65536);

	(void)state;
	for (size_t i = 0; i < N_OF(answers); i++) {
		const char *text = answers[i].text;
		const char *want =
		    answers[i].shown ? answers[i].shown : answers[i].text;

		if (confidence_take(&text, arena) != answers[i].value ||
		    strcmp(text, want) != 0)
			fail_msg("%s: %s", answers[i].text, text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read),
		cmocka_unit_test(only_the_last_line_says_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
