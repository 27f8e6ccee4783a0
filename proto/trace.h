#ifndef PROTO_TRACE_H
#define PROTO_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/credential.h"
#include "proto/shape.h"

/*
 * Why the agent did what it did: what stood before an answer, and what a turn
 * worked with. The engine keeps both as JSON of these shapes; there are no
 * texts of messages in them.
 */

/* One question that had to be answered with yes, in the order of asking. */
struct trace_gate {
	const char *gate; /* policy safety guest-limit addressed input budget */
	/* The policy table's operation, or the variable that decides it. */
	const char *rule;
	bool is_passed;
	const char *why; /* it did not; "" when it did */
};
PROTO_MESSAGE(trace_gate);

/* How a message was understood, and what it came to. */
struct trace_heard {
	const char *how;     /* words command intent guidance attachment */
	const char *command; /* its operation, when it was one */
	const char *became;  /* turn reply nothing */
	const char *triage;  /* the class; "" when it was not asked */
	const char *triage_reason;
	const char *row; /* that triage made: open queued answer; "" none */
	struct trace_gate *gates;
	size_t n_gates;
};
PROTO_MESSAGE(trace_heard);

struct trace_document {
	const char *path;
	const char *short_id;
	int64_t line;
	double score;
	const char *use; /* shown left-out tool */
};
PROTO_MESSAGE(trace_document);

struct trace_tool {
	int64_t step;
	const char *name;
	bool is_ok;
	int64_t took_ms;
};
PROTO_MESSAGE(trace_tool);

/* One part of a prompt, and where it came from. */
struct trace_part {
	const char *section; /* baseline skill passage tail message tool … */
	const char *origin;  /* program admin file mail member guest … */
	const char *source;  /* path, account, tool */
	bool is_trusted;     /* it may give instructions */
	bool is_left_out;    /* for the budget */
	int64_t tokens;	     /* about */
};
PROTO_MESSAGE(trace_part);

struct trace_turn {
	const char *asker;
	const char *role;
	const char *strategy;
	const char *strategy_reason;
	const char *search; /* done away none */
	const char *model;  /* that was asked last; "" none */
	bool is_fallback;   /* not the first one */
	bool is_answered;   /* by the model: not passages, not an excuse */
	int64_t attempt;
	int64_t steps;
	int64_t calls; /* of a model */
	int64_t tokens_in, tokens_cached, tokens_out;
	int64_t waited_ms, search_ms, model_ms, took_ms;
	struct trace_document *documents;
	size_t n_documents;
	struct trace_tool *tools;
	size_t n_tools;
	struct trace_part *parts;
	size_t n_parts;
};
PROTO_MESSAGE(trace_turn);

/* trace.why: of a message, a task or an action. */
struct trace_query {
	struct credential credential;
	const char *id;
};
PROTO_MESSAGE(trace_query);

/* How one turn stands, and what is kept of it. */
struct trace_run {
	int64_t turn_id;
	const char *kind; /* answer command task */
	const char *state;
	const char *error;
	const char *task_id;
	int64_t created_unix_ms;
	bool has_trace;
	struct trace_turn trace; /* empty without */
};
PROTO_MESSAGE(trace_run);

struct trace_message {
	int64_t seq; /* 0: there is none */
	int64_t at_unix_ms;
	const char *connector;
	const char *chat_id;
	const char *platform_id;
	const char *workspace_id;
	const char *context_id;
	const char *said_by;
	const char *said_as;
	bool is_addressed;
};
PROTO_MESSAGE(trace_message);

struct trace_task {
	const char *id; /* "": there is none */
	const char *status;
	const char *route_class;
	const char *asked_by;
	const char *asked_as;
	const char *error;
};
PROTO_MESSAGE(trace_task);

struct trace_action {
	const char *id; /* "": there is none */
	const char *type;
	const char *status;
	const char *execution_status;
	const char *asked_by;
	const char *asked_as;
	const char *because; /* what it is based on */
	const char *decided_by;
	const char *reason;
};
PROTO_MESSAGE(trace_action);

struct trace_why {
	const char *id;
	const char *kind; /* message task action */
	const char *text; /* the answer, in a sentence or two */
	struct trace_message message;
	bool has_heard;
	struct trace_heard heard; /* empty without */
	struct trace_task task;
	struct trace_action action;
	struct trace_run *runs; /* newest first */
	size_t n_runs;
};
PROTO_MESSAGE(trace_why);

/* trace.simulate: what would become of these words, said by them there. */
struct trace_simulate {
	struct credential credential;
	const char *as; /* "telegram:42", "local" */
	const char *in; /* a context's id, or "telegram:-100" */
	const char *text;
	bool is_overheard; /* it is not addressed to the agent */
	bool use_model;	   /* which is asked once; nothing that it wants is
			      done */
};
PROTO_MESSAGE(trace_simulate);

/* What the model would have done. */
struct trace_want {
	const char *name;
	const char *arguments; /* JSON, as it wrote it */
};
PROTO_MESSAGE(trace_want);

struct trace_simulated {
	const char *text; /* in a sentence or two */
	const char *as;
	const char *role;
	const char *workspace_id;
	const char *context_id;
	struct trace_heard heard;
	bool has_turn;
	struct trace_turn turn; /* empty without */
	const char **tools;	/* that the model would be offered */
	size_t n_tools;
	const char *reply; /* of the model, or without one of the files */
	struct trace_want *wants;
	size_t n_wants;
};
PROTO_MESSAGE(trace_simulated);

#endif
