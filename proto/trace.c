/* Why the agent did what it did. */

#include "proto/trace.h"

#include "proto/bounds.h"

static const struct field trace_gate_fields[] = {
	F_STR(struct trace_gate, gate, FIELD_REQUIRED, 1, BOUND_WORD),
	F_STR(struct trace_gate, rule, 0, 0, BOUND_ID),
	F_BOOL(struct trace_gate, is_passed, 0),
	F_STR(struct trace_gate, why, 0, 0, BOUND_NOTE),
};
SHAPE(trace, trace_gate, trace_gate_fields);

static const struct field trace_heard_fields[] = {
	F_STR(struct trace_heard, how, 0, 0, BOUND_WORD),
	F_STR(struct trace_heard, command, FIELD_SPARSE, 0, BOUND_WORD),
	F_STR(struct trace_heard, became, 0, 0, BOUND_WORD),
	F_STR(struct trace_heard, triage, FIELD_SPARSE, 0, BOUND_WORD),
	F_STR(struct trace_heard, triage_reason, FIELD_SPARSE, 0, BOUND_NAME),
	F_STR(struct trace_heard, row, FIELD_SPARSE, 0, BOUND_WORD),
	F_LIST(struct trace_heard, gates, 0, trace_gate, BOUND_GATES),
};
SHAPE(trace, trace_heard, trace_heard_fields);

static const struct field trace_document_fields[] = {
	F_STR(struct trace_document, path, FIELD_REQUIRED, 1, BOUND_PATH),
	F_STR(struct trace_document, short_id, 0, 0, BOUND_WORD),
	F_INT(struct trace_document, line, 0, 0, BOUND_INT),
	F_REAL(struct trace_document, score, 0, 0, 1),
	F_STR(struct trace_document, use, 0, 0, BOUND_WORD),
};
SHAPE(trace, trace_document, trace_document_fields);

static const struct field trace_tool_fields[] = {
	F_INT(struct trace_tool, step, 0, 0, BOUND_INT),
	F_STR(struct trace_tool, name, FIELD_REQUIRED, 0, BOUND_WORD),
	F_BOOL(struct trace_tool, is_ok, 0),
	F_INT(struct trace_tool, took_ms, 0, 0, BOUND_INT),
};
SHAPE(trace, trace_tool, trace_tool_fields);

static const struct field trace_part_fields[] = {
	F_STR(struct trace_part, section, FIELD_REQUIRED, 1, BOUND_WORD),
	F_STR(struct trace_part, origin, FIELD_REQUIRED, 1, BOUND_WORD),
	F_STR(struct trace_part, source, 0, 0, BOUND_NAME),
	F_BOOL(struct trace_part, is_trusted, 0),
	F_BOOL(struct trace_part, is_left_out, 0),
	F_INT(struct trace_part, tokens, 0, 0, BOUND_INT),
};
SHAPE(trace, trace_part, trace_part_fields);

static const struct field trace_turn_fields[] = {
	F_STR(struct trace_turn, asker, 0, 0, BOUND_CHAT_ID),
	F_STR(struct trace_turn, role, 0, 0, BOUND_WORD),
	F_STR(struct trace_turn, strategy, 0, 0, BOUND_WORD),
	F_STR(struct trace_turn, strategy_reason, 0, 0, BOUND_WORD),
	F_STR(struct trace_turn, search, 0, 0, BOUND_WORD),
	F_STR(struct trace_turn, model, 0, 0, BOUND_NAME),
	F_BOOL(struct trace_turn, is_fallback, 0),
	F_BOOL(struct trace_turn, is_answered, 0),
	F_INT(struct trace_turn, attempt, 0, 0, BOUND_INT),
	F_INT(struct trace_turn, steps, 0, 0, BOUND_INT),
	F_INT(struct trace_turn, calls, 0, 0, BOUND_INT),
	F_INT(struct trace_turn, tokens_in, 0, 0, BOUND_INT),
	F_INT(struct trace_turn, tokens_cached, 0, 0, BOUND_INT),
	F_INT(struct trace_turn, tokens_out, 0, 0, BOUND_INT),
	F_INT(struct trace_turn, waited_ms, 0, 0, BOUND_INT),
	F_INT(struct trace_turn, search_ms, 0, 0, BOUND_INT),
	F_INT(struct trace_turn, model_ms, 0, 0, BOUND_INT),
	F_INT(struct trace_turn, took_ms, 0, 0, BOUND_INT),
	F_LIST(struct trace_turn, documents, 0, trace_document,
	    BOUND_TRACE_DOCUMENTS),
	F_LIST(struct trace_turn, tools, 0, trace_tool, BOUND_TRACE_TOOLS),
	F_LIST(struct trace_turn, parts, 0, trace_part, BOUND_TRACE_PARTS),
};
SHAPE(trace, trace_turn, trace_turn_fields);

static const struct field trace_query_fields[] = {
	F_OBJECT(struct trace_query, credential, FIELD_REQUIRED, credential),
	F_STR(struct trace_query, id, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_CHAT_ID),
};
SHAPE(trace, trace_query, trace_query_fields);

static const struct field trace_run_fields[] = {
	F_INT(struct trace_run, turn_id, FIELD_REQUIRED, 0, BOUND_INT),
	F_STR(struct trace_run, kind, FIELD_REQUIRED, 0, BOUND_WORD),
	F_STR(struct trace_run, state, FIELD_REQUIRED, 0, BOUND_WORD),
	F_STR(struct trace_run, error, FIELD_SPARSE, 0, BOUND_NOTE),
	F_STR(struct trace_run, task_id, FIELD_SPARSE, 0, BOUND_ID),
	F_INT(struct trace_run, created_unix_ms, 0, 0, BOUND_INT),
	F_BOOL(struct trace_run, has_trace, 0),
	F_OBJECT(struct trace_run, trace, 0, trace_turn),
};
SHAPE(trace, trace_run, trace_run_fields);

static const struct field trace_message_fields[] = {
	F_INT(struct trace_message, seq, 0, 0, BOUND_INT),
	F_INT(struct trace_message, at_unix_ms, 0, 0, BOUND_INT),
	F_STR(struct trace_message, connector, 0, 0, BOUND_WORD),
	F_STR(struct trace_message, chat_id, 0, 0, BOUND_CHAT_ID),
	F_STR(struct trace_message, platform_id, 0, 0, BOUND_CHAT_ID),
	F_STR(struct trace_message, workspace_id, 0, 0, BOUND_ID),
	F_STR(struct trace_message, context_id, 0, 0, BOUND_ID),
	F_STR(struct trace_message, said_by, 0, 0, BOUND_CHAT_ID),
	F_STR(struct trace_message, said_as, 0, 0, BOUND_WORD),
	F_BOOL(struct trace_message, is_addressed, 0),
};
SHAPE(trace, trace_message, trace_message_fields);

static const struct field trace_task_fields[] = {
	F_STR(struct trace_task, id, 0, 0, BOUND_ID),
	F_STR(struct trace_task, status, 0, 0, BOUND_WORD),
	F_STR(struct trace_task, route_class, 0, 0, BOUND_WORD),
	F_STR(struct trace_task, asked_by, 0, 0, BOUND_CHAT_ID),
	F_STR(struct trace_task, asked_as, 0, 0, BOUND_WORD),
	F_STR(struct trace_task, error, 0, 0, BOUND_NOTE),
};
SHAPE(trace, trace_task, trace_task_fields);

static const struct field trace_action_fields[] = {
	F_STR(struct trace_action, id, 0, 0, BOUND_ID),
	F_STR(struct trace_action, type, 0, 0, BOUND_WORD),
	F_STR(struct trace_action, status, 0, 0, BOUND_WORD),
	F_STR(struct trace_action, execution_status, 0, 0, BOUND_WORD),
	F_STR(struct trace_action, asked_by, 0, 0, BOUND_CHAT_ID),
	F_STR(struct trace_action, asked_as, 0, 0, BOUND_WORD),
	F_STR(struct trace_action, because, 0, 0, BOUND_QUERY),
	F_STR(struct trace_action, decided_by, 0, 0, BOUND_CHAT_ID),
	F_STR(struct trace_action, reason, 0, 0, BOUND_NOTE),
};
SHAPE(trace, trace_action, trace_action_fields);

static const struct field trace_why_fields[] = {
	F_STR(struct trace_why, id, FIELD_REQUIRED, 1, BOUND_CHAT_ID),
	F_STR(struct trace_why, kind, FIELD_REQUIRED, 1, BOUND_WORD),
	F_STR(struct trace_why, text, FIELD_REQUIRED, 1, BOUND_QUERY),
	F_OBJECT(struct trace_why, message, 0, trace_message),
	F_BOOL(struct trace_why, has_heard, 0),
	F_OBJECT(struct trace_why, heard, 0, trace_heard),
	F_OBJECT(struct trace_why, task, 0, trace_task),
	F_OBJECT(struct trace_why, action, 0, trace_action),
	F_LIST(struct trace_why, runs, 0, trace_run, BOUND_TRACE_RUNS),
};
SHAPE(trace, trace_why, trace_why_fields);

static const struct field trace_simulate_fields[] = {
	F_OBJECT(struct trace_simulate, credential, FIELD_REQUIRED, credential),
	F_STR(struct trace_simulate, as, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_CHAT_ID),
	F_STR(struct trace_simulate, in, FIELD_REQUIRED | FIELD_TOKEN, 1,
	    BOUND_CHAT_ID),
	F_STR(struct trace_simulate, text, FIELD_REQUIRED, 1, BOUND_TEXT),
	F_BOOL(struct trace_simulate, is_overheard, 0),
	F_BOOL(struct trace_simulate, use_model, 0),
};
SHAPE(trace, trace_simulate, trace_simulate_fields);

static const struct field trace_want_fields[] = {
	F_STR(struct trace_want, name, FIELD_REQUIRED, 0, BOUND_NAME),
	F_STR(struct trace_want, arguments, 0, 0, BOUND_QUERY),
};
SHAPE(trace, trace_want, trace_want_fields);

static const struct field trace_simulated_fields[] = {
	F_STR(struct trace_simulated, text, FIELD_REQUIRED, 1, BOUND_QUERY),
	F_STR(struct trace_simulated, as, FIELD_REQUIRED, 1, BOUND_CHAT_ID),
	F_STR(struct trace_simulated, role, 0, 0, BOUND_WORD),
	F_STR(struct trace_simulated, workspace_id, 0, 0, BOUND_ID),
	F_STR(struct trace_simulated, context_id, 0, 0, BOUND_ID),
	F_OBJECT(struct trace_simulated, heard, 0, trace_heard),
	F_BOOL(struct trace_simulated, has_turn, 0),
	F_OBJECT(struct trace_simulated, turn, 0, trace_turn),
	F_STRS(struct trace_simulated, tools, 0, BOUND_COMMANDS, BOUND_WORD),
	F_STR(struct trace_simulated, reply, 0, 0, BOUND_TEXT),
	F_LIST(struct trace_simulated, wants, 0, trace_want, BOUND_TRACE_TOOLS),
};
SHAPE(trace, trace_simulated, trace_simulated_fields);
