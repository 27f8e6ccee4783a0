#ifndef TASK_ENGINE_OBJECTIVES_MONITOR_H
#define TASK_ENGINE_OBJECTIVES_MONITOR_H

struct arena;

/* What the objective of a monitor asks for. Pure. */
const char *monitor_prompt(const char *goal, struct arena *arena);

#endif
