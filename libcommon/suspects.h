#ifndef LIBCOMMON_SUSPECTS_H
#define LIBCOMMON_SUSPECTS_H

#include <stdbool.h>
#include <stdint.h>

struct connector;
struct loop;

/*
 * After a kill one of the platform's next updates may be what the last process
 * died of. So each of them is named to the engine before it is looked at; the
 * engine, which outlives us, counts, says when one is to be left alone, and
 * lets it wait while a message is tried that may be to blame as well.
 */
struct suspects;

struct suspects *suspects_new(struct loop *loop, struct connector *connector);
void suspects_free(struct suspects **suspects);

/* The last process was killed: the next hundred updates are suspect. */
void suspects_begin(struct suspects *suspects);
/* What may have been there at the kill is through. */
void suspects_end(struct suspects *suspects);
bool suspects_are_on(const struct suspects *suspects);

/*
 * Names an update; one at a time, and the one before it must have been looked
 * at. The answer comes later, as soon as the engine can be asked.
 */
typedef void (*suspects_fn)(void *arg, bool is_poison);
void suspects_name(struct suspects *suspects, const char *update_id,
    suspects_fn fn, void *arg);

/* What was named last, if it was not left alone, has done no harm. */
void suspects_looked(struct suspects *suspects);

/* For beats: what was left alone. */
const int64_t *suspects_counter(const struct suspects *suspects);

#endif
