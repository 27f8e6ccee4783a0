/* Vectors and turns draw on the same budgets, and see each other's share. */

#include "tests/unit/unit.h"

#include <stddef.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/llm/embed.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/turn/turns.h"
#include "tests/unit/task-engine-turn/room.h"
#include "tests/unit/task-engine-turn/world.h"

enum {
	/* each fits alone, and both do not */
	LIMIT = 100 * 1000,
	TURN_OUT = 90 * 1000,
	N_TEXTS = 8,
	TEXT_BYTES = 8000,
	TEXTS_TOKENS = N_TEXTS * TEXT_BYTES / BUDGET_BYTES_PER_TOKEN,
};

/* The endpoint of vectors: its answer is given by hand. */
static struct svc svc;
static struct {
	embed_done_fn fn;
	void *arg;
} asked;

int
embedder_start(struct embedder *embedder, const char *const *texts,
    size_t n_texts, embed_done_fn fn, void *arg, struct err *err)
{
	(void)embedder;
	(void)texts;
	(void)err;
	assert_int_equal(n_texts, N_TEXTS);
	asked.fn = fn;
	asked.arg = arg;
	return 0;
}

void
embedder_judge(struct embedder *embedder, const struct err *why)
{
	(void)embedder;
	assert_null(why);
}

void
service_reply_later(
    uint64_t ticket, const struct buf *body, const struct err *err)
{
	(void)ticket;
	assert_true(!body != !err);
}

int
store_workspace_get(struct store *store, const char *id, struct arena *arena,
    struct workspace_row *out, struct err *err)
{
	(void)store;
	(void)id;
	(void)arena;
	(void)out;
	(void)err;
	return 0;
}

static void
enter(size_t limit_offset)
{
	room_budgets = &svc.budgets;
	room_enter(true);
	svc.cfg = &world.cfg;
	svc.embedder = (struct embedder *)&svc;
	world.cfg.llm_max_output_tokens = TURN_OUT;
	world.cfg.embed_model = "m";
	world.cfg.embed_exclude_workspaces = "";
	world.cfg.embed_exclude_globs = "";
	*(int64_t *)((char *)&world.cfg + limit_offset) = LIMIT;
}

/* The indexer wants vectors of those texts. */
static int
want_vectors(const char *workspace_id, struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(1 << 20);
	AUTO(json_free)
	struct json *body = NULL;
	AUTO(buf_release)
	struct buf text = { 0 };
	struct request request = { .arena = arena };
	struct reply reply = { 0 };

	buf_init(&text);
	buf_addf(&text, "{\"workspace_id\":\"%s\",\"texts\":[", workspace_id);
	for (size_t i = 0; i < N_TEXTS; i++)
		buf_addf(&text, "%s{\"text\":\"%0*d\"}", i ? "," : "",
		    TEXT_BYTES, 7);
	buf_adds(&text, "]}");
	assert_int_equal(json_parse(&body, text.data, text.size, err), 0);
	request.body = body;
	return on_embed_request(&svc, &request, &reply, err);
}

static void
vectors_come(void)
{
	AUTO(buf_release)
	struct buf body = { 0 };

	buf_init(&body);
	buf_adds(&body, "{\"data\":[");
	for (size_t i = 0; i < N_TEXTS; i++)
		buf_addf(&body, "%s{\"index\":%zu,\"embedding\":[1]}",
		    i ? "," : "", i);
	buf_adds(&body, "]}");
	asked.fn(asked.arg, body.data, body.size, NULL);
}

static const struct {
	const char *name;
	size_t limit_offset;
	const char *workspace_id; /* of the texts; the turn's is "workspace" */
	bool is_shared;
} budgets[] = {
	{ "the day's", offsetof(struct engine_cfg, budget_day), "other", true },
	{ "the workspace's", offsetof(struct engine_cfg, budget_workspace),
	    "workspace", true },
	{ "another workspace's", offsetof(struct engine_cfg, budget_workspace),
	    "other", false },
	{ "a person's", offsetof(struct engine_cfg, budget_person), "workspace",
	    false },
	{ "a conversation's", offsetof(struct engine_cfg, budget_room),
	    "workspace", false },
};

static void
vectors_see_what_a_turn_reserved(void **state)
{
	struct err err;

	(void)state;
	for (size_t i = 0; i < N_OF(budgets); i++) {
		const char *workspace_id = budgets[i].workspace_id;
		int got;

		enter(budgets[i].limit_offset);
		world_queue(TURN_ANSWER, "hello!");
		room_wake();
		assert_int_equal(world.n_calls, 1);
		got = want_vectors(workspace_id, &err);
		if ((got < 0 && err.code == ERR_BUSY) != budgets[i].is_shared)
			fail_msg("%s: %d", budgets[i].name, got);
		/* Then it has taken little, and they fit. */
		world.tokens_a_call = 10;
		world_model_answers(0, "Hi.", LLM_FINISH_DONE);
		if (got < 0)
			assert_int_equal(want_vectors(workspace_id, &err), 0);
		vectors_come();
		(void)room_leave(NULL);
	}
}

static void
a_turn_sees_what_vectors_reserved(void **state)
{
	struct err err;

	(void)state;
	for (size_t i = 0; i < N_OF(budgets); i++) {
		enter(budgets[i].limit_offset);
		assert_int_equal(
		    want_vectors(budgets[i].workspace_id, &err), 0);
		world_queue(TURN_ANSWER, "hello!");
		room_wake();
		if ((world.n_calls == 0) != budgets[i].is_shared)
			fail_msg("%s: %zu", budgets[i].name, world.n_calls);
		if (budgets[i].is_shared)
			assert_non_null(strstr(world.said[0].text, "used up"));
		vectors_come();
		(void)room_leave(NULL);
	}
}

/* What they took is in the table, and nothing of them counts twice. */
static void
vectors_leave_what_they_took(void **state)
{
	struct err err;

	(void)state;
	enter(offsetof(struct engine_cfg, budget_day));
	assert_int_equal(want_vectors("workspace", &err), 0);
	vectors_come();
	assert_int_equal(world.n_charged, 2);
	assert_string_equal(world.charged[0].scope, "workspace");
	assert_string_equal(world.charged[1].scope, "all");
	assert_in_range(
	    world.charged[1].n_tokens, TEXTS_TOKENS, TEXTS_TOKENS + 1);
	assert_null(svc.budgets.uses);
	world_queue(TURN_ANSWER, "hello!");
	room_wake();
	assert_int_equal(world.n_calls, 1);
}

#define TEST(name) cmocka_unit_test_teardown(name, room_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(vectors_see_what_a_turn_reserved),
		TEST(a_turn_sees_what_vectors_reserved),
		TEST(vectors_leave_what_they_took),
	};

	return cmocka_run_group_tests(tests, room_open, room_close);
}
