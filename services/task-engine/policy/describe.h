#ifndef TASK_ENGINE_POLICY_DESCRIBE_H
#define TASK_ENGINE_POLICY_DESCRIBE_H

struct policy_row;

/* "admin or stronger; no tool": for documents and agent-runtime policy. */
enum { POLICY_WHO_SIZE = 256 };
void policy_describe(char who[POLICY_WHO_SIZE], const struct policy_row *row);

#endif
