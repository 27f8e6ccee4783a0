/* How the endpoint of vectors stands, by what the engine says; the index and
 * the bus are the test's own. */

#include "services/indexer/meaning_impl.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "libcommon/loop.h"
#include "proto/bounds.h"
#include "proto/embed.h"
#include "services/indexer/index_vectors.h"
#include "services/indexer/library.h"
#include "services/indexer/workspace.h"
#include "tests/unit/unit.h"

#define WS "11111111-2222-4333-8444-555555555555"

enum { ARENA_BYTES = 1 << 20 };

static struct {
	struct loop *loop;
	struct meaning *meaning;
	struct workspace ws;
	char note[256];
	size_t n_wanted, n_passed, n_rescans;

	/* the last question to the engine */
	size_t n_asked, n_texts;
	char text[64];
	bus_answer_fn fn;
	void *arg;
} world;

int
bus_call(struct bus *bus, const struct bus_call *call, bus_answer_fn fn,
    void *arg, struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	struct embed_request in;
	AUTO(json_free)
	struct json *body = NULL;

	(void)bus;
	if (json_parse(&body, call->body->data, call->body->size, err) < 0 ||
	    embed_request_decode(&in, body, arena, err) < 0)
		fail_msg("%s", err->text);
	world.n_asked++;
	world.n_texts = in.n_texts;
	snprintf(world.text, sizeof(world.text), "%s",
	    in.n_texts ? in.texts[0].text : "");
	world.fn = fn;
	world.arg = arg;
	loop_stop(world.loop);
	return 0;
}

void
library_note(struct library *library, const char *text)
{
	(void)library;
	snprintf(world.note, sizeof(world.note), "%s", text);
	loop_stop(world.loop);
}

int
library_rescan(struct library *library)
{
	(void)library;
	world.n_rescans++;
	return 0;
}

int
library_use(struct library *library, struct workspace *ws, struct err *err)
{
	(void)library;
	(void)ws;
	(void)err;
	return 0;
}

int
library_use_known(struct library *library, const char *id,
    struct workspace **ws_out, struct err *err)
{
	(void)library;
	(void)id;
	(void)err;
	*ws_out = &world.ws;
	return 0;
}

int
index_vectors_retry(struct index *index, struct err *err)
{
	(void)index;
	(void)err;
	return 0;
}

int
index_vectors_wanted(struct index *index, const char *model, const char *globs,
    struct index_text *out, size_t max, size_t *n_out, struct arena *arena,
    struct err *err)
{
	(void)index;
	(void)globs;
	(void)arena;
	(void)err;
	assert_true(*model != '\0');
	*n_out = world.n_wanted < max ? world.n_wanted : max;
	for (size_t i = 0; i < *n_out; i++)
		out[i] = (struct index_text){ .path = "a.md", .text = "text" };
	return *n_out == 0;
}

int
index_vectors_put(struct index *index, const char *model,
    const struct index_text *texts, size_t n_texts, const float *values,
    size_t n_dimensions, struct err *err)
{
	(void)index;
	(void)model;
	(void)texts;
	(void)values;
	(void)n_dimensions;
	(void)err;
	world.n_wanted -= n_texts;
	return 0;
}

int
index_vectors_pass(struct index *index, const char *model,
    const struct index_text *text, struct err *err)
{
	(void)index;
	(void)model;
	(void)text;
	(void)err;
	world.n_wanted--;
	world.n_passed++;
	return 0;
}

int
index_vector_totals(
    struct index *index, struct index_vector_totals *out, struct err *err)
{
	(void)index;
	(void)err;
	*out = (struct index_vector_totals){ 0, (int64_t)world.n_wanted };
	return 0;
}

/* Until the engine is asked. */
static void
wait_asked(void)
{
	size_t n_before = world.n_asked;

	while (world.n_asked == n_before)
		loop_run(world.loop);
}

/* The engine answers what it was asked last: with a model's vectors; with ""
 * that there is no endpoint; or with an error. */
static void
answer(const char *model, enum err_code code)
{
	const char *vectors[BOUND_EMBED_TEXTS];
	struct embed_vectors out = { .model = model,
		.n_dimensions = *model ? 1 : 0,
		.vectors = vectors,
		.n_vectors = *model ? world.n_texts : 0 };
	AUTO(buf_release)
	struct buf body;
	AUTO(json_free)
	struct json *root = NULL;
	struct envelope envelope = { .ok = code == ERR_NONE };
	struct err err;

	for (size_t i = 0; i < world.n_texts; i++)
		vectors[i] = "AACAPw==";
	buf_init(&body);
	embed_vectors_encode(&out, &body);
	assert_int_equal(json_parse(&root, body.data, body.size, &err), 0);
	envelope.body = root;
	if (code != ERR_NONE)
		err_set(&envelope.error, code, "trouble");
	world.fn(world.arg, &envelope, NULL);
}

static int
setup(void **state)
{
	static char id[] = WS;
	struct err err;

	(void)state;
	memset(&world, 0, sizeof(world));
	world.ws.id = id;
	assert_int_equal(loop_open(&world.loop, &err), 0);
	meaning_open(
	    &world.meaning, &(struct meaning_options){ .loop = world.loop,
				.exclude_globs = "",
				.exclude_workspaces = "",
				.patience_ms = 10000 });
	wait_asked();
	assert_int_equal(world.n_texts, 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	meaning_close(&world.meaning);
	loop_close(&world.loop);
	return 0;
}

static void
ask_for(size_t n_texts)
{
	world.n_wanted = n_texts;
	meaning_wake(world.meaning, WS);
	wait_asked();
}

static void
without_an_endpoint_nothing_is_wrong(void **state)
{
	struct err away;

	(void)state;
	answer("", ERR_NONE);
	world.n_wanted = 1;
	meaning_wake(world.meaning, WS);
	/* As when the pause is over, and the engine is stopped. */
	meaning_run_in(world.meaning, 0);
	wait_asked();
	assert_int_equal(world.n_texts, 0);
	err_set(&away, ERR_TIMEOUT, "no answer in time");
	world.fn(world.arg, NULL, &away);
	assert_string_equal(world.note, "");
	wait_asked();
	assert_int_equal(world.n_texts, 0);
	answer("", ERR_NONE);
	assert_string_equal(world.note, "");
}

static void
one_that_is_taken_away_is_no_trouble(void **state)
{
	(void)state;
	answer("one", ERR_NONE);
	ask_for(1);
	answer("one", ERR_UNAVAILABLE);
	assert_non_null(strstr(world.note, "by words alone"));
	wait_asked();
	answer("", ERR_NONE);
	assert_string_equal(world.note, "");
	meaning_run_in(world.meaning, 0);
	wait_asked();
	assert_int_equal(world.n_texts, 0);
	/* And what waits is made when there is one again. */
	answer("one", ERR_NONE);
	wait_asked();
	assert_int_equal(world.n_texts, 1);
	answer("one", ERR_NONE);
	assert_int_equal(world.n_wanted, 0);
}

/* Of a workspace that is gone there is nothing left to ask. */
static void
trouble_does_not_outlive_what_it_was_about(void **state)
{
	(void)state;
	answer("one", ERR_NONE);
	ask_for(1);
	answer("one", ERR_UNAVAILABLE);
	world.n_wanted = 0;
	while (*world.note != '\0')
		loop_run(world.loop);
}

static void
on_meaning(void *arg, const struct index_meaning *found)
{
	(void)arg;
	assert_null(found);
}

static void
a_question_that_failed_is_asked_until_that_is_settled(void **state)
{
	(void)state;
	answer("one", ERR_NONE);
	meaning_of(world.meaning, WS, "why", on_meaning, NULL);
	answer("one", ERR_UNAVAILABLE);
	assert_non_null(strstr(world.note, "by words alone"));
	wait_asked();
	assert_string_equal(world.text, "why");
	/* The budget is used up, which says nothing of the endpoint. */
	answer("one", ERR_BUSY);
	wait_asked();
	assert_string_equal(world.text, "why");
	/* And of that workspace it may not be asked any more. */
	answer("one", ERR_REFUSED);
	while (*world.note != '\0')
		loop_run(world.loop);
}

static void
another_model_is_a_reason_to_look_through_all(void **state)
{
	(void)state;
	answer("one", ERR_NONE);
	ask_for(1);
	answer("one", ERR_NONE);
	assert_int_equal(world.n_rescans, 0);
	ask_for(1);
	answer("two", ERR_NONE);
	assert_int_equal(world.n_rescans, 1);
}

static void
what_is_refused_is_found_and_passed(void **state)
{
	(void)state;
	answer("one", ERR_NONE);
	ask_for(3);
	assert_int_equal(world.n_texts, 3);
	answer("one", ERR_INVALID);
	for (size_t i = 0; i < 3; i++) {
		wait_asked();
		assert_int_equal(world.n_texts, 1);
		answer("one", i == 1 ? ERR_INVALID : ERR_NONE);
	}
	assert_int_equal(world.n_passed, 1);
	assert_int_equal(world.n_wanted, 0);
	assert_string_equal(world.note, "");
	/* Together again. */
	ask_for(3);
	assert_int_equal(world.n_texts, 3);
	answer("one", ERR_NONE);
}

static void
one_that_refuses_all_is_asked_what_it_must_take(void **state)
{
	size_t n_passed;

	(void)state;
	answer("one", ERR_NONE);
	ask_for(40);
	while (strcmp(world.text, "text") == 0) {
		answer("one", ERR_INVALID);
		wait_asked();
	}
	n_passed = world.n_passed;
	assert_in_range(n_passed, 1, 20);
	assert_non_null(strstr(world.note, "by words alone"));
	answer("one", ERR_INVALID);
	wait_asked();
	assert_string_not_equal(world.text, "text");
	answer("one", ERR_NONE);
	assert_string_equal(world.note, "");
	assert_int_equal(world.n_passed, n_passed);
	wait_asked();
	assert_string_equal(world.text, "text");
	answer("one", ERR_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    without_an_endpoint_nothing_is_wrong, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    one_that_is_taken_away_is_no_trouble, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    trouble_does_not_outlive_what_it_was_about, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    a_question_that_failed_is_asked_until_that_is_settled,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    another_model_is_a_reason_to_look_through_all, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    what_is_refused_is_found_and_passed, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    one_that_refuses_all_is_asked_what_it_must_take, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
