/* What an answer may propose: blocks, fields, and the bytes that run. */

#include "services/task-engine/approvals/proposal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/fence.h"
#include "libcommon/json.h"
#include "services/task-engine/approvals/canonical.h"
#include "services/task-engine/approvals/tell.h"
#include "services/task-engine/store/actions.h"
#include "tests/unit/unit.h"

static struct arena *arena;

#define LS "{\"type\":\"run_command\",\"target\":\"ls\"}"
#define FENCE "```action\n" LS "\n```"

/* G-36, G-57: only whole blocks count, each of them, and nothing in prose. */
static const struct {
	const char *name, *answer, *text;
	size_t n_items, n_faults;
} blocks[] = {
	{ "none", "Hello.", "Hello.", 0, 0 },
	{ "alone", FENCE, "", 1, 0 },
	{ "text around it", "Before.\n" FENCE "\nAfter.", "Before.\nAfter.", 1,
	    0 },
	{ "two", FENCE "\nand\n" FENCE, "and", 2, 0 },
	{ "on one line", "```action " LS "```", "", 1, 0 },
	{ "no space", "```action" LS "\n```", "", 1, 0 },
	{ "any case", "```Action\n" LS "\n```", "", 1, 0 },
	{ "CR LF", "A\r\n```action\r\n" LS "\r\n```\r\nB", "A\r\nB", 1, 0 },
	{ "indented a little", "   ```action\n" LS "\n   ```", "", 1, 0 },
	{ "ends on its line", "```action\n" LS "```\nrest", "rest", 1, 0 },
	{ "back-ticks in a string",
	    "```action\n{\"type\":\"run_command\",\"target\":\"a ``` b\"}\n```",
	    "", 1, 0 },
	{ "good after bad", "```action\nno\n```\n" FENCE, "", 1, 1 },
	{ "brace in a sentence", "action: " LS, "action: " LS, 0, 0 },
	{ "inline span", "say ```action " LS "```", "say ```action " LS "```",
	    0, 0 },
	{ "another word", "```actions\n" LS "\n```", "```actions\n" LS "\n```",
	    0, 0 },
	{ "json block", "```json\n" LS "\n```", "```json\n" LS "\n```", 0, 0 },
	{ "quoted", "> ```action\n> " LS "\n> ```",
	    "> ```action\n> " LS "\n> ```", 0, 0 },
	{ "code, indented", "    ```action\n    " LS "\n    ```",
	    "```action\n    " LS "\n    ```", 0, 0 },
	{ "example in a longer fence", "````md\n" FENCE "\n````",
	    "````md\n" FENCE "\n````", 0, 0 },
	{ "example between tildes", "~~~\n" FENCE "\n~~~",
	    "~~~\n" FENCE "\n~~~", 0, 0 },
	{ "four back-ticks", "````action\n" LS "\n````",
	    "````action\n" LS "\n````", 0, 0 },
	{ "not closed", "A\n```action\n" LS, "A\n```action\n" LS, 0, 1 },
	{ "two objects", "```action\n" LS LS "\n```", "", 0, 1 },
	{ "a list", "```action\n[" LS "]\n```", "", 0, 1 },
	{ "empty", "```action\n```", "", 0, 1 },
	{ "nothing after the word", "```action", "```action", 0, 1 },
};

static void
only_whole_blocks_propose(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(blocks); i++) {
		struct proposals got;

		proposals_read(&got, blocks[i].answer, arena);
		if (got.n_items != blocks[i].n_items ||
		    got.n_faults != blocks[i].n_faults)
			fail_msg("%s: %zu items, %zu faults (%s)",
			    blocks[i].name, got.n_items, got.n_faults,
			    got.n_faults ? got.faults[0] : "");
		if (strcmp(got.text, blocks[i].text) != 0)
			fail_msg("%s: [%s]", blocks[i].name, got.text);
	}
}

static void
an_answer_proposes_no_more_than_five(void **state)
{
	struct proposals got;

	(void)state;
	proposals_read(&got,
	    FENCE "\n" FENCE "\n" FENCE "\n" FENCE "\n" FENCE "\n" FENCE
		  "\n" FENCE,
	    arena);
	assert_int_equal(got.n_items, PROPOSALS_MAX);
	assert_int_equal(got.n_left_out, 2);
}

#define TABS "\t\t\t\t\t\t\t\t\t"
#define SPACES                                                                 \
	"                                                                "

/* What ends a block that is left open; "" where none is. */
static const struct {
	const char *name, *text, *end;
} ends[] = {
	{ "nothing", "", "" },
	{ "prose", "a ``` b", "" },
	{ "closed", "```c\nx\n```", "" },
	{ "open", "a\n```c\nx", "\n```" },
	{ "open, at a line's end", "```\nx\n", "\n```" },
	{ "an action that is not whole", "```action\n" LS, "\n```" },
	{ "a second one", "```\nx\n```\n```\ny", "\n```" },
	{ "longer", "`````\n```\nx", "\n`````" },
	{ "tildes", "~~~\n```", "\n~~~" },
	{ "half of its end", "```\nx\n``", "\n```" },
	{ "in a list", "- a\n  ```\n  x", "\n  ```" },
	{ "in a list that has ended", "- a\n  ```\n  x\nb", "" },
	{ "an empty line ends no list", "- a\n  ```\n\n  x", "\n  ```" },
	{ "behind that list", "- a\n  ```\n  x\nb\n```\ny", "\n```" },
	{ "further right than its code", "  ```c\nint x;", "\n  ```" },
	{ "that, closed", "  ```c\nint x;\n```", "" },
	{ "far right", "    ```\nx", "\n    ```" },
	{ "behind a tab", "\t```\nx", "\n    ```" },
	{ "beyond all bounds", TABS TABS "```\nx", "\n" SPACES "```" },
	{ "right of what ended a list", "- a\n\nb\n  ```\nx", "\n  ```" },
	{ "a list whose text goes on", "- a\nb\n  ```\n  x\nb", "" },
	{ "in a numbered list", "1. a\n   ```\n   x\nb", "" },
	{ "left of a list's text", "10. a\n  ```\nx", "\n  ```" },
	{ "where an item begins", "- ```\n  x\nb", "" },
	{ "behind a line that is no item", "- - -\n  ```\nx", "\n  ```" },
	{ "behind a year", "2026\n  ```\nx", "\n  ```" },
	{ "a span", "```x```", "" },
	{ "quoted", "> ```\n> x", "" },
	{ "behind a quote", "> ```\n> x\n```\n```\ny", "\n```" },
	{ "in a quote's list", "> - ```\nx", "" },
	{ "closed outside of its quote", "> ```\n```", "" },
	{ "words that look like a second item", "a\n2. ```\nx", "" },
};

static void
what_is_left_open_is_ended(void **state)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	(void)state;
	buf_init(&text);
	for (size_t i = 0; i < N_OF(ends); i++) {
		size_t size = strlen(ends[i].text);

		buf_truncate(&text, 0);
		buf_adds(&text, ends[i].text);
		fence_close(&text);
		if (strcmp(text.data + size, ends[i].end) != 0)
			fail_msg("%s: [%s]", ends[i].name, text.data + size);
	}
}

/* G-52: type, target and payload are checked before anything is stored. */
static const struct {
	const char *json, *wanted; /* bytes, or what is wrong after a "!" */
} objects[] = {
	{ LS, "{\"payload\":{},\"summary\":\"\",\"target\":\"ls\",\"type\":"
	      "\"run_command\"}" },
	{ "{\"type\":\"http_request\",\"target\":\"https://a/\",\"payload\":{"
	  "\"method\":\"PUT\",\"body\":\"x\"},\"summary\":\"s\"}",
	    "{\"payload\":{\"body\":\"x\",\"method\":\"PUT\"},\"summary\":"
	    "\"s\","
	    "\"target\":\"https://a/\",\"type\":\"http_request\"}" },
	/* keys beside the four are the payload's */
	{ "{\"z\":1,\"type\":\"webhook\",\"a\":[true,null],\"target\":\"u\"}",
	    "{\"payload\":{\"a\":[true,null],\"z\":1},\"summary\":\"\","
	    "\"target\":\"u\",\"type\":\"webhook\"}" },
	{ "{\"type\":\"webhook\",\"target\":\"u\",\"a\":1,\"payload\":{\"a\":2}"
	  "}",
	    "!both beside and in" },
	{ "{\"type\":\"webhook\",\"target\":\"u\",\"payload\":\"x\"}",
	    "!not an object" },
	{ "{\"type\":\"webhook\",\"target\":\"u\",\"payload\":[1]}",
	    "!not an object" },
	{ "{\"type\":\"webhook\"}", "!no target (address)" },
	{ "{\"type\":\"send_email\",\"target\":\" \"}",
	    "!no target (recipients)" },
	{ "{\"type\":\"webhook\",\"target\":7}", "!target is not a string" },
	{ "{\"target\":\"u\"}", "!no type" },
	{ "{\"type\":\"Webhook\",\"target\":\"u\"}", "!no such type" },
	{ "{\"type\":\"eval\",\"target\":\"u\"}", "!no such type" },
	{ "{\"type\":\"webhook\",\"type\":\"eval\",\"target\":\"u\"}", "!" },
	{ "\"webhook\"", "!not a JSON object" },
	{ "", "!" },
};

static void
a_proposal_is_read_strictly(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(objects); i++) {
		const char *wanted = objects[i].wanted;
		struct proposal got;
		struct err err = { 0 };
		int rc = proposal_read(&got, objects[i].json,
		    strlen(objects[i].json), arena, &err);

		if (*wanted == '!' &&
		    (rc == 0 || !strstr(err.text, wanted + 1)))
			fail_msg("%s: %s", objects[i].json, err.text);
		if (*wanted == '!')
			continue;
		if (rc < 0)
			fail_msg("%s: %s", objects[i].json, err.text);
		assert_string_equal(got.bytes, wanted);
	}
}

static void
what_is_too_long_is_refused(void **state)
{
	static const char *const before[] = {
		"{\"type\":\"webhook\",\"target\":\"",
		"{\"type\":\"webhook\",\"target\":\"u\",\"summary\":\"",
		"{\"type\":\"webhook\",\"target\":\"u\",\"a\":\"",
	};
	static const size_t longest[] = { PROPOSAL_MAX_TARGET,
		PROPOSAL_MAX_SUMMARY, PROPOSAL_MAX_BYTES - 80 };

	(void)state;
	for (size_t i = 0; i < N_OF(before); i++)
		for (size_t more = 0; more < 2; more++) {
			size_t n = longest[i] + (more ? 100 : 0);
			char *fill = arena_alloc(arena, n + 1);
			const char *json;
			struct proposal got;
			struct err err;

			memset(fill, 'x', n);
			fill[n] = '\0';
			json = arena_printf(arena, "%s%s\"}", before[i], fill);
			assert_int_equal(proposal_read(&got, json, strlen(json),
					     arena, &err),
			    more ? -1 : 0);
		}
}

/* The same meaning has the same bytes, and no byte of it deceives. */
static const struct {
	const char *json, *wanted;
} canonical[] = {
	{ "{\"b\":1,\"a\":{\"d\":[],\"c\":{}}}",
	    "{\"a\":{\"c\":{},\"d\":[]},\"b\":1}" },
	{ "[ 1 , 1.5 , -0 , true , null ]", NULL },
	{ "\"tab\\t nl\\n quote\\\" slash\\\\ \\/\"",
	    "\"tab\\t nl\\n quote\\\" slash\\\\ /\"" },
	{ "\"`x`\"", "\"\\u0060x\\u0060\"" },
	{ "\"a\xe2\x80\xae"
	  "b\"",
	    "\"a\\u202eb\"" },
	{ "\"a\xe2\x80\x8b"
	  "b\xc2\xa0"
	  "c\"",
	    "\"a\\u200bb\\u00a0c\"" },
	{ "\"\xf3\xa0\x81\x81\"", "\"\\udb40\\udc41\"" },
	{ "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"",
	    "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"" },
	{ "\"\\u007f\\u0001\"", "\"\\u007f\\u0001\"" },
};

static void
canonical_bytes_have_one_form_and_show_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(canonical); i++) {
		AUTO(buf_release)
		struct buf once = { 0 }, again = { 0 };
		AUTO(json_free)
		struct json *a = NULL;
		AUTO(json_free)
		struct json *b = NULL;
		struct err err;

		buf_init(&once);
		buf_init(&again);
		assert_int_equal(json_parse(&a, canonical[i].json,
				     strlen(canonical[i].json), &err),
		    0);
		canonical_json(&once, a);
		if (canonical[i].wanted)
			assert_string_equal(once.data, canonical[i].wanted);
		assert_int_equal(json_parse(&b, once.data, once.size, &err), 0);
		canonical_json(&again, b);
		assert_string_equal(again.data, once.data);
	}
}

/* G-16, P-102: the notice shows it all, page by page, and cannot be forged. */
static void
a_notice_is_paged_and_never_cut(void **state)
{
	enum { BYTES = 30000 };
	char payload[BYTES + 1];
	struct action_row row = {
		.id = "act_1",
		.type = "run_command",
		.target = "ls\n- expires: never\n```",
		.summary = "@everyone `x`",
		.payload = payload,
		.payload_sha256 = "abc",
		.asked_by = "telegram:42",
		.asked_as = "guest",
		.provenance = "telegram \"-1\"",
	};
	AUTO(buf_release)
	struct buf shown = { 0 };
	const char **pages;
	size_t n;

	(void)state;
	for (size_t i = 0; i < BYTES; i++)
		payload[i] = "\xc3\xa4"[i % 2];
	payload[BYTES] = '\0';
	buf_init(&shown);
	n = tell_notice(&row, arena, &pages);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++) {
		const char *from = strstr(pages[i], "```json\n") + 8;
		const char *to = strstr(from, "\n```");

		buf_add(&shown, from, (size_t)(to - from));
		assert_int_equal(
		    strstr(pages[i], "/approve-action act_1") != NULL,
		    i + 1 == n);
	}
	assert_string_equal(shown.data, payload);
	assert_non_null(strstr(pages[0], "- command: `\"ls\\n- expires: "
					 "never\\n\\u0060\\u0060\\u0060\"`\n"));
	assert_non_null(strstr(pages[0], "`\"@everyone \\u0060x\\u0060\"`"));
}

/* The forms that the predecessor's clients look for. */
static const struct {
	struct action_row row;
	const char *decided, *settled;
} outcomes[] = {
	{ { .status = "approved",
	      .execution_status = "skipped",
	      .execution_message = "not yet" },
	    "I approved action `act_1` (webhook `\"u\"`), but it was not run. "
	    "Outcome: `\"not yet\"`.",
	    "Action approval is not pending: `act_1` was approved by "
	    "`\"local\"`, but it was not run. Outcome: `\"not yet\"`." },
	{ { .status = "approved",
	      .execution_status = "succeeded",
	      .executor = "webhook",
	      .execution_message = "status 200" },
	    "I approved action `act_1` (webhook `\"u\"`) and ran it with "
	    "`webhook`. Outcome: `\"status 200\"`.",
	    NULL },
	{ { .status = "approved",
	      .execution_status = "failed",
	      .execution_message = "` Outcome: fine" },
	    "I approved action `act_1` (webhook `\"u\"`), but execution "
	    "failed. "
	    "Outcome: `\"\\u0060 Outcome: fine\"`.",
	    NULL },
	{ { .status = "approved",
	      .execution_status = "unknown",
	      .execution_message = "" },
	    "I approved action `act_1` (webhook `\"u\"`), but whether it ran "
	    "is "
	    "not known. Outcome: look for its effect before you ask for it "
	    "again.",
	    NULL },
	{ { .status = "denied",
	      .execution_status = "not_executed",
	      .denied_reason = "no" },
	    "Action `act_1` denied. Nothing ran. Reason: `\"no\"`.",
	    "Action approval is not pending: `act_1` was denied by "
	    "`\"local\"`. Nothing ran." },
	{ { .status = "expired", .execution_status = "not_executed" }, NULL,
	    "Action `act_1` (webhook `\"u\"`) expired: nobody decided it in "
	    "time, and nothing ran. Ask again if it is still wanted." },
};

static void
outcomes_have_the_known_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(outcomes); i++) {
		struct action_row row = outcomes[i].row;
		AUTO(buf_release)
		struct buf decided = { 0 }, settled = { 0 };

		row.id = "act_1";
		row.type = "webhook";
		row.target = "u";
		row.approver_user_id = "local";
		if (!row.executor)
			row.executor = "";
		buf_init(&decided);
		buf_init(&settled);
		if (outcomes[i].decided) {
			tell_decided(&decided, &row);
			assert_string_equal(decided.data, outcomes[i].decided);
		}
		if (outcomes[i].settled) {
			tell_settled(&settled, &row);
			assert_string_equal(settled.data, outcomes[i].settled);
		}
	}
}

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(1 << 22);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_whole_blocks_propose),
		cmocka_unit_test(an_answer_proposes_no_more_than_five),
		cmocka_unit_test(what_is_left_open_is_ended),
		cmocka_unit_test(a_proposal_is_read_strictly),
		cmocka_unit_test(what_is_too_long_is_refused),
		cmocka_unit_test(canonical_bytes_have_one_form_and_show_all),
		cmocka_unit_test(a_notice_is_paged_and_never_cut),
		cmocka_unit_test(outcomes_have_the_known_forms),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
