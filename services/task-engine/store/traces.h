#ifndef TASK_ENGINE_STORE_TRACES_H
#define TASK_ENGINE_STORE_TRACES_H

#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct err;
struct store;

/*
 * Why things went as they did, as JSON of proto/trace.h: one row a message that
 * was for us, one a turn that ended. A second of the same takes its place.
 */
int store_trace_heard_put(struct store *store, int64_t message_seq,
    const char *trace, int64_t now_ms, struct err *err) MUST_CHECK;
int store_trace_turn_put(struct store *store, int64_t turn_id,
    const char *trace, int64_t now_ms, struct err *err) MUST_CHECK;

/* Returns 1 when there is none. */
int store_trace_heard(struct store *store, int64_t message_seq,
    struct arena *arena, const char **trace_out, struct err *err) MUST_CHECK;

/* The last turns of a message (0: of none), of a task ("": of none), and the
 * one of that id (0: none), newest first, whether or not there is a trace. */
struct traced_turn {
	int64_t turn_id;
	int64_t kind; /* enum turn_kind */
	const char *state;
	const char *error;
	const char *task_id;
	int64_t created_ms;
	const char *trace; /* "": none */
};
struct traced_of {
	int64_t message_seq;
	const char *task_id;
	int64_t turn_id;
};
int store_traced_turns(struct store *store, const struct traced_of *of,
    int64_t limit, struct arena *arena, struct traced_turn **rows_out,
    size_t *n_out, struct err *err) MUST_CHECK;

/*
 * Messages that the platform, the sender or a log calls so: by the platform's
 * id of it or of a part, the event's, the envelope's. Newest first, among those
 * that came last.
 */
struct named_message {
	int64_t seq;
	const char *instance;
	const char *chat_id;
};
int
store_messages_named(struct store *store, const char *name, struct arena *arena,
    struct named_message **rows_out, size_t *n_out, struct err *err) MUST_CHECK;

/* The message that the agent's own words answer; 0: none. */
int store_message_answered(struct store *store, int64_t message_seq,
    int64_t *answered_out, struct err *err) MUST_CHECK;

/* Ids of tasks, of actions, that begin so: at most limit. */
int store_tasks_begin(struct store *store, const char *begin, int64_t limit,
    struct arena *arena, const char ***ids_out, size_t *n_out,
    struct err *err) MUST_CHECK;
int store_actions_begin(struct store *store, const char *begin, int64_t limit,
    struct arena *arena, const char ***ids_out, size_t *n_out,
    struct err *err) MUST_CHECK;

/* Those from before then, and all but the last so many of each kind; it looks
 * at limit of the oldest. */
int store_traces_tidy(struct store *store, int64_t before_ms, int64_t keep,
    int64_t limit, int64_t *n_out, struct err *err) MUST_CHECK;

#endif
