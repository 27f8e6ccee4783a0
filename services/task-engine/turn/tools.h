#ifndef TASK_ENGINE_TURN_TOOLS_H
#define TASK_ENGINE_TURN_TOOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "services/task-engine/turn/tool_args.h"

struct buf;
struct err;
struct json_out;
struct llm_tool;
struct llm_want;
struct turn;

/*
 * What a model may have done, as a table. Who may have it done is a row of the
 * policy table: it is asked which of them the model sees, and asked again when
 * one is called.
 */
enum tool_class {
	TOOL_READS,
	TOOL_CHANGES, /* within a transaction that also records the call */
};

struct tool {
	const char *name;
	const char *operation; /* of the policy table */
	enum tool_class class;
	const char *help; /* for the model */
	const struct tool_field *fields;
	size_t n_fields;
	/*
	 * Appends its result to out, a JSON object, and returns 0. TOOL_READS
	 * may return 1 and call tool_done later. -1: the model is told err.
	 */
	int (*run)(struct turn *turn, const struct tool_value *args,
	    struct buf *out, struct err *err);
};

extern const struct tool tool_table[];
extern const size_t n_tools;

/* Whether a tool of that name changes something. */
bool tools_is_change(const char *name);

/* The table for models; turns->tools. */
struct llm_tool *tools_describe(void);
void tools_free(struct llm_tool **tools);

/* Sets those that the asker may have used. */
int tools_choose(struct turn *turn, struct err *err) MUST_CHECK;

/* Does what the model wants, then goes on with turn_step. */
void tools_begin(struct turn *turn, const struct llm_want *wants, size_t n);
/* One that answers later: result is a JSON object, or err says why none is. */
void
tool_done(struct turn *turn, const struct buf *result, const struct err *err);

/* A time of a result; none when it is 0. */
void tool_add_time(struct json_out *json, const char *key, int64_t at_unix);

/*
 * Records the calls that are not recorded yet. Within a transaction.
 * tools_resume makes those of an earlier attempt part of the talk: what was
 * done is not done again.
 */
int tools_record(struct turn *turn, int64_t now_ms, struct err *err) MUST_CHECK;
int tools_resume(struct turn *turn, struct err *err) MUST_CHECK;

/*
 * Says each call in the chat log, if the turn answers a message. Within a
 * transaction, before the answer that the calls led to.
 */
int
tools_log(const struct turn *turn, int64_t now_ms, struct err *err) MUST_CHECK;

/* Markdown of the calls, for the artifact; NULL: there were none. */
const char *tools_trace(const struct turn *turn);

/* tools_knowledge.c */
enum { SEARCH_QUERY, SEARCH_LIMIT, SEARCH_FIELDS };
enum { OPEN_TARGET, OPEN_FIELDS };
extern const struct tool_field search_fields[SEARCH_FIELDS];
extern const struct tool_field open_fields[OPEN_FIELDS];
int tool_search(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err) MUST_CHECK;
int tool_open(struct turn *turn, const struct tool_value *args, struct buf *out,
    struct err *err) MUST_CHECK;

/* tools_scratch.c */
enum { READ_PATH, READ_OFFSET, READ_FIELDS };
enum { WRITE_PATH, WRITE_CONTENT, WRITE_FIELDS };
extern const struct tool_field read_fields[READ_FIELDS];
extern const struct tool_field write_fields[WRITE_FIELDS];
int tool_read_file(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err) MUST_CHECK;
int tool_list_files(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err) MUST_CHECK;
int tool_write_file(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err) MUST_CHECK;

/* tools_tasks.c */
enum { CREATE_TITLE, CREATE_DESCRIPTION, CREATE_PRIORITY, CREATE_TASK_FIELDS };
enum { LOOKUP_ID, LOOKUP_TASK_FIELDS };
enum {
	UPDATE_ID,
	UPDATE_STATUS,
	UPDATE_SUMMARY,
	UPDATE_CLASS,
	UPDATE_PRIORITY,
	UPDATE_LANE,
	UPDATE_DUE,
	UPDATE_TASK_FIELDS
};
extern const struct tool_field create_task_fields[CREATE_TASK_FIELDS];
extern const struct tool_field lookup_task_fields[LOOKUP_TASK_FIELDS];
extern const struct tool_field update_task_fields[UPDATE_TASK_FIELDS];
int tool_create_task(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err) MUST_CHECK;
int tool_lookup_task(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err) MUST_CHECK;
int tool_update_task(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err) MUST_CHECK;

/* Counts one more that is made for the asker; given back with the transaction,
 * if it is not made after all. */
int tool_take_allowances(struct turn *turn, struct err *err) MUST_CHECK;

/* tools_objectives.c */
enum {
	CREATE_OBJECTIVE_TITLE,
	CREATE_OBJECTIVE_PROMPT,
	CREATE_OBJECTIVE_CRON,
	CREATE_OBJECTIVE_ZONE,
	CREATE_OBJECTIVE_ACTIVE,
	CREATE_OBJECTIVE_FIELDS
};
enum {
	UPDATE_OBJECTIVE_ID,
	UPDATE_OBJECTIVE_TITLE,
	UPDATE_OBJECTIVE_PROMPT,
	UPDATE_OBJECTIVE_TRIGGER,
	UPDATE_OBJECTIVE_EVENT,
	UPDATE_OBJECTIVE_CRON,
	UPDATE_OBJECTIVE_ZONE,
	UPDATE_OBJECTIVE_ACTIVE,
	UPDATE_OBJECTIVE_DELETED,
	UPDATE_OBJECTIVE_FIELDS
};
enum { LIST_OBJECTIVES_SKIP, LIST_OBJECTIVES_FIELDS };
extern const struct tool_field create_objective_fields[CREATE_OBJECTIVE_FIELDS];
extern const struct tool_field list_objectives_fields[LIST_OBJECTIVES_FIELDS];
extern const struct tool_field update_objective_fields[UPDATE_OBJECTIVE_FIELDS];
int tool_create_objective(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err) MUST_CHECK;
int tool_list_objectives(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err) MUST_CHECK;
int tool_update_objective(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err) MUST_CHECK;

/* tools_drafts.c */
enum { MODERATE_MESSAGE, MODERATE_REPORTER, MODERATE_CHANNEL, MODERATE_FIELDS };
enum {
	ESCALATE_TOPIC,
	ESCALATE_SUMMARY,
	ESCALATE_URGENCY,
	ESCALATE_EVIDENCE,
	ESCALATE_NEXT_STEP,
	ESCALATE_FIELDS
};
enum { FAQ_QUESTION, FAQ_KEY_POINTS, FAQ_TONE, FAQ_FOLLOW_UP, FAQ_FIELDS };
extern const struct tool_field moderate_fields[MODERATE_FIELDS];
extern const struct tool_field escalate_fields[ESCALATE_FIELDS];
extern const struct tool_field faq_fields[FAQ_FIELDS];
int tool_moderate(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err) MUST_CHECK;
int tool_escalate(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err) MUST_CHECK;
int tool_faq(struct turn *turn, const struct tool_value *args, struct buf *out,
    struct err *err) MUST_CHECK;

/* tools_actions.c */
enum {
	PROPOSE_TYPE,
	PROPOSE_TARGET,
	PROPOSE_SUMMARY,
	PROPOSE_PAYLOAD,
	PROPOSE_FIELDS
};
enum { SKILL_NAME, SKILL_CONTENT, SKILL_FIELDS };
extern const struct tool_field propose_fields[PROPOSE_FIELDS];
extern const struct tool_field skill_fields[SKILL_FIELDS];
int tool_propose(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err) MUST_CHECK;
int tool_learn_skill(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err) MUST_CHECK;

#endif
