/* Why something went as it did, for the person at the machine. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "proto/bounds.h"
#include "proto/trace.h"
#include "services/task-engine/config.h"
#include "services/task-engine/conversation/why.h"
#include "services/task-engine/doors/api.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/store/actions.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/tasks.h"
#include "services/task-engine/store/traces.h"
#include "services/task-engine/store/turns.h"

enum {
	BEGIN_MIN = 6, /* of an id: shorter ones are numbers of messages */
	SHOWN_MAX = 4, /* of several that are meant */
	NOTE_MAX = 1000,
};

/* What the words name, one of these. */
struct named {
	int64_t message_seq;
	const char *task_id;
	const char *action_id;
};

struct asked {
	struct svc *svc;
	struct arena *arena;
	const char *id;
	struct why_facts facts;
};

static int
several(const char *id, const char *list, struct err *err)
{
	return err_set(err, ERR_CONFLICT,
	    "\"%s\" is not one thing: say which of %s", id, list);
}

/* Returns 1 when there is none. */
typedef int (*begin_fn)(struct store *store, const char *begin, int64_t limit,
    struct arena *arena, const char ***ids_out, size_t *n_out, struct err *err);
static int
find_begun(
    const struct asked *a, begin_fn find, const char **id_out, struct err *err)
{
	const char **ids;
	size_t n;
	AUTO(buf_release)
	struct buf list = { 0 };

	if (strlen(a->id) < BEGIN_MIN)
		return 1;
	if (find(a->svc->store, a->id, SHOWN_MAX, a->arena, &ids, &n, err) < 0)
		return -1;
	if (n == 0)
		return 1;
	*id_out = ids[0];
	/* A whole id that others begin with means itself. */
	if (n == 1 || strcmp(ids[0], a->id) == 0)
		return 0;
	buf_init(&list);
	for (size_t i = 0; i < n; i++)
		buf_addf(&list, "%s%s", i ? ", " : "", ids[i]);
	return several(a->id, list.data, err);
}

/* "seq=12", as logs say it, is nothing but that number. */
static bool
read_seq(const char *text, int64_t *seq_out, bool *is_sure)
{
	static const char mark[] = "seq=";
	size_t n;

	*is_sure = strncmp(text, mark, sizeof(mark) - 1) == 0;
	if (*is_sure)
		text += sizeof(mark) - 1;
	n = strspn(text, "0123456789");
	*seq_out =
	    n > 0 && n < 16 && text[n] == '\0' ? strtoll(text, NULL, 10) : 0;
	return *seq_out > 0;
}

static int
is_message(const struct asked *a, int64_t seq, bool *is_out, struct err *err)
{
	struct message_row row;
	int got = store_message_get(a->svc->store, seq, a->arena, &row, err);

	*is_out = got == 0;
	return got < 0 ? -1 : 0;
}

static int
several_messages(const struct asked *a, const struct named_message *rows,
    size_t n, int64_t seq, struct err *err)
{
	AUTO(buf_release)
	struct buf list = { 0 };

	buf_init(&list);
	if (seq)
		buf_addf(&list, "seq=%" PRId64, seq);
	for (size_t i = 0; i < n; i++)
		buf_addf(&list, "%sseq=%" PRId64 " (%s %s)",
		    list.size ? ", " : "", rows[i].seq, rows[i].instance,
		    rows[i].chat_id);
	return several(a->id, list.data, err);
}

static int
find_message(const struct asked *a, int64_t *seq_out, struct err *err)
{
	struct named_message *rows;
	bool is_sure, is_one = false;
	int64_t seq;
	size_t n = 0;

	if (read_seq(a->id, &seq, &is_sure) &&
	    is_message(a, seq, &is_one, err) < 0)
		return -1;
	if (!is_one)
		seq = 0;
	if (!is_sure && store_messages_named(
			    a->svc->store, a->id, a->arena, &rows, &n, err) < 0)
		return -1;
	if (n == 1 && (!seq || seq == rows[0].seq))
		seq = rows[0].seq;
	else if (n > 0)
		return several_messages(a, rows, n, seq, err);
	*seq_out = seq;
	return seq ? 0 : 1;
}

static int
find_named(const struct asked *a, struct named *out, struct err *err)
{
	int got = find_begun(a, store_actions_begin, &out->action_id, err);

	if (got == 1)
		got = find_begun(a, store_tasks_begin, &out->task_id, err);
	if (got == 1)
		got = find_message(a, &out->message_seq, err);
	if (got != 1)
		return got;
	return err_set(err, ERR_NOT_FOUND,
	    "nothing is known of \"%s\": give the number of a message (seq= in "
	    "the log), the platform's id of it, or how the id of a task or an "
	    "action begins",
	    a->id);
}

static void
fill_message(struct trace_message *out, const struct message_row *m,
    const struct context_row *x)
{
	*out = (struct trace_message){
		.seq = m->seq,
		.at_unix_ms = m->at_ms,
		.connector = x->connector,
		.chat_id = x->external_id,
		.platform_id = m->platform_id,
		.workspace_id = m->workspace_id,
		.context_id = m->context_id,
		.said_by = m->said_by,
		.said_as = m->said_as,
		.is_addressed = m->is_addressed,
	};
}

/* A row that this version cannot read is one that is not there. */
static bool
read_trace(
    const struct shape *shape, const char *text, struct arena *arena, void *out)
{
	AUTO(json_free)
	struct json *root = NULL;
	struct err err;

	return json_parse(&root, text, strlen(text), &err) == 0 &&
	       shape_decode(shape, out, root, arena, &err) == 0;
}

static int
add_heard(
    const struct asked *a, struct trace_why *out, int64_t seq, struct err *err)
{
	const char *text;
	int got = store_trace_heard(a->svc->store, seq, a->arena, &text, err);

	if (got == 0)
		out->has_heard =
		    read_trace(&trace_heard_shape, text, a->arena, &out->heard);
	return got < 0 ? -1 : 0;
}

static const char *
kind_name(int64_t kind)
{
	static const char *const names[] = {
		[TURN_ANSWER] = "answer",
		[TURN_COMMAND] = "command",
		[TURN_TASK] = "task",
	};

	return names[kind];
}

static int
add_runs(struct asked *a, struct trace_why *out, const struct traced_of *of,
    struct err *err)
{
	struct traced_turn *rows;
	size_t n;

	if (store_traced_turns(a->svc->store, of, BOUND_TRACE_RUNS, a->arena,
		&rows, &n, err) < 0)
		return -1;
	out->runs = arena_alloc(a->arena, (n + 1) * sizeof(*out->runs));
	for (size_t i = 0; i < n; i++) {
		struct trace_run *run = &out->runs[out->n_runs++];

		*run = (struct trace_run){
			.turn_id = rows[i].turn_id,
			.kind = kind_name(rows[i].kind),
			.state = rows[i].state,
			.error = rows[i].error,
			.task_id = rows[i].task_id,
			.created_unix_ms = rows[i].created_ms,
		};
		run->has_trace =
		    *rows[i].trace && read_trace(&trace_turn_shape,
					  rows[i].trace, a->arena, &run->trace);
	}
	return 0;
}

static int
add_message(
    struct asked *a, struct trace_why *out, int64_t seq, struct err *err)
{
	struct store *store = a->svc->store;
	struct context_row x;
	struct message_row m;
	int got = store_message_get(store, seq, a->arena, &m, err);

	if (got != 0)
		return got < 0 ? -1 : 0;
	if (store_context_get(store, m.context_id, a->arena, &x, err) < 0)
		return -1;
	fill_message(&out->message, &m, &x);
	a->facts.is_edit = m.is_edit;
	a->facts.is_direct = x.is_direct;
	return add_heard(a, out, seq, err);
}

/* It was found a moment ago, in the same transaction. */
static int
must(int got, struct err *err)
{
	return got == 1 ? err_set(err, ERR_INTERNAL, "it is gone") : got;
}

/* Of what the agent said the message that it answers is told of. */
static int
why_message(
    struct asked *a, struct trace_why *out, int64_t seq, struct err *err)
{
	struct message_row m;
	int64_t answered = 0;

	out->kind = "message";
	if (must(store_message_get(a->svc->store, seq, a->arena, &m, err),
		err) < 0)
		return -1;
	a->facts.is_outbound = strcmp(m.direction, "outbound") == 0;
	if (a->facts.is_outbound &&
	    store_message_answered(a->svc->store, seq, &answered, err) < 0)
		return -1;
	a->facts.answered_seq = answered;
	seq = answered ? answered : seq;
	return add_message(a, out, seq, err) < 0
		   ? -1
		   : add_runs(a, out, &(struct traced_of){ seq, "", 0 }, err);
}

static int
why_task(
    struct asked *a, struct trace_why *out, const char *id, struct err *err)
{
	struct task_row row;

	out->kind = "task";
	if (must(store_task_get(a->svc->store, id, a->arena, &row, err), err) <
	    0)
		return -1;
	out->task = (struct trace_task){
		.id = row.task.id,
		.status = row.task.status,
		.route_class = row.task.route_class,
		.asked_by = row.asked_by,
		.asked_as = row.asked_as,
		.error = row.task.error_message,
	};
	if (row.source_message_seq &&
	    add_message(a, out, row.source_message_seq, err) < 0)
		return -1;
	return add_runs(a, out,
	    &(struct traced_of){ row.source_message_seq, row.task.id, 0 }, err);
}

static int
why_action(
    struct asked *a, struct trace_why *out, const char *id, struct err *err)
{
	struct action_row row;

	out->kind = "action";
	if (must(store_action_get(a->svc->store, id, a->arena, &row, err),
		err) < 0)
		return -1;
	out->action = (struct trace_action){
		.id = row.id,
		.type = row.type,
		.status = row.status,
		.execution_status = row.execution_status,
		.asked_by = row.asked_by,
		.asked_as = row.asked_as,
		.because = row.provenance,
		.decided_by = row.approver_user_id,
		.reason = row.denied_reason,
	};
	if (row.message_seq && add_message(a, out, row.message_seq, err) < 0)
		return -1;
	return add_runs(a, out,
	    &(struct traced_of){
		row.turn_id ? 0 : row.message_seq, "", row.turn_id },
	    err);
}

static int
explain(struct asked *a, struct trace_why *out, struct err *err)
{
	struct named named = { 0, "", "" };

	if (find_named(a, &named, err) < 0)
		return -1;
	out->id = a->id;
	if (*named.action_id)
		return why_action(a, out, named.action_id, err);
	if (*named.task_id)
		return why_task(a, out, named.task_id, err);
	return why_message(a, out, named.message_seq, err);
}

int
on_trace_why(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct asked asked = {
		.svc = svc,
		.arena = request->arena,
		.facts.is_traced = svc->cfg->trace_days > 0,
	};
	struct trace_why out = { 0 };
	struct trace_query in;
	struct actor actor;
	AUTO(buf_release)
	struct buf text = { 0 };

	if (trace_query_decode(&in, request->body, request->arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &actor, err) < 0)
		return -1;
	asked.id = in.id;
	if (explain(&asked, &out, err) < 0)
		return -1;
	buf_init(&text);
	why_say(&text, &out, &asked.facts);
	out.text = text.data;
	trace_why_encode(&out, reply->body);
	return 0;
}
