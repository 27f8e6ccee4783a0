/* What a turn's calls leave behind: rows, a talk to go on with, a trace. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/log.h"
#include "libcommon/utf8.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/turn_calls.h"
#include "services/task-engine/turn/tools.h"
#include "services/task-engine/turn/turn.h"

/* of one in a trace that people read: the predecessor's */
enum { TRACE_ARGS_BYTES = 800, TRACE_RESULT_BYTES = 2000 };
/* … and in the chat log */
enum { LOG_ARGS_BYTES = 500, LOG_ERROR_BYTES = 500, LOG_OUTPUT_BYTES = 700 };

int
tools_record(struct turn *turn, int64_t now_ms, struct err *err)
{
	struct talk *talk = &turn->talk;

	for (; talk->n_recorded < talk->n_calls; talk->n_recorded++) {
		const struct turn_call *call = &talk->calls[talk->n_recorded];
		const struct turn_call_row row = {
			.turn_id = turn->work.turn_id,
			.call = (int64_t)talk->n_recorded + 1,
			.step = call->step,
			.said = call->said,
			.want_id = call->want.id,
			.tool = call->want.name,
			.arguments = call->want.arguments,
			.result = call->result,
			.is_error = call->is_error,
		};

		if (store_turn_call_add(
			turn->turns->options.store, &row, now_ms, err) < 0)
			return -1;
	}
	return 0;
}

/* The answer of one step: rows[0] to rows[n]. */
static void
say_wants(struct turn *turn, const struct turn_call *calls, size_t n)
{
	struct llm_want *wants = arena_alloc(turn->arena, n * sizeof(*wants));

	for (size_t i = 0; i < n; i++)
		wants[i] = calls[i].want;
	turn_say(turn, (struct llm_message){ .role = LLM_ASSISTANT,
			   .text = calls[0].said,
			   .wants = wants,
			   .n_wants = n });
	for (size_t i = 0; i < n; i++)
		turn_say(turn, (struct llm_message){ .role = LLM_TOOL,
				   .text = calls[i].result,
				   .want_id = calls[i].want.id,
				   .name = calls[i].want.name,
				   .is_error = calls[i].is_error });
}

static void
take_rows(struct turn *turn, const struct turn_call_row *rows, size_t n)
{
	struct talk *talk = &turn->talk;

	talk->calls = arena_alloc(turn->arena, n * sizeof(*talk->calls));
	for (size_t i = 0; i < n; i++)
		talk->calls[i] = (struct turn_call){
			.step = rows[i].step,
			.said = rows[i].said,
			.want = { rows[i].want_id, rows[i].tool,
			    rows[i].arguments },
			.result = rows[i].result,
			.is_error = rows[i].is_error,
		};
	talk->n_calls = talk->n_call_room = talk->n_recorded = n;
	talk->step = rows[n - 1].step;
}

int
tools_resume(struct turn *turn, struct err *err)
{
	struct talk *talk = &turn->talk;
	struct turn_call_row *rows;
	size_t n, end;

	if (store_turn_calls(turn->turns->options.store, turn->work.turn_id,
		turn->arena, &rows, &n, err) < 0)
		return -1;
	if (n == 0)
		return 0;
	take_rows(turn, rows, n);
	for (size_t at = 0; at < n; at = end) {
		for (end = at + 1;
		     end < n && talk->calls[end].step == talk->calls[at].step;)
			end++;
		say_wants(turn, &talk->calls[at], end - at);
	}
	log_info("turn-resumed",
	    "turn=%" PRId64 " attempt=%" PRId64 " calls=%zu",
	    turn->work.turn_id, turn->work.attempts, n);
	return 0;
}

static void
add_value(struct buf *out, const char *text, size_t limit)
{
	size_t size = strlen(text), cut = utf8_cut(text, size, limit);

	buf_addc(out, '`');
	for (size_t i = 0; i < cut; i++)
		buf_addc(out, (char)(text[i] == '`' ? '\'' : text[i]));
	buf_adds(out, size > cut ? "...`\n" : "`\n");
}

static void
add_part(struct buf *out, const char *name, const char *text, size_t limit)
{
	buf_addf(out, "  - %s: ", name);
	add_value(out, text, limit);
}

const char *
tools_trace(const struct turn *turn)
{
	AUTO(buf_release)
	struct buf out = { 0 };

	if (turn->talk.n_calls == 0)
		return NULL;
	buf_init(&out);
	for (size_t i = 0; i < turn->talk.n_calls; i++) {
		const struct turn_call *call = &turn->talk.calls[i];

		buf_addf(&out, "- step %" PRId64 ": %s\n", call->step,
		    call->is_error ? "failed" : "succeeded");
		add_part(&out, "tool", call->want.name, TRACE_ARGS_BYTES);
		add_part(&out, "args", call->want.arguments, TRACE_ARGS_BYTES);
		add_part(&out, "result", call->result, TRACE_RESULT_BYTES);
	}
	return arena_strndup(turn->arena, out.data, out.size);
}

/* An action may carry a secret, which its notice shows to those who decide. */
static const char *
loggable_args(const struct turn_call *call)
{
	return strcmp(call->want.name, "propose_action") == 0
		   ? "(see the action)"
		   : call->want.arguments;
}

static void
add_log_entry(struct buf *out, const struct turn_call *call)
{
	buf_adds(out, "Tool call\n- tool: ");
	add_value(out, call->want.name, LOG_ARGS_BYTES);
	buf_addf(out, "- status: `%s`\n- args: ",
	    call->is_error ? "failed" : "succeeded");
	add_value(out, loggable_args(call), LOG_ARGS_BYTES);
	buf_adds(out, call->is_error ? "- error: " : "- output: ");
	add_value(out, call->result,
	    call->is_error ? LOG_ERROR_BYTES : LOG_OUTPUT_BYTES);
}

static int
log_call(const struct turn *turn, size_t at, int64_t now_ms, struct err *err)
{
	const struct message_row *asked = &turn->work.message;
	char event_id[48];
	AUTO(buf_release)
	struct buf text = { 0 };
	struct message_row row = {
		.instance = asked->instance,
		.chat_id = asked->chat_id,
		.event_id = event_id,
		.direction = "tool",
		.workspace_id = turn->work.context.workspace_id,
		.context_id = turn->work.context.id,
		.actor = "agent-runtime",
		.at_ms = now_ms,
	};
	int64_t seq;

	buf_init(&text);
	add_log_entry(&text, &turn->talk.calls[at]);
	row.text = text.data;
	snprintf(event_id, sizeof(event_id), "t:%" PRId64 ":%zu", asked->seq,
	    at + 1);
	return store_message_add(turn->turns->options.store, &row, &seq, err) <
		       0
		   ? -1
		   : 0;
}

int
tools_log(const struct turn *turn, int64_t now_ms, struct err *err)
{
	if (turn->work.kind != TURN_ANSWER)
		return 0;
	for (size_t i = 0; i < turn->talk.n_calls; i++)
		if (log_call(turn, i, now_ms, err) < 0)
			return -1;
	return 0;
}
