#ifndef TESTS_UNIT_TASK_ENGINE_DIARY_H
#define TESTS_UNIT_TASK_ENGINE_DIARY_H

#include "services/task-engine/store/objectives.h"

struct world;

/* An objective of a member, every morning in Berlin; not stored yet. */
struct objective_row diary_row(const struct world *world, const char *asked_by);

#endif
