#ifndef TASK_ENGINE_LOCKDOWN_H
#define TASK_ENGINE_LOCKDOWN_H

struct confine_rules;
struct svc;

/* What the engine may touch once it is set up. */
void engine_confine(const struct svc *svc, struct confine_rules *rules);

#endif
