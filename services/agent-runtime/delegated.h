#ifndef AGENT_RUNTIME_DELEGATED_H
#define AGENT_RUNTIME_DELEGATED_H

#include "services/agent-runtime/command.h"

/* The commands for which agent-runtime becomes agent-runtime-client. */
extern const struct command chat_command;
extern const struct command search_command;
extern const struct command status_command;
extern const struct command doctor_command;
extern const struct command config_command;
extern const struct command token_command;
extern const struct command policy_command;
extern const struct command audit_command;
extern const struct command why_command;
extern const struct command simulate_command;
extern const struct command identity_command;
extern const struct command logs_command;
extern const struct command bus_command;

/* Becomes it; returns only when that is not possible, with the status. */
int delegate(int argc, char **argv);

/* Searches at the socket of this machine, and delegates what is more. */
int search_near(int argc, char **argv);

#endif
