/* What is forgotten in slices is gone as a whole, and hidden meanwhile. */

#include "services/task-engine/store/forgotten.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/id.h"
#include "libcommon/json.h"
#include "proto/bounds.h"
#include "proto/delivery.h"
#include "services/task-engine/delivery/lease.h"
#include "services/task-engine/delivery/partials.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/log_files.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/tasks.h"
#include "services/task-engine/store/traces.h"
#include "services/task-engine/store/turns.h"
#include "services/task-engine/tasks/tasks.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

enum { N_SAID = 10, SLICE = 3, N_LONG = 4 };

/* What one context heard: a question and its answer, again and again. */
struct talk {
	struct context_row context;
	int64_t asked[N_SAID];
	int64_t answered[N_SAID];
	const char *outbox_ids[N_SAID];
	int64_t end_seq; /* the message that asks to forget it */
};

static int64_t
answer(struct world *w, const struct context_row *x, int64_t to_seq,
    const char **id_out)
{
	struct post_note note = {
		.context = x,
		.in_reply_to_seq = to_seq,
		.text = "canary",
	};
	char id[ID_UUID_SIZE];
	struct outbox_row row;

	DONE(store_begin(w->store, &w->err));
	DONE(post_add(w->store, &note, w->now_ms, id, &w->err));
	DONE(store_commit(w->store, &w->err));
	*id_out = arena_strdup(w->arena, id);
	DONE(store_outbox_get(w->store, id, w->arena, &row, &w->err));
	return row.message_seq;
}

/* As the chat logs would, which are not written here. */
static void
put_in_order(struct world *w, int64_t up_to_seq)
{
	int64_t done;

	DONE(store_logs_done(w->store, &done, &w->err));
	DONE(store_begin(w->store, &w->err));
	DONE(store_logs_done_note(w->store, done, up_to_seq, &w->err));
	DONE(store_commit(w->store, &w->err));
}

static void
hear(struct world *w, struct talk *t, const char *chat)
{
	t->context = world_context(w, "telegram", chat, "community", "harbour");
	for (int i = 0; i < N_SAID; i++) {
		t->asked[i] = world_say(
		    w, &t->context, arena_printf(w->arena, "q%d", i), "canary");
		t->answered[i] =
		    answer(w, &t->context, t->asked[i], &t->outbox_ids[i]);
	}
	t->end_seq = world_say(w, &t->context, "end", "/forget");
	put_in_order(w, t->end_seq);
}

static struct message_row
said(struct world *w, int64_t seq)
{
	struct message_row row;

	DONE(store_message_get(w->store, seq, w->arena, &row, &w->err));
	return row;
}

static size_t
count_shown(struct world *w, const struct context_row *x)
{
	struct message_row *rows;
	size_t n;

	DONE(store_messages_before(
	    w->store, x->id, INT64_MAX, 100, w->arena, &rows, &n, &w->err));
	return n;
}

/* For a summary. */
static int64_t
count_new(struct world *w, const struct context_row *x)
{
	struct message_count fresh;

	DONE(store_messages_since(w->store, x->id, 0, 100, &fresh, &w->err));
	return fresh.n;
}

static size_t
count_logged(struct world *w, const struct context_row *x)
{
	struct log_line *lines;
	size_t n;

	DONE(store_log_lines_of(
	    w->store, x->id, 0, 100, w->arena, &lines, &n, &w->err));
	return n;
}

static struct forgetting
begin(struct world *w, const struct talk *t, const char *said_by)
{
	struct forgetting what = {
		.context_id = t->context.id,
		.before_seq = t->end_seq,
		.said_by = said_by,
		.asked_by = "telegram:42",
	};
	struct forgotten gone;

	DONE(store_begin(w->store, &w->err));
	DONE(store_forget_slice(
	    w->store, &what, SLICE, w->arena, &gone, &w->err));
	DONE(store_forgetting_add(w->store, &what, &w->err));
	DONE(store_commit(w->store, &w->err));
	return what;
}

/* One slice more, as the row says; whether it was the last. */
static bool
go_on(struct world *w, struct forgetting *out)
{
	struct forgotten gone;
	int got;

	DONE(store_forgetting_next(w->store, w->arena, out, &w->err));
	DONE(store_begin(w->store, &w->err));
	got =
	    store_forget_slice(w->store, out, SLICE, w->arena, &gone, &w->err);
	assert_true(got >= 0);
	if (got == 1)
		DONE(store_forgetting_end(w->store, out->seq, &w->err));
	else
		DONE(store_forgetting_put(w->store, out, &w->err));
	DONE(store_commit(w->store, &w->err));
	return got == 1;
}

static void
must_be_gone(struct world *w, const struct talk *t)
{
	struct outbox_row row;

	for (int i = 0; i < N_SAID; i++) {
		assert_string_equal(said(w, t->asked[i]).text, "");
		assert_string_equal(said(w, t->answered[i]).text, "");
		OTHER(store_outbox_get(
		    w->store, t->outbox_ids[i], w->arena, &row, &w->err));
	}
	assert_string_equal(said(w, t->end_seq).text, "/forget");
}

static const struct {
	const char *claim;
	const char *said_by;
	int64_t n_messages, n_answers;
} whose[] = {
	{ "somebody's own words, and answers", "telegram:42", N_SAID, N_SAID },
	/* Of the first slice three, and then the questions: answers that wait
	 * went at once. */
	{ "all words", "", SLICE + N_SAID - 2, N_SAID - 1 },
};

static void
slices_take_all_and_nothing_beside_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(whose); i++) {
		struct world world, *w = &world;
		struct talk here, there;
		struct forgetting what;
		int n = 1;

		world_open(w);
		hear(w, &here, "here");
		hear(w, &there, "there");
		begin(w, &here, whose[i].said_by);
		while (n++, !go_on(w, &what))
			world_reopen(w);
		/* Each holds as many messages as it may, the last what is
		 * left. */
		if (n != (2 * N_SAID + SLICE - 1) / SLICE)
			fail_msg("%s: %d slices", whose[i].claim, n);
		assert_int_equal(what.n_messages, whose[i].n_messages);
		assert_int_equal(what.n_answers, whose[i].n_answers);
		must_be_gone(w, &here);
		for (int j = 0; j < N_SAID; j++)
			assert_string_equal(
			    said(w, there.answered[j]).text, "canary");
		OTHER(
		    store_forgetting_next(w->store, w->arena, &what, &w->err));
		world_close(w);
	}
}

static void
nothing_of_it_is_shown_meanwhile(void **state)
{
	struct world world, *w = &world;
	struct talk here, there;
	struct forgetting what;

	(void)state;
	world_open(w);
	hear(w, &here, "here");
	hear(w, &there, "there");
	begin(w, &here, "telegram:43");
	assert_int_equal(count_shown(w, &here.context), 1);
	assert_int_equal(count_logged(w, &here.context), 1);
	assert_int_equal(count_new(w, &here.context), 0);
	assert_int_equal(count_shown(w, &there.context), 2 * N_SAID + 1);
	world_reopen(w);
	assert_int_equal(count_shown(w, &here.context), 1);
	while (!go_on(w, &what))
		;
	/* What others said is there again. */
	assert_int_equal(count_shown(w, &here.context), 2 * N_SAID + 1);
	assert_int_equal(count_logged(w, &here.context), 2 * N_SAID + 1);
	assert_int_equal(count_new(w, &here.context), 2 * N_SAID + 1);
	assert_string_equal(said(w, here.asked[0]).text, "canary");
	world_close(w);
}

static void
what_waits_is_not_sent_whichever_slice_it_is_in(void **state)
{
	struct world world, *w = &world;
	struct talk here;
	struct outbox_row row;

	(void)state;
	world_open(w);
	hear(w, &here, "here");
	begin(w, &here, "telegram:42");
	for (int i = 0; i < N_SAID; i++) {
		OTHER(store_outbox_get(
		    w->store, here.outbox_ids[i], w->arena, &row, &w->err));
		assert_string_equal(said(w, here.answered[i]).text, "");
	}
	assert_string_equal(said(w, here.asked[N_SAID - 1]).text, "canary");
	world_close(w);
}

static int64_t
tell(struct world *w, const struct context_row *x, const char *text)
{
	const struct post_note note = { .context = x, .text = text };
	char id[ID_UUID_SIZE];
	struct outbox_row row;

	DONE(store_begin(w->store, &w->err));
	DONE(post_add(w->store, &note, w->now_ms, id, &w->err));
	DONE(store_commit(w->store, &w->err));
	DONE(store_outbox_get(w->store, id, w->arena, &row, &w->err));
	return row.message_seq;
}

static const char *
make_task(struct world *w, const struct context_row *x, int64_t source_seq)
{
	struct task_row row = {
		.task = { .title = "canary",
		    .prompt = "canary",
		    .route_class = "" },
		.asked_by = "telegram:42",
		.source_message_seq = source_seq,
	};

	DONE(store_begin(w->store, &w->err));
	DONE(task_add(w->store, x, &row, "open", w->now_ms, w->arena, &w->err));
	DONE(store_commit(w->store, &w->err));
	return row.task.id;
}

static const struct {
	const char *claim;
	const char *text; /* with the task's id in it */
	bool is_gone;
} tells[] = {
	{ "that it was begun", "I have begun with task `%s`: canary.", true },
	{ "among others", "There is `one`, and `%s`: canary.", true },
	{ "nothing of it", "There is `one`, `an odd quote.", false },
};

/* Somebody had me say it. Each was worth half a minute when the rest of the
 * text was copied at every quote. */
static const char *
full_of_quotes(struct world *w)
{
	char *text = arena_alloc(w->arena, BOUND_TEXT - 1);

	memset(text, '`', BOUND_TEXT - 2);
	text[BOUND_TEXT - 2] = '\0';
	return text;
}

/* Which may be many slices behind the message that the task was made of. */
static void
what_names_a_task_goes_with_it(void **state)
{
	struct world world, *w = &world;
	struct talk here = { 0 };
	struct forgetting what;
	struct task_row task;
	int64_t told[N_OF(tells)], longest[N_LONG];
	const char *id;

	(void)state;
	world_open(w);
	hear(w, &here, "here");
	id = make_task(w, &here.context, here.asked[0]);
	for (size_t i = 0; i < N_OF(tells); i++) {
		const char *at = strstr(tells[i].text, "%s");

		told[i] = tell(w, &here.context,
		    !at ? tells[i].text
			: arena_printf(w->arena, "%.*s%s%s",
			      (int)(at - tells[i].text), tells[i].text, id,
			      at + 2));
	}
	for (int i = 0; i < N_LONG; i++)
		longest[i] = tell(w, &here.context, full_of_quotes(w));
	here.end_seq = world_say(w, &here.context, "end 2", "/forget");
	put_in_order(w, here.end_seq);
	begin(w, &here, "telegram:42");
	while (!go_on(w, &what))
		;
	assert_int_equal(what.n_tasks, 1);
	for (int i = 0; i < N_LONG; i++)
		assert_int_not_equal(*said(w, longest[i]).text, '\0');
	DONE(store_task_get(w->store, id, w->arena, &task, &w->err));
	assert_string_equal(task.task.title, "(forgotten)");
	for (size_t i = 0; i < N_OF(tells); i++)
		if ((*said(w, told[i]).text == '\0') != tells[i].is_gone)
			fail_msg(
			    "%s: %s", tells[i].claim, said(w, told[i]).text);
	world_close(w);
}

/* Another, of one that failed; it ends, and left a call behind. */
static const char *
try_again(struct world *w, const char *id, int64_t *turn_id_out)
{
	const struct actor asker = { .name = "telegram:42" };
	struct task_row failed, copy = { 0 };

	DONE(store_task_get(w->store, id, w->arena, &failed, &w->err));
	failed.task.status = "failed";
	DONE(store_begin(w->store, &w->err));
	DONE(task_retry(w->store, &asker, ROLE_MEMBER, &failed, &copy,
	    w->now_ms, w->arena, &w->err));
	id = copy.task.id;
	DONE(task_cancel(w->store, &asker, &copy, NULL, w->now_ms, w->arena,
	    turn_id_out, &w->err));
	DONE(store_trace_turn_put(
	    w->store, *turn_id_out, "canary", w->now_ms, &w->err));
	DONE(store_commit(w->store, &w->err));
	return id;
}

static void
a_task_that_was_tried_again_goes_with_its_message(void **state)
{
	struct world world, *w = &world;
	struct talk here = { 0 };
	struct forgetting what;
	struct task_row task;
	struct traced_turn *traced;
	const char *ids[3];
	int64_t turn_id;
	size_t n;

	(void)state;
	world_open(w);
	hear(w, &here, "here");
	ids[0] = make_task(w, &here.context, here.asked[0]);
	for (size_t i = 1; i < N_OF(ids); i++)
		ids[i] = try_again(w, ids[i - 1], &turn_id);
	begin(w, &here, "telegram:42");
	while (!go_on(w, &what))
		;
	assert_int_equal(what.n_tasks, N_OF(ids));
	for (size_t i = 0; i < N_OF(ids); i++) {
		DONE(
		    store_task_get(w->store, ids[i], w->arena, &task, &w->err));
		assert_string_equal(task.task.prompt, "(forgotten)");
	}
	DONE(store_traced_turns(w->store,
	    &(struct traced_of){ 0, ids[2], turn_id }, 9, w->arena, &traced, &n,
	    &w->err));
	assert_int_equal(n, 1);
	assert_string_equal(traced[0].trace, "");
	world_close(w);
}

#define NO_WORDS "\xe2\x80\xa6"

/* A question whose answer is watched while it is made. */
struct watched {
	struct turn_work work;
	const char *partial_id;
	struct delivery shown; /* what was claimed of it */
};

static struct delivery_batch
as_the_gateway_reads_it(struct world *w, const struct delivery_batch *batch)
{
	AUTO(buf_release)
	struct buf body = { 0 };
	AUTO(json_free)
	struct json *json = NULL;
	struct delivery_batch read;

	buf_init(&body);
	delivery_batch_encode(batch, &body);
	DONE(json_parse(&json, body.data, body.size, &w->err));
	DONE(delivery_batch_decode(&read, json, w->arena, &w->err));
	return read;
}

static struct delivery_batch
claim(struct world *w)
{
	struct delivery_batch batch = { 0 };
	char id[ID_UUID_SIZE];

	id_uuid(id);
	DONE(store_begin(w->store, &w->err));
	DONE(lease_claim(w->store,
	    &(struct claim){
		"telegram.main", arena_strdup(w->arena, id), 9, w->now_ms },
	    w->arena, &batch, &w->err));
	DONE(store_commit(w->store, &w->err));
	return as_the_gateway_reads_it(w, &batch);
}

static void
report(struct world *w, const struct delivery *d, const char *outcome,
    bool is_last)
{
	const struct delivery_result result = {
		.delivery_id = d->delivery_id,
		.lease = d->lease,
		.outcome = outcome,
		.is_last = is_last,
		.platform_id = "p7",
		.reason = "no answer",
	};
	struct delivery_noted noted;

	DONE(store_begin(w->store, &w->err));
	DONE(lease_result(w->store, "telegram.main", &result, w->now_ms,
	    w->arena, &noted, &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_string_not_equal(noted.state, "stale");
}

static void
stays_queued(struct world *w, struct watched *on)
{
	(void)w;
	(void)on;
}

static void
is_begun(struct world *w, struct watched *on)
{
	on->shown = claim(w).deliveries[0];
	report(w, &on->shown, "begun", false);
}

static void
is_to_be_tried_again(struct world *w, struct watched *on)
{
	is_begun(w, on);
	report(w, &on->shown, "retry", false);
	w->now_ms += INT64_C(60) * 1000;
}

static void
is_shown(struct world *w, struct watched *on)
{
	on->shown = claim(w).deliveries[0];
	report(w, &on->shown, "sent", true);
}

static void
watch(struct world *w, struct watched *on)
{
	struct outbox_row row;
	int64_t seq;

	on->work.context =
	    world_context(w, "telegram", "here", "community", "harbour");
	seq = world_say(w, &on->work.context, "q", "canary");
	on->work.message = said(w, seq);
	on->work.has_message = true;
	DONE(
	    partials_post(w->store, &on->work, "canary …", w->now_ms, &w->err));
	DONE(store_outbox_partial(w->store, seq, w->arena, &row, &w->err));
	on->partial_id = row.id;
}

/* As /forget does: why it ends stands in its place, then all is forgotten. */
static const char *
stop_and_forget(struct world *w, struct watched *on)
{
	const struct post_note note = {
		.context = &on->work.context,
		.in_reply_to_seq = on->work.message.seq,
		.text = "Stopped.",
	};
	struct forgetting what = {
		.context_id = on->work.context.id,
		.said_by = "",
	};
	struct forgotten gone;
	char id[ID_UUID_SIZE];

	what.before_seq = world_say(w, &on->work.context, "end", "/forget");
	DONE(store_begin(w->store, &w->err));
	DONE(post_add(w->store, &note, w->now_ms, id, &w->err));
	OTHER(store_forget_slice(
	    w->store, &what, SLICE, w->arena, &gone, &w->err));
	DONE(store_commit(w->store, &w->err));
	return arena_strdup(w->arena, id);
}

static const struct {
	const char *claim;
	void (*come)(struct world *w, struct watched *on);
	bool is_edited; /* the reason takes the place of what is shown */
} scenes[] = {
	{ "it waits", stays_queued, false },
	{ "it is being sent", is_begun, true },
	{ "it is sent again", is_to_be_tried_again, true },
	{ "it is shown", is_shown, true },
};

/* Whatever of it was on its way goes out without words, and the reason behind
 * it. */
static const struct delivery *
last_out(struct world *w, const struct watched *on)
{
	struct delivery_batch batch = claim(w);

	if (batch.n_deliveries == 1 &&
	    strcmp(batch.deliveries[0].delivery_id, on->partial_id) == 0) {
		assert_string_equal(batch.deliveries[0].text, NO_WORDS);
		report(w, &batch.deliveries[0], "sent", true);
		batch = claim(w);
	}
	assert_int_equal(batch.n_deliveries, 1);
	return &batch.deliveries[0];
}

static void
what_is_watched_goes_and_its_end_takes_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(scenes); i++) {
		struct world world, *w = &world;
		struct watched on = { 0 };
		struct outbox_row row;
		const struct delivery *out;
		const char *end;

		world_open(w);
		watch(w, &on);
		scenes[i].come(w, &on);
		end = stop_and_forget(w, &on);
		assert_string_equal(said(w, on.work.message.seq).text, "");
		DONE(store_outbox_get(
		    w->store, on.partial_id, w->arena, &row, &w->err));
		assert_null(strstr(row.text, "canary"));
		DONE(store_outbox_get(w->store, end, w->arena, &row, &w->err));
		assert_string_equal(said(w, row.message_seq).text, "Stopped.");
		if (strcmp(row.text, "Stopped.") != 0)
			fail_msg("%s: %s", scenes[i].claim, row.text);
		/* What the gateway has in hand it tells now. */
		if (scenes[i].come == is_begun)
			report(w, &on.shown, "sent", true);
		out = last_out(w, &on);
		assert_string_equal(out->text, "Stopped.");
		if ((strcmp(out->edit_id, "p7") == 0) != scenes[i].is_edited)
			fail_msg("%s: %s", scenes[i].claim, out->edit_id);
		world_close(w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_take_all_and_nothing_beside_it),
		cmocka_unit_test(nothing_of_it_is_shown_meanwhile),
		cmocka_unit_test(
		    what_waits_is_not_sent_whichever_slice_it_is_in),
		cmocka_unit_test(what_names_a_task_goes_with_it),
		cmocka_unit_test(
		    a_task_that_was_tried_again_goes_with_its_message),
		cmocka_unit_test(
		    what_is_watched_goes_and_its_end_takes_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
