/* The tools that propose: nothing of it happens before a person approves. */

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "services/task-engine/approvals/proposal.h"
#include "services/task-engine/approvals/skill.h"
#include "services/task-engine/turn/tools.h"
#include "services/task-engine/turn/turn.h"

static const char *const types[] = { "http_request", "send_email",
	"run_command", NULL };

const struct tool_field propose_fields[PROPOSE_FIELDS] = {
	[PROPOSE_TYPE] = { "type", TOOL_TEXT, true, 0, 0, types,
	    "what would run" },
	[PROPOSE_TARGET] = { "target", TOOL_TEXT, true, 1, PROPOSAL_MAX_TARGET,
	    NULL,
	    "the address, the recipients with commas between, or the bare "
	    "name of the command" },
	[PROPOSE_SUMMARY] = { "summary", TOOL_TEXT, true, 1,
	    PROPOSAL_MAX_SUMMARY, NULL, "why, for the admin who decides" },
	[PROPOSE_PAYLOAD] = { "payload", TOOL_OBJECT, false, 0, 0, NULL,
	    "http_request: method, headers, json or body; send_email: subject, "
	    "body, html, cc, bcc; run_command: args as a list, cwd" },
};

const struct tool_field skill_fields[SKILL_FIELDS] = {
	[SKILL_NAME] = { "name", TOOL_TEXT, true, 1, SKILL_MAX_NAME, NULL,
	    "of small letters, digits and '-'" },
	[SKILL_CONTENT] = { "content", TOOL_TEXT, true, 1, SKILL_MAX_BYTES,
	    NULL, "Markdown: when it fits, and what to do" },
};

static void
write_proposal(const struct tool_value *args, struct buf *out)
{
	const struct tool_value *payload = &args[PROPOSE_PAYLOAD];
	struct json_out json;

	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_str(&json, "type", args[PROPOSE_TYPE].text);
	json_out_str(&json, "target", args[PROPOSE_TARGET].text);
	json_out_str(&json, "summary", args[PROPOSE_SUMMARY].text);
	if (payload->is_given)
		json_out_raw(
		    &json, "payload", payload->text, strlen(payload->text));
	json_out_object_end(&json);
}

static int
propose(struct turn *turn, const char *text, struct buf *out, struct err *err)
{
	struct json_out json;
	const char *id;

	if (turn_propose_one(turn, text, &id, err) < 0)
		return -1;
	json_out_init(&json, out);
	json_out_object(&json, NULL);
	json_out_str(&json, "action_id", id);
	json_out_str(&json, "state",
	    "an admin decides; until then nothing has happened");
	json_out_object_end(&json);
	return 0;
}

int
tool_propose(struct turn *turn, const struct tool_value *args, struct buf *out,
    struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	write_proposal(args, &text);
	return propose(turn, text.data, out, err);
}

int
tool_learn_skill(struct turn *turn, const struct tool_value *args,
    struct buf *out, struct err *err)
{
	AUTO(buf_release)
	struct buf text = { 0 };
	struct json_out json;

	if (skill_check_name(args[SKILL_NAME].text, err) < 0)
		return -1;
	buf_init(&text);
	json_out_init(&json, &text);
	json_out_object(&json, NULL);
	json_out_str(&json, "type", "learn_skill");
	json_out_str(&json, "target", args[SKILL_NAME].text);
	json_out_str(&json, "summary", "Keep this as a skill of the workspace");
	json_out_object(&json, "payload");
	json_out_str(&json, "content", args[SKILL_CONTENT].text);
	json_out_object_end(&json);
	json_out_object_end(&json);
	return propose(turn, text.data, out, err);
}
