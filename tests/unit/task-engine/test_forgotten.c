/* What is forgotten in slices is gone as a whole, and hidden meanwhile. */

#include "services/task-engine/store/forgotten.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "libcommon/id.h"
#include "proto/bounds.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/log_files.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/tasks.h"
#include "services/task-engine/store/traces.h"
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
		assert_string_equal(world_said(w, t->asked[i]).text, "");
		assert_string_equal(world_said(w, t->answered[i]).text, "");
		OTHER(store_outbox_get(
		    w->store, t->outbox_ids[i], w->arena, &row, &w->err));
	}
	assert_string_equal(world_said(w, t->end_seq).text, "/forget");
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
			    world_said(w, there.answered[j]).text, "canary");
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
	assert_string_equal(world_said(w, here.asked[0]).text, "canary");
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
		assert_string_equal(world_said(w, here.answered[i]).text, "");
	}
	assert_string_equal(
	    world_said(w, here.asked[N_SAID - 1]).text, "canary");
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
		assert_int_not_equal(*world_said(w, longest[i]).text, '\0');
	DONE(store_task_get(w->store, id, w->arena, &task, &w->err));
	assert_string_equal(task.task.title, "(forgotten)");
	for (size_t i = 0; i < N_OF(tells); i++)
		if ((*world_said(w, told[i]).text == '\0') != tells[i].is_gone)
			fail_msg("%s: %s", tells[i].claim,
			    world_said(w, told[i]).text);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
