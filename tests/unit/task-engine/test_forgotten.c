/* What is forgotten in slices is gone as a whole, and hidden meanwhile. */

#include "services/task-engine/store/forgotten.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "libcommon/id.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/store/log_files.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

enum { N_SAID = 10, SLICE = 3 };

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
	assert_int_equal(count_shown(w, &there.context), 2 * N_SAID + 1);
	world_reopen(w);
	assert_int_equal(count_shown(w, &here.context), 1);
	while (!go_on(w, &what))
		;
	/* What others said is there again. */
	assert_int_equal(count_shown(w, &here.context), 2 * N_SAID + 1);
	assert_int_equal(count_logged(w, &here.context), 2 * N_SAID + 1);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_take_all_and_nothing_beside_it),
		cmocka_unit_test(nothing_of_it_is_shown_meanwhile),
		cmocka_unit_test(
		    what_waits_is_not_sent_whichever_slice_it_is_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
