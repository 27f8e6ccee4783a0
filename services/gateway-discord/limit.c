/* Discord's rate limits, as far as a client can know them. Pure. */

#include "services/gateway-discord/limit.h"

#include <math.h>
#include <stdlib.h>

enum {
	/* Clocks differ, and a limit that is met a little late costs nothing. */
	MARGIN_MS = 30,
	MAX_WAIT_MS = 24 * 60 * 60 * 1000,
	SECOND_MS = 1005, /* times are whole milliseconds, on both sides */
	/* What a new process may do in its first second: the rest of Discord's
	 * 50, since the one before may have used all of ours. */
	AT_START = 2,
	/* When all are under way: until one of them may have ended. */
	LOOK_MS = 20,
};

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t
limit_seconds_ms(const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !isfinite(seconds) || seconds < 0)
		return -1;
	if (seconds > MAX_WAIT_MS / 1000.0)
		return MAX_WAIT_MS;
	return (int64_t)(seconds * 1000) + 1;
}

int64_t
limit_wait_ms(const struct limit *limit, int64_t now_ms)
{
	int64_t until_ms = limit->blocked_until_ms;

	if (limit->is_known && limit->remaining == 0)
		until_ms = later(until_ms, limit->reset_ms);
	return later(0, until_ms - now_ms);
}

void
limit_take(struct limit *limit, int64_t now_ms)
{
	if (limit->is_known && now_ms >= limit->reset_ms)
		limit->is_known = false;
	if (limit->remaining > 0)
		limit->remaining--;
}

void
limit_note(
    struct limit *limit, const struct limit_headers *headers, int64_t now_ms)
{
	int64_t after_ms = limit_seconds_ms(headers->reset_after);
	char *end;
	long long remaining = strtoll(headers->remaining, &end, 10);

	if (after_ms < 0 || end == headers->remaining || *end || remaining < 0)
		return;
	limit->is_known = true;
	limit->remaining = remaining;
	limit->reset_ms = now_ms + after_ms + MARGIN_MS;
}

void
limit_block(struct limit *limit, int64_t after_ms, int64_t now_ms)
{
	limit->blocked_until_ms =
	    later(limit->blocked_until_ms, now_ms + after_ms + MARGIN_MS);
}

void
limit_global_init(struct limit_global *global, int64_t n_shards, int64_t now_ms)
{
	unsigned n = n_shards < LIMIT_PER_SECOND
			 ? LIMIT_PER_SECOND / (unsigned)n_shards
			 : 1;
	unsigned n_used = n > AT_START ? n - AT_START : 0;

	*global = (struct limit_global){ .per_second = n, .next = n_used };
	for (unsigned i = 0; i < n_used; i++)
		global->done_ms[i] = now_ms;
}

/* What counts now; the oldest answer of it, 0: all are under way. */
static unsigned
count(const struct limit_global *global, int64_t now_ms, int64_t *oldest_ms_out)
{
	unsigned n = global->n_in_flight;

	*oldest_ms_out = 0;
	for (unsigned i = 0; i < LIMIT_PER_SECOND; i++) {
		int64_t at_ms = global->done_ms[i];

		if (!at_ms || at_ms + SECOND_MS <= now_ms)
			continue;
		n++;
		if (!*oldest_ms_out || at_ms < *oldest_ms_out)
			*oldest_ms_out = at_ms;
	}
	return n;
}

bool
limit_global_is_busy(const struct limit_global *global, int64_t now_ms)
{
	int64_t oldest_ms;

	return now_ms < global->blocked_until_ms ||
	       count(global, now_ms, &oldest_ms) > global->per_second / 2;
}

int64_t
limit_global_wait_ms(const struct limit_global *global, int64_t now_ms)
{
	int64_t until_ms = global->blocked_until_ms, oldest_ms;
	unsigned n = count(global, now_ms, &oldest_ms);

	if (n >= global->per_second)
		until_ms = later(until_ms,
		    oldest_ms ? oldest_ms + SECOND_MS : now_ms + LOOK_MS);
	return later(0, until_ms - now_ms);
}

void
limit_global_begin(struct limit_global *global)
{
	global->n_in_flight++;
}

void
limit_global_end(struct limit_global *global, int64_t now_ms)
{
	global->n_in_flight--;
	global->done_ms[global->next] = now_ms;
	global->next = (global->next + 1) % LIMIT_PER_SECOND;
}
