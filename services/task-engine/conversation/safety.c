/* Decides whether free text may reach a model. */

#include "services/task-engine/conversation/safety.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "libcommon/arena.h"
#include "services/task-engine/policy/policy.h"

enum {
	/* Of askers that are remembered; beyond it the quiet ones go. */
	ASKERS_MAX = 4096,
};

struct asker {
	char *key;	   /* context and actor */
	int64_t *times_ms; /* ring of limit entries */
	size_t next;
	UT_hash_handle hh;
};

struct safety {
	struct safety_options options;
	struct asker *askers;
};

struct safety *
safety_new(const struct safety_options *options)
{
	struct safety *s = xcalloc(1, sizeof(*s));

	s->options = *options;
	return s;
}

static void
forget(struct safety *s, struct asker *asker)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash's own memory */
	HASH_DEL(s->askers, asker);
	free(asker->key);
	free(asker->times_ms);
	free(asker);
}

void
safety_free(struct safety **slot)
{
	struct safety *s = *slot;
	struct asker *asker, *next;

	if (!s)
		return;
	HASH_ITER (hh, s->askers, asker, next) {
		forget(s, asker);
	}
	free(s);
	*slot = NULL;
}

static void
forget_quiet(struct safety *s, int64_t now_ms)
{
	struct asker *asker, *next;
	size_t limit = (size_t)s->options.limit;

	HASH_ITER (hh, s->askers, asker, next) {
		int64_t last =
		    asker->times_ms[(asker->next + limit - 1) % limit];

		if (now_ms - last >= s->options.window_ms)
			forget(s, asker);
	}
}

static struct asker *
find_asker(struct safety *s, const char *key, int64_t now_ms)
{
	struct asker *asker;

	HASH_FIND_STR(s->askers, key, asker);
	if (asker)
		return asker;
	if (HASH_COUNT(s->askers) >= ASKERS_MAX)
		forget_quiet(s, now_ms);
	asker = xcalloc(1, sizeof(*asker));
	asker->key = xstrdup(key);
	asker->times_ms =
	    xcalloc((size_t)s->options.limit, sizeof(*asker->times_ms));
	for (int64_t i = 0; i < s->options.limit; i++)
		asker->times_ms[i] = INT64_MIN / 2;
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): as above */
	HASH_ADD_KEYPTR(hh, s->askers, asker->key, strlen(asker->key), asker);
	return asker;
}

/* The oldest of the last `limit` questions must be out of the window. */
static bool
is_within_limit(
    struct safety *s, const struct safety_question *q, int64_t now_ms)
{
	AUTO(arena_free)
	struct arena *arena = NULL;
	struct asker *asker;
	int64_t *slot;

	if (s->options.limit == 0)
		return true;
	arena = arena_new(4096);
	asker = find_asker(
	    s, arena_printf(arena, "%s %s", q->context_id, q->actor), now_ms);
	slot = &asker->times_ms[asker->next];
	/* A clock that was set back must not lock anybody out. */
	if (*slot <= now_ms && now_ms - *slot < s->options.window_ms)
		return false;
	*slot = now_ms;
	asker->next = (asker->next + 1) % (size_t)s->options.limit;
	return true;
}

static bool
is_unlimited(const char *role)
{
	return strcmp(role, "admin") == 0 || strcmp(role, "overlord") == 0;
}

enum safety_verdict
safety_check(struct safety *s, const struct safety_question *q, int64_t now_ms)
{
	const struct safety_options *o = &s->options;

	if (!o->is_enabled)
		return SAFETY_DISABLED;
	if (q->is_direct && !o->allow_dm)
		return SAFETY_DM_DISABLED;
	if (!q->is_direct && o->require_mention && !q->is_addressed)
		return SAFETY_MENTION_REQUIRED;
	if (*o->allowed_context_ids &&
	    !csv_has(o->allowed_context_ids, q->context_id))
		return SAFETY_CONTEXT_NOT_ALLOWED;
	if (*o->allowed_roles && !csv_has(o->allowed_roles, q->role))
		return SAFETY_ROLE_NOT_ALLOWED;
	if (!is_unlimited(q->role) && !is_within_limit(s, q, now_ms))
		return SAFETY_RATE_LIMITED;
	return SAFETY_ALLOWED;
}

static const struct {
	const char *text;
	bool is_always_said;
} notices[SAFETY_VERDICT_COUNT] = {
	[SAFETY_ALLOWED] = { "", false },
	[SAFETY_DISABLED] = { "Free text is not answered here because "
			      "AGENT_RUNTIME_LLM_ENABLED is off. Commands "
			      "work: /help lists them.",
	    false },
	[SAFETY_DM_DISABLED] = { "Free text is not answered in direct "
				 "conversations because "
				 "AGENT_RUNTIME_LLM_ALLOW_DM is off. Commands "
				 "work: /help lists them.",
	    false },
	[SAFETY_MENTION_REQUIRED] = { "", false },
	[SAFETY_CONTEXT_NOT_ALLOWED] = { "Free text is not answered in this "
					 "place: it is not in "
					 "AGENT_RUNTIME_LLM_ALLOWED_CONTEXT_"
					 "IDS. Commands work: /help lists "
					 "them.",
	    false },
	[SAFETY_ROLE_NOT_ALLOWED] = { "LLM replies are disabled for your "
				      "role. Commands work: /help lists them.",
	    true },
	[SAFETY_RATE_LIMITED] = { "Rate limit reached for non-admin users. "
				  "Try again shortly.",
	    true },
};

const char *
safety_notice(enum safety_verdict verdict, bool asker_waits)
{
	if (!asker_waits && !notices[verdict].is_always_said)
		return "";
	return notices[verdict].text;
}
