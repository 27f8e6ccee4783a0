#ifndef TASK_ENGINE_WORKSPACE_ARTIFACT_H
#define TASK_ENGINE_WORKSPACE_ARTIFACT_H

#include <stdint.h>

struct buf;
struct task;

/* Appends the Markdown of a task's result, in the predecessor's form. */
void artifact_format(struct buf *out, const struct task *task,
    const char *trace, const char *output, int64_t finished_ms);

#endif
