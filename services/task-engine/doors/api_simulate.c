/* What would become of a message: asked by the person at the machine. */

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/utf8.h"
#include "proto/bounds.h"
#include "proto/trace.h"
#include "services/task-engine/conversation/why.h"
#include "services/task-engine/commands/commands.h"
#include "services/task-engine/doors/api.h"
#include "services/task-engine/doors/doors.h"
#include "services/task-engine/doors/inbound.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/llm/exchange.h"
#include "services/task-engine/store/messages.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/turn/turns.h"

/* as of a turn */
enum { ARENA_BYTES = 64 * 1024 * 1024 };

/* One of them, until the turn has ended that never was. */
struct trial {
	uint64_t ticket;
	struct arena *arena; /* the turn's */
	struct actor actor, payer;
	struct context_row context;
	struct trace_simulated out;
};

static int
find_actor(struct svc *svc, const char *as, struct arena *arena,
    struct actor *out, struct err *err)
{
	return people_named(&svc->people, as, arena, out, err) < 0
		   ? err_prefix(err, "as")
		   : 0;
}

static int
find_context(struct svc *svc, const char *in, struct arena *arena,
    struct context_row *out, struct err *err)
{
	const char *colon = strchr(in, ':');
	int got = colon ? store_context_find(svc->store,
			      arena_strndup(arena, in, (size_t)(colon - in)),
			      colon + 1, arena, out, err)
			: store_context_get(svc->store, in, arena, out, err);

	if (got != 1)
		return got;
	return err_set(err, ERR_NOT_FOUND,
	    "in: there is no context \"%s\": GET /api/v1/contexts lists them",
	    in);
}

/* The context where the role is held; fills what is known before the turn. */
static int
understand(struct svc *svc, struct trial *t, const struct trace_simulate *in,
    int64_t now_ms, struct err *err)
{
	const struct message_row message = {
		.text = in->text,
		.instance = t->context.instance,
		.reply_to_id = "",
		.is_addressed = !in->is_overheard,
	};
	struct heard heard = {
		.actor = &t->actor,
		.context = &t->context,
		.message = &message,
		.said = in->text,
		.now_ms = now_ms,
	};
	int got;

	if (policy_role(&svc->policy, &t->actor, t->context.workspace_id,
		&heard.role, err) < 0)
		return -1;
	got = inbound_would(svc, &heard, t->arena, err);
	if (got < 0)
		return -1;
	t->out.as = t->actor.name;
	t->out.role = role_name(heard.role);
	t->out.workspace_id = t->context.workspace_id;
	t->out.context_id = t->context.id;
	hearing_trace(&svc->hearing, got == 0 ? "turn" : "reply", t->arena,
	    &t->out.heard);
	return got;
}

static void
encode(struct trial *t, struct buf *out)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	why_say_would(&text, &t->out.heard);
	t->out.text = text.data;
	trace_simulated_encode(&t->out, out);
}

static void
take_wants(struct trial *t, const struct turn_simulated *was)
{
	t->out.wants =
	    arena_alloc(t->arena, (was->n_wants + 1) * sizeof(*t->out.wants));
	for (size_t i = 0; i < was->n_wants && i < BOUND_TRACE_TOOLS; i++) {
		const char *args = was->wants[i].arguments;

		t->out.wants[t->out.n_wants++] = (struct trace_want){
			.name = was->wants[i].name,
			.arguments = arena_strndup(t->arena, args,
			    utf8_cut(args, strlen(args), BOUND_QUERY)),
		};
	}
}

static void
take_tools(struct trial *t, const struct turn_simulated *was)
{
	t->out.tools =
	    arena_alloc(t->arena, (was->n_tools + 1) * sizeof(char *));
	for (size_t i = 0; i < was->n_tools; i++)
		t->out.tools[t->out.n_tools++] = was->tools[i].name;
}

static void
on_simulated(void *arg, const struct turn_simulated *was)
{
	struct trial *t = arg;
	AUTO(buf_release)
	struct buf body = { 0 };

	buf_init(&body);
	t->out.has_turn = true;
	t->out.turn = *was->trace;
	t->out.reply = arena_strndup(t->arena, was->reply,
	    utf8_cut(was->reply, strlen(was->reply), BOUND_TEXT));
	take_tools(t, was);
	take_wants(t, was);
	encode(t, &body);
	service_reply_later(t->ticket, &body, NULL);
}

static int
begin(struct svc *svc, struct trial *t, struct arena **arena,
    const struct trace_simulate *in, struct err *err)
{
	const struct simulation simulation = {
		.asker = &t->actor,
		.payer = &t->payer,
		.role = t->out.role,
		.context = &t->context,
		.text = in->text,
		.use_model = in->use_model,
		.fn = on_simulated,
		.arg = t,
	};

	return turns_simulate(svc->turns, arena, &simulation, err);
}

int
on_trace_simulate(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	struct trial *t = arena_alloc(arena, sizeof(*t));
	struct trace_simulate in;
	int got;

	*t = (struct trial){ .ticket = request->ticket, .arena = arena };
	if (trace_simulate_decode(&in, request->body, arena, err) < 0 ||
	    api_actor(svc, request, &in.credential, &t->payer, err) < 0 ||
	    find_actor(svc, in.as, arena, &t->actor, err) < 0 ||
	    find_context(svc, in.in, arena, &t->context, err) < 0)
		return -1;
	got = understand(svc, t, &in, request->now_ms, err);
	if (got == 0) {
		reply->is_deferred = true;
		return begin(svc, t, &arena, &in, err);
	}
	if (got < 0)
		return -1;
	encode(t, reply->body);
	return 0;
}
