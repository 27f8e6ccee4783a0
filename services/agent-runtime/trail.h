#ifndef AGENT_RUNTIME_TRAIL_H
#define AGENT_RUNTIME_TRAIL_H

#include <stdbool.h>

/*
 * One message's way through the log: a line belongs to it when its msg=,
 * cause= or key= is the id that was asked for, or that of a message which came
 * of one that belongs to it. Pure.
 */
struct trail;

struct trail *trail_new(const char *id);
void trail_free(struct trail **trail);
bool trail_takes(struct trail *trail, const char *line);

#endif
