/* What is said of why something went as it did. */

#include "services/task-engine/conversation/why.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "proto/trace.h"
#include "services/task-engine/commands/hearing.h"
#include "tests/unit/unit.h"

#define EMPTY .task_id = "", .error = ""
static struct trace_gate shut[] = {
	{ "addressed", "A", true, "" },
	{ "safety", "AGENT_RUNTIME_LLM_ENABLED", false, "it is off" },
};
static struct trace_run done[] = { { .kind = "answer",
    .state = "done",
    EMPTY,
    .has_trace = true,
    .trace = { .is_answered = true, .model = "openai m" } } };
static struct trace_run passages[] = { { .kind = "answer",
    .state = "done",
    EMPTY,
    .has_trace = true,
    .trace = { .model = "" } } };
static struct trace_run failed[] = { { .kind = "answer",
    .state = "failed",
    .error = "a budget is used up",
    .task_id = "" } };
static struct trace_run queued[] = {
	{ .kind = "answer", .state = "queued", EMPTY }
};
static struct trace_run cancelled[] = {
	{ .kind = "answer", .state = "cancelled", EMPTY }
};

#define HEARD(how_, command_, row_)                                            \
	.has_heard = true, .heard = { .how = (how_),                           \
		.command = (command_),                                         \
		.row = (row_),                                                 \
		.triage = "issue",                                             \
		.triage_reason = "issue words" }

static const struct {
	const char *name;
	struct trace_why why;
	struct why_facts facts;
	const char *want;
} cases[] = {
	{ "a model", { .kind = "message", .runs = done, .n_runs = 1 }, { 0 },
	    "It was answered by openai m." },
	{ "passages", { .kind = "message", .runs = passages, .n_runs = 1 },
	    { 0 },
	    "It was answered without a model, with what the files of the "
	    "workspace say." },
	{ "failed", { .kind = "message", .runs = failed, .n_runs = 1 }, { 0 },
	    "It could not be answered as it was asked: a budget is used up." },
	{ "queued", { .kind = "message", .runs = queued, .n_runs = 1 }, { 0 },
	    "It waits for its turn to be answered." },
	{ "cancelled", { .kind = "message", .runs = cancelled, .n_runs = 1 },
	    { 0 }, "Its answer was cancelled." },
	{ "what it said itself", { .kind = "message" }, { .is_outbound = true },
	    "The agent said it by itself: a notice, or how a task ended." },
	{ "what it answered", { .kind = "message", .runs = done, .n_runs = 1 },
	    { .is_outbound = true, .answered_seq = 7 },
	    "The agent said it in answer to message 7. It was answered by "
	    "openai m." },
	{ "a gate",
	    { .kind = "message",
		.has_heard = true,
		.heard = { .how = "words",
		    .command = "",
		    .row = "",
		    .gates = shut,
		    .n_gates = 2 } },
	    { 0 },
	    "It was refused: it is off (safety AGENT_RUNTIME_LLM_ENABLED)." },
	{ "a command",
	    { .kind = "message", HEARD("command", "command.help", "") }, { 0 },
	    "It was understood as command.help, and done at once." },
	{ "no command", { .kind = "message", HEARD("command", "", "") }, { 0 },
	    "It was a command that does not exist." },
	{ "guidance", { .kind = "message", HEARD("guidance", "", "") }, { 0 },
	    "It was answered at once, without a model." },
	{ "a file", { .kind = "message", HEARD("attachment", "", "") }, { 0 },
	    "It was not answered: it brought a file and no words." },
	{ "an edit", { .kind = "message" }, { .is_edit = true },
	    "An edit is kept, and is never a command and never answered." },
	{ "traces off", { .kind = "message" }, { .is_direct = true },
	    "Nothing is kept of how it was understood: "
	    "AGENT_RUNTIME_TRACE_DAYS is 0." },
	{ "too old", { .kind = "message" },
	    { .is_direct = true, .is_traced = true },
	    "Nothing is kept any more of how it was understood "
	    "(AGENT_RUNTIME_TRACE_DAYS)." },
	{ "a failed task",
	    { .kind = "task",
		.task = { .status = "failed",
		    .error = "no model",
		    .asked_by = "telegram:9",
		    .asked_as = "member",
		    .route_class = "" } },
	    { 0 },
	    "It failed: no model. It was asked for by telegram:9, then "
	    "member." },
	{ "an open task",
	    { .kind = "task",
		.task = { .status = "open",
		    .error = "",
		    .asked_by = "telegram:9",
		    .asked_as = "guest",
		    .route_class = "issue" } },
	    { 0 },
	    "It waits for people: nobody asked that it be run. It was asked "
	    "for by telegram:9, then guest, and sorted as issue." },
	{ "a denied action",
	    { .kind = "action",
		.action = { .status = "denied",
		    .decided_by = "telegram:7",
		    .reason = "no",
		    .asked_by = "telegram:9",
		    .asked_as = "member",
		    .because = "telegram" } },
	    { 0 },
	    "It is denied by telegram:7 (no). It was proposed for telegram:9, "
	    "then member, because of telegram." },
	{ "one that ran",
	    { .kind = "action",
		.action = { .status = "approved",
		    .decided_by = "local",
		    .reason = "",
		    .execution_status = "failed",
		    .asked_by = "telegram:9",
		    .asked_as = "member",
		    .because = "telegram" } },
	    { 0 },
	    "It is approved by local; its execution is failed. It was "
	    "proposed for telegram:9, then member, because of telegram." },
};

static void
it_says_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		AUTO(buf_release)
		struct buf out = { 0 };

		buf_init(&out);
		why_say(&out, &cases[i].why, &cases[i].facts);
		if (strcmp(out.data, cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].name, out.data);
	}
}

/* What a group says to itself costs no row. */
static void
only_what_was_for_us_is_kept(void **state)
{
	struct hearing h = { 0 };

	(void)state;
	assert_false(hearing_is_notable(&h));
	h.how = "words";
	hearing_gate(&h, "addressed", "A", "it was not");
	assert_false(hearing_is_notable(&h));
	h.row = "open";
	assert_true(hearing_is_notable(&h));
	h.row = NULL;
	for (size_t i = 0; i < HEARING_GATES + 3; i++)
		hearing_gate(&h, "safety", "B", NULL);
	assert_true(hearing_is_notable(&h));
	assert_int_equal(h.n_gates, HEARING_GATES);
	assert_false(h.gates[0].is_passed);
	assert_true(h.gates[1].is_passed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_says_why),
		cmocka_unit_test(only_what_was_for_us_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
