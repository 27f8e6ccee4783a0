/* Finds the commands that are said in words. Pure. */

#include "services/task-engine/conversation/intent.h"

#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "services/task-engine/conversation/decide.h"
#include "services/task-engine/conversation/speech.h"

/* May stand before what is asked; requests make an order of a bare verb. */
static const char *const greetings[] = {
	"hey|hi|hello|ok|okay|so|now|then|and|just",
	"thanks|alright|well|yes|sure",
	"agent|bot",
	"hello|hi|hey there",
	"good morning|afternoon|evening",
	"thank you",
	"lets",
};
static const char *const requests[] = {
	"please|kindly",
	"can|could|would|will you",
	"i|we want|need you to",
	"i|id|we would? like you to",
};

/* May stand behind it. */
static const char *const closings[] = {
	"please|now|thanks|thx|here|again|today",
	"thank you",
	"for|to me|us",
	"for|in|at|of this|the chat|channel|room|group",
	"for|in|at|of this|the conversation|workspace|context",
};

/* Where what is watched ends and what is done with it begins. */
static const char *const goal_ends[] = {
	"and then? tell|show|notify|let me|us",
	"then tell|show|notify|let me|us",
	"and then? report",
	"tell|show|notify me|us",
};

static const char *const task_ends[] = {
	"and? tell|give|show me|us the task id",
	"and? return only? the task id",
};

struct hearing {
	const struct intent_ask *ask;
	struct speech speech;
	struct arena *arena;
};

static size_t
skip_one(const struct speech *s, size_t at, const char *const *patterns,
    size_t n_patterns)
{
	size_t n = 0;

	for (size_t i = 0; i < n_patterns && n == 0; i++)
		n = speech_match(s, at, patterns[i]);
	return n;
}

static size_t
skip_lead(const struct speech *s, size_t at, bool *is_request_out)
{
	size_t n;

	*is_request_out = false;
	for (;;) {
		if ((n = skip_one(s, at, requests, N_OF(requests))) > 0)
			*is_request_out = true;
		else
			n = skip_one(s, at, greetings, N_OF(greetings));
		if (n == 0)
			return at;
		at += n;
	}
}

/* What is fixed must be all of its sentence, and the sentence all there is. */
static bool
is_over(const struct speech *s, size_t at)
{
	size_t n;

	do {
		n = skip_one(s, at, closings, N_OF(closings));
		at += n;
	} while (n > 0);
	return at == s->n_words;
}

/* The message's own bytes from behind the word before `at` up to `to`. */
static const char *
between(const struct hearing *h, size_t at, size_t to)
{
	const struct speech *s = &h->speech;
	size_t from = s->words[at - 1].at + s->words[at - 1].size;
	size_t end = to < s->n_words ? s->words[to].at : strlen(s->text);

	return speech_trim(s->text + from, end - from, h->arena);
}

static size_t
first_of(const struct speech *s, size_t at, const char *const *patterns,
    size_t n_patterns)
{
	size_t first = s->n_words, found;

	for (size_t i = 0; i < n_patterns; i++)
		if (speech_find(s, at, patterns[i], &found) > 0 &&
		    found < first)
			first = found;
	return first;
}

static const char *
strip(const char *text, struct arena *arena)
{
	static const char signs[] = " .,:;!?\"'`";
	size_t size;

	text += strspn(text, signs);
	size = strlen(text);
	while (size && strchr(signs, text[size - 1]))
		size--;
	return arena_strndup(arena, text, size);
}

static const char *
word(const struct hearing *h, size_t at)
{
	const struct said *said = &h->speech.words[at];

	return arena_strndup(h->arena, h->speech.text + said->at, said->size);
}

static const char *
take_goal(const struct hearing *h, size_t at)
{
	const struct speech *s = &h->speech;
	size_t to = first_of(s, at, goal_ends, N_OF(goal_ends));

	at += speech_match(s, at, "to");
	return strip(between(h, at, to > at ? to : s->n_words), h->arena);
}

/* What follows "turn that into a task", or what was said before it. */
static const char *
take_turn(const struct hearing *h, size_t began, size_t at)
{
	const struct speech *s = &h->speech;
	const char *rest, *before;
	size_t to;

	at += speech_match(s, at, "in this workspace");
	to = first_of(s, at, task_ends, N_OF(task_ends));
	rest = strip(between(h, at, to), h->arena);
	if (*rest)
		return rest;
	before = speech_trim(s->text, s->words[began].at, h->arena);
	if (began > 0 && speech_ends_sentence(&s->words[began - 1]))
		return arena_printf(h->arena,
		    "Make one actionable task of this and do it: %s", before);
	return "Make one actionable task of what was discussed last here, and "
	       "do it.";
}

static const char *
take_rest(const struct hearing *h, const struct intent_row *row, size_t at)
{
	const struct speech *s = &h->speech;
	const char *rest;

	if (row->id == COMMAND_MONITOR)
		return take_goal(h, at);
	if (row->id == COMMAND_OPEN && at + 1 == s->n_words)
		return word(h, at);
	if (row->id == COMMAND_OPEN || row->id == COMMAND_SEARCH)
		return strip(between(h, at, s->n_words), h->arena);
	/* "create a task: …" */
	rest = between(h, at, s->n_words);
	return rest + strspn(rest, ":, ");
}

/* The argument of the row whose n words begin at `at`; NULL: it is none. */
static const char *
take(const struct hearing *h, const struct intent_row *row, size_t at, size_t n)
{
	const struct speech *s = &h->speech;
	const char *rest;

	switch (row->takes) {
	case INTENT_FIXED:
		return is_over(s, at + n) ? row->argument : NULL;
	case INTENT_LAST:
		return is_over(s, at + n) ? word(h, at + n - 1) : NULL;
	case INTENT_TURN:
		return take_turn(h, at, at + n);
	case INTENT_FROM:
		n--;
		break;
	case INTENT_REST:
		break;
	}
	if (at + n == s->n_words || speech_ends_sentence(&s->words[at + n - 1]))
		return NULL;
	rest = take_rest(h, row, at + n);
	return *rest ? arena_printf(h->arena, "%s%s", row->argument, rest)
		     : NULL;
}

static bool
find_at(struct command *out, const struct hearing *h, size_t at, bool is_first)
{
	bool is_request;
	size_t n;

	at = skip_lead(&h->speech, at, &is_request);
	for (size_t i = 0; i < n_intent_rows; i++) {
		const struct intent_row *row = &intent_rows[i];

		if ((row->needs_request && !is_request) ||
		    (row->takes != INTENT_TURN && !is_first))
			continue;
		n = speech_match(&h->speech, at, row->pattern);
		out->argument = n > 0 ? take(h, row, at, n) : NULL;
		if (!out->argument)
			continue;
		out->id = row->id;
		return true;
	}
	out->argument = "";
	return false;
}

/* What is turned into a task may be said in the sentences before. */
static void
find(struct command *out, const struct hearing *h)
{
	const struct speech *s = &h->speech;

	for (size_t at = 0; at < s->n_words; at++)
		if ((at == 0 || speech_ends_sentence(&s->words[at - 1])) &&
		    find_at(out, h, at, at == 0))
			return;
}

static bool
is_ourselves(const struct hearing *h, size_t at)
{
	const struct said *said = &h->speech.words[at];
	const char *self = h->ask->self;

	return said->is_mention && said->size == strlen(self) &&
	       strncasecmp(h->speech.text + said->at, self, said->size) == 0;
}

/* Takes our own name off both ends; true when nobody else is named. */
static bool
take_name_off(struct hearing *h)
{
	struct speech *s = &h->speech;
	bool is_alone = true;

	for (size_t i = 0; i < s->n_words; i++)
		if (s->words[i].is_mention && !is_ourselves(h, i))
			is_alone = false;
	for (; s->n_words && is_ourselves(h, 0); s->n_words--)
		s->words++;
	while (s->n_words && is_ourselves(h, s->n_words - 1))
		s->n_words--;
	return is_alone;
}

void
intent_parse(
    struct intent *out, const struct intent_ask *ask, struct arena *arena)
{
	struct hearing h = { .ask = ask, .arena = arena };
	bool may_decide =
	    ask->is_addressed || ask->is_admin_channel || ask->is_notice_reply;
	bool is_alone;

	*out = (struct intent){ { COMMAND_NONE, "", "" }, GUIDANCE_NONE };
	/* What a group says to itself is not even read. */
	if (ask->is_forwarded || !may_decide)
		return;
	speech_read(&h.speech, ask->text, arena);
	is_alone = take_name_off(&h);
	if (is_alone &&
	    decide_parse(&out->command, &h.speech, ask->is_notice_reply, arena))
		return;
	if (!ask->is_addressed)
		return;
	out->guidance = guidance_asked(&h.speech);
	if (out->guidance == GUIDANCE_NONE)
		find(&out->command, &h);
}
