/* Any text as a model's answer: what it proposes has one form and its digest.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/fence.h"
#include "libcommon/id.h"
#include "services/task-engine/approvals/proposal.h"
#include "services/task-engine/approvals/tell.h"
#include "services/task-engine/store/actions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int holds)
{
	if (!holds)
		abort();
}

/* Read again, the canonical bytes are the same bytes. */
static void
check_item(const struct proposal *item, struct arena *arena)
{
	char sha256[ID_SHA256_HEX_SIZE];
	struct proposal again;
	struct err err;

	must(strchr(item->bytes, '`') == NULL);
	must(strchr(item->bytes, '\n') == NULL);
	must(proposal_read(
		 &again, item->bytes, strlen(item->bytes), arena, &err) == 0);
	must(strcmp(again.bytes, item->bytes) == 0);
	id_sha256_hex(sha256, item->bytes, strlen(item->bytes));
	must(strcmp(sha256, item->sha256) == 0);
}

static void
show_item(const struct proposal *item, const char *answer, struct arena *arena)
{
	const struct action_row row = {
		.id = "act_1",
		.type = item->type,
		.target = item->target,
		.summary = item->summary,
		.payload = item->bytes,
		.payload_sha256 = item->sha256,
		.asked_by = answer,
		.asked_as = "guest",
		.provenance = "",
	};
	const char **pages;
	size_t n = tell_notice(&row, arena, &pages);

	must(n >= 1);
	must(strstr(pages[0], item->sha256) != NULL);
}

static void
close_code(const char *answer)
{
	AUTO(buf_release)
	struct buf text = { 0 };
	size_t size;

	buf_init(&text);
	buf_adds(&text, answer);
	fence_close(&text);
	size = text.size;
	fence_close(&text);
	must(text.size == size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(64 << 20);
	const char *answer = arena_strndup(arena, (const char *)data, size);
	struct proposals got;

	proposals_read(&got, answer, arena);
	close_code(answer);
	must(strlen(got.text) <= strlen(answer));
	must(got.n_items <= PROPOSALS_MAX && got.n_faults <= PROPOSALS_MAX);
	for (size_t i = 0; i < got.n_items; i++) {
		check_item(&got.items[i], arena);
		show_item(&got.items[i], answer, arena);
	}
	arena_free(&arena);
	return 0;
}
