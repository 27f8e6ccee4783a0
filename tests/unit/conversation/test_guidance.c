/* Questions about commands. */

#include "services/task-engine/conversation/guidance.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "services/task-engine/conversation/intent.h"
#include "tests/unit/unit.h"

static const struct {
	const char *text;
	enum guidance guidance;
} cases[] = {
	{ "How can I ask you to show pending approvals?",
	    GUIDANCE_PLAIN_WORDS },
	{ "can I see pending actions without using slash commands",
	    GUIDANCE_PLAIN_WORDS },
	{ "pending actions in plain language please", GUIDANCE_PLAIN_WORDS },
	{ "how to see pending approvals", GUIDANCE_PLAIN_WORDS },
	{ "there are many pending approvals", GUIDANCE_PRIORITIES },
	{ "pending actions pile up, what should I do first?",
	    GUIDANCE_PRIORITIES },
	{ "what command shows pending actions?", GUIDANCE_PENDING },
	{ "which command lists pending approvals", GUIDANCE_PENDING },
	{ "what is the exact next command for approval?", GUIDANCE_NEXT },
	{ "what should I run to approve this?", GUIDANCE_NEXT },
	{ "tell me the command to approve", GUIDANCE_NEXT },
	{ "if approval is needed, what then", GUIDANCE_NEXT },
	{ "what command opens a file?", GUIDANCE_NONE },
	{ "show pending actions", GUIDANCE_NONE },
	{ "which commander?", GUIDANCE_NONE },
	{ "he asked \"what command approves it\"", GUIDANCE_NONE },
	{ "", GUIDANCE_NONE },
};

static void
questions_are_what_the_table_says(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(8 << 20);

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		const struct intent_ask ask = {
			.text = cases[i].text, .self = "", .is_addressed = true
		};
		struct intent got;

		intent_parse(&got, &ask, arena);
		if (got.guidance != cases[i].guidance)
			fail_msg("%s: %d", cases[i].text, got.guidance);
		assert_true(got.guidance == GUIDANCE_NONE ||
			    got.command.id == COMMAND_NONE);
	}
}

static const char *const one[] = { "act_9f3c" };
static const char *const two[] = { "act_9f3c", "act_1234" };

static const struct {
	const char *claim;
	enum guidance guidance;
	struct guidance_facts facts;
	const char *has, *has_not;
} replies[] = {
	{ "in plain words", GUIDANCE_PLAIN_WORDS, { NULL, 0, false, false },
	    "show me pending approvals", "Access denied" },
	{ "which first", GUIDANCE_PRIORITIES, { NULL, 0, false, false },
	    "Prioritize", "Access denied" },
	{ "which lists them", GUIDANCE_PENDING, { NULL, 0, false, false },
	    "/pending-actions", "Access denied" },
	{ "none is pending", GUIDANCE_NEXT, { NULL, 0, true, true },
	    "/approve-action <action-id>", "act_" },
	{ "several are", GUIDANCE_NEXT, { two, 2, true, true },
	    "/pending-actions", "act_" },
	{ "one, and the asker decides", GUIDANCE_NEXT, { one, 1, true, true },
	    "Run `/approve-action act_9f3c`", "pair" },
	{ "one, and the asker is no admin", GUIDANCE_NEXT,
	    { one, 1, true, false }, "Ask an admin", "pair" },
	{ "one, and the asker is not linked", GUIDANCE_NEXT,
	    { one, 1, false, false }, "`pair`", "Ask an admin" },
};

static void
replies_say_what_the_table_says(void **state)
{
	AUTO(buf_release)
	struct buf out = { 0 };

	(void)state;
	buf_init(&out);
	for (size_t i = 0; i < N_OF(replies); i++) {
		buf_reset(&out);
		guidance_say(&out, replies[i].guidance, &replies[i].facts);
		if (!strstr(out.data, replies[i].has) ||
		    strstr(out.data, replies[i].has_not))
			fail_msg("%s: %s", replies[i].claim, out.data);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_are_what_the_table_says),
		cmocka_unit_test(replies_say_what_the_table_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
