#ifndef SCHEDULER_ROSTER_H
#define SCHEDULER_ROSTER_H

#include <stdint.h>

struct arena;
struct beat;
struct bus_peer;
struct health;

/*
 * Who is expected, what each said last, and what is to be made of it. Pure:
 * time is passed in, monotonic for ages and unix for what is shown.
 *
 * A daemon that says nothing for ROSTER_SILENT_MS is stale, and so is one that
 * calls itself healthy while nothing real has worked for the stale time: a
 * beat alone proves only that a timer runs.
 */
struct roster;

enum {
	/* Three missed beats: one may be lost, two may be slow. */
	ROSTER_SILENT_MS = 16 * 1000,
};

struct roster_time {
	int64_t mono_ms;
	int64_t unix_s;
};

struct roster *roster_new(const struct roster_time *now, int64_t stale_ms);
void roster_free(struct roster **roster);

/* Expecting somebody twice is once. */
void roster_expect(struct roster *roster, const struct bus_peer *who);

/* Copies the beat. */
void roster_beat(struct roster *roster, const struct bus_peer *who,
    const struct beat *beat, const struct roster_time *now);

/* Whoever supervises has given the daemon up for now; why is for people. A
 * mark of somebody who is not expected is ignored. */
void
roster_mark(struct roster *roster, const struct bus_peer *who, const char *why);
void roster_unmark_all(struct roster *roster);

/* How everybody stands, by name; lives in the arena. */
void roster_view(const struct roster *roster, const struct roster_time *now,
    struct health *out, struct arena *arena);

/* Calls fn for each component whose state is another one than at the last
 * call; was is NULL at the first. */
typedef void (*roster_change_fn)(
    const char *name, const char *was, const char *now, const char *why);
void roster_tell_changes(
    struct roster *roster, const struct health *health, roster_change_fn fn);

#endif
