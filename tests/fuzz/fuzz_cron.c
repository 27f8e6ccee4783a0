/* Any text as a cron expression; behind its line, any bytes as a zone's file. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/objectives/cron.h"
#include "services/task-engine/objectives/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_times(const struct cron *cron, const struct zone *zone)
{
	/* 2026-03-29T00:59:59Z, a second before clocks of Europe are set */
	int64_t at = 1774745999, next;

	for (int i = 0; i < 3; i++, at = next) {
		next = cron_next(cron, zone, at);
		if (next == 0)
			return;
		if (next <= at)
			abort();
	}
}

static void
check_text(const struct cron *cron)
{
	struct cron again;
	struct err err;

	if (cron_parse(&again, cron->text, &err) < 0 ||
	    strcmp(again.text, cron->text) != 0 ||
	    again.minutes != cron->minutes || again.days != cron->days)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
	size_t n = line ? (size_t)(line - data) : size;
	struct arena *arena = arena_new(8 << 20);
	struct zone *zone = NULL;
	struct cron cron;
	struct err err;
	bool is_cron =
	    cron_parse(
		&cron, arena_strndup(arena, (const char *)data, n), &err) == 0;

	if (is_cron)
		check_text(&cron);
	else if (err.code != ERR_INVALID || !*err.text)
		abort();
	if (line && zone_parse(&zone, line + 1, size - n - 1, &err) == 0 &&
	    is_cron)
		check_times(&cron, zone);
	zone_free(&zone);
	arena_free(&arena);
	return 0;
}
