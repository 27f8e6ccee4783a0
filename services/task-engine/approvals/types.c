/* The table of action types. Pure. */

#include "services/task-engine/approvals/types.h"

#include <string.h>

#include "libcommon/defs.h"

// clang-format off
const struct action_type action_types[] = {
	{ "http_request",  "action.http_request",  "address",    "" },
	{ "webhook",       "action.webhook",       "address",    "" },
	{ "send_email",    "action.send_email",    "recipients", "" },
	{ "smtp_email",    "action.smtp_email",    "recipients", "" },
	{ "run_command",   "action.run_command",   "command",    "" },
	{ "shell_command", "action.shell_command", "command",    "" },
	{ "learn_skill",   "action.learn_skill",   "name",
	    ACTION_BY_THE_ENGINE },
};
// clang-format on

const size_t n_action_types = N_OF(action_types);

const struct action_type *
action_type_find(
    const struct action_type *types, size_t n_types, const char *name)
{
	for (size_t i = 0; i < n_types; i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	return NULL;
}
