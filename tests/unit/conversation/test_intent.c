/* What is meant by words without a slash. */

#include "services/task-engine/conversation/intent.h"

#include <string.h>

#include "libcommon/arena.h"
#include "services/task-engine/conversation/speech.h"
#include "tests/unit/unit.h"

enum { ARENA_BYTES = 32 << 20 };

/* Who says it where. */
enum scene {
	TO_US,	    /* addressed */
	ADMIN_ROOM, /* an admin channel, to nobody */
	TO_NOTICE,  /* a reply to an action's notice, in a group */
	TO_NOBODY,  /* in a group */
	FORWARDED,  /* to us, but somebody else's words */
	SCENE_COUNT
};

static const struct intent_ask scenes[SCENE_COUNT] = {
	[TO_US] = { .self = "harbour_bot", .is_addressed = true },
	[ADMIN_ROOM] = { .self = "harbour_bot", .is_admin_channel = true },
	[TO_NOTICE] = { .self = "harbour_bot",
	    .is_addressed = true,
	    .is_notice_reply = true },
	[TO_NOBODY] = { .self = "harbour_bot" },
	[FORWARDED] = { .self = "harbour_bot",
	    .is_addressed = true,
	    .is_forwarded = true },
};

static void
hear(
    struct intent *out, const char *text, enum scene scene, struct arena *arena)
{
	struct intent_ask ask = scenes[scene];

	ask.text = text;
	intent_parse(out, &ask, arena);
}

#define APPROVE COMMAND_APPROVE_ACTION
#define DENY COMMAND_DENY_ACTION
#define PENDING COMMAND_PENDING_ACTIONS

static const struct {
	const char *claim;
	const char *text;
	enum scene scene;
	enum command_id id;
	const char *argument;
} cases[] = {
	/* The requirement's examples. */
	{ "README: create a task",
	    "please create a task to write release "
	    "notes",
	    TO_US, COMMAND_TASK, "write release notes" },
	{ "README: pending", "show pending actions", TO_US, PENDING, "" },
	{ "README: approve by id", "approve action act_9f3c", TO_US, APPROVE,
	    "act_9f3c" },
	{ "README: yes, i approve it", "yes, i approve it", TO_US, APPROVE,
	    "it" },
	{ "README: deny with a reason", "deny it because unsafe command", TO_US,
	    DENY, "it because unsafe command" },
	{ "README: deny pairing",
	    "deny pairing token ABCDEF1234 because duplicate", TO_US,
	    COMMAND_DENY, "ABCDEF1234 because duplicate" },
	{ "README: search", "search for release notes", TO_US, COMMAND_SEARCH,
	    "release notes" },
	{ "README: open", "open file docs/operations.md", TO_US, COMMAND_OPEN,
	    "docs/operations.md" },
	{ "README: status", "what is the qmd status?", TO_US, COMMAND_STATUS,
	    "" },
	{ "README: set prompt", "set prompt to Speak plainly.", TO_US,
	    COMMAND_PROMPT, "set Speak plainly." },
	{ "README: admin channel", "enable admin channel", TO_US,
	    COMMAND_ADMIN_CHANNEL, "enable" },

	/* The predecessor's table, row by row (5). */
	{ "1 most recent", "please approve the most recent pending action",
	    TO_US, APPROVE, "latest" },
	{ "1 latest", "approve the latest pending approval", TO_US, APPROVE,
	    "latest" },
	{ "1 newest", "approve newest pending action", TO_US, APPROVE,
	    "latest" },
	{ "1 last pending", "approve the last pending action", TO_US, APPROVE,
	    "latest" },
	{ "2 by id, quoted", "approve \"act_9F3C-12\"", TO_US, APPROVE,
	    "act_9f3c-12" },
	{ "2 by id, in ticks", "please approve `act_9f3c`, thanks!", TO_US,
	    APPROVE, "act_9f3c" },
	{ "3 deny by id", "deny action act_9f3c: it deletes things", TO_US,
	    DENY, "act_9f3c because it deletes things" },
	{ "3 reject by id", "reject act_9f3c", TO_US, DENY, "act_9f3c" },
	{ "3 decline by id", "Decline act_9f3c not needed any more", TO_US,
	    COMMAND_NONE, "" },
	{ "3 by id, words behind it", "decline act_9f3c wrong host", TO_US,
	    DENY, "act_9f3c because wrong host" },
	{ "4 approve alone", "approve", TO_US, APPROVE, "it" },
	{ "4 approve action", "approve the action", TO_US, APPROVE, "it" },
	{ "4 approve this", "Approve this.", TO_US, APPROVE, "it" },
	{ "4 approve that", "ok, approve that please", TO_US, APPROVE, "it" },
	{ "4 yes i approve", "Yes, I approve!", TO_US, APPROVE, "it" },
	{ "5 deny action", "deny the action", TO_US, DENY, "it" },
	{ "5 reject this", "reject this for now it is noise", TO_US, DENY,
	    "it because now it is noise" },
	{ "5 decline it", "no, decline it. It is unsafe.", TO_US, DENY,
	    "it because It is unsafe" },
	{ "6 approve pairing", "approve pairing token ABCDEF1234", TO_US,
	    COMMAND_APPROVE, "ABCDEF1234" },
	{ "6 with a role", "approve ABCDEF1234 as a member please", TO_US,
	    COMMAND_APPROVE, "ABCDEF1234 member" },
	{ "7 deny pairing", "reject the token ABCDEF1234", TO_US, COMMAND_DENY,
	    "ABCDEF1234" },
	{ "8 pending approvals", "show me pending approvals", TO_US, PENDING,
	    "" },
	{ "9 for this chat", "please enable admin channel for this chat", TO_US,
	    COMMAND_ADMIN_CHANNEL, "enable" },
	{ "10 show prompt", "show prompt", TO_US, COMMAND_PROMPT, "show" },
	{ "10 prompt show", "prompt show", TO_US, COMMAND_PROMPT, "show" },
	{ "10 clear prompt", "clear prompt", TO_US, COMMAND_PROMPT, "clear" },
	{ "10 update prompt", "update the prompt to A\nB", TO_US,
	    COMMAND_PROMPT, "set A\nB" },
	{ "11 docs", "search docs for tides", TO_US, COMMAND_SEARCH, "tides" },
	{ "11 find in docs", "find in docs tides", TO_US, COMMAND_SEARCH,
	    "tides" },
	{ "11 find docs for", "find docs for \"tides\"?", TO_US, COMMAND_SEARCH,
	    "tides" },
	{ "12 doc", "open doc `docs/a.md`.", TO_US, COMMAND_OPEN, "docs/a.md" },
	{ "12 markdown", "open markdown docs/a.md", TO_US, COMMAND_OPEN,
	    "docs/a.md" },
	{ "12 show file", "show file a b.md", TO_US, COMMAND_OPEN, "a b.md" },
	{ "12 path alone", "open ./docs/a.md please", TO_US, COMMAND_OPEN,
	    "./docs/a.md" },
	{ "12 short id", "open #a1b2c3", TO_US, COMMAND_OPEN, "#a1b2c3" },
	{ "13 index status", "search index status", TO_US, COMMAND_STATUS, "" },
	{ "14 alert", "set an alert for price changes", TO_US, COMMAND_MONITOR,
	    "price changes" },
	{ "14 goal is cut",
	    "set an alert to monitor example.org, and tell me what changes",
	    TO_US, COMMAND_MONITOR, "example.org" },
	{ "14 goal is cut at a report",
	    "create a monitoring objective to monitor prices and report daily",
	    TO_US, COMMAND_MONITOR, "prices" },
	{ "14 objective for", "setup a monitoring objective for the harbour.",
	    TO_US, COMMAND_MONITOR, "the harbour" },
	{ "14 track", "track the release page", TO_US, COMMAND_MONITOR,
	    "the release page" },
	{ "14 site", "monitor dwizi.com for pricing changes", TO_US,
	    COMMAND_MONITOR, "dwizi.com for pricing changes" },
	{ "15 id is asked for",
	    "Turn that into an actionable task and tell me the task id", TO_US,
	    COMMAND_TASK,
	    "Make one actionable task of what was discussed last here, and do "
	    "it." },
	{ "15 what was before",
	    "We need a rollout plan. Turn this into a task.", TO_US,
	    COMMAND_TASK,
	    "Make one actionable task of this and do it: We need a rollout "
	    "plan." },
	{ "15 what follows",
	    "make this a task in this workspace: clean the "
	    "quay",
	    TO_US, COMMAND_TASK, "clean the quay" },
	{ "16 the \"to\" goes (G-22)", "create a task to row", TO_US,
	    COMMAND_TASK, "row" },
	{ "16 for me", "Can you add a new task for me to write\n> a log?",
	    TO_US, COMMAND_TASK, "write\n> a log?" },
	{ "16 colon", "queue task: row home", TO_US, COMMAND_TASK, "row home" },

	/* Only to us, and decisions where they belong. */
	{ "said to nobody", "show pending actions", TO_NOBODY, COMMAND_NONE,
	    "" },
	{ "decided to nobody", "approve it", TO_NOBODY, COMMAND_NONE, "" },
	{ "decided in an admin channel", "approve act_9f3c", ADMIN_ROOM,
	    APPROVE, "act_9f3c" },
	{ "other things to nobody there", "show pending actions", ADMIN_ROOM,
	    COMMAND_NONE, "" },
	{ "yes to the notice", "Yes!", TO_NOTICE, APPROVE, "it" },
	{ "go ahead to the notice", "go ahead please", TO_NOTICE, APPROVE,
	    "it" },
	{ "no to the notice", "no", TO_NOTICE, DENY, "it" },
	{ "yes elsewhere (G-12)", "yes", TO_US, COMMAND_NONE, "" },
	{ "yes in an admin channel", "yes", ADMIN_ROOM, COMMAND_NONE, "" },
	{ "yes? to the notice", "yes?", TO_NOTICE, COMMAND_NONE, "" },
	{ "yes with more to the notice", "yes but tomorrow", TO_NOTICE,
	    COMMAND_NONE, "" },
	{ "forwarded", "approve it", FORWARDED, COMMAND_NONE, "" },
	{ "forwarded order", "create a task to row", FORWARDED, COMMAND_NONE,
	    "" },
	{ "our name before", "@harbour_bot approve it", TO_US, APPROVE, "it" },
	{ "our name behind", "approve it @Harbour_Bot", TO_US, APPROVE, "it" },
	{ "to somebody else", "@bob approve it", TO_US, COMMAND_NONE, "" },
	{ "to somebody else there", "approve it @bob", ADMIN_ROOM, COMMAND_NONE,
	    "" },

	/* Negation, and what only sounds like an order (G-12). */
	{ "don't", "don't approve it", TO_US, COMMAND_NONE, "" },
	{ "curly don't", "don\xe2\x80\x99t approve it", TO_US, COMMAND_NONE,
	    "" },
	{ "dont", "dont approve act_9f3c", TO_US, COMMAND_NONE, "" },
	{ "I do not", "I do not approve it", TO_US, COMMAND_NONE, "" },
	{ "I do not, at all", "I do not approve", TO_US, COMMAND_NONE, "" },
	{ "never", "never approve action act_9f3c", TO_US, COMMAND_NONE, "" },
	{ "please don't deny", "please don't deny it", TO_US, COMMAND_NONE,
	    "" },
	{ "don't deny by id", "do not reject act_9f3c", TO_US, COMMAND_NONE,
	    "" },
	{ "cannot", "I cannot approve this", TO_US, COMMAND_NONE, "" },
	{ "not behind it", "approve it not", TO_US, COMMAND_NONE, "" },
	{ "no, approve", "no approve it", TO_US, COMMAND_NONE, "" },
	{ "question", "should I approve it?", TO_US, COMMAND_NONE, "" },
	{ "question without a mark", "should I approve it", TO_US, COMMAND_NONE,
	    "" },
	{ "question mark", "approve it?", TO_US, COMMAND_NONE, "" },
	{ "id and question mark", "approve act_9f3c?", TO_US, COMMAND_NONE,
	    "" },
	{ "can you", "can you approve it", TO_US, COMMAND_NONE, "" },
	{ "who", "who can approve it?", TO_US, COMMAND_NONE, "" },
	{ "question to deny", "deny it?", TO_US, COMMAND_NONE, "" },
	{ "if", "approve it if it is safe", TO_US, COMMAND_NONE, "" },
	{ "later", "approve it later", TO_US, COMMAND_NONE, "" },
	{ "unless", "deny it unless Bob agrees", TO_US, COMMAND_NONE, "" },
	{ "if, by id", "deny act_9f3c if it fails", TO_US, COMMAND_NONE, "" },
	{ "somebody will", "he will approve it", TO_US, COMMAND_NONE, "" },
	{ "told", "Bob said I approve it", TO_US, COMMAND_NONE, "" },
	{ "two orders", "approve it and deny the other", TO_US, COMMAND_NONE,
	    "" },
	{ "two ids", "approve act_9f3c act_1234", TO_US, COMMAND_NONE, "" },
	{ "in quotes", "\"approve it\"", TO_US, COMMAND_NONE, "" },
	{ "told in quotes", "he wrote \"approve it\"", TO_US, COMMAND_NONE,
	    "" },
	{ "in ticks", "`approve it`", TO_US, COMMAND_NONE, "" },
	{ "quoted line", "> approve it", TO_US, COMMAND_NONE, "" },
	{ "answer under a quoted line", "> May I run it?\napprove it", TO_US,
	    APPROVE, "it" },
	{ "code", "```\napprove it\n```", TO_US, COMMAND_NONE, "" },
	{ "other letters", "\xd0\xb0pprove it", TO_US, COMMAND_NONE, "" },
	{ "letters parted", "app\xe2\x80\x8brove it", TO_US, COMMAND_NONE, "" },
	{ "approved in passing", "It was approved, thanks", TO_US, COMMAND_NONE,
	    "" },
	{ "pairing in a sentence", "my token was approved immediately", TO_US,
	    COMMAND_NONE, "" },
	{ "an offer declined", "I decline", TO_US, COMMAND_NONE, "" },
	{ "a notion rejected", "reject the notion", TO_US, COMMAND_NONE, "" },
	{ "reason with action in it (G-19)",
	    "deny token ABCDEF1234 because duplicate transaction", TO_US,
	    COMMAND_DENY, "ABCDEF1234 because duplicate transaction" },

	/* Sentences that merely begin so (G-20, G-21). */
	{ "open source", "open source is great", TO_US, COMMAND_NONE, "" },
	{ "open question", "open question for you", TO_US, COMMAND_NONE, "" },
	{ "task force", "task force meets at nine", TO_US, COMMAND_NONE, "" },
	{ "status of", "status of the deploy?", TO_US, COMMAND_NONE, "" },
	{ "what is the status of", "what is the status of the deploy?", TO_US,
	    COMMAND_NONE, "" },
	{ "search results", "search results are odd", TO_US, COMMAND_NONE, "" },
	{ "how to search", "how do I search for notes?", TO_US, COMMAND_NONE,
	    "" },
	{ "track record", "track record matters", TO_US, COMMAND_NONE, "" },
	{ "prompt reply", "prompt reply, thanks", TO_US, COMMAND_NONE, "" },
	{ "prompt set needs the slash", "prompt set to fail", TO_US,
	    COMMAND_NONE, "" },
	{ "change without to", "update the prompt please", TO_US, COMMAND_NONE,
	    "" },
	{ "not to create", "please don't create a task to row", TO_US,
	    COMMAND_NONE, "" },
	{ "should we", "should we create a task to row?", TO_US, COMMAND_NONE,
	    "" },
	{ "not to enable", "never enable admin channel", TO_US, COMMAND_NONE,
	    "" },
	{ "admin channel in passing", "the admin channel is loud", TO_US,
	    COMMAND_NONE, "" },
	{ "global only with the slash", "enable the global admin channel",
	    TO_US, COMMAND_NONE, "" },
	{ "none pending", "I have no pending actions today", TO_US,
	    COMMAND_NONE, "" },
	{ "nothing to search for", "search for", TO_US, COMMAND_NONE, "" },
	{ "nothing to do", "create a task.", TO_US, COMMAND_NONE, "" },
	{ "not ours to turn", "don't turn this into a task", TO_US,
	    COMMAND_NONE, "" },

	/* G-11 crashed the predecessor. */
	{ "letters that fold longer",
	    "\xc8\xba\xc8\xba\xc8\xba\xc8\xba\xc8\xba\xc8\xba\xc8\xba set "
	    "prompt",
	    TO_US, COMMAND_NONE, "" },
	{ "letters that fold longer in an argument",
	    "set prompt to \xc8\xba\xc8\xbaX", TO_US, COMMAND_PROMPT,
	    "set \xc8\xba\xc8\xbaX" },
	{ "empty", "", TO_US, COMMAND_NONE, "" },
};

static void
words_mean_what_the_table_says(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	int n_wrong = 0;

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct intent got;

		hear(&got, cases[i].text, cases[i].scene, arena);
		if (got.command.id == cases[i].id &&
		    strcmp(got.command.argument, cases[i].argument) == 0)
			continue;
		print_error("%s: %d \"%s\", wanted %d\n", cases[i].claim,
		    got.command.id, got.command.argument, cases[i].id);
		n_wrong++;
	}
	assert_int_equal(n_wrong, 0);
}

static void
every_row_recognises_its_example(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);

	(void)state;
	for (size_t i = 0; i < n_intent_rows; i++) {
		const struct intent_row *row = &intent_rows[i];
		struct intent got;
		struct speech s;
		size_t at;

		hear(&got, row->example, TO_US, arena);
		if (got.command.id != row->id)
			fail_msg("\"%s\": %d", row->example, got.command.id);
		/* By its own phrase, not by an earlier row's. */
		speech_read(&s, row->example, arena);
		if (speech_find(&s, 0, row->pattern, &at) == 0)
			fail_msg("\"%s\" is not the row's", row->example);
	}
}

static void
every_example_is_words_when_it_is_quoted(void **state)
{
	static const char *const covers[] = { "\"%s\"", "`%s`", "> %s",
		"```\n%s\n```", "don't %s", "Bob said: %s" };
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);

	(void)state;
	for (size_t i = 0; i < n_intent_rows; i++)
		for (size_t c = 0; c < N_OF(covers); c++) {
			const char *at = strstr(covers[c], "%s");
			const char *text = arena_printf(arena, "%.*s%s%s",
			    (int)(at - covers[c]), covers[c],
			    intent_rows[i].example, at + 2);
			struct intent got;

			hear(&got, text, TO_US, arena);
			if (got.command.id != COMMAND_NONE)
				fail_msg("%s: %d", text, got.command.id);
		}
}

static void
a_name_that_is_not_ours_is_somebody_elses(void **state)
{
	static const char *const texts[] = { "@somebody approve it",
		"approve it @somebody", "@somebody show pending actions" };
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	struct intent_ask ask = { .self = "", .is_addressed = true };

	(void)state;
	for (size_t i = 0; i < N_OF(texts); i++) {
		struct intent got;

		ask.text = texts[i];
		intent_parse(&got, &ask, arena);
		assert_int_equal(got.command.id, COMMAND_NONE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_mean_what_the_table_says),
		cmocka_unit_test(every_row_recognises_its_example),
		cmocka_unit_test(every_example_is_words_when_it_is_quoted),
		cmocka_unit_test(a_name_that_is_not_ours_is_somebody_elses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
