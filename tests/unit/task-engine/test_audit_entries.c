/* What an entry of the audit log says, and how many refusals are kept. */

#include "services/task-engine/audit/audit.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/log.h"
#include "services/task-engine/audit/verify.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/trail.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

#define ALL_FIELDS                                                             \
	"SELECT actor || '|' || speaks_as || '|' || operation || '|' ||"       \
	" door || '|' || workspace_id || '|' || context_id || '|' ||"          \
	" subject || '|' || detail || '|' || reason || '|' || cause || '|' ||" \
	" outcome FROM audit ORDER BY seq DESC LIMIT 1"

static void
an_entry_takes_what_the_request_is_known_to_be(void **state)
{
	const struct audit_entry door = { .door = "api.main",
		.operation = "chat.turn" };
	const struct audit_entry actor = { .actor = "local",
		.speaks_as = "codex:s1" };
	const struct audit_entry brief = { .subject = "s",
		.reason = "because" };
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	assert_false(audit_has_actor(w->store));
	log_context("M", "C");
	audit_request(w->store, &door);
	audit_request(w->store, &actor);
	assert_true(audit_has_actor(w->store));
	DONE(store_begin(w->store, &w->err));
	DONE(audit_add(w->store, &brief, w->now_ms, &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_string_equal(world_ask(w, ALL_FIELDS),
	    "local|codex:s1|chat.turn|api.main|||s||because|C|done");
	audit_request_end(w->store);
	log_context("M", "");
	trail_add(w, 1);
	assert_string_equal(world_ask(w, ALL_FIELDS),
	    "local||task.cancel||w||t1|running||M|done");
	log_context_clear();
	world_close(w);
}

static void
what_is_too_long_is_cut(void **state)
{
	struct world world, *w = &world;
	struct audit_entry entry = trail_entry;
	char *text;

	(void)state;
	world_open(w);
	text = arena_alloc(w->arena, 100001);
	memset(text, 'x', 100000);
	entry.detail = entry.subject = entry.reason = text;
	DONE(store_begin(w->store, &w->err));
	DONE(audit_add(w->store, &entry, w->now_ms, &w->err));
	DONE(store_commit(w->store, &w->err));
	assert_string_equal(
	    world_ask(w, "SELECT length(detail) || ' ' || length(subject)"
			 " FROM audit ORDER BY seq DESC LIMIT 1"),
	    "1024 256");
	trail_must_find(w, "long", AUDIT_INTACT, 0);
	world_close(w);
}

static void
refuse(struct world *w, const char *actor, const char *operation, int64_t at_ms)
{
	const struct audit_entry entry = {
		.actor = actor, .operation = operation, .reason = "no"
	};

	audit_refused(w->store, &entry, at_ms);
}

static void
write_refused(struct world *w)
{
	DONE(audit_write_refused(w->store, &w->err));
	store_tell(w->store);
}

static void
a_refusal_outlives_what_it_undoes(void **state)
{
	struct audit_head head;
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	DONE(store_begin(w->store, &w->err));
	refuse(w, "tool:ci", "token.add", w->now_ms);
	store_rollback(w->store);
	write_refused(w);
	assert_string_equal(
	    world_ask(w, ALL_FIELDS), "tool:ci||token.add||||||no||refused");
	DONE(audit_head_read(&head, world_path(w, "audit.head"), &w->err));
	assert_int_equal(head.seq, 2);
	/* And is written once. */
	write_refused(w);
	assert_string_equal(world_ask(w, "SELECT count(*) FROM audit"), "2");
	trail_must_find(w, "refused", AUDIT_INTACT, 0);
	world_close(w);
}

#define COUNT_REFUSED "SELECT count(*) FROM audit WHERE outcome = 'refused'"

static void
many_refusals_are_ten_and_one(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	for (int i = 0; i < 500; i++)
		refuse(w, "tool:ci", "token.add", w->now_ms + i);
	refuse(w, "tool:ci", "token.list", w->now_ms);
	refuse(w, "tool:x", "token.add", w->now_ms);
	write_refused(w);
	assert_string_equal(world_ask(w, COUNT_REFUSED), "13");
	assert_string_equal(
	    world_ask(w, COUNT_REFUSED " AND reason LIKE 'and more%'"), "1");
	/* The next hour begins to count again. */
	refuse(w, "tool:ci", "token.add", w->now_ms + 3599999);
	write_refused(w);
	assert_string_equal(world_ask(w, COUNT_REFUSED), "13");
	refuse(w, "tool:ci", "token.add", w->now_ms + 3600000);
	write_refused(w);
	assert_string_equal(world_ask(w, COUNT_REFUSED), "14");
	world_close(w);
}

static void
refusals_of_many_are_bounded_too(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	for (int i = 0; i < 3000; i++)
		refuse(w, arena_printf(w->arena, "telegram:%d", i), "token.add",
		    w->now_ms);
	write_refused(w);
	assert_string_equal(world_ask(w, COUNT_REFUSED), "1001");
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    an_entry_takes_what_the_request_is_known_to_be),
		cmocka_unit_test(what_is_too_long_is_cut),
		cmocka_unit_test(a_refusal_outlives_what_it_undoes),
		cmocka_unit_test(many_refusals_are_ten_and_one),
		cmocka_unit_test(refusals_of_many_are_bounded_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
