#ifndef GATEWAY_DISCORD_LIMIT_H
#define GATEWAY_DISCORD_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What Discord's headers say about how often something may be asked. Pure:
 * monotonic time is passed in.
 */
struct limit {
	bool is_known;
	int64_t remaining;
	int64_t reset_ms;	  /* remaining is full again */
	int64_t blocked_until_ms; /* by a 429; 0: not */
};

/* As the headers came; "": they did not. */
struct limit_headers {
	const char *remaining;
	const char *reset_after; /* seconds, with a fraction */
};

/* Before a request: how long to wait; 0: go, and call limit_take. */
int64_t limit_wait_ms(const struct limit *limit, int64_t now_ms);
void limit_take(struct limit *limit, int64_t now_ms);
/* After an answer of any status. */
void limit_note(
    struct limit *limit, const struct limit_headers *headers, int64_t now_ms);
/* A 429 that names this long. */
void limit_block(struct limit *limit, int64_t after_ms, int64_t now_ms);

/* Seconds as text, "0.35", to ms, never too few; -1: it is none. */
int64_t limit_seconds_ms(const char *text);

/*
 * Ours for everything together. Discord counts what arrives in a second, which
 * lies somewhere between our sending and the answer: so a request counts from
 * the one until a second after the other.
 */
enum { LIMIT_PER_SECOND = 48 /* of Discord's 50 */ };
struct limit_global {
	unsigned per_second; /* of these ours: the shards of a bot share them */
	int64_t done_ms[LIMIT_PER_SECOND]; /* a ring of the last answers */
	unsigned next;
	unsigned n_in_flight;
	int64_t blocked_until_ms;
};
/* A process that was here a moment ago may have used up this second. */
void limit_global_init(
    struct limit_global *global, int64_t n_shards, int64_t now_ms);
int64_t limit_global_wait_ms(const struct limit_global *global, int64_t now_ms);
/* More than half of it is used: what can be left out is. */
bool limit_global_is_busy(const struct limit_global *global, int64_t now_ms);
void limit_global_begin(struct limit_global *global);
void limit_global_end(struct limit_global *global, int64_t now_ms);

#endif
