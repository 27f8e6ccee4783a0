/* Decides whether what was said may use a model, and says why not. */

#include "services/task-engine/commands/allowed.h"

#include <inttypes.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/config.h"
#include "services/task-engine/conversation/safety.h"
#include "services/task-engine/commands/commands.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/store/allowances.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/tasks/routing.h"
#include "services/task-engine/turn/routed.h"

static const int64_t day_ms = INT64_C(24) * 60 * 60 * 1000;

/* In their own private workspace guests have rights, but no other name. */
static const char *
name_role(const struct heard *heard)
{
	return role_name(
	    routed_is_guest(heard->actor) ? ROLE_GUEST : heard->role);
}

static void
note_verdict(struct svc *svc, enum safety_verdict verdict)
{
	const char *why = safety_notice(verdict, true);

	if (verdict == SAFETY_ALLOWED)
		why = NULL;
	else if (!*why)
		why = "it was not addressed to the agent";
	hearing_gate(&svc->hearing, "safety", safety_rule(verdict), why);
}

static enum safety_verdict
ask_safety(
    struct svc *svc, const struct heard *heard, bool is_work, bool is_trial)
{
	const struct context_row *x = heard->context;
	const struct safety_question question = {
		.person = *heard->actor->user_id ? heard->actor->user_id
						 : heard->actor->name,
		.context_id = x->id,
		.workspace_id = x->workspace_id,
		.role = name_role(heard),
		.is_direct = x->is_direct,
		.is_addressed = is_work || heard->message->is_addressed,
		.is_work = is_work,
		.is_trial = is_trial,
	};
	enum safety_verdict verdict =
	    safety_check(svc->safety, &question, heard->now_ms);

	note_verdict(svc, verdict);
	return verdict;
}

static enum safety_verdict
judge(struct svc *svc, const struct heard *heard, bool is_work)
{
	return ask_safety(svc, heard, is_work, false);
}

static void
note_guest(struct svc *svc, int got)
{
	if (got >= 0)
		hearing_gate(&svc->hearing, "guest-limit",
		    "AGENT_RUNTIME_GUEST_MODEL_TURNS_PER_DAY",
		    got ? "the guest has had the day's answers and tasks"
			: NULL);
}

static int
take_turn(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct err *err)
{
	int got;

	if (!routed_is_guest(heard->actor))
		return 0;
	got = allowance_take(svc->store,
	    arena_printf(arena, "guest-turns %s", heard->actor->name),
	    svc->cfg->guest_turns_a_day, day_ms, heard->now_ms, err);
	note_guest(svc, got);
	return got;
}

static int
say_used_up(struct svc *svc, const struct heard *heard, int64_t limit,
    const char *of_what, const char *variable, struct arena *arena,
    struct err *err)
{
	const char *text = arena_printf(arena,
	    "You have had the %" PRId64 " %s that a guest gets in a day. With "
	    "a linked account there is no such limit: say `pair` to me in a "
	    "direct message. The people who run me can also raise "
	    "AGENT_RUNTIME_GUEST_%s.",
	    limit, of_what, variable);

	return heard_reply(svc, heard, text, err) < 0 ? -1 : 1;
}

static int
say_no_turn(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct err *err)
{
	return say_used_up(svc, heard, svc->cfg->guest_turns_a_day,
	    "answers and tasks", "MODEL_TURNS_PER_DAY", arena, err);
}

int
allowed_answer(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct err *err)
{
	enum safety_verdict verdict = judge(svc, heard, false);
	const char *text = safety_notice(verdict, heard->asker_waits);
	int got;

	if (verdict == SAFETY_ALLOWED) {
		got = take_turn(svc, heard, arena, err);
		return got == 1 ? say_no_turn(svc, heard, arena, err) : got;
	}
	if (!*text && !heard->asker_waits)
		return 1;
	return heard_say(svc, heard, text, *text != '\0', err) < 0 ? -1 : 1;
}

int
allowed_ask(struct svc *svc, const struct heard *heard, struct err *err)
{
	enum safety_verdict verdict = judge(svc, heard, true);

	if (verdict == SAFETY_ALLOWED)
		return 0;
	/* Who typed a command is told, in a group too. */
	return heard_reply(svc, heard, safety_notice(verdict, true), err) < 0
		   ? -1
		   : 1;
}

int
allowed_task(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct err *err)
{
	int got = allowed_ask(svc, heard, err);

	if (got != 0 || !routed_is_guest(heard->actor))
		return got;
	got = routing_take_row(svc->store, heard->actor->name,
	    svc->cfg->guest_rows_a_day, heard->now_ms, arena, err);
	if (got == 1)
		return say_used_up(svc, heard, svc->cfg->guest_rows_a_day,
		    "tasks and reports", "ROUTED_ROWS_PER_DAY", arena, err);
	if (got == 0)
		got = take_turn(svc, heard, arena, err);
	return got == 1 ? say_no_turn(svc, heard, arena, err) : got;
}

int
allowed_would(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct err *err)
{
	int got;

	if (ask_safety(svc, heard, false, true) != SAFETY_ALLOWED)
		return 1;
	if (!routed_is_guest(heard->actor))
		return 0;
	got = allowance_look(svc->store,
	    arena_printf(arena, "guest-turns %s", heard->actor->name),
	    svc->cfg->guest_turns_a_day, heard->now_ms, err);
	note_guest(svc, got);
	return got;
}

static bool
is_over_soon(enum safety_verdict verdict)
{
	return verdict == SAFETY_RATE_LIMITED ||
	       verdict == SAFETY_ROOM_LIMITED ||
	       verdict == SAFETY_WORKSPACE_LIMITED;
}

int
allowed_request(struct svc *svc, const struct heard *heard, struct err *err)
{
	enum safety_verdict verdict = judge(svc, heard, true);

	if (verdict == SAFETY_ALLOWED)
		return 0;
	return err_set(err, is_over_soon(verdict) ? ERR_BUSY : ERR_REFUSED,
	    "%s", safety_notice(verdict, true));
}

int
allowed_draft(struct svc *svc, const struct heard *heard, struct arena *arena,
    struct err *err)
{
	if (judge(svc, heard, true) != SAFETY_ALLOWED)
		return 1;
	return take_turn(svc, heard, arena, err);
}
