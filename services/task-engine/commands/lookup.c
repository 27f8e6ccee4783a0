/* Runs the commands that the indexer answers. */

#include "services/task-engine/commands/lookup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/clock.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/fence.h"
#include "libcommon/log.h"
#include "libcommon/loop.h"
#include "proto/search.h"
#include "services/task-engine/commands/found.h"
#include "services/task-engine/conversation/intent.h"
#include "services/task-engine/conversation/say.h"
#include "services/task-engine/config.h"
#include "services/task-engine/engine.h"
#include "services/task-engine/policy/scope.h"
#include "services/task-engine/store/status.h"
#include "services/task-engine/store/store.h"
#include "services/task-engine/store/turns.h"
#include "services/task-engine/tasks/blame.h"
#include "services/task-engine/tasks/finish.h"
#include "services/task-engine/turn/turns.h"

enum {
	RUNNING_MAX = 16,
	ARENA_BYTES = 8 * 1024 * 1024,
	ASK_MS = 10 * 1000,
	STATUS_ASK_MS = 2 * 1000, /* a status says who does not answer */
	AGAIN_MS = 1000,
	INDEX_FRESH_MS = 5 * 1000,
};

/* What the indexer said about a workspace. */
struct index_state {
	char *workspace_id;
	int64_t at_ms;
	struct search_state state; /* its texts are copies */
	char *backend, *detail, *meaning;
	UT_hash_handle hh;
};

struct lookup {
	struct lookups *owner;
	struct arena *arena;
	struct turn_work work;
	struct command command;
	struct actor asker;
	struct search_scope scope;
	struct timer *again;
	struct buf text;
	bool is_waiting; /* see is_behind_search */
	struct lookup *next;
};

struct lookups {
	struct svc *svc;
	struct index_state *states;
	struct found *found;
	struct timer *again;
	size_t n_running;
	struct lookup *running;
	bool is_claiming;
};

static void
lookup_free(struct lookup *l)
{
	struct lookup **at = &l->owner->running;

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	l->owner->n_running--;
	timer_free(&l->again);
	buf_release(&l->text);
	arena_free(&l->arena);
	free(l);
}

static void
forget_state(struct lookups *all, struct index_state *state)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash's own memory */
	HASH_DEL(all->states, state);
	free(state->workspace_id);
	free(state->backend);
	free(state->detail);
	free(state->meaning);
	free(state);
}

void
lookups_close(struct lookups **slot)
{
	struct lookups *all = *slot;
	struct index_state *state, *next;

	if (!all)
		return;
	while (all->running)
		lookup_free(all->running);
	HASH_ITER (hh, all->states, state, next) {
		forget_state(all, state);
	}
	found_free(&all->found);
	timer_free(&all->again);
	free(all);
	*slot = NULL;
}

static void
remember_state(struct lookups *all, const char *workspace_id,
    const struct search_state *said, int64_t now_ms)
{
	struct index_state *state;

	HASH_FIND_STR(all->states, workspace_id, state);
	if (state)
		forget_state(all, state);
	state = xcalloc(1, sizeof(*state));
	state->workspace_id = xstrdup(workspace_id);
	state->at_ms = now_ms;
	state->state = *said;
	state->backend = xstrdup(said->backend);
	state->state.backend = state->backend;
	state->detail = xstrdup(said->detail);
	state->state.detail = state->detail;
	state->meaning = xstrdup(said->meaning);
	state->state.meaning = state->meaning;
	HASH_ADD_KEYPTR(hh, all->states, state->workspace_id,
	    strlen(state->workspace_id), state);
}

static int
count_tasks(struct store *store, const char *workspace_id,
    struct status_facts *facts, struct err *err)
{
	if (store_count_tasks(
		store, workspace_id, "open", &facts->n_open, err) < 0 ||
	    store_count_tasks(
		store, workspace_id, "queued", &facts->n_queued, err) < 0 ||
	    store_count_tasks(
		store, workspace_id, "running", &facts->n_running, err) < 0)
		return -1;
	return store_count_tasks(
	    store, workspace_id, "failed", &facts->n_failed, err);
}

static int
say_facts(struct svc *svc, const struct context_row *x,
    const struct actor *asker, const struct search_state *index,
    const char *index_error, struct arena *arena, struct buf *out,
    struct err *err)
{
	struct status_facts facts = {
		.workspace_id = x->workspace_id,
		.index = index,
		.index_error = index_error,
		.model = turns_model(svc->turns),
		.folder = "",
	};

	if (asker->kind == ACTOR_LOCAL && x->is_direct)
		facts.folder = arena_printf(
		    arena, "%s/%s", svc->workspace_root, x->workspace_id);
	if (count_tasks(svc->store, x->workspace_id, &facts, err) < 0)
		return -1;
	say_status(out, &facts);
	return 0;
}

int
lookup_status(struct svc *svc, const struct context_row *x,
    const struct actor *asker, int64_t now_ms, struct arena *arena,
    struct buf *out, struct err *err)
{
	struct index_state *state;

	HASH_FIND_STR(svc->lookups->states, x->workspace_id, state);
	if (!state || now_ms < state->at_ms ||
	    now_ms - state->at_ms > INDEX_FRESH_MS)
		return 1;
	return say_facts(svc, x, asker, &state->state, NULL, arena, out, err);
}

/* The words are kept until they are stored, however long the disk is full. */
static void
end(void *arg)
{
	struct lookup *l = arg;
	struct lookups *all = l->owner;
	const struct turn_outcome outcome = { .is_ok = true,
		.text = l->text.data };
	struct err err;

	blame_clear();
	if (finish_turn(all->svc->store, &l->work, &outcome, clock_unix_ms(),
		&err) < 0) {
		log_error("reply-not-stored", "turn=%" PRId64 " why=%s",
		    l->work.turn_id, log_quote(err.text));
		timer_start(l->again, AGAIN_MS, 0);
		return;
	}
	lookup_free(l);
	lookups_wake(all);
}

static const char *
problem(const struct envelope *answer, const struct err *err)
{
	if (!answer)
		return err->code == ERR_TIMEOUT || err->code == ERR_UNAVAILABLE
			   ? "the indexer does not answer"
			   : err->text;
	return answer->ok ? NULL : answer->error.text;
}

static void
say_unavailable(struct lookup *l, const char *why)
{
	buf_addf(&l->text,
	    "I cannot look that up now: %s. Try again in a moment; "
	    "`agent-runtime status` tells how the daemons stand.",
	    why);
}

/* What cannot be looked for today cannot be tomorrow. */
static void
say_not_searched(struct lookup *l, const char *why)
{
	buf_addf(
	    &l->text, "I cannot search for that: %s. Use fewer words.", why);
}

static void
on_hits(void *arg, const struct envelope *answer, const struct err *why)
{
	struct lookup *l = arg;
	struct search_hits hits;
	struct err err;
	size_t n = 0;

	blame_set(l->work.turn_id);
	if (answer && !answer->ok && answer->error.code == ERR_INVALID) {
		say_not_searched(l, answer->error.text);
	} else if (problem(answer, why)) {
		say_unavailable(l, problem(answer, why));
	} else if (search_hits_decode(&hits, answer->body, l->arena, &err) <
		   0) {
		say_unavailable(l, err.text);
	} else {
		/* The indexer was told the scope; it is checked all the same. */
		for (size_t i = 0; i < hits.n_hits; i++)
			if (policy_may_read(&l->scope, hits.hits[i].path))
				hits.hits[n++] = hits.hits[i];
		hits.n_hits = n;
		found_note(l->owner->found, l->work.context.id, l->asker.name,
		    hits.hits, n);
		say_hits(&l->text, &hits, l->command.argument);
	}
	end(l);
}

static void
say_not_opened(struct lookup *l, const struct err *error)
{
	if (error->code == ERR_NOT_FOUND || error->code == ERR_REFUSED)
		buf_adds(&l->text,
		    "Markdown file not found in this workspace. `/search` "
		    "shows what there is.");
	else if (error->code == ERR_INVALID)
		buf_adds(&l->text,
		    "Invalid target. Use a relative `.md` path or a qmd docid "
		    "(`#abc123`), as `/search` shows them, or a number of your "
		    "last search here.");
	else if (error->code == ERR_CONFLICT)
		buf_addf(
		    &l->text, "I cannot show that document: %s.", error->text);
	else
		say_unavailable(l, error->text);
}

/* So that the remark below it is no line of its code. */
static const struct search_document *
close_code(struct lookup *l, struct search_document *document)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	if (!document->is_truncated)
		return document;
	buf_init(&text);
	buf_adds(&text, document->text);
	fence_close(&text);
	document->text = arena_strndup(l->arena, text.data, text.size);
	return document;
}

static void
on_document(void *arg, const struct envelope *answer, const struct err *why)
{
	static const struct err hidden = { .code = ERR_NOT_FOUND };
	struct lookup *l = arg;
	struct search_document document;
	struct err err;

	blame_set(l->work.turn_id);
	if (!answer)
		say_unavailable(l, problem(answer, why));
	else if (!answer->ok)
		say_not_opened(l, &answer->error);
	else if (search_document_decode(
		     &document, answer->body, l->arena, &err) < 0)
		say_unavailable(l, err.text);
	else if (!policy_may_read(&l->scope, document.path))
		say_not_opened(l, &hidden);
	else
		say_document(&l->text, close_code(l, &document));
	end(l);
}

static void
on_state(void *arg, const struct envelope *answer, const struct err *why)
{
	struct lookup *l = arg;
	struct svc *svc = l->owner->svc;
	const char *error = problem(answer, why);
	struct search_state state;
	struct err err;

	blame_set(l->work.turn_id);
	if (!error &&
	    search_state_decode(&state, answer->body, l->arena, &err) < 0)
		error = err.text;
	if (!error)
		remember_state(l->owner, l->work.context.workspace_id, &state,
		    clock_unix_ms());
	if (say_facts(svc, &l->work.context, &l->asker, error ? NULL : &state,
		error, l->arena, &l->text, &err) < 0)
		say_unavailable(l, err.text);
	end(l);
}

struct question {
	const char *type;
	int64_t patience_ms;
	void (*encode)(const struct lookup *l, struct buf *out);
	bus_answer_fn on_answer;
};

static void
encode_search(const struct lookup *l, struct buf *out)
{
	const struct search_query body = {
		.workspace_id = l->work.context.workspace_id,
		.query = l->command.argument,
		.limit = l->owner->svc->cfg->search_limit,
		.scope = l->scope,
	};

	search_query_encode(&body, out);
}

static void
encode_open(const struct lookup *l, struct buf *out)
{
	const char *path = found_path(l->owner->found, l->work.context.id,
	    l->asker.name, l->command.argument);
	const struct search_open body = {
		.workspace_id = l->work.context.workspace_id,
		.target = path ? path : l->command.argument,
		.max_bytes = l->owner->svc->cfg->open_max_bytes,
		.scope = l->scope,
	};

	search_open_encode(&body, out);
}

static void
encode_status(const struct lookup *l, struct buf *out)
{
	const struct search_workspace body = {
		.workspace_id = l->work.context.workspace_id,
	};

	search_workspace_encode(&body, out);
}

static const struct question questions[COMMAND_ID_COUNT] = {
	[COMMAND_SEARCH] = { "search.query", ASK_MS, encode_search, on_hits },
	[COMMAND_OPEN] = { "search.open", ASK_MS, encode_open, on_document },
	[COMMAND_STATUS] = { "search.status", STATUS_ASK_MS, encode_status,
	    on_state },
};

static int
ask(struct lookup *l, struct err *err)
{
	const struct question *question = &questions[l->command.id];
	AUTO(buf_release)
	struct buf body = { 0 };
	const struct bus_call call = {
		.to = SVC_INDEXER,
		.type = question->type,
		.cause = l->work.message.cause,
		.deadline_ms = clock_unix_ms() + question->patience_ms,
		.body = &body,
	};

	buf_init(&body);
	question->encode(l, &body);
	return bus_call(
	    l->owner->svc->env.bus, &call, question->on_answer, l, err);
}

/* Who asked, as they are now, and what they may read here. */
static int
find_asker(struct lookup *l, struct err *err)
{
	struct svc *svc = l->owner->svc;
	const struct message_row *m = &l->work.message;
	int got = people_asker(
	    &svc->people, m->said_by, m->said_as, l->arena, &l->asker, err);

	if (got == 1)
		return err_set(err, ERR_REFUSED, "who asked is gone");
	if (got < 0)
		return -1;
	return policy_scope(&svc->policy, &l->asker, &l->work.context, l->arena,
	    &l->scope, err);
}

/* As it was understood when it was queued: typed, or said in words. */
static void
find_command(struct lookup *l)
{
	const struct intent_ask ask = {
		.text = l->work.message.text,
		.self = "",
		.is_addressed = true,
	};
	struct intent intent;

	command_parse(&l->command, ask.text, true, l->arena);
	if (l->command.id != COMMAND_NONE)
		return;
	intent_parse(&intent, &ask, l->arena);
	l->command = intent.command;
}

/*
 * Whether a search is under way that the same person sent there before: a
 * number means its list, which is the one that they will see above the answer.
 */
static bool
is_behind_search(const struct lookup *l)
{
	const struct lookup *other = l->owner->running;

	if (l->command.id != COMMAND_SEARCH && l->command.id != COMMAND_OPEN)
		return false;
	for (; other; other = other->next)
		if (other->command.id == COMMAND_SEARCH &&
		    other->work.turn_id < l->work.turn_id &&
		    strcmp(other->work.context.id, l->work.context.id) == 0 &&
		    strcmp(other->work.message.said_by,
			l->work.message.said_by) == 0)
			return true;
	return false;
}

static void
ask_in_turn(struct lookup *l)
{
	struct err err;

	l->is_waiting = is_behind_search(l);
	if (!l->is_waiting) {
		blame_set(l->work.turn_id);
		if (find_asker(l, &err) < 0 || ask(l, &err) < 0) {
			say_unavailable(l, err.text);
			end(l);
			return;
		}
	}
	blame_clear();
}

/* The earliest of those that need not wait any more; false: there is none. */
static bool
ask_waiting(struct lookups *all)
{
	struct lookup *first = NULL;

	for (struct lookup *l = all->running; l; l = l->next)
		if (l->is_waiting && !is_behind_search(l) &&
		    (!first || l->work.turn_id < first->work.turn_id))
			first = l;
	if (first)
		ask_in_turn(first);
	return first != NULL;
}

static void
begin(struct lookup *l)
{
	blame_set(l->work.turn_id);
	find_command(l);
	if (!questions[l->command.id].type) {
		/* Queued by a version that knew more commands. */
		say_unknown(&l->text, l->command.name);
		end(l);
		return;
	}
	ask_in_turn(l);
}

static struct lookup *
lookup_new(struct lookups *all)
{
	struct lookup *l = xcalloc(1, sizeof(*l));

	l->owner = all;
	l->arena = arena_new(ARENA_BYTES);
	l->again = timer_new(all->svc->env.loop, end, l);
	buf_init(&l->text);
	l->next = all->running;
	all->running = l;
	all->n_running++;
	return l;
}

/* 0: one was begun; 1: there is none, or it cannot be had now. */
static int
claim_one(struct lookups *all)
{
	struct lookup *l = lookup_new(all);
	int64_t next_ms;
	struct err err;
	int got = store_turn_claim(all->svc->store, 1u << TURN_COMMAND, 1,
	    clock_unix_ms(), l->arena, &l->work, &next_ms, &err);

	if (got == 0) {
		begin(l);
		return 0;
	}
	lookup_free(l);
	if (got < 0) {
		log_error("turn-not-claimed", "why=%s", log_quote(err.text));
		timer_start(all->again, AGAIN_MS, 0);
	}
	return 1;
}

void
lookups_wake(struct lookups *all)
{
	/* Claiming commits, and a commit wakes. */
	if (all->is_claiming)
		return;
	all->is_claiming = true;
	while (ask_waiting(all) ||
	       (all->n_running < RUNNING_MAX && claim_one(all) == 0))
		;
	all->is_claiming = false;
}

static void
wake(void *arg)
{
	lookups_wake(arg);
}

static void
on_change(void *arg, unsigned changes)
{
	if (changes & STORE_CHANGED_TURNS)
		lookups_wake(arg);
}

void
lookups_open(struct lookups **lookups_out, struct svc *svc)
{
	struct lookups *all = xcalloc(1, sizeof(*all));

	all->svc = svc;
	all->found = found_new();
	all->again = timer_new(svc->env.loop, wake, all);
	store_on_commit(svc->store, on_change, all);
	*lookups_out = all;
}
