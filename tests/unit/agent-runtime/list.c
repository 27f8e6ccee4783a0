/* A small list of variables, in place of the one that the build makes. */

#include "services/agent-runtime/variables.h"

#define ROW(program, name, type)                                               \
	{                                                                      \
		program, name, type, "", "", "", "", "", "", "a row"           \
	}

const struct variable variables[] = {
	ROW("agent-runtime", "AGENT_RUNTIME_DATA_DIR", "path"),
	ROW("api", "AGENT_RUNTIME_HTTP_ADDR", "str"),
	ROW("api", "PUBLIC_HOST", "str"), /* has no prefix */
	ROW("api", "AGENT_RUNTIME_DATA_DIR", "path"),
	ROW("api", "AGENT_RUNTIME_DOOR_KEY_FILE", "path"),
	ROW("gateway-telegram", "AGENT_RUNTIME_TELEGRAM_TOKEN", "secret"),
	ROW("gateway-telegram", "AGENT_RUNTIME_TELEGRAM_API_BASE", "str"),
	ROW("task-engine", "AGENT_RUNTIME_LLM_API_KEY", "secret"),
};

const size_t n_variables = sizeof(variables) / sizeof(variables[0]);
