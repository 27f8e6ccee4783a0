/* Where our bots come and go, and chats that get another id. */

#include <inttypes.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/log.h"
#include "proto/bounds.h"
#include "proto/membership.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/conversation/quote.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/delivery/notices.h"
#include "services/task-engine/delivery/post.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/people/actors.h"
#include "services/task-engine/store/allowances.h"
#include "services/task-engine/store/memberships.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/store/replies.h"

enum { SHOWN_NAME_MAX = 120, HELLO_EVERY_MS = 24 * 60 * 60 * 1000 };

static const char hello[] =
    "Hello! Mention me or reply to me to ask something, and `/help` lists what "
    "can be said here. To link your account, send me `pair` in a private chat.";

struct change {
	struct membership_changed in;
	const char *connector, *instance;
	const char *actor; /* "telegram:42", or the bot itself */
	struct place place;
};

static struct place
place_of(const struct change *c)
{
	const struct membership_changed *in = &c->in;

	return (struct place){
		.connector = c->connector,
		.instance = c->instance,
		.external_id = in->chat_id,
		.parent_external_id = "",
		.context_name = *in->chat_name ? in->chat_name : in->space_name,
		.space_kind = in->is_direct ? "private" : "community",
		.space_id = in->space_id,
		.space_name = in->space_name,
		.is_direct = in->is_direct,
	};
}

/* Only the hubs: the people of the place see it for themselves. */
static int
tell_hubs(struct svc *svc, const struct request *request,
    const struct change *c, const char *what, struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };
	struct notice notice = { .workspace_id = "" };
	size_t n_told;

	buf_init(&text);
	buf_addf(&text, "I was %s ", what);
	quote_line(&text, *c->in.space_name ? c->in.space_name : c->in.space_id,
	    SHOWN_NAME_MAX);
	buf_addf(&text, " (%s", c->connector);
	if (*c->in.reason) {
		buf_adds(&text, ", ");
		quote_line(&text, c->in.reason, SHOWN_NAME_MAX);
	}
	buf_adds(&text, ")");
	if (*c->in.user_name) {
		buf_adds(&text, " by ");
		quote_line(&text, c->in.user_name, SHOWN_NAME_MAX);
	}
	buf_adds(&text, ".");
	notice.text = text.data;
	return notice_post(
	    svc->store, &notice, request->now_ms, request->arena, &n_told, err);
}

static int
note(struct svc *svc, const struct request *request, const struct change *c,
    const char *workspace_id, const char *detail, struct err *err)
{
	const struct audit_entry entry = {
		.actor = c->actor,
		.operation =
		    arena_printf(request->arena, "membership.%s", c->in.change),
		.workspace_id = workspace_id,
		.subject = arena_printf(
		    request->arena, "%s:%s", c->connector, c->in.space_id),
		.detail = detail,
	};

	log_info("membership-changed", "instance=%s change=%s space=%s",
	    c->instance, c->in.change, log_quote(c->in.space_id));
	return audit_add(svc->store, &entry, request->now_ms, err);
}

static int
find_workspace(struct svc *svc, const struct request *request,
    const struct change *c, struct workspace_row *out, struct err *err)
{
	return store_workspace_find(svc->store, c->connector,
	    c->place.space_kind, c->place.space_id, request->arena, out, err);
}

/* Whoever takes it out and in again does not make it chatter. */
static int
say_hello(struct svc *svc, const struct request *request,
    const struct change *c, const char *workspace_id, struct err *err)
{
	struct context_row context;
	const struct post_note greeting = {
		.context = &context,
		.instance = c->instance,
		.text = hello,
		.is_handled = true,
	};
	char id[ID_UUID_SIZE];
	int got;

	if (!*c->in.chat_id)
		return 0;
	got = allowance_take(svc->store,
	    arena_printf(
		request->arena, "hello:%s:%s", c->instance, workspace_id),
	    1, HELLO_EVERY_MS, request->now_ms, err);
	if (got != 0)
		return got < 0 ? -1 : 0;
	if (store_place_ensure(svc->store, &c->place, request->now_ms,
		request->arena, &context, err) < 0)
		return -1;
	return post_add(svc->store, &greeting, request->now_ms, id, err);
}

/* 0: it is news; 1: it is not. */
static int
on_added(struct svc *svc, const struct request *request, const struct change *c,
    struct err *err)
{
	struct workspace_row workspace;
	const char *id;
	int known = find_workspace(svc, request, c, &workspace, err);
	int was_here;

	if (known < 0)
		return -1;
	/* Of a person we know nothing before they write. */
	if (known == 1 && c->in.is_direct)
		return 1;
	if (store_workspace_ensure(svc->store, &c->place, request->now_ms,
		request->arena, &id, err) < 0)
		return -1;
	was_here = store_absence_end(svc->store, id, c->instance, err);
	if (was_here < 0)
		return -1;
	if (was_here == 1 && known == 0)
		return 1;
	if (note(svc, request, c, id, c->in.reason, err) < 0)
		return -1;
	if (c->in.is_direct)
		return 0;
	if (say_hello(svc, request, c, id, err) < 0)
		return -1;
	return tell_hubs(svc, request, c, "added to", err);
}

static const char *
why_gone(const struct change *c, struct arena *arena)
{
	if (*c->in.reason)
		return arena_printf(
		    arena, "the bot is not there any more: %s", c->in.reason);
	return c->in.is_direct ? "the person has blocked the bot"
			       : "the bot was removed from there";
}

/* A platform may forget its name first. */
static int
tell_removed(struct svc *svc, const struct request *request,
    const struct change *c, const struct workspace_row *workspace,
    struct err *err)
{
	struct change named = *c;

	if (c->in.is_direct)
		return 0;
	if (!*named.in.space_name)
		named.in.space_name = workspace->name;
	return tell_hubs(svc, request, &named, "removed from", err);
}

static int
on_removed(struct svc *svc, const struct request *request,
    const struct change *c, struct err *err)
{
	const char *why = why_gone(c, request->arena);
	struct workspace_row workspace;
	int64_t n_dropped;
	int got = find_workspace(svc, request, c, &workspace, err);

	if (got == 0)
		got = store_absence_begin(svc->store, workspace.id, c->instance,
		    why, request->now_ms, err);
	if (got != 0)
		return got;
	if (store_outbox_end_place(svc->store, c->instance, workspace.id, why,
		request->now_ms, &n_dropped, err) < 0 ||
	    note(svc, request, c, workspace.id,
		arena_printf(request->arena,
		    "%" PRId64 " deliveries were dropped: %s", n_dropped, why),
		err) < 0)
		return -1;
	return tell_removed(svc, request, c, &workspace, err);
}

static int
is_known_chat(struct svc *svc, const struct request *request,
    const struct change *c, struct workspace_row *out, struct err *err)
{
	int got = find_workspace(svc, request, c, out, err);

	if (got != 0)
		return got;
	return strcmp(c->in.chat_id, c->in.space_id) == 0 || !*c->in.chat_id;
}

/* The old chat goes on in the new one: context, roles, log, and what waits. */
static int
on_moved(struct svc *svc, const struct request *request, const struct change *c,
    struct err *err)
{
	struct workspace_row workspace;
	int got = is_known_chat(svc, request, c, &workspace, err);

	if (got != 0)
		return got;
	if (store_alias_add(svc->store, c->connector, c->in.chat_id,
		c->in.space_id, request->now_ms, err) < 0 ||
	    store_outbox_move(svc->store, c->connector, c->in.space_id,
		c->in.chat_id, request->now_ms, err) < 0 ||
	    store_absence_end(svc->store, workspace.id, c->instance, err) < 0)
		return -1;
	return note(svc, request, c, workspace.id,
	    arena_printf(request->arena, "now %s", c->in.chat_id), err);
}

static const struct {
	const char *name;
	int (*apply)(struct svc *svc, const struct request *request,
	    const struct change *c, struct err *err);
} changes[] = {
	{ "added", on_added },
	{ "removed", on_removed },
	{ "moved", on_moved },
};

/* 1: it is no news. */
static int
apply(struct svc *svc, const struct request *request, const struct change *c,
    struct err *err)
{
	const struct membership_row row = {
		.instance = c->instance,
		.event_id = c->in.event_id,
		.change = c->in.change,
		.space_id = c->in.space_id,
		.actor = c->actor,
		.at_ms = c->in.changed_unix_ms,
	};
	int got = store_membership_add(svc->store, &row, err);

	if (got != 0)
		return got;
	/* What is heard of the shell that a move leaves behind. */
	got = store_alias_exists(svc->store, c->connector, c->in.space_id, err);
	if (got <= 0)
		return got < 0 ? -1 : 1;
	for (size_t i = 0; i < N_OF(changes); i++)
		if (strcmp(changes[i].name, c->in.change) == 0)
			return changes[i].apply(svc, request, c, err);
	return 1;
}

static int
find_actor(struct svc *svc, const struct request *request, struct change *c,
    struct err *err)
{
	struct actor actor;

	c->actor = c->instance;
	if (!*c->in.user_id)
		return 0;
	if (people_account(&svc->people, c->connector, c->in.user_id,
		request->arena, &actor, err) < 0)
		return -1;
	c->actor = arena_strdup(request->arena, actor.name);
	return 0;
}

int
on_membership_changed(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	struct membership_noted out;
	struct change c = {
		.connector = connector_of(request->peer->service),
		.instance = connector_instance(request->peer, request->arena),
	};
	int got;

	if (membership_changed_decode(
		&c.in, request->body, request->arena, err) < 0 ||
	    find_actor(svc, request, &c, err) < 0)
		return -1;
	c.place = place_of(&c);
	got = apply(svc, request, &c, err);
	if (got < 0)
		return -1;
	if (*c.in.cursor && store_cursor_move(svc->store, c.instance,
				c.in.cursor, request->now_ms, err) < 0)
		return -1;
	out.outcome = got == 0 ? "changed" : "known";
	membership_noted_encode(&out, reply->body);
	return 0;
}

int
on_membership_list(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	const char *instance =
	    connector_instance(request->peer, request->arena);
	struct membership_query in;
	struct membership_list out;

	if (membership_query_decode(&in, request->body, request->arena, err) <
		0 ||
	    store_memberships_list(svc->store, instance, in.after,
		BOUND_SPACES + 1, request->arena, &out.space_ids,
		&out.n_space_ids, err) < 0)
		return -1;
	out.has_more = out.n_space_ids > BOUND_SPACES;
	out.n_space_ids -= out.has_more;
	membership_list_encode(&out, reply->body);
	return 0;
}
