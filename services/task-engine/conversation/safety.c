/* Decides whether free text may reach a model. */

#include "services/task-engine/conversation/safety.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "libcommon/arena.h"
#include "services/task-engine/policy/policy.h"

enum {
	/* Of each scope; beyond it the one that was quiet longest goes. */
	WINDOWS_MAX = 4096,
};

/* When answers were given that still count, oldest first. */
struct window {
	char *key;
	int64_t *times_ms;
	size_t n, room;
	UT_hash_handle hh;
};

struct safety {
	struct safety_options options;
	/* The one used last comes last. */
	struct window *windows[SAFETY_SCOPE_COUNT];
};

struct safety *
safety_new(const struct safety_options *options)
{
	struct safety *s = xcalloc(1, sizeof(*s));

	s->options = *options;
	return s;
}

static void
forget(struct window **all, struct window *w)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash's own memory */
	HASH_DEL(*all, w);
	free(w->key);
	free(w->times_ms);
	free(w);
}

void
safety_free(struct safety **slot)
{
	struct safety *s = *slot;
	struct window *w, *next;

	if (!s)
		return;
	for (size_t i = 0; i < SAFETY_SCOPE_COUNT; i++)
		HASH_ITER (hh, s->windows[i], w, next)
			forget(&s->windows[i], w);
	free(s);
	*slot = NULL;
}

static struct window *
find_window(struct window **all, const char *key)
{
	struct window *w;

	HASH_FIND_STR(*all, key, w);
	if (w) {
		HASH_DEL(*all, w);
	} else {
		if (HASH_COUNT(*all) >= WINDOWS_MAX)
			forget(all, *all);
		w = xcalloc(1, sizeof(*w));
		w->key = xstrdup(key);
	}
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): as above */
	HASH_ADD_KEYPTR(hh, *all, w->key, strlen(w->key), w);
	return w;
}

/* A clock that was set back must not lock anybody out. */
static void
drop_old(struct window *w, int64_t window_ms, int64_t now_ms)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		if (w->times_ms[i] <= now_ms &&
		    now_ms - w->times_ms[i] < window_ms)
			w->times_ms[n++] = w->times_ms[i];
	w->n = n;
}

static void
count(struct window *w, int64_t now_ms)
{
	if (w->n == w->room) {
		w->room = w->room ? 2 * w->room : 8;
		w->times_ms =
		    xrealloc(w->times_ms, w->room * sizeof(*w->times_ms));
	}
	w->times_ms[w->n++] = now_ms;
}

static enum safety_verdict
take_of_all(struct safety *s, const struct safety_question *q, int64_t now_ms)
{
	const char *const keys[SAFETY_SCOPE_COUNT] = {
		[SAFETY_PERSON] = q->person,
		[SAFETY_ROOM] = q->context_id,
		[SAFETY_WORKSPACE] = q->workspace_id,
	};
	static const enum safety_verdict limited[SAFETY_SCOPE_COUNT] = {
		[SAFETY_PERSON] = SAFETY_RATE_LIMITED,
		[SAFETY_ROOM] = SAFETY_ROOM_LIMITED,
		[SAFETY_WORKSPACE] = SAFETY_WORKSPACE_LIMITED,
	};
	struct window *found[SAFETY_SCOPE_COUNT] = { 0 };
	/* Who is alone in a place has no others to leave something to. */
	size_t n = q->is_direct ? SAFETY_PERSON + 1 : SAFETY_SCOPE_COUNT;

	for (size_t i = 0; i < n; i++) {
		if (s->options.limits[i] == 0)
			continue;
		found[i] = find_window(&s->windows[i], keys[i]);
		drop_old(found[i], s->options.window_ms, now_ms);
		if ((int64_t)found[i]->n >= s->options.limits[i])
			return limited[i];
	}
	for (size_t i = 0; i < SAFETY_SCOPE_COUNT; i++)
		if (found[i] && !q->is_trial)
			count(found[i], now_ms);
	return SAFETY_ALLOWED;
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
	if (!q->is_work && q->is_direct && !o->allow_dm)
		return SAFETY_DM_DISABLED;
	if (!q->is_work && !q->is_direct && o->require_mention &&
	    !q->is_addressed)
		return SAFETY_MENTION_REQUIRED;
	if (*o->allowed_context_ids &&
	    !csv_has(o->allowed_context_ids, q->context_id))
		return SAFETY_CONTEXT_NOT_ALLOWED;
	if (*o->allowed_roles && !csv_has(o->allowed_roles, q->role))
		return SAFETY_ROLE_NOT_ALLOWED;
	return is_unlimited(q->role) ? SAFETY_ALLOWED
				     : take_of_all(s, q, now_ms);
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
	[SAFETY_ROOM_LIMITED] = { "Rate limit reached for this place. Try "
				  "again shortly.",
	    true },
	[SAFETY_WORKSPACE_LIMITED] = { "Rate limit reached for this workspace. "
				       "Try again shortly.",
	    true },
};

static const char *const rules[SAFETY_VERDICT_COUNT] = {
	[SAFETY_ALLOWED] = "",
	[SAFETY_DISABLED] = "AGENT_RUNTIME_LLM_ENABLED",
	[SAFETY_DM_DISABLED] = "AGENT_RUNTIME_LLM_ALLOW_DM",
	[SAFETY_MENTION_REQUIRED] =
	    "AGENT_RUNTIME_LLM_REQUIRE_MENTION_IN_GROUPS",
	[SAFETY_CONTEXT_NOT_ALLOWED] = "AGENT_RUNTIME_LLM_ALLOWED_CONTEXT_IDS",
	[SAFETY_ROLE_NOT_ALLOWED] = "AGENT_RUNTIME_LLM_ALLOWED_ROLES",
	[SAFETY_RATE_LIMITED] = "AGENT_RUNTIME_LLM_RATE_LIMIT_PER_WINDOW",
	[SAFETY_ROOM_LIMITED] = "AGENT_RUNTIME_LLM_RATE_LIMIT_ROOM_PER_WINDOW",
	[SAFETY_WORKSPACE_LIMITED] =
	    "AGENT_RUNTIME_LLM_RATE_LIMIT_WORKSPACE_PER_WINDOW",
};

const char *
safety_rule(enum safety_verdict verdict)
{
	return rules[verdict];
}

const char *
safety_notice(enum safety_verdict verdict, bool asker_waits)
{
	if (!asker_waits && !notices[verdict].is_always_said)
		return "";
	return notices[verdict].text;
}
