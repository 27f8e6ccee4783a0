/* Any text as a message that is routed: what is written about it is ours. */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/utf8.h"
#include "services/task-engine/conversation/quote.h"
#include "services/task-engine/conversation/triage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(bool is_true)
{
	if (!is_true)
		abort();
}

static void
write_notice(const char *text, struct triage triage)
{
	const struct triage_open row = { .task_id = "9f3c",
		.class = triage.class,
		.reason = triage.reason,
		.priority = "p2",
		.lane = "operations",
		.due_at_unix = 1,
		.text = text };
	size_t n_ticks = 0;
	struct buf out;

	buf_init(&out);
	triage_notice(&out, text, &row, 1);
	expect(out.size <= 1600 && utf8_is_valid(out.data, out.size));
	for (size_t i = 0; i < out.size; i++)
		n_ticks += out.data[i] == '`';
	/* Three quoted things and six commands. */
	expect(n_ticks == 18);
	buf_release(&out);
}

static void
write_prompt(const char *text, struct triage triage, struct arena *arena)
{
	const struct triage_source source = { .connector = "telegram",
		.external_id = text,
		.user = text,
		.text = text };
	const char *prompt = triage_prompt(&triage, &source, arena);
	const char *quoted = strstr(prompt, "\n> ");

	expect(utf8_is_valid(prompt, strlen(prompt)) && quoted);
	for (; quoted; quoted = strchr(quoted + 1, '\n'))
		expect(strncmp(quoted, "\n> ", 3) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(8 << 20);
	const char *text = arena_strndup(arena, (const char *)data, size);
	struct triage triage = triage_decide(text);
	const char *title = triage_title(triage.class, text, arena);

	expect(triage.class < TRIAGE_CLASS_COUNT && *triage.reason);
	expect(strlen(title) <= 72 && utf8_is_valid(title, strlen(title)));
	write_notice(text, triage);
	write_prompt(text, triage, arena);
	arena_free(&arena);
	return 0;
}
