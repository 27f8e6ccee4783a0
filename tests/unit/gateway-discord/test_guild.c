/* Servers that the bot comes to and leaves. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "proto/membership.h"
#include "services/gateway-discord/translate.h"

#define ID "1500000000000000001"
#define JOINED ",\"joined_at\":\"2026-11-26T10:42:32.586000+00:00\""

static struct json *
parse(const char *text)
{
	struct json *json;
	struct err err;

	if (json_parse(&json, text, strlen(text), &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return json;
}

static const struct {
	const char *name, *event;
	bool is_told;
	const char *chat_id;
} added[] = {
	{ "a server", "{\"id\":\"" ID "\",\"name\":\"reef\"" JOINED "}", true,
	    "" },
	{ "with a system channel",
	    "{\"id\":\"" ID
	    "\",\"name\":\"reef\",\"system_channel_id\":\"7\"" JOINED "}",
	    true, "7" },
	{ "without one",
	    "{\"id\":\"" ID
	    "\",\"name\":\"reef\",\"system_channel_id\":null" JOINED "}",
	    true, "" },
	{ "back from an outage",
	    "{\"id\":\"" ID "\",\"name\":\"reef\",\"unavailable\":false" JOINED
	    "}",
	    true, "" },
	{ "in an outage", "{\"id\":\"" ID "\",\"unavailable\":true}", false },
	{ "without its time", "{\"id\":\"" ID "\",\"name\":\"reef\"}", false },
	{ "without an id", "{\"name\":\"reef\"" JOINED "}", false },
	{ "no id of Discord's", "{\"id\":\"x\"" JOINED "}", false },
};

static void
arrivals_are_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(added); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(4096);
		AUTO(json_free)
		struct json *event = parse(added[i].event);
		struct membership_changed got;

		if (translate_added(&got, event, arena) != added[i].is_told)
			fail_msg("%s", added[i].name);
		if (!added[i].is_told)
			continue;
		assert_string_equal(got.event_id, "s:" ID ":1795689752586");
		assert_string_equal(got.change, "added");
		assert_string_equal(got.space_id, ID);
		assert_string_equal(got.space_name, "reef");
		assert_string_equal(got.chat_id, added[i].chat_id);
		assert_int_equal(got.changed_unix_ms, 1795689752586);
	}
}

static void
departures_are_told_once_where_they_were_told(void **state)
{
	static const struct translate_place here = { "abc", 5, 1000 },
					    later = { "abc", 6, 1000 },
					    another = { "abd", 5, 1000 };
	AUTO(arena_free)
	struct arena *arena = arena_new(4096);
	AUTO(json_free)
	struct json *gone = parse("{\"id\":\"" ID "\"}");
	AUTO(json_free)
	struct json *outage = parse("{\"id\":\"" ID "\",\"unavailable\":true}");
	struct membership_changed got, again, other;

	(void)state;
	assert_false(translate_removed(&got, outage, &here, arena));
	assert_true(translate_removed(&got, gone, &here, arena));
	assert_string_equal(got.change, "removed");
	assert_string_equal(got.space_id, ID);
	assert_int_equal(got.changed_unix_ms, 1000);
	assert_true(translate_removed(&again, gone, &here, arena));
	assert_string_equal(again.event_id, got.event_id);
	assert_true(translate_removed(&other, gone, &later, arena));
	assert_string_not_equal(other.event_id, got.event_id);
	assert_true(translate_removed(&other, gone, &another, arena));
	assert_string_not_equal(other.event_id, got.event_id);
	/* Missing in READY is as good. */
	translate_left(&again, ID, &here, arena);
	assert_string_equal(again.event_id, got.event_id);
	assert_string_equal(again.change, "removed");
	assert_string_equal(again.space_id, ID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrivals_are_told),
		cmocka_unit_test(departures_are_told_once_where_they_were_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
