/* Any bytes as a chat log, and any text in one: it always reads back. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "services/task-engine/workspace/chatlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
write_log(const struct chatlog *log, struct buf *out)
{
	chatlog_head(out, log->connector, log->external_id, log->display_name);
	for (size_t i = 0; i < log->n_entries; i++)
		chatlog_add(out, &log->entries[i]);
}

static void
compare(const struct chatlog *a, const struct chatlog *b)
{
	if (a->n_entries != b->n_entries ||
	    strcmp(a->display_name, b->display_name) != 0)
		abort();
	for (size_t i = 0; i < a->n_entries; i++)
		if (strcmp(a->entries[i].text, b->entries[i].text) != 0 ||
		    strcmp(a->entries[i].actor, b->entries[i].actor) != 0)
			abort();
}

/* Two entries, so that the first could forge the second. */
static void
text_comes_back(const char *text, struct arena *arena)
{
	struct buf canonical, out;
	struct chatlog_entry entries[] = {
		{ 1700000000000, "inbound", "42", text },
		{ 1700000001000, "outbound", text, "answer" },
	};
	struct chatlog log = { "telegram", "1", text, entries, 2 }, again;
	struct err err;

	buf_init(&canonical);
	buf_init(&out);
	chatlog_canonical(&canonical, text);
	write_log(&log, &out);
	if (chatlog_read(out.data, out.size, arena, &again, &err) < 0)
		abort();
	entries[0].text = canonical.data;
	if (canonical.size == 0) {
		log.entries++;
		log.n_entries--;
	}
	compare(&log, &again);
	buf_release(&canonical);
	buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(1 << 22);
	struct chatlog log;
	struct err err;

	if (chatlog_read((const char *)data, size, arena, &log, &err) == 0 &&
	    log.n_entries > 1000)
		abort();
	text_comes_back(arena_strndup(arena, (const char *)data, size), arena);
	arena_free(&arena);
	return 0;
}
