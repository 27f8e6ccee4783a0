/* What stands behind a command's name. */

#include "services/task-engine/conversation/arguments.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "tests/unit/unit.h"

enum { ARENA_BYTES = 32 << 20 };

static const char *const which_names[] = { [ACTION_BY_ID] = "",
	[ACTION_ONLY] = "only",
	[ACTION_LATEST] = "latest",
	[ACTION_ALL] = "all" };

/* Each reader says in one line what it read. */
static void
say_action(struct buf *out, const struct action_choice *c)
{
	buf_addf(out, "%s%s%s%s", which_names[c->which], c->id,
	    *c->reason ? ": " : "", c->reason);
}

static void
say_decision(struct buf *out, const struct decision *d)
{
	if (!d->is_pairing) {
		say_action(out, &d->action);
		return;
	}
	buf_addf(out, "pairing %s%s%s%s%s%s", d->pairing.token,
	    d->pairing.role ? " as " : "",
	    d->pairing.role ? role_name(d->pairing.role) : "",
	    d->pairing.is_everywhere ? " everywhere" : "",
	    *d->pairing.reason ? ": " : "", d->pairing.reason);
}

static int
read_approve(
    struct buf *out, const char *text, struct arena *arena, struct err *err)
{
	struct decision d;
	int got = args_approve(&d, text, arena, err);

	if (got == 0)
		say_decision(out, &d);
	return got;
}

static int
read_deny(
    struct buf *out, const char *text, struct arena *arena, struct err *err)
{
	struct decision d;
	int got = args_deny(&d, text, arena, err);

	if (got == 0)
		say_decision(out, &d);
	return got;
}

static int
read_approve_action(
    struct buf *out, const char *text, struct arena *arena, struct err *err)
{
	struct action_choice c;
	int got = args_approve_action(&c, text, arena, err);

	if (got == 0)
		say_action(out, &c);
	return got;
}

static int
read_deny_action(
    struct buf *out, const char *text, struct arena *arena, struct err *err)
{
	struct action_choice c;
	int got = args_deny_action(&c, text, arena, err);

	if (got == 0)
		say_action(out, &c);
	return got;
}

static int
read_cancel(
    struct buf *out, const char *text, struct arena *arena, struct err *err)
{
	struct task_choice c;
	int got = args_cancel(&c, text, arena, err);

	if (got == 0)
		buf_adds(out, c.id);
	return got;
}

static int
read_done(
    struct buf *out, const char *text, struct arena *arena, struct err *err)
{
	struct task_choice c;
	int got = args_done(&c, text, arena, err);

	if (got == 0)
		buf_addf(out, "%s%s%s", c.id, *c.note ? ": " : "", c.note);
	return got;
}

static int
read_tasks(
    struct buf *out, const char *text, struct arena *arena, struct err *err)
{
	const char *task_state;
	int got = args_tasks(&task_state, text, arena, err);

	if (got == 0)
		buf_adds(out, task_state);
	return got;
}

static int
read_route(
    struct buf *out, const char *text, struct arena *arena, struct err *err)
{
	struct route_choice c;
	int got = args_route(&c, text, arena, err);

	if (got == 0)
		buf_addf(out, "%s %s %s %lldm %s%s", c.id,
		    triage_defaults[c.class].name, c.priority,
		    (long long)c.due_s / 60, c.lane, c.is_run ? " run" : "");
	return got;
}

static int
read_prompt(
    struct buf *out, const char *text, struct arena *arena, struct err *err)
{
	static const char *const verbs[] = { [PROMPT_SHOW] = "show",
		[PROMPT_SET] = "set ",
		[PROMPT_CLEAR] = "clear" };
	struct prompt_choice c;
	int got = args_prompt(&c, text, arena, err);

	if (got == 0)
		buf_addf(out, "%s%s", verbs[c.verb], c.text);
	return got;
}

static int
read_admin_channel(
    struct buf *out, const char *text, struct arena *arena, struct err *err)
{
	struct admin_channel_choice c;
	int got = args_admin_channel(&c, text, arena, err);

	if (got == 0)
		buf_addf(out, "%s%s", c.is_enabled ? "on" : "off",
		    c.is_global ? " global" : "");
	return got;
}

static int
read_forget(
    struct buf *out, const char *text, struct arena *arena, struct err *err)
{
	struct forget_choice c;
	int got = args_forget(&c, text, arena, err);

	if (got == 0)
		buf_addf(out, "%s%s%s", c.is_everything ? "all" : "mine",
		    *c.code ? " " : "", c.code);
	return got;
}

static const struct reader {
	const char *name;
	int (*read)(struct buf *out, const char *text, struct arena *arena,
	    struct err *err);
} approve = { "approve", read_approve }, deny = { "deny", read_deny },
  approve_action = { "approve-action", read_approve_action },
  deny_action = { "deny-action", read_deny_action },
  cancel = { "cancel", read_cancel }, done = { "done", read_done },
  tasks = { "tasks", read_tasks }, route = { "route", read_route },
  prompt = { "prompt", read_prompt },
  admin_channel = { "admin-channel", read_admin_channel },
  forget = { "forget", read_forget };

static const struct {
	const struct reader *reader;
	const char *text;
	const char *read;  /* NULL: refused … */
	const char *error; /* … with this in the text */
} cases[] = {
	/* The predecessor's 5.3 */
	{ &approve, "", "only", NULL },
	{ &approve, "the most recent", "latest", NULL },
	{ &approve, "latest pending", "latest", NULL },
	{ &approve, "latest", "latest", NULL },
	{ &approve, "newest", "latest", NULL },
	{ &approve, "all", "all", NULL },
	{ &approve, "everything", "all", NULL },
	{ &approve, "all pending actions", "all", NULL },
	{ &approve, "act_9f3c", "act_9f3c", NULL },
	{ &approve, "action ACT_9F3C-77", "act_9f3c-77", NULL },
	{ &approve, "\"act_9f3c\".", "act_9f3c", NULL },
	{ &approve, "it", "only", NULL },
	{ &approve, "This", "only", NULL },
	{ &approve, "the action", "only", NULL },
	{ &approve, "abcdef1234", "pairing ABCDEF1234", NULL },
	{ &approve, "`ABCDEF1234`", "pairing ABCDEF1234", NULL },
	{ &approve, "abcdefghijklmnop", "pairing ABCDEFGHIJKLMNOP", NULL },
	{ &approve, "ABCDEF1234 member", "pairing ABCDEF1234 as member", NULL },
	{ &approve, "token ABCDEF1234 as Admin all",
	    "pairing ABCDEF1234 as admin everywhere", NULL },
	{ &approve, "ABCDEF1234 all", "pairing ABCDEF1234 everywhere", NULL },
	{ &approve, "ABCDEF1234 boss", NULL, "`boss` is no role" },
	{ &approve, "ABCDEF1234 member please", NULL, "`please` is more" },
	{ &approve, "act_9f3c act_1234", NULL, "`act_1234` is more" },
	{ &approve, "not act_9f3c", NULL, "`not` is neither" },
	{ &approve, "immediately", NULL, "neither a pairing token" },
	{ &approve, "act_12", NULL, "neither" },
	{ &approve, "it, but not now", NULL, "`but` is more" },

	{ &deny, "", "only", NULL },
	{ &deny, "all too risky", "all: too risky", NULL }, /* G-19 */
	{ &deny, "act_9f3c unsafe command", "act_9f3c: unsafe command", NULL },
	{ &deny, "it because it is unsafe.", "only: it is unsafe", NULL },
	{ &deny, "because unsafe", "only: unsafe", NULL },
	{ &deny, "ABCDEF1234", "pairing ABCDEF1234", NULL },
	{ &deny, "ABCDEF1234 duplicate transaction",
	    "pairing ABCDEF1234: duplicate transaction", NULL }, /* G-19 */
	{ &deny, "ABCDEF1234 see act_9f3c", "pairing ABCDEF1234: see act_9f3c",
	    NULL },
	{ &deny, "him", NULL, "`him` is neither" },

	{ &approve_action, "act_9f3c", "act_9f3c", NULL },
	{ &approve_action, "[act_9f3c],", "act_9f3c", NULL },
	{ &approve_action, "action:act_9f3c", "act_9f3c", NULL },
	{ &approve_action, "all", "all", NULL },
	{ &approve_action, "", NULL, "Which one?" },
	{ &approve_action, "9f3c", NULL, "`9f3c` is no action's id" },
	{ &approve_action, "act_9f3c now", NULL, "`now` is more" },

	{ &deny_action, "act_9f3c", "act_9f3c", NULL },
	{ &deny_action, "(act_9f3c) reason: too wide!", "act_9f3c: too wide",
	    NULL },
	{ &deny_action, "act_9f3c - for safety", "act_9f3c: safety", NULL },
	{ &deny_action, "act_9f3c because\nunsafe", "act_9f3c: unsafe", NULL },
	{ &deny_action, "", NULL, "Which one?" },

	{ &cancel, "9f3c", "9f3c", NULL },
	{ &cancel, "FACE", "face", NULL },
	{ &cancel, "task task-9f3c-01", "task-9f3c-01", NULL },
	{ &cancel, "`9f3c`", "9f3c", NULL },
	{ &cancel, "9f3", NULL, "`9f3` is no task's id" },
	{ &cancel, "../../etc", NULL, "is no task's id" },
	{ &cancel, "", NULL, "Which task?" },
	{ &cancel, "9f3c 1234", NULL, "`1234` is more" },

	{ &done, "9f3c", "9f3c", NULL },
	{ &done, "9f3c Bob fixed it.", "9f3c: Bob fixed it", NULL },
	{ &done, "9f3c\nline\ntwo", "9f3c: line two", NULL },
	{ &done, "task", NULL, "Which task?" },

	{ &tasks, "", "", NULL },
	{ &tasks, "all", "all", NULL },
	{ &tasks, "OPEN", "open", NULL },
	{ &tasks, "mine", NULL, "`mine` is no state" },
	{ &tasks, "open all", NULL, "`all` is more" },

	{ &route, "9f3c question", "9f3c question p3 2880m support", NULL },
	{ &route, "9f3c Issue high", "9f3c issue p1 480m operations", NULL },
	{ &route, "9f3c issue p3 90m", "9f3c issue p3 90m operations", NULL },
	{ &route, "9f3c task 1h30m", "9f3c task p2 90m operations", NULL },
	{ &route, "9f3c task run", "9f3c task p2 1440m operations run", NULL },
	{ &route, "9f3c task p1 2h run", "9f3c task p1 120m operations run",
	    NULL },
	{ &route, "9f3c noise p1 2h", "9f3c noise p3 0m backlog", NULL },
	{ &route, "9f3c noise run", NULL, "Noise is not run" },
	{ &route, "9f3c", NULL, "Which class?" },
	{ &route, "", NULL, "Which task?" },
	{ &route, "9f3c bug", NULL, "`bug` is no class" },
	{ &route, "9f3c issue tomorow", NULL, "`tomorow` is no priority" },
	{ &route, "9f3c issue p1 soon", NULL, "`soon` is no priority" },
	{ &route, "9f3c issue 2h p1", NULL, "`p1` is no priority" },
	{ &route, "9f3c issue 99999d", NULL, "at most 366 days" }, /* G-25 */
	{ &route, "9f3c issue p1 2h run now", NULL, "`now` is no" },

	{ &prompt, "show", "show", NULL },
	{ &prompt, "CLEAR", "clear", NULL },
	{ &prompt, "set Be  brief.\nAlways.", "set Be  brief.\nAlways.", NULL },
	{ &prompt, "set\n\"x\"", "set \"x\"", NULL },
	{ &prompt, "", NULL, "show, clear, or set" },
	{ &prompt, "set", NULL, "set to" },
	{ &prompt, "show me", NULL, "`me` is more" },
	{ &prompt, "delete", NULL, "show, clear, or set" },

	{ &admin_channel, "enable", "on", NULL },
	{ &admin_channel, "Disable", "off", NULL },
	{ &admin_channel, "enable global", "on global", NULL },
	{ &admin_channel, "", NULL, "enable or disable" },
	{ &admin_channel, "on", NULL, "enable or disable" },
	{ &admin_channel, "enable here", NULL, "`here` is more" },

	{ &forget, "mine", "mine", NULL },
	{ &forget, "Mine", "mine", NULL },
	{ &forget, "everything", "all", NULL },
	{ &forget, "everything 0a1b2c", "all 0a1b2c", NULL },
	{ &forget, "", NULL, "mine, or everything" },
	{ &forget, "it", NULL, "mine, or everything" },
	{ &forget, "mine and yours", NULL, "`and` is more" },
	{ &forget, "everything 0a1b2c please", NULL, "`0a1b2c` is more" },
};

static void
arguments_are_what_the_table_says(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	AUTO(buf_release)
	struct buf out = { 0 };
	int n_wrong = 0;

	(void)state;
	buf_init(&out);
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct err err = { 0 };
		int got;

		buf_reset(&out);
		got = cases[i].reader->read(&out, cases[i].text, arena, &err);
		if (cases[i].read
			? got == 0 && strcmp(out.data, cases[i].read) == 0
			: got == -1 && err.code == ERR_INVALID &&
			      strstr(err.text, cases[i].error))
			continue;
		print_error("%s %s: %d \"%s\" %s\n", cases[i].reader->name,
		    cases[i].text, got, out.data, err.text);
		n_wrong++;
	}
	assert_int_equal(n_wrong, 0);
}

static void
a_long_prompt_is_refused_with_its_size(void **state)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	AUTO(buf_release)
	struct buf text = { 0 };
	struct prompt_choice choice;
	struct err err;

	(void)state;
	buf_init(&text);
	buf_adds(&text, "set ");
	for (int i = 0; i < PROMPT_MAX_BYTES; i++)
		buf_addc(&text, 'x');
	assert_int_equal(args_prompt(&choice, text.data, arena, &err), 0);
	buf_addc(&text, 'x');
	assert_int_equal(args_prompt(&choice, text.data, arena, &err), -1);
	assert_non_null(strstr(err.text, "8001"));
}

static void
reasons_are_cleaned_and_bounded(void **state)
{
	static const struct {
		const char *text, *clean;
	} reasons[] = {
		{ "because unsafe", "unsafe" },
		{ "Because: unsafe!", "unsafe" },
		{ "reason - unsafe", "unsafe" },
		{ "forbidden here", "forbidden here" },
		{ " .,:;!?- ", "" },
		{ "a\nb", "a b" },
		{ "\xc8\xba because \xc8\xba", "\xc8\xba because \xc8\xba" },
	};
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	AUTO(buf_release)
	struct buf text = { 0 };

	(void)state;
	for (size_t i = 0; i < N_OF(reasons); i++)
		assert_string_equal(
		    reason_clean(reasons[i].text, arena), reasons[i].clean);
	buf_init(&text);
	for (int i = 0; i < 300; i++)
		buf_adds(&text, "\xc3\xa4");
	assert_int_equal(strlen(reason_clean(text.data, arena)), 400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_what_the_table_says),
		cmocka_unit_test(a_long_prompt_is_refused_with_its_size),
		cmocka_unit_test(reasons_are_cleaned_and_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
