/* How long to wait before a daemon is started again. Pure. */

#include "services/agent-runtime/backoff.h"

enum {
	FIRST_MS = 100,
	MOST_MS = 30000,
	FORGET_AFTER_MS = 60000,
	QUICK_MS = 5000,
	FAILING_AFTER = 5,
	JITTER_PER_MILLE = 200,
};

static int64_t
doubled(int n_times)
{
	int64_t pause_ms = FIRST_MS;

	while (n_times-- > 0 && pause_ms < MOST_MS)
		pause_ms *= 2;
	return pause_ms < MOST_MS ? pause_ms : MOST_MS;
}

int64_t
backoff_after_death(struct backoff *backoff, int64_t up_ms, uint32_t chance)
{
	int64_t pause_ms;

	if (up_ms >= FORGET_AFTER_MS)
		*backoff = (struct backoff){ 0 };
	backoff->n_quick = up_ms < QUICK_MS ? backoff->n_quick + 1 : 0;
	pause_ms = doubled(backoff->n_deaths);
	backoff->n_deaths++;
	if (backoff_is_failing(backoff))
		pause_ms = MOST_MS;
	return pause_ms - pause_ms * (chance % JITTER_PER_MILLE) / 1000;
}

bool
backoff_is_failing(const struct backoff *backoff)
{
	return backoff->n_quick >= FAILING_AFTER;
}
