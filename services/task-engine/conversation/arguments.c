/* Reads what stands behind a command's name: decisions, prompts, places. */

#include "services/task-engine/conversation/arguments.h"

#include <ctype.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/utf8.h"
#include "services/task-engine/conversation/marks.h"
#include "services/task-engine/conversation/speech.h"

enum {
	SHOWN_MAX = 40, /* of a wrong word in its error */
	REASON_MAX = 400,
	TOKEN_BYTES = 16, /* of ours: 80 bits in base32 */
};

static const struct {
	const char *pattern;
	enum action_which which;
} choices[] = {
	{ "the|this|that|pending? pending? action|request|approval? id? "
	  "<action>",
	    ACTION_BY_ID },
	{ "all|everything of? the|them|these|those|my? pending? "
	  "actions|requests|approvals?",
	    ACTION_ALL },
	{ "the? most? recent|latest|newest|last pending? "
	  "action|request|approval|one?",
	    ACTION_LATEST },
	{ "the|this|that? pending? action|request|approval|one", ACTION_ONLY },
	{ "it|this|that", ACTION_ONLY },
};

int
args_complain(
    struct err *err, const struct speech *speech, size_t at, const char *is_not)
{
	const char *word = speech->words[at].text;
	int shown = (int)utf8_cut(word, strlen(word), SHOWN_MAX);

	return err_set(err, ERR_INVALID, "`%.*s` is %s.", shown, word, is_not);
}

static int
refuse_more(struct err *err, const struct speech *s, size_t at)
{
	return args_complain(err, s, at, "more than this command takes");
}

static const char *
find_id(const struct speech *s, size_t at, size_t n)
{
	for (; n > 0; at++, n--)
		if (mark_is_action(s->words[at].text))
			return s->words[at].text;
	return "";
}

size_t
args_choose_action(
    struct action_choice *out, const struct speech *speech, size_t at)
{
	size_t n;

	for (size_t i = 0; i < N_OF(choices); i++) {
		n = speech_match(speech, at, choices[i].pattern);
		if (n == 0)
			continue;
		*out = (struct action_choice){ .which = choices[i].which,
			.id = find_id(speech, at, n),
			.reason = "" };
		return n;
	}
	return 0;
}

/* Of ours every form counts; of others what cannot be a word. */
static bool
is_token(const struct speech *s, size_t at)
{
	const struct said *word = &s->words[at];

	if (mark_is_token(s->text + word->at, word->size))
		return true;
	return word->size == TOKEN_BYTES &&
	       strspn(word->text, "abcdefghijklmnopqrstuvwxyz234567") ==
		   TOKEN_BYTES;
}

/* The words up to and with the token; 0: there is none. */
static size_t
choose_token(
    struct pairing_choice *out, const struct speech *s, struct arena *arena)
{
	size_t n = speech_match(s, 0, "pairing? token|code|request?");
	char *token;

	if (n >= s->n_words || !is_token(s, n))
		return 0;
	token = arena_strdup(arena, s->words[n].text);
	for (char *p = token; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	*out = (struct pairing_choice){ .token = token, .reason = "" };
	return n + 1;
}

static int
refuse_choice(struct err *err, const struct speech *s)
{
	return args_complain(
	    err, s, 0, "neither a pairing token nor an action's id");
}

/* [role] [all] behind the token */
static int
read_grant(struct pairing_choice *out, const struct speech *s, size_t at,
    struct err *err)
{
	at += speech_match(s, at, "as an|a?");
	if (at < s->n_words && role_parse(s->words[at].text, &out->role))
		at++;
	if (speech_match(s, at, "all") == 1) {
		out->is_everywhere = true;
		at++;
	}
	if (at == s->n_words)
		return 0;
	if (out->role != ROLE_GUEST || out->is_everywhere)
		return refuse_more(err, s, at);
	return args_complain(err, s, at,
	    "no role; roles are overlord, admin, operator, member, viewer");
}

int
args_approve(struct decision *out, const char *argument, struct arena *arena,
    struct err *err)
{
	struct speech s;
	size_t n;

	*out = (struct decision){ .action = { ACTION_ONLY, "", "" } };
	speech_read(&s, argument, arena);
	if (s.n_words == 0)
		return 0;
	n = args_choose_action(&out->action, &s, 0);
	if (n > 0)
		return n == s.n_words ? 0 : refuse_more(err, &s, n);
	n = choose_token(&out->pairing, &s, arena);
	if (n == 0)
		return refuse_choice(err, &s);
	out->is_pairing = true;
	return read_grant(&out->pairing, &s, n, err);
}

int
args_deny(struct decision *out, const char *argument, struct arena *arena,
    struct err *err)
{
	struct speech s;
	size_t n;

	*out = (struct decision){ .action = { ACTION_ONLY, "", "" } };
	speech_read(&s, argument, arena);
	n = args_choose_action(&out->action, &s, 0);
	if (n > 0 || s.n_words == 0 ||
	    speech_match(&s, 0, "because|reason|for") > 0) {
		out->action.reason =
		    reason_clean(speech_rest(&s, n, arena), arena);
		return 0;
	}
	n = choose_token(&out->pairing, &s, arena);
	if (n == 0)
		return refuse_choice(err, &s);
	out->is_pairing = true;
	out->pairing.reason = reason_clean(speech_rest(&s, n, arena), arena);
	return 0;
}

static int
choose_or_complain(
    struct action_choice *out, const struct speech *s, struct err *err)
{
	size_t n = args_choose_action(out, s, 0);

	if (n > 0)
		return (int)n;
	if (s->n_words == 0)
		return err_set(err, ERR_INVALID,
		    "Which one? `/pending-actions` lists their ids.");
	return args_complain(err, s, 0, "no action's id");
}

int
args_approve_action(struct action_choice *out, const char *argument,
    struct arena *arena, struct err *err)
{
	struct speech s;
	int n;

	speech_read(&s, argument, arena);
	n = choose_or_complain(out, &s, err);
	if (n < 0)
		return -1;
	return (size_t)n == s.n_words ? 0 : refuse_more(err, &s, (size_t)n);
}

int
args_deny_action(struct action_choice *out, const char *argument,
    struct arena *arena, struct err *err)
{
	struct speech s;
	int n;

	speech_read(&s, argument, arena);
	n = choose_or_complain(out, &s, err);
	if (n < 0)
		return -1;
	out->reason = reason_clean(speech_rest(&s, (size_t)n, arena), arena);
	return 0;
}

int
args_prompt(struct prompt_choice *out, const char *argument,
    struct arena *arena, struct err *err)
{
	static const char *const verbs[] = { [PROMPT_SHOW] = "show",
		[PROMPT_SET] = "set",
		[PROMPT_CLEAR] = "clear" };
	struct speech s;
	unsigned verb = 0;

	speech_read(&s, argument, arena);
	while (verb < N_OF(verbs) && speech_match(&s, 0, verbs[verb]) != 1)
		verb++;
	if (verb == N_OF(verbs))
		return err_set(
		    err, ERR_INVALID, "Say show, clear, or set and the text.");
	*out = (struct prompt_choice){ (enum prompt_verb)verb,
		speech_rest(&s, 1, arena) };
	if (verb != PROMPT_SET)
		return *out->text ? refuse_more(err, &s, s.n_words > 1) : 0;
	if (!*out->text)
		return err_set(err, ERR_INVALID, "Say what it is set to.");
	if (strlen(out->text) > PROMPT_MAX_BYTES)
		return err_set(err, ERR_INVALID,
		    "The text has %zu bytes; at most %d fit.",
		    strlen(out->text), PROMPT_MAX_BYTES);
	return 0;
}

int
args_admin_channel(struct admin_channel_choice *out, const char *argument,
    struct arena *arena, struct err *err)
{
	struct speech s;

	speech_read(&s, argument, arena);
	*out = (struct admin_channel_choice){
		.is_enabled = speech_match(&s, 0, "enable") == 1,
		.is_global = speech_match(&s, 1, "global") == 1,
	};
	if (speech_match(&s, 0, "enable|disable") == 0)
		return err_set(err, ERR_INVALID, "Say enable or disable.");
	if (s.n_words > 1u + out->is_global)
		return refuse_more(err, &s, 1u + out->is_global);
	return 0;
}

int
args_forget(struct forget_choice *out, const char *argument,
    struct arena *arena, struct err *err)
{
	struct speech s;

	speech_read(&s, argument, arena);
	*out = (struct forget_choice){
		.is_everything = speech_match(&s, 0, "everything") == 1,
		.code = "",
	};
	if (speech_match(&s, 0, "mine|everything") == 0)
		return err_set(err, ERR_INVALID,
		    "Say mine, or everything for what anybody said here.");
	if (out->is_everything && s.n_words == 2)
		out->code = s.words[1].text;
	else if (s.n_words > 1)
		return refuse_more(err, &s, 1);
	return 0;
}

static bool
is_edge(char c)
{
	return c != '\0' && strchr(" .,:;!?-", c) != NULL;
}

static const char *
strip_edges(const char *text, struct arena *arena)
{
	size_t size;

	while (is_edge(*text))
		text++;
	size = strlen(text);
	while (size && is_edge(text[size - 1]))
		size--;
	return arena_strndup(arena, text, size);
}

const char *
reason_clean(const char *text, struct arena *arena)
{
	struct speech s;
	char *line;
	size_t size;

	speech_read(&s, text, arena);
	text = speech_rest(
	    &s, speech_match(&s, 0, "because|reason|for|since of?"), arena);
	line = arena_strdup(arena, text);
	for (char *p = line; *p; p++)
		if (*p >= '\t' && *p <= '\r')
			*p = ' ';
	size = utf8_cut(line, strlen(line), REASON_MAX);
	return strip_edges(arena_strndup(arena, line, size), arena);
}
