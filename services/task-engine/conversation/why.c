/* Says why a message, task or action went as it did. Pure. */

#include "services/task-engine/conversation/why.h"

#include <inttypes.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "proto/trace.h"

static bool
is(const char *text, const char *other)
{
	return strcmp(text, other) == 0;
}

/* How a turn that answers stands: %s is why, or by whom. */
static const struct {
	const char *state;
	const char *text;
} states[] = {
	{ "queued", "It waits for its turn to be answered." },
	{ "running", "It is being answered." },
	{ "cancelled", "Its answer was cancelled." },
};

static void
say_done(struct buf *out, const struct trace_run *run)
{
	const struct trace_turn *t = &run->trace;

	if (!run->has_trace)
		buf_adds(out, "It was answered.");
	else if (t->is_answered)
		buf_addf(out, "It was answered by %s%s.", t->model,
		    t->is_fallback ? ", because the model that is asked "
				     "first could not be reached"
				   : "");
	else
		buf_adds(out,
		    "It was answered without a model, with what the files "
		    "of the workspace say.");
}

static void
say_run(struct buf *out, const struct trace_run *run)
{
	for (size_t i = 0; i < N_OF(states); i++)
		if (is(run->state, states[i].state))
			buf_adds(out, states[i].text);
	if (is(run->state, "done"))
		say_done(out, run);
	else if (is(run->state, "failed"))
		buf_addf(out, "It could not be answered as it was asked: %s.",
		    run->error);
}

static const struct trace_gate *
shut_gate(const struct trace_heard *heard)
{
	for (size_t i = 0; i < heard->n_gates; i++)
		if (!heard->gates[i].is_passed)
			return &heard->gates[i];
	return NULL;
}

static void
say_row(struct buf *out, const struct trace_heard *heard)
{
	if (*heard->row)
		buf_addf(out,
		    " Triage took it for %s (%s) and made a task of it, "
		    "which is %s.",
		    heard->triage, heard->triage_reason, heard->row);
}

/* What people say to each other is only taken note of. */
static const char unaddressed[] =
    "It was not answered: it was not addressed to the agent (no direct "
    "conversation, no mention, no reply to it), and then it never speaks.";

static void
say_shut(struct buf *out, const struct trace_gate *gate)
{
	if (is(gate->gate, "addressed"))
		buf_adds(out, unaddressed);
	else
		buf_addf(out, "It was refused: %s (%s %s).", gate->why,
		    gate->gate, gate->rule);
}

static void
say_heard(struct buf *out, const struct trace_heard *heard)
{
	const struct trace_gate *shut = shut_gate(heard);

	if (shut)
		say_shut(out, shut);
	else if (is(heard->how, "attachment"))
		buf_adds(out,
		    "It was not answered: it brought a file and no words.");
	else if (*heard->command)
		buf_addf(out, "It was understood as %s, and done at once.",
		    heard->command);
	else if (is(heard->how, "command"))
		buf_adds(out, "It was a command that does not exist.");
	else
		buf_adds(out, "It was answered at once, without a model.");
	say_row(out, heard);
}

/* Nothing was kept of it: its own row says what there was to know. */
static void
say_unheard(
    struct buf *out, const struct trace_why *why, const struct why_facts *facts)
{
	if (facts->is_edit)
		buf_adds(out,
		    "An edit is kept, and is never a command and never "
		    "answered.");
	else if (!facts->is_direct && !why->message.is_addressed)
		buf_adds(out, unaddressed);
	else if (!facts->is_traced)
		buf_adds(out, "Nothing is kept of how it was understood: "
			      "AGENT_RUNTIME_TRACE_DAYS is 0.");
	else
		buf_adds(out,
		    "Nothing is kept any more of how it was understood "
		    "(AGENT_RUNTIME_TRACE_DAYS).");
}

static void
say_message(
    struct buf *out, const struct trace_why *why, const struct why_facts *facts)
{
	if (facts->answered_seq)
		buf_addf(out,
		    "The agent said it in answer to message %" PRId64 ". ",
		    facts->answered_seq);
	if (facts->is_outbound && !facts->answered_seq)
		buf_adds(out,
		    "The agent said it by itself: a notice, or how a task "
		    "ended.");
	else if (why->n_runs && is(why->runs[0].kind, "answer"))
		say_run(out, &why->runs[0]);
	else if (why->has_heard)
		say_heard(out, &why->heard);
	else
		say_unheard(out, why, facts);
}

/* What a task in that state waits for, or came to. */
static const struct {
	const char *status;
	const char *text;
} tasks[] = {
	{ "open", "It waits for people: nobody asked that it be run." },
	{ "queued", "It waits for its turn." },
	{ "running", "It is being worked on." },
	{ "succeeded", "It is done." },
	{ "cancelled", "It was cancelled." },
};

static void
say_task(struct buf *out, const struct trace_task *task)
{
	for (size_t i = 0; i < N_OF(tasks); i++)
		if (is(task->status, tasks[i].status))
			buf_adds(out, tasks[i].text);
	if (is(task->status, "failed"))
		buf_addf(out, "It failed: %s.", task->error);
	buf_addf(out, " It was asked for by %s, then %s", task->asked_by,
	    *task->asked_as ? task->asked_as : "guest");
	if (*task->route_class)
		buf_addf(out, ", and sorted as %s", task->route_class);
	buf_adds(out, ".");
}

static void
say_action(struct buf *out, const struct trace_action *action)
{
	buf_addf(out, "It is %s", action->status);
	if (*action->decided_by)
		buf_addf(out, " by %s", action->decided_by);
	if (*action->reason)
		buf_addf(out, " (%s)", action->reason);
	if (is(action->status, "approved"))
		buf_addf(
		    out, "; its execution is %s", action->execution_status);
	buf_addf(out, ". It was proposed for %s, then %s, because of %s.",
	    action->asked_by, action->asked_as, action->because);
}

void
why_say(
    struct buf *out, const struct trace_why *why, const struct why_facts *facts)
{
	if (is(why->kind, "action"))
		say_action(out, &why->action);
	else if (is(why->kind, "task"))
		say_task(out, &why->task);
	else
		say_message(out, why, facts);
}

void
why_say_would(struct buf *out, const struct trace_heard *heard)
{
	const struct trace_gate *shut = shut_gate(heard);

	if (shut && is(shut->gate, "addressed"))
		buf_adds(out,
		    "It would not be answered: it is not addressed to the "
		    "agent.");
	else if (shut)
		buf_addf(out, "It would be refused: %s (%s %s).", shut->why,
		    shut->gate, shut->rule);
	else if (is(heard->became, "turn"))
		buf_adds(out, "It would be answered by a turn of the agent.");
	else if (heard->command && *heard->command)
		buf_addf(out, "It would be understood as %s.", heard->command);
	else
		buf_adds(out, "It would be answered at once, without a model.");
	if (heard->row && *heard->row)
		buf_addf(out,
		    " Triage would take it for %s (%s) and make a task of it, "
		    "which is %s.",
		    heard->triage, heard->triage_reason, heard->row);
}
