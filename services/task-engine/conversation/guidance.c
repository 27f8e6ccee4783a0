/* Questions about commands and their answers. Pure. */

#include "services/task-engine/conversation/guidance.h"

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "services/task-engine/conversation/speech.h"

static const char pending[] = "pending action|actions|approval|approvals";

/* With pending actions in the same message. */
static const struct {
	const char *pattern;
	enum guidance guidance;
} about_pending[] = {
	{ "without using? a|the? slash", GUIDANCE_PLAIN_WORDS },
	{ "plain language|words|english", GUIDANCE_PLAIN_WORDS },
	{ "how can|do|could|should i|we ask", GUIDANCE_PLAIN_WORDS },
	{ "many pending", GUIDANCE_PRIORITIES },
	{ "what should i|we do first", GUIDANCE_PRIORITIES },
};

static const char *const which_command[] = {
	"what|which command|commands",
	"exact next? command",
	"what should|do|must i|we run",
	"tell me the command",
	"next command i|we should run",
	"if approval is needed",
};

static bool
has(const struct speech *s, const char *pattern)
{
	size_t at;

	return speech_find(s, 0, pattern, &at) > 0;
}

static bool
asks_for_command(const struct speech *s)
{
	for (size_t i = 0; i < N_OF(which_command); i++)
		if (has(s, which_command[i]))
			return true;
	return false;
}

enum guidance
guidance_asked(const struct speech *s)
{
	bool is_about_pending = has(s, pending);

	for (size_t i = 0; is_about_pending && i < N_OF(about_pending); i++)
		if (has(s, about_pending[i].pattern))
			return about_pending[i].guidance;
	if (is_about_pending && speech_match(s, 0, "how") == 1)
		return GUIDANCE_PLAIN_WORDS;
	if (!asks_for_command(s))
		return GUIDANCE_NONE;
	if (is_about_pending)
		return GUIDANCE_PENDING;
	return has(s, "approval|approvals|approve|approving|approved")
		   ? GUIDANCE_NEXT
		   : GUIDANCE_NONE;
}

static void
say_next(struct buf *out, const struct guidance_facts *facts)
{
	if (facts->n_ids == 0) {
		buf_adds(out,
		    "Nothing waits for a decision that you can see. When "
		    "something does, `/pending-actions` lists it, and an "
		    "admin runs `/approve-action <action-id>` or "
		    "`/deny-action <action-id> [reason]`.");
		return;
	}
	if (facts->n_ids > 1) {
		buf_addf(out,
		    "%zu actions wait for a decision. List them with "
		    "`/pending-actions`, then run `/approve-action "
		    "<action-id>` for the one you mean.",
		    facts->n_ids);
		return;
	}
	buf_addf(out, "Action `%s` waits for a decision. ", facts->ids[0]);
	if (!facts->is_linked)
		buf_adds(out,
		    "Your account is not linked: say `pair` to me in a direct "
		    "message and let an admin approve it. Then run ");
	else if (!facts->may_decide)
		buf_adds(out, "Ask an admin to run ");
	else
		buf_adds(out, "Run ");
	buf_addf(out, "`/approve-action %s`.", facts->ids[0]);
}

void
guidance_say(
    struct buf *out, enum guidance guidance, const struct guidance_facts *facts)
{
	static const char *const texts[GUIDANCE_COUNT] = {
		[GUIDANCE_PLAIN_WORDS] =
		    "Say it to me in plain words: \"show me pending "
		    "approvals\". Then \"approve it\" or \"deny it because "
		    "…\" when there is only one, else with the action's id: "
		    "\"approve action act_…\".",
		[GUIDANCE_PRIORITIES] =
		    "Prioritize by what waiting costs: first what stops "
		    "others or is about to expire, then what you can check "
		    "completely; deny what you cannot. `/pending-actions` "
		    "lists them, oldest first.",
		[GUIDANCE_PENDING] =
		    "`/pending-actions` lists what waits for a decision, with "
		    "the ids for `/approve-action <action-id>` and "
		    "`/deny-action <action-id> [reason]`.",
	};

	if (texts[guidance])
		buf_adds(out, texts[guidance]);
	else if (guidance == GUIDANCE_NEXT)
		say_next(out, facts);
}
