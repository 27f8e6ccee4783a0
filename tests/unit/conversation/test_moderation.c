/* What a reported message looks like to moderators. */

#include "services/task-engine/conversation/moderation.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "tests/unit/unit.h"

#define LOW MODERATION_LOW
#define MEDIUM MODERATION_MEDIUM
#define HIGH MODERATION_HIGH
#define CRITICAL MODERATION_CRITICAL

/* The predecessor's words, and what it found in parts of words. */
static const struct {
	const char *text;
	enum moderation_severity severity;
	const char *labels; /* with commas between */
} cases[] = {
	{ "", LOW, "" },
	{ "good morning", LOW, "" },
	{ "I will kill you", CRITICAL, "violence" },
	{ "just kill yourself", CRITICAL, "violence,self-harm" },
	{ "\"kill them all\", he wrote", CRITICAL, "violence" },
	{ "I'll dox him", CRITICAL, "doxxing" },
	{ "they swatted her", CRITICAL, "doxxing" },
	{ "thoughts of suicide", CRITICAL, "self-harm" },
	{ "about self-harm", CRITICAL, "self-harm" },
	{ "a bomb in the hall", CRITICAL, "violence" },
	{ "shoot them", CRITICAL, "violence" },
	{ "I hate you", HIGH, "hate" },
	{ "that was a slur", HIGH, "hate" },
	{ "he keeps HARASSING me", HIGH, "harassment" },
	{ "she is stalking him", HIGH, "harassment" },
	{ "abusive words", HIGH, "abuse" },
	{ "what a spammer", MEDIUM, "spam" },
	{ "claim the airdrop, DM me", MEDIUM, "scam" },
	{ "free nitro here", MEDIUM, "scam" },
	{ "crypto signals inside", MEDIUM, "scam" },
	{ "spam, and I will shoot you", CRITICAL, "violence,spam" },

	{ "kill the server and start it again", LOW, "" },
	{ "a screenshot of it", LOW, "" },
	{ "bombastic skills", LOW, "" },
	{ "whatever you like", LOW, "" },
	{ "I hate this bug", LOW, "" },
	{ "swathes of paradox", LOW, "" },
	{ "\xff\xfe\xc3", LOW, "" },
};

static void
messages_are_judged_by_their_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		AUTO(buf_release)
		struct buf labels = { 0 };
		struct moderation found;

		buf_init(&labels);
		moderation_judge(&found, cases[i].text);
		for (size_t k = 0; k < found.n_labels; k++)
			buf_addf(
			    &labels, "%s%s", k ? "," : "", found.labels[k]);
		if (found.severity != cases[i].severity ||
		    strcmp(labels.data, cases[i].labels) != 0)
			fail_msg("%s: %s %s", cases[i].text,
			    moderation_steps[found.severity].name, labels.data);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_judged_by_their_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
