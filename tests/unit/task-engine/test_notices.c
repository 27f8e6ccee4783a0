/* Who is told what concerns a workspace. */

#include "services/task-engine/delivery/notices.h"

#include <string.h>

#include "libcommon/arena.h"
#include "proto/delivery.h"
#include "services/task-engine/delivery/lease.h"
#include "services/task-engine/store/store.h"
#include "tests/unit/task-engine/world.h"
#include "tests/unit/unit.h"

static struct context_row
place(struct world *w, const char *id, const char *space, const char *marks)
{
	struct context_row x;

	w->now_ms++; /* the order is that of their making */
	x = world_context(w, "telegram", id, "community", space);
	world_run(
	    w, arena_printf(w->arena, "UPDATE contexts SET %s WHERE id = '%s'",
		   marks, x.id));
	return x;
}

/* The chats that it was posted to, each followed by a space. */
static const char *
tell(struct world *w, const struct context_row *about, const char *told)
{
	const struct notice notice = {
		.workspace_id = about->workspace_id,
		.text = "Something happened.",
		.told_context_id = told,
	};
	struct delivery_batch batch = { 0 };
	const char *chats = "";
	size_t n;

	DONE(store_begin(w->store, &w->err));
	DONE(notice_post(w->store, &notice, w->now_ms, w->arena, &n, &w->err));
	DONE(lease_claim(w->store,
	    &(struct claim){ "telegram.main", "id", 50, w->now_ms }, w->arena,
	    &batch, &w->err));
	store_rollback(w->store);
	assert_int_equal(batch.n_deliveries, n);
	for (size_t i = 0; i < n; i++)
		chats = arena_printf(
		    w->arena, "%s%s ", chats, batch.deliveries[i].chat_id);
	return chats;
}

static size_t
tell_all(struct world *w)
{
	size_t n;

	DONE(store_begin(w->store, &w->err));
	DONE(notice_post_all(
	    w->store, "Trouble.", w->now_ms, w->arena, &n, &w->err));
	store_rollback(w->store);
	return n;
}

static void
hubs_are_told_what_concerns_all_and_without_any_every_admin(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	place(w, "talk", "here", "is_admin = 0");
	assert_int_equal(tell_all(w), 0);
	place(w, "admins", "here", "is_admin = 1");
	place(w, "away", "there", "is_admin = 1");
	assert_int_equal(tell_all(w), 2);
	place(w, "hub", "there", "is_global_hub = 1");
	assert_int_equal(tell_all(w), 1);
	world_close(w);
}

static size_t
tell_around(struct world *w, const char *avoided)
{
	const struct detour detour = { .avoided = &avoided, .n_avoided = 1 };
	size_t n;

	DONE(store_begin(w->store, &w->err));
	DONE(notice_post_around(
	    w->store, "Trouble.", &detour, w->now_ms, w->arena, &n, &w->err));
	store_rollback(w->store);
	return n;
}

static void
link_admin(struct world *w, const char *user_id)
{
	world_run(
	    w, arena_printf(w->arena,
		   "INSERT INTO users (id, display_name) VALUES ('ada', 'a');"
		   "INSERT INTO identities (id, user_id, connector,"
		   " connector_user_id) VALUES ('i', 'ada', 'telegram', '%s');"
		   "INSERT INTO roles (user_id, workspace_id, role)"
		   " VALUES ('ada', '*', 'admin')",
		   user_id));
}

static void
who_can_be_reached_is_told_of_a_dead_connector(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	assert_int_equal(tell_around(w, "discord.main"), 0);
	world_context(w, "telegram", "42", "private", "42");
	world_context(w, "telegram", "43", "private", "43");
	assert_int_equal(tell_around(w, "discord.main"), 0);
	link_admin(w, "42");
	assert_int_equal(tell_around(w, "discord.main"), 1);
	assert_int_equal(tell_around(w, "telegram.main"), 0);
	place(w, "admins", "here", "is_admin = 1");
	place(w, "away", "there", "is_admin = 1");
	assert_int_equal(tell_around(w, "discord.main"), 2);
	/* A hub on the dead one is none: the admin channels hear it. */
	place(
	    w, "hub", "there", "is_global_hub = 1, instance = 'discord.main'");
	assert_int_equal(tell_around(w, "discord.main"), 2);
	assert_int_equal(tell_around(w, "imap.main"), 1);
	/* Nobody would fetch it. */
	place(
	    w, "session", "there", "is_global_hub = 1, instance = 'api.main'");
	assert_int_equal(tell_around(w, "discord.main"), 2);
	world_close(w);
}

static void
admin_channels_and_hubs_are_told_once(void **state)
{
	struct world world, *w = &world;

	(void)state;
	world_open(w);
	struct context_row talk = place(w, "talk", "here", "is_admin = 0");
	struct context_row admins = place(w, "admins", "here", "is_admin = 1");
	struct context_row away = place(w, "away", "there", "is_admin = 1");

	assert_string_equal(tell(w, &talk, NULL), "admins ");
	assert_string_equal(tell(w, &admins, admins.id), "");
	assert_string_equal(tell(w, &away, NULL), "away ");
	place(w, "hub", "there", "is_global_hub = 1");
	assert_string_equal(tell(w, &talk, talk.id), "admins hub ");
	place(w, "both", "here", "is_admin = 1, is_global_hub = 1");
	assert_string_equal(tell(w, &talk, NULL), "admins hub both ");
	assert_string_equal(tell(w, &away, NULL), "away hub both ");
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(admin_channels_and_hubs_are_told_once),
		cmocka_unit_test(
		    who_can_be_reached_is_told_of_a_dead_connector),
		cmocka_unit_test(
		    hubs_are_told_what_concerns_all_and_without_any_every_admin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
