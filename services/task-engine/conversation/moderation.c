/* Judges a message for moderators, by rules that are data. Pure. */

#include "services/task-engine/conversation/moderation.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "services/task-engine/conversation/speech.h"

enum { RULES_ARENA_BYTES = 256 * 1024 };

const struct moderation_step moderation_steps[MODERATION_SEVERITY_COUNT] = {
	[MODERATION_LOW] = { "low", "Nothing needs to be done." },
	[MODERATION_MEDIUM] = { "medium",
	    "Remove the message, and warn whoever wrote it." },
	[MODERATION_HIGH] = { "high",
	    "Hide the message, keep a copy, and have a moderator speak to "
	    "those concerned today." },
	[MODERATION_CRITICAL] = { "critical",
	    "Have an admin act now and keep a copy as evidence. Where "
	    "somebody is in danger, call the emergency services." },
};

/*
 * The predecessor's words as whole words with their forms; what is said of
 * processes and of pictures ("kill the server", "screenshot") is nothing.
 */
#define SOMEBODY                                                               \
	"you|u|him|her|them|me|us|myself|yourself|himself|herself|themselves|" \
	"everyone|everybody|people|all"

static const struct rule {
	enum moderation_severity severity;
	const char *label;
	const char *pattern; /* of speech.h */
} rules[] = {
	{ MODERATION_CRITICAL, "violence", "kill|kills|killing " SOMEBODY },
	{ MODERATION_CRITICAL, "violence", "shoot|shooting " SOMEBODY },
	{ MODERATION_CRITICAL, "violence", "shoot up the|this|that" },
	{ MODERATION_CRITICAL, "violence", "bomb|bombs|bombing" },
	{ MODERATION_CRITICAL, "doxxing", "dox|doxx|doxed|doxxed" },
	{ MODERATION_CRITICAL, "doxxing", "doxing|doxxing" },
	{ MODERATION_CRITICAL, "doxxing", "swat|swatted|swatting" },
	{ MODERATION_CRITICAL, "self-harm", "suicide|suicidal|kys" },
	{ MODERATION_CRITICAL, "self-harm", "self-harm|selfharm" },
	{ MODERATION_CRITICAL, "self-harm", "self harm" },
	{ MODERATION_CRITICAL, "self-harm", "kill|killing myself|yourself" },
	{ MODERATION_HIGH, "hate", "hate|hates " SOMEBODY },
	{ MODERATION_HIGH, "hate", "hate speech" },
	{ MODERATION_HIGH, "hate", "hateful|slur|slurs" },
	{ MODERATION_HIGH, "harassment", "harass*" },
	{ MODERATION_HIGH, "harassment", "stalk|stalks|stalked|stalking" },
	{ MODERATION_HIGH, "harassment", "stalker|stalkers" },
	{ MODERATION_HIGH, "abuse", "abuse|abuses|abused|abusing|abusive" },
	{ MODERATION_MEDIUM, "spam", "spam|spams|spammed|spamming" },
	{ MODERATION_MEDIUM, "spam", "spammer|spammers|spammy" },
	{ MODERATION_MEDIUM, "scam", "airdrop|airdrops" },
	{ MODERATION_MEDIUM, "scam", "dm me" },
	{ MODERATION_MEDIUM, "scam", "crypto signal|signals" },
	{ MODERATION_MEDIUM, "scam", "free nitro" },
};

static void
add_label(struct moderation *out, const char *label)
{
	for (size_t i = 0; i < out->n_labels; i++)
		if (strcmp(out->labels[i], label) == 0)
			return;
	if (out->n_labels < MODERATION_MAX_LABELS)
		out->labels[out->n_labels++] = label;
}

void
moderation_judge(struct moderation *out, const char *text)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(RULES_ARENA_BYTES);
	struct speech speech;
	size_t at;

	*out = (struct moderation){ .severity = MODERATION_LOW };
	speech_read(&speech, text, arena);
	/* Whoever threatens may do it between quotation marks. */
	speech.counts_quotes = true;
	for (size_t i = 0; i < N_OF(rules); i++) {
		if (speech_find(&speech, 0, rules[i].pattern, &at) == 0)
			continue;
		if (rules[i].severity > out->severity)
			out->severity = rules[i].severity;
		add_label(out, rules[i].label);
	}
}
