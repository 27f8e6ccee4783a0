/* Approving and denying in words. Pure. */

#include "services/task-engine/conversation/decide.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "services/task-engine/conversation/arguments.h"
#include "services/task-engine/conversation/command.h"
#include "services/task-engine/conversation/marks.h"
#include "services/task-engine/conversation/speech.h"

/* What says neither yes nor no to anything else than the order. */
static const char *const leads[] = {
	"yes|yeah|yep|yup|ok|okay|sure|please|hey|hi|hello|alright|fine|great",
	"good|perfect|thanks|agent|bot|lgtm|thx",
	"all right|good",
	"thank you",
	"looks|sounds good|fine|ok|okay|great",
	"go ahead and?",
};
static const char *const tails[] = { "please|now|thanks|thx|yes|then|ok|okay",
	"thank you", "for me|us", "go ahead" };
static const char no[] = "no|nope|nah";

/* Behind them an order depends on something, or is not the only one. */
static const char not_yet[] =
    "if|unless|when|until|till|once|after|before|only|later|tomorrow|and|or|"
    "but|then|except|not|never";

#define PAIRING "the|this|that? pairing? token|code|request|for? <token>"

static const struct verb {
	const char *pattern;
	enum command_id action, pairing;
	bool is_denial;
} verbs[] = {
	{ "i|we? hereby|do? approve", COMMAND_APPROVE_ACTION, COMMAND_APPROVE,
	    false },
	{ "i|we? hereby|do? deny|reject|decline|refuse", COMMAND_DENY_ACTION,
	    COMMAND_DENY, true },
};

/* Said to the notice itself these are the whole decision. */
static const struct {
	const char *pattern;
	enum command_id id;
} short_answers[] = {
	{ "yes|yeah|yep|yup|approved please|thanks?", COMMAND_APPROVE_ACTION },
	{ "go ahead please|thanks?", COMMAND_APPROVE_ACTION },
	{ "do it please|thanks?", COMMAND_APPROVE_ACTION },
	{ "no|nope|denied|rejected please|thanks?", COMMAND_DENY_ACTION },
};

static size_t
skip(const struct speech *s, size_t at, const char *const *patterns,
    size_t n_patterns)
{
	size_t n;

	do {
		n = 0;
		for (size_t i = 0; i < n_patterns && n == 0; i++)
			n = speech_match(s, at, patterns[i]);
		at += n;
	} while (n > 0);
	return at;
}

static bool
asks(const struct speech *s, size_t from, size_t to)
{
	for (; from < to; from++)
		if (s->words[from].mark == '?')
			return true;
	return false;
}

/* What is denied has a reason, or none that could be mistaken for one. */
static bool
is_reason(const struct speech *s, size_t at, bool is_named)
{
	if (speech_match(s, at, not_yet) > 0)
		return false;
	return is_named || s->words[at - 1].mark != 0 ||
	       speech_match(s, at, "because|reason|for|since|as") > 0;
}

/* "act_9f3c", "it", "latest", "all": what arguments.h reads again. */
static const char *
choice_text(const struct action_choice *choice)
{
	static const char *const names[] = { [ACTION_BY_ID] = "",
		[ACTION_ONLY] = "it",
		[ACTION_LATEST] = "latest",
		[ACTION_ALL] = "all" };

	return choice->which == ACTION_BY_ID ? choice->id
					     : names[choice->which];
}

/* The token and, of an approval, the role; *n_out words. */
static const char *
read_pairing(const struct speech *s, size_t at, bool is_denial, size_t *n_out,
    struct arena *arena)
{
	size_t n = speech_match(s, at, PAIRING), more;
	const struct said *token;

	*n_out = n;
	if (n == 0)
		return NULL;
	token = &s->words[at + n - 1];
	more = is_denial ? 0
			 : speech_match(s, at + n,
			       "as|with? the|an|a? role? <role> role?");
	*n_out = n + more;
	for (size_t i = at + n; i < at + n + more; i++)
		if (mark_is_role(s->words[i].text))
			return arena_printf(arena, "%.*s %s", (int)token->size,
			    s->text + token->at, s->words[i].text);
	return arena_strndup(arena, s->text + token->at, token->size);
}

/* Whether nothing is left over that makes it no order. */
static bool
read_end(const char **reason_out, const struct speech *s, size_t at,
    bool may_have_reason, bool is_named, struct arena *arena)
{
	size_t end = skip(s, at, tails, N_OF(tails));

	*reason_out = "";
	if (asks(s, 0, end) || asks(s, s->n_words - 1, s->n_words))
		return false;
	if (end == s->n_words)
		return true;
	if (!may_have_reason || !is_reason(s, at, is_named))
		return false;
	*reason_out = reason_clean(speech_rest(s, at, arena), arena);
	return true;
}

/* What the verb before `at` decides on. */
static bool
read_object(struct command *out, const struct verb *verb,
    const struct speech *s, size_t at, struct arena *arena)
{
	struct action_choice choice = { ACTION_ONLY, "", "" };
	size_t n = args_choose_action(&choice, s, at);
	const char *what = choice_text(&choice), *pairing = NULL, *reason;
	bool has_object = n > 0;

	if (!has_object) {
		pairing = read_pairing(s, at, verb->is_denial, &n, arena);
		what = pairing ? pairing : what;
		has_object = pairing != NULL;
	}
	/* "I decline" declines an offer; "deny" alone can only be an order. */
	if (!has_object && verb->is_denial &&
	    speech_match(s, at - 1, "deny|reject") == 0)
		return false;
	if (!read_end(&reason, s, at + n, verb->is_denial && has_object,
		pairing || choice.which == ACTION_BY_ID, arena))
		return false;
	out->id = pairing ? verb->pairing : verb->action;
	out->argument = arena_printf(
	    arena, "%s%s%s", what, *reason ? " because " : "", reason);
	return true;
}

static bool
read_short(struct command *out, const struct speech *s)
{
	for (size_t i = 0; i < N_OF(short_answers); i++) {
		if (speech_match(s, 0, short_answers[i].pattern) !=
			s->n_words ||
		    asks(s, 0, s->n_words))
			continue;
		out->id = short_answers[i].id;
		out->argument = "it";
		return true;
	}
	return false;
}

bool
decide_parse(struct command *out, const struct speech *s, bool is_notice_reply,
    struct arena *arena)
{
	size_t at, n;

	if (s->n_words == 0 || s->is_cut)
		return false;
	if (is_notice_reply && read_short(out, s))
		return true;
	for (size_t i = 0; i < N_OF(verbs); i++) {
		at = verbs[i].is_denial ? speech_match(s, 0, no) : 0;
		at = skip(s, at, leads, N_OF(leads));
		n = speech_match(s, at, verbs[i].pattern);
		if (n > 0 && (at + n == s->n_words ||
				 !speech_ends_sentence(&s->words[at + n - 1])))
			return read_object(out, &verbs[i], s, at + n, arena);
	}
	return false;
}
