#ifndef SCHEDULER_STANDING_H
#define SCHEDULER_STANDING_H

#include <stdint.h>

struct arena;
struct health;
struct health_changed;
struct roster_time;

/*
 * Which changes the engine is to hear of: what has lasted, and what only a
 * person can mend. Pure: time is passed in. It knows nothing of an earlier
 * process, and so tells of everybody once.
 */
struct standing;

struct standing *standing_new(void);
void standing_free(struct standing **standing);

/*
 * What is to be told now, at most BOUND_HEALTH_CHANGES of it; lives in the arena.
 * health is of the same roster each time.
 */
void standing_look(struct standing *standing, const struct health *health,
    const struct roster_time *now, struct health_changed *out,
    struct arena *arena);

/* The engine has what the last look brought. */
void standing_told(struct standing *standing);

#endif
