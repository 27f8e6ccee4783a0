/* The phrases of intents. */

#include "services/task-engine/conversation/intent.h"

#define PENDING "pending action|actions|approval|approvals"
#define OURS "all|any|the|my|our? the|my|our?"
#define SHOW "show|list|display|see|view|get|print|check|tell|give me|us?"
#define NEW_TASK "create|add|queue|make a|an|one|the? new? actionable? task"
#define WATCH "monitor|track|watch"
#define NEW_OBJECTIVE                                                          \
	"create|set|setup|add|make up? a|an|the? monitor|monitoring objective"
#define PROMPT "the|this|your? current? context|system? prompt"
#define INDEX "the|our|your? search? qmd|index|workspace"

/*
 * The first row that fits decides: longer phrases stand before what they begin
 * with. (The predecessor's order left the "to" of "create a task to …" in the
 * prompt.)
 *
 * Bare "search …", "open …", "task …", "monitor …" and "track …" are no
 * phrases: "open source is great", "task force meets", "search results are
 * odd", "track record". They are one where what follows makes them an order (a
 * file, a site, an article) or behind a request ("please monitor prices").
 */
// clang-format off
const struct intent_row intent_rows[] = {
	{ "show me pending approvals",
	    "can|could|may? i|we? " SHOW " " OURS " " PENDING,
	    INTENT_FIXED, COMMAND_PENDING_ACTIONS, "", false },
	{ "what are the pending actions?",
	    "what|which|whats are|is? " OURS " " PENDING " are|is? there?",
	    INTENT_FIXED, COMMAND_PENDING_ACTIONS, "", false },
	{ "which actions are pending?",
	    "what|which actions|approvals are|is still? pending|waiting",
	    INTENT_FIXED, COMMAND_PENDING_ACTIONS, "", false },
	{ "are there any pending actions?",
	    "are|is there any|a|some|more? " PENDING,
	    INTENT_FIXED, COMMAND_PENDING_ACTIONS, "", false },
	{ "do we have pending actions?",
	    "do|have i|we|you have|got? any|some|more? " PENDING,
	    INTENT_FIXED, COMMAND_PENDING_ACTIONS, "", false },
	{ "pending actions",
	    OURS " " PENDING,
	    INTENT_FIXED, COMMAND_PENDING_ACTIONS, "", false },

	{ "enable admin channel",
	    "enable|activate the|this|an? admin channel",
	    INTENT_FIXED, COMMAND_ADMIN_CHANNEL, "enable", false },
	{ "turn on the admin channel",
	    "turn|switch on the|this|an? admin channel",
	    INTENT_FIXED, COMMAND_ADMIN_CHANNEL, "enable", false },
	{ "make this an admin channel",
	    "make|mark this|it chat|channel|room|group? as? an|the? admin channel",
	    INTENT_FIXED, COMMAND_ADMIN_CHANNEL, "enable", false },
	{ "disable admin channel",
	    "disable|deactivate the|this|an? admin channel",
	    INTENT_FIXED, COMMAND_ADMIN_CHANNEL, "disable", false },
	{ "turn off the admin channel",
	    "turn|switch off the|this|an? admin channel",
	    INTENT_FIXED, COMMAND_ADMIN_CHANNEL, "disable", false },

	{ "show prompt",
	    "show|display|print me|us? " PROMPT,
	    INTENT_FIXED, COMMAND_PROMPT, "show", false },
	{ "what is the prompt?",
	    "what|whats is? " PROMPT,
	    INTENT_FIXED, COMMAND_PROMPT, "show", false },
	{ "prompt show",
	    "prompt show",
	    INTENT_FIXED, COMMAND_PROMPT, "show", false },
	{ "clear prompt",
	    "clear|reset|remove|delete " PROMPT,
	    INTENT_FIXED, COMMAND_PROMPT, "clear", false },
	{ "prompt clear",
	    "prompt clear",
	    INTENT_FIXED, COMMAND_PROMPT, "clear", false },
	{ "set prompt to Speak plainly.",
	    "set|update|change " PROMPT " to",
	    INTENT_REST, COMMAND_PROMPT, "set ", false },

	{ "search for release notes",
	    "search for",
	    INTENT_REST, COMMAND_SEARCH, "", false },
	{ "search docs for the tide",
	    "search in? the|our|my|all? "
	    "docs|documents|files|notes|markdown|workspace for",
	    INTENT_REST, COMMAND_SEARCH, "", false },
	{ "find in docs the tide",
	    "find in the|our|my? docs|documents|files|notes",
	    INTENT_REST, COMMAND_SEARCH, "", false },
	{ "find docs for the tide",
	    "find docs|documents|files|notes for|about|on",
	    INTENT_REST, COMMAND_SEARCH, "", false },
	{ "please search release notes",
	    "search",
	    INTENT_REST, COMMAND_SEARCH, "", true },

	{ "open file docs/operations.md",
	    "open the? file|doc|document|markdown file?",
	    INTENT_REST, COMMAND_OPEN, "", false },
	{ "show file docs/operations.md",
	    "show me|us? the? file|document|doc",
	    INTENT_REST, COMMAND_OPEN, "", false },
	{ "open docs/operations.md",
	    "open|show me|us? the? <document>",
	    INTENT_LAST, COMMAND_OPEN, "", false },

	{ "status",
	    "status",
	    INTENT_FIXED, COMMAND_STATUS, "", false },
	{ "what is the qmd status?",
	    "what|whats|how|hows is? " INDEX "? status",
	    INTENT_FIXED, COMMAND_STATUS, "", false },
	{ "show the search index status",
	    SHOW " " INDEX "? status",
	    INTENT_FIXED, COMMAND_STATUS, "", false },
	{ "index status",
	    INDEX " status",
	    INTENT_FIXED, COMMAND_STATUS, "", false },

	{ "set an alert and monitor example.org for changes",
	    "set|create|add|setup up? an|a? alert and|to " WATCH,
	    INTENT_REST, COMMAND_MONITOR, "", false },
	{ "set an alert for price changes",
	    "set|create|add|setup up? an|a? alert for|on|about",
	    INTENT_REST, COMMAND_MONITOR, "", false },
	{ "create a monitoring objective to monitor prices",
	    NEW_OBJECTIVE " to " WATCH,
	    INTENT_REST, COMMAND_MONITOR, "", false },
	{ "create a monitoring objective for prices",
	    NEW_OBJECTIVE " for|on|about",
	    INTENT_REST, COMMAND_MONITOR, "", false },
	{ "create an objective to monitor prices",
	    "create|set|add|make up? an|a? objective to " WATCH,
	    INTENT_REST, COMMAND_MONITOR, "", false },
	{ "set up monitoring for prices",
	    "set|setup up? monitoring for|of|on",
	    INTENT_REST, COMMAND_MONITOR, "", false },
	{ "keep monitoring prices",
	    "keep monitoring|tracking|watching",
	    INTENT_REST, COMMAND_MONITOR, "", false },
	{ "track the release page",
	    "monitor|track the|this|that|these|those|our|my|all|any|every|for|"
	    "<site>",
	    INTENT_FROM, COMMAND_MONITOR, "", false },
	{ "please monitor prices",
	    "monitor|track",
	    INTENT_REST, COMMAND_MONITOR, "", true },

	{ "please create a task to write release notes",
	    NEW_TASK " for? me|us? to|for|about|that",
	    INTENT_REST, COMMAND_TASK, "", false },
	{ "turn that into an actionable task",
	    "turn|convert|make that|this|it into an|a|one? actionable? task",
	    INTENT_TURN, COMMAND_TASK, "", false },
	{ "make this a task",
	    "make|turn that|this|it an|a actionable? task",
	    INTENT_TURN, COMMAND_TASK, "", false },
	{ "create a task from this",
	    NEW_TASK " from|of this|that|it",
	    INTENT_TURN, COMMAND_TASK, "", false },
	{ "create one actionable task",
	    "create|add|queue|make one|an actionable task",
	    INTENT_TURN, COMMAND_TASK, "", false },
	{ "add task write release notes",
	    NEW_TASK,
	    INTENT_REST, COMMAND_TASK, "", false },
	{ "list my tasks",
	    SHOW " " OURS " tasks",
	    INTENT_FIXED, COMMAND_TASKS, "", false },
	{ "show open tasks",
	    SHOW " " OURS " open tasks",
	    INTENT_FIXED, COMMAND_TASKS, "open", false },
	{ "cancel task 9f3c",
	    "cancel|stop the|this? task <task>",
	    INTENT_LAST, COMMAND_CANCEL, "", false },

	{ "who am I?",
	    "who am i",
	    INTENT_FIXED, COMMAND_WHOAMI, "", false },
	{ "list the commands",
	    "show|list|display me|us? the|all|your? commands",
	    INTENT_FIXED, COMMAND_HELP, "", false },
	{ "pair me",
	    "pair|link me|my|this account?",
	    INTENT_FIXED, COMMAND_PAIR, "", false },
};
// clang-format on

const size_t n_intent_rows = N_OF(intent_rows);
