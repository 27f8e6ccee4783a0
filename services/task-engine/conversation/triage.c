/* Judges what people say to each other, by rules that are data. Pure. */

#include "services/task-engine/conversation/triage.h"

#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "services/task-engine/conversation/speech.h"

enum { RULES_ARENA_BYTES = 256 * 1024 };

#define HOUR INT64_C(3600)

enum where {
	ANYWHERE,
	BEGINS, /* the message begins so, and has four words or more */
};

struct rule {
	enum triage_class class;
	enum where where;
	const char *pattern; /* of speech.h */
	const char *unless;  /* at the same word it is none; or NULL */
};

static const char *const reasons[TRIAGE_CLASS_COUNT] = {
	[TRIAGE_NOISE] = "nothing to do",
	[TRIAGE_QUESTION] = "question pattern",
	[TRIAGE_TASK] = "action request",
	[TRIAGE_ISSUE] = "issue words",
	[TRIAGE_MODERATION] = "moderation words",
};

/* Where they stand last, what they name is over. */
#define SOLVED                                                                 \
	"bug|error|issue|problem is|was|has|got? been? fixed|solved|"          \
	"resolved|gone|closed"

/*
 * The first rule that fits decides. They are the predecessor's words as whole
 * words with their forms, so that what only contains them ("urban", "tissue",
 * "terror", "banana") is nothing; a word that is denied ("no problem", "not a
 * bug") does not count either.
 */
static const struct rule rules[] = {
	{ TRIAGE_MODERATION, ANYWHERE,
	    "spam|spams|spammed|spamming|spammer|spammers|spammy", NULL },
	{ TRIAGE_MODERATION, ANYWHERE,
	    "scam|scams|scammed|scamming|scammer|scammers", NULL },
	{ TRIAGE_MODERATION, ANYWHERE,
	    "abuse|abuses|abused|abusing|abusive|abuser", NULL },
	{ TRIAGE_MODERATION, ANYWHERE, "harass*", NULL },
	{ TRIAGE_MODERATION, ANYWHERE,
	    "report a|an|the|this|that? user|member|account|person", NULL },
	{ TRIAGE_MODERATION, ANYWHERE, "ban|bans|banned|banning|unban", NULL },
	{ TRIAGE_MODERATION, ANYWHERE, "mute|mutes|muted|muting|unmute", NULL },
	{ TRIAGE_MODERATION, ANYWHERE, "phish|phishing|phished", NULL },
	{ TRIAGE_MODERATION, ANYWHERE, "nsfw", NULL },
	{ TRIAGE_MODERATION, ANYWHERE, "offensive", NULL },

	{ TRIAGE_ISSUE, ANYWHERE, "bug|bugs|buggy", SOLVED },
	{ TRIAGE_ISSUE, ANYWHERE, "error|errors", SOLVED },
	{ TRIAGE_ISSUE, ANYWHERE, "broken", NULL },
	{ TRIAGE_ISSUE, ANYWHERE, "fail|fails|failed|failing|failure|failures",
	    NULL },
	{ TRIAGE_ISSUE, ANYWHERE, "cannot|cant",
	    "cannot|cant wait|complain|believe|thank" },
	{ TRIAGE_ISSUE, ANYWHERE, "doesnt|dont|didnt|wont work", NULL },
	{ TRIAGE_ISSUE, ANYWHERE, "does|do|did|will not work", NULL },
	{ TRIAGE_ISSUE, ANYWHERE, "isnt|arent|not working", NULL },
	{ TRIAGE_ISSUE, ANYWHERE, "issue|issues", SOLVED },
	{ TRIAGE_ISSUE, ANYWHERE, "problem|problems", SOLVED },
	{ TRIAGE_ISSUE, ANYWHERE, "outage|outages", NULL },
	{ TRIAGE_ISSUE, ANYWHERE, "stuck", NULL },
	{ TRIAGE_ISSUE, ANYWHERE, "exception|exceptions", NULL },
	{ TRIAGE_ISSUE, ANYWHERE, "crash|crashes|crashed|crashing", NULL },

	{ TRIAGE_TASK, BEGINS, "please", NULL },
	{ TRIAGE_TASK, BEGINS, "i|we? need you to", NULL },
	{ TRIAGE_TASK, BEGINS, "help me|us", NULL },
	{ TRIAGE_TASK, BEGINS, "todo", NULL },
	{ TRIAGE_TASK, BEGINS, "create a task", NULL },
	{ TRIAGE_TASK, ANYWHERE, "follow up", NULL },
	{ TRIAGE_TASK, ANYWHERE, "follow-up", NULL },
	{ TRIAGE_TASK, ANYWHERE, "action item|items", NULL },
	{ TRIAGE_TASK, ANYWHERE, "assign|schedule|investigate|track this",
	    NULL },
	{ TRIAGE_TASK, ANYWHERE, "please investigate", NULL },
	{ TRIAGE_TASK, ANYWHERE, "set a? reminder", NULL },
};

/* Whole messages made of these, in any order, ask for nothing. */
static const char *const noise[] = { "ok+", "okay", "k+", "thanks", "thank you",
	"thx", "ty", "lol+", "lmao+", "haha*", "gm", "gn", "hi+", "hey+", "yo+",
	"hello+", "good morning|night|evening|afternoon", "bye+", "cool+",
	"nice+", "great", "yes", "yep", "yeah", "no", "nope",
	"no problem|worries", "np",
	"all|everyone|everybody|folks|there|so much", "very|too? much" };

static const char asks[] =
    "how|what|when|where|why|who|which|can|could|hows|whats|wheres|whos";

/* Which words each of the patterns may begin with. */
struct initials {
	unsigned rules[N_OF(rules)], noise[N_OF(noise)];
	bool is_known;
};

/* The patterns never change: looked at once, and not for every message. */
static const struct initials *
known_initials(void)
{
	static struct initials initials;

	if (initials.is_known)
		return &initials;
	for (size_t i = 0; i < N_OF(rules); i++)
		initials.rules[i] = speech_initials(rules[i].pattern);
	for (size_t i = 0; i < N_OF(noise); i++)
		initials.noise[i] = speech_initials(noise[i]);
	initials.is_known = true;
	return &initials;
}

static bool
is_denied(const struct speech *s, size_t at)
{
	static const char denial[] =
	    "no|not|never|without|zero|isnt|arent|wasnt|hardly";
	static const char over_article[] =
	    "no|not|never|without|zero|isnt|arent|wasnt|hardly "
	    "a|an|the|any|more|longer|known|real|big";

	if (at >= 1 && speech_match(s, at - 1, denial) == 1)
		return s->words[at - 1].mark == 0;
	return at >= 2 && speech_match(s, at - 2, over_article) == 2 &&
	       s->words[at - 2].mark == 0;
}

static bool
fits_at(const struct rule *rule, const struct speech *s, size_t at)
{
	if (rule->where == BEGINS && (at > 0 || s->n_words < 4))
		return false;
	return speech_match(s, at, rule->pattern) > 0 &&
	       !(rule->unless && speech_match(s, at, rule->unless) > 0) &&
	       !is_denied(s, at);
}

static bool
fits(const struct rule *rule, unsigned initials, const struct speech *s)
{
	if (!(s->initials & initials))
		return false;
	for (size_t at = 0; at < s->n_words; at++)
		if (speech_may_begin(s, at, initials) && fits_at(rule, s, at))
			return true;
	return false;
}

static size_t
noise_at(const struct speech *s, size_t at)
{
	const unsigned *initials = known_initials()->noise;
	size_t longest = 0, n;

	for (size_t i = 0; i < N_OF(noise); i++)
		if (speech_may_begin(s, at, initials[i]) &&
		    (n = speech_match(s, at, noise[i])) > longest)
			longest = n;
	return longest;
}

static bool
is_noise(const struct speech *s)
{
	size_t n;

	for (size_t at = 0; at < s->n_words; at += n) {
		n = noise_at(s, at);
		if (n == 0)
			return false;
	}
	return true;
}

static bool
is_question(const struct speech *s)
{
	if (speech_match(s, 0, asks) > 0)
		return true;
	for (size_t i = 0; i < s->n_words; i++)
		if (s->words[i].mark == '?')
			return true;
	return false;
}

static enum triage_class
decide(const struct speech *s)
{
	const unsigned *initials = known_initials()->rules;

	if (is_noise(s))
		return TRIAGE_NOISE;
	for (size_t i = 0; i < N_OF(rules); i++)
		if (fits(&rules[i], initials[i], s))
			return rules[i].class;
	return is_question(s) ? TRIAGE_QUESTION : TRIAGE_NOISE;
}

struct triage
triage_decide(const char *text)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(RULES_ARENA_BYTES);
	struct speech speech;
	struct triage out;

	speech_read(&speech, text, arena);
	/* Who quotes an error has one. */
	speech.counts_quotes = true;
	out.class = decide(&speech);
	out.reason = reasons[out.class];
	return out;
}

const struct triage_defaults triage_defaults[TRIAGE_CLASS_COUNT] = {
	[TRIAGE_NOISE] = { "noise", "p3", 0, "", "backlog" },
	[TRIAGE_QUESTION] = { "question", "p3", 48 * HOUR, "48h", "support" },
	[TRIAGE_TASK] = { "task", "p2", 24 * HOUR, "24h", "operations" },
	[TRIAGE_ISSUE] = { "issue", "p2", 8 * HOUR, "8h", "operations" },
	[TRIAGE_MODERATION] = { "moderation", "p1", 2 * HOUR, "2h",
	    "moderation" },
};

bool
triage_class_parse(const char *name, enum triage_class *class_out)
{
	for (unsigned i = 0; i < TRIAGE_CLASS_COUNT; i++)
		if (strcasecmp(triage_defaults[i].name, name) == 0) {
			*class_out = (enum triage_class)i;
			return true;
		}
	return false;
}

const char *
triage_priority(const char *word)
{
	static const struct {
		const char *word, *priority;
	} priorities[] = {
		{ "p1", "p1" },
		{ "high", "p1" },
		{ "urgent", "p1" },
		{ "p2", "p2" },
		{ "medium", "p2" },
		{ "normal", "p2" },
		{ "p3", "p3" },
		{ "low", "p3" },
	};

	for (size_t i = 0; i < N_OF(priorities); i++)
		if (strcasecmp(priorities[i].word, word) == 0)
			return priorities[i].priority;
	return NULL;
}

enum triage_row
triage_row(
    enum triage_class class, bool is_answered, enum triage_autorun autorun)
{
	static const enum triage_row answered[TRIAGE_CLASS_COUNT] = {
		[TRIAGE_NOISE] = ROW_NONE,
		[TRIAGE_QUESTION] = ROW_IF_FAILED,
		[TRIAGE_TASK] = ROW_IS_ANSWER,
		[TRIAGE_ISSUE] = ROW_OPEN,
		[TRIAGE_MODERATION] = ROW_OPEN,
	};

	if (class == TRIAGE_NOISE)
		return ROW_NONE;
	if (!is_answered)
		return autorun == AUTORUN_ALL ? ROW_QUEUED : ROW_OPEN;
	if (class == TRIAGE_TASK && autorun == AUTORUN_NONE)
		return ROW_OPEN;
	return answered[class];
}
