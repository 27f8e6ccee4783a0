/* The tools that help to write: they read and change nothing. */

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/json.h"
#include "services/task-engine/conversation/moderation.h"
#include "services/task-engine/turn/tools.h"
#include "services/task-engine/turn/turn.h"

/* The predecessor's limits, but for those of a list's items. */
enum { MAX_MESSAGE = 5000, MAX_TEXT = 2000, MAX_ITEM = 500, MAX_NAME = 200 };

static const char *const urgencies[] = { "low", "medium", "high", "critical",
	NULL };
static const char *const tones[] = { "neutral", "friendly", "strict", NULL };

/* How an answer begins, by its tone. */
static const struct {
	const char *tone, *opening;
} openings[] = {
	{ "friendly", "Thanks for asking! " },
	{ "strict", "Please note: " },
};

const struct tool_field moderate_fields[MODERATE_FIELDS] = {
	[MODERATE_MESSAGE] = { "message", TOOL_TEXT, true, 1, MAX_MESSAGE, NULL,
	    "the message, as it was written" },
	[MODERATE_REPORTER] = { "reporter_user_id", TOOL_TEXT, false, 1,
	    MAX_NAME, NULL, "who reported it" },
	[MODERATE_CHANNEL] = { "channel", TOOL_TEXT, false, 1, MAX_NAME, NULL,
	    "where it stands" },
};

const struct tool_field escalate_fields[ESCALATE_FIELDS] = {
	[ESCALATE_TOPIC] = { "topic", TOOL_TEXT, true, 1, MAX_NAME, NULL,
	    "what it is about, in a few words" },
	[ESCALATE_SUMMARY] = { "summary", TOOL_TEXT, true, 1, MAX_TEXT, NULL,
	    "what happened" },
	[ESCALATE_URGENCY] = { "urgency", TOOL_TEXT, true, 0, 0, urgencies,
	    "how soon somebody must look" },
	[ESCALATE_EVIDENCE] = { "evidence", TOOL_TEXTS, true, 1, MAX_ITEM, NULL,
	    "what shows it: messages, links, times" },
	[ESCALATE_NEXT_STEP] = { "next_step", TOOL_TEXT, false, 1, MAX_ITEM,
	    NULL, "what you would do next" },
};

const struct tool_field faq_fields[FAQ_FIELDS] = {
	[FAQ_QUESTION] = { "question", TOOL_TEXT, true, 1, MAX_ITEM, NULL,
	    "as people ask it" },
	[FAQ_KEY_POINTS] = { "key_points", TOOL_TEXTS, true, 1, MAX_ITEM, NULL,
	    "what the answer says, a sentence each" },
	[FAQ_TONE] = { "tone", TOOL_TEXT, false, 0, 0, tones,
	    "neutral if it is not given" },
	[FAQ_FOLLOW_UP] = { "include_follow_up", TOOL_BOOL, false, 0, 0, NULL,
	    "whether it ends by asking whether that helped" },
};

static void
add_given(struct json_out *json, const char *key, const struct tool_value *v)
{
	if (v->is_given)
		json_out_str(json, key, v->text);
}

int
tool_moderate(struct turn *turn, const struct tool_value *args, struct buf *out,
    struct err *err)
{
	struct moderation found;
	struct json_out json;

	(void)turn;
	(void)err;
	moderation_judge(&found, args[MODERATE_MESSAGE].text);
	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_str(&json, "severity", moderation_steps[found.severity].name);
	json_out_list(&json, "labels");
	for (size_t i = 0; i < found.n_labels; i++)
		json_out_str(&json, NULL, found.labels[i]);
	json_out_list_end(&json);
	json_out_str(
	    &json, "suggested_action", moderation_steps[found.severity].action);
	add_given(&json, "reporter_user_id", &args[MODERATE_REPORTER]);
	add_given(&json, "channel", &args[MODERATE_CHANNEL]);
	json_out_object_end(&json);
	return 0;
}

static int
show_draft(const struct buf *draft, struct buf *out)
{
	struct json_out json;

	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_strn(&json, "draft", draft->data, draft->size);
	json_out_object_end(&json);
	return 0;
}

static void
add_list(struct buf *draft, const struct tool_value *items)
{
	for (size_t i = 0; i < items->n_items; i++)
		buf_addf(draft, "\n- %s", items->items[i]);
}

int
tool_escalate(struct turn *turn, const struct tool_value *args, struct buf *out,
    struct err *err)
{
	AUTO(buf_release)
	struct buf draft = { 0 };

	(void)turn;
	(void)err;
	buf_init(&draft);
	buf_addf(&draft, "**Escalation: %s** (urgency: %s)\n\n%s\n\nEvidence:",
	    args[ESCALATE_TOPIC].text, args[ESCALATE_URGENCY].text,
	    args[ESCALATE_SUMMARY].text);
	add_list(&draft, &args[ESCALATE_EVIDENCE]);
	if (args[ESCALATE_NEXT_STEP].is_given)
		buf_addf(
		    &draft, "\n\nNext step: %s", args[ESCALATE_NEXT_STEP].text);
	return show_draft(&draft, out);
}

static const char *
opening_of(const char *tone)
{
	for (size_t i = 0; i < N_OF(openings); i++)
		if (strcmp(openings[i].tone, tone) == 0)
			return openings[i].opening;
	return "";
}

int
tool_faq(struct turn *turn, const struct tool_value *args, struct buf *out,
    struct err *err)
{
	const struct tool_value *points = &args[FAQ_KEY_POINTS];
	AUTO(buf_release)
	struct buf draft = { 0 };

	(void)turn;
	(void)err;
	buf_init(&draft);
	buf_addf(&draft, "**%s**\n\n%s%s", args[FAQ_QUESTION].text,
	    opening_of(args[FAQ_TONE].text), points->items[0]);
	for (size_t i = 1; i < points->n_items; i++)
		buf_addf(&draft, "\n\n%s", points->items[i]);
	if (args[FAQ_FOLLOW_UP].number)
		buf_adds(
		    &draft, "\n\nDoes that help? If not, say what is missing.");
	return show_draft(&draft, out);
}
