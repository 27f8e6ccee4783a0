/* The commands about people and places: who one is, and who becomes what. */

#include "services/task-engine/commands/commands_people.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "proto/pairing.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/conversation/arguments.h"
#include "services/task-engine/conversation/command.h"
#include "services/task-engine/conversation/say.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/commands/commands.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/people/pairing.h"
#include "services/task-engine/policy/policy.h"
#include "services/task-engine/store/allowances.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/pairings.h"
#include "services/task-engine/store/places.h"

enum {
	HOUR_MS = 60 * 60 * 1000,
	/* A person needs one or two tokens; a flood gets none. */
	STARTS_OF_ACCOUNT = 5,
	STARTS_OF_CONNECTOR = 100,
	STARTS_IN_ALL = 300,
	/* An admin decides a few; whoever guesses needs 2^79 tries. */
	DECISIONS_OF_ACCOUNT = 30,
	DECISIONS_OF_CONNECTOR = 200,
	DECISIONS_IN_ALL = 500,
};

struct limits {
	const char *what;
	int64_t of_account, of_connector, in_all;
};

static const struct limits starts = { "pairing-start", STARTS_OF_ACCOUNT,
	STARTS_OF_CONNECTOR, STARTS_IN_ALL };
static const struct limits decisions = { "pairing-decision",
	DECISIONS_OF_ACCOUNT, DECISIONS_OF_CONNECTOR, DECISIONS_IN_ALL };

/* 1: one of them is used up. */
static int
take_attempt(struct svc *svc, const struct heard *heard,
    const struct limits *limits, struct arena *arena, struct err *err)
{
	const struct {
		const char *key;
		int64_t limit;
	} rows[] = {
		{ arena_printf(
		      arena, "%s:%s", limits->what, heard->actor->name),
		    limits->of_account },
		{ arena_printf(arena, "%s-of:%s", limits->what,
		      heard->context->connector),
		    limits->of_connector },
		{ limits->what, limits->in_all },
	};

	for (size_t i = 0; i < N_OF(rows); i++) {
		int got = allowance_take(svc->store, rows[i].key, rows[i].limit,
		    HOUR_MS, heard->now_ms, err);

		if (got != 0)
			return got;
	}
	return 0;
}

static int
too_many(struct svc *svc, const struct heard *heard, struct err *err)
{
	return heard_reply(svc, heard,
	    "Too many pairing attempts. Try again in an hour, or ask the "
	    "person at the machine: `agent-runtime chat pairing` is not "
	    "limited.",
	    err);
}

/* The token goes to the one who asked and into no log. */
static int
reply_token(struct svc *svc, const struct heard *heard,
    const struct pairing_started *started, struct arena *arena, struct err *err)
{
	static const char form[] =
	    "Your pairing token is `%s`. Give it to an admin, who says "
	    "`/approve %s` to me or approves it with `agent-runtime chat "
	    "pairing approve`. It works once, until %s, and only for your "
	    "account.";
	char until[CLOCK_RFC3339_SIZE], id[ID_UUID_SIZE];
	const char *hint = arena_printf(arena, "…%s", started->token_hint);
	struct post_note note = {
		.context = heard->context,
		.instance = heard->message->instance,
		.in_reply_to_seq = heard->message->seq,
		.reply_to_id = heard->message->platform_id,
		.is_handled = true,
	};

	clock_rfc3339(until, started->expires_at_unix * 1000);
	note.text =
	    arena_printf(arena, form, started->token, started->token, until);
	note.kept_text = arena_printf(arena, form, hint, hint, until);
	svc->heard.is_answered = true;
	return post_add(svc->store, &note, heard->now_ms, id, err);
}

/* Why there is nothing to pair here, or NULL. */
static const char *
nothing_to_pair(const struct heard *heard)
{
	if (heard->actor->kind == ACTOR_LOCAL)
		return "You are the person at the machine, who may do "
		       "everything. `agent-runtime chat pairing pair-admin` "
		       "links an account to an admin.";
	if (*heard->actor->user_id)
		return "Your account is linked already; `/whoami` says what "
		       "you may do.";
	if (!heard->context->is_direct)
		return "Pairing works in a direct message only, so that nobody "
		       "sees the token: write `pair` to me there.";
	return NULL;
}

int
command_pair(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	const struct pairing_new new = {
		.connector = heard->actor->connector,
		.connector_user_id = heard->actor->external_id,
		.display_name = heard->message->actor_name,
		.context_id = heard->context->id,
		.instance = heard->message->instance,
	};
	const char *why = nothing_to_pair(heard);
	struct pairing_started started;
	int got;

	(void)command;
	if (why)
		return heard_reply(svc, heard, why, err);
	got = take_attempt(svc, heard, &starts, arena, err);
	if (got != 0)
		return got < 0 ? -1 : too_many(svc, heard, err);
	if (pairing_start(svc->store, heard->actor, &new, heard->now_ms, arena,
		&started, err) < 0)
		return -1;
	return reply_token(svc, heard, &started, arena, err);
}

int
command_whoami(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	struct whoami_facts facts = {
		.actor = heard->actor->name,
		.name = heard->message->actor_name,
		.user_id = heard->actor->user_id,
		.can_pair = heard->actor->kind == ACTOR_ACCOUNT,
		.here = heard->role,
		.workspace_id = heard->context->workspace_id,
	};
	bool may[COMMAND_ID_COUNT];
	AUTO(buf_release)
	struct buf text = { 0 };

	(void)command;
	(void)arena;
	if (policy_role(&svc->policy, heard->actor, ROLE_EVERYWHERE,
		&facts.everywhere, err) < 0 ||
	    commands_allowed(svc, heard, may, err) < 0)
		return -1;
	facts.may = may;
	buf_init(&text);
	say_whoami(&text, &facts);
	return heard_reply(svc, heard, text.data, err);
}

/* The hub of all workspaces is for who may look after all of them. */
static int
check_hub(struct svc *svc, const struct heard *heard, struct err *err)
{
	static const struct policy_target all = { "", "", "", "" };

	return policy_check(&svc->policy, heard->actor,
	    "command.admin-channel.global", &all, err);
}

/* Who ends a channel ends the hub that it is. */
static bool
is_about_hub(
    const struct heard *heard, const struct admin_channel_choice *choice)
{
	return choice->is_global ||
	       (!choice->is_enabled && heard->context->is_global_hub);
}

static int
note_channel(struct svc *svc, const struct heard *heard,
    const struct admin_channel_choice *choice, struct err *err)
{
	const struct audit_entry entry = {
		.actor = heard->actor->name,
		.operation = choice->is_enabled ? "admin-channel.enable"
						: "admin-channel.disable",
		.workspace_id = heard->context->workspace_id,
		.subject = heard->context->id,
		.detail = is_about_hub(heard, choice) ? "global" : "",
	};

	return audit_add(svc->store, &entry, heard->now_ms, err);
}

static int
set_channel(struct svc *svc, const struct heard *heard,
    const struct admin_channel_choice *choice, struct err *err)
{
	const struct context_row *x = heard->context;
	bool is_hub = choice->is_global
			  ? choice->is_enabled
			  : choice->is_enabled && x->is_global_hub;
	bool is_admin =
	    choice->is_enabled || (choice->is_global && x->is_admin);
	AUTO(buf_release)
	struct buf text = { 0 };

	if (store_context_set_admin(svc->store, x->id, is_admin, is_hub, err) <
		0 ||
	    note_channel(svc, heard, choice, err) < 0)
		return -1;
	buf_init(&text);
	say_admin_channel(&text, x->id, choice->is_enabled, choice->is_global);
	return heard_reply(svc, heard, text.data, err);
}

int
command_admin_channel(struct svc *svc, const struct heard *heard,
    const struct command *command, struct arena *arena, struct err *err)
{
	struct admin_channel_choice choice;

	if (args_admin_channel(&choice, command->argument, arena, err) < 0)
		return heard_misused(svc, heard, command, err);
	if (is_about_hub(heard, &choice) && check_hub(svc, heard, err) < 0)
		return heard_refuse(
		    svc, heard, "command.admin-channel.global", err);
	return set_channel(svc, heard, &choice, err);
}

/* What is wrong with the request is told; what is wrong with us is not. */
static int
say_undecided(struct svc *svc, const struct heard *heard, const char *operation,
    struct err *err)
{
	const struct err why = *err;

	if (why.code == ERR_NOT_FOUND)
		return heard_reply(svc, heard,
		    "Pairing token not found. It is the 16 characters that "
		    "`pair` gave, and works for ten minutes.",
		    err);
	if (why.code == ERR_CONFLICT || why.code == ERR_INVALID)
		return heard_reply(svc, heard, why.text, err);
	return heard_refuse(svc, heard, operation, err);
}

static int
decide(struct svc *svc, const struct heard *heard,
    const struct pairing_choice *choice, const char *workspace_id,
    bool is_approval, struct arena *arena, struct buf *text, struct err *err)
{
	struct pairing_said said = { .workspace_id = workspace_id,
		.role = choice->role == ROLE_GUEST ? ROLE_MEMBER : choice->role,
		.reason =
		    *choice->reason ? choice->reason : "denied by admin" };
	const struct pairing_grant grant = {
		.token = choice->token,
		.role = said.role,
		.workspace_id = workspace_id,
		.target_user_id = "",
		.remark = "",
	};
	struct pairing_link link;
	struct pairing_row row;

	if (!is_approval) {
		if (pairing_deny(svc->store, heard->actor, choice->token,
			said.reason, "", heard->now_ms, arena, &row, err) < 0)
			return -1;
		said.name = row.display_name;
		said.user_id = "";
		said.reason = row.denied_reason;
		say_pairing_denied(text, &said);
		return 0;
	}
	if (pairing_approve(&svc->policy, heard->actor, &grant, heard->now_ms,
		arena, &link, err) < 0)
		return -1;
	said.name = link.display_name;
	said.user_id = link.user_id;
	said.role = link.role;
	say_pairing_approved(text, &said);
	return 0;
}

/* In a group it is for that group; said in private, or with "all", for all. */
static const char *
where_granted(const struct heard *heard, const struct pairing_choice *choice)
{
	return choice->is_everywhere || heard->context->is_direct
		   ? ROLE_EVERYWHERE
		   : heard->context->workspace_id;
}

int
pairing_decide_command(struct svc *svc, const struct heard *heard,
    const struct pairing_choice *choice, bool is_approval, struct arena *arena,
    struct err *err)
{
	const char *operation =
	    is_approval ? "command.approve" : "command.deny";
	const char *where = where_granted(heard, choice);
	const struct policy_target target = {
		.workspace_id =
		    strcmp(where, ROLE_EVERYWHERE) == 0 ? "" : where,
		.connector = "",
		.external_id = "",
		.asked_by = "",
	};
	AUTO(buf_release)
	struct buf text = { 0 };
	int got;

	if (policy_check(&svc->policy, heard->actor, operation, &target, err) <
	    0)
		return say_undecided(svc, heard, operation, err);
	got = take_attempt(svc, heard, &decisions, arena, err);
	if (got != 0)
		return got < 0 ? -1 : too_many(svc, heard, err);
	buf_init(&text);
	if (decide(svc, heard, choice, where, is_approval, arena, &text, err) <
	    0)
		return say_undecided(svc, heard, operation, err);
	return heard_reply(svc, heard, text.data, err);
}
