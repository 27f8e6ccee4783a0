/* Fills an index, as the indexer does when it reads a folder. */

#include "tests/unit/indexer/shelf.h"

#include <string.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/indexer/index.h"
#include "tests/unit/unit.h"

void
shelf_open(struct shelf *shelf, const char *name)
{
	struct err err;

	unit_folder(shelf->dir, sizeof(shelf->dir), name);
	assert_int_equal(index_open(&shelf->index, shelf->dir, &err), 1);
	shelf->arena = arena_new(1 << 20);
}

void
shelf_close(struct shelf *shelf)
{
	index_close(&shelf->index);
	index_delete(shelf->dir);
	assert_int_equal(access(shelf->dir, F_OK), -1);
	arena_free(&shelf->arena);
}

void
shelf_put(struct index *index, const char *path, const char *text)
{
	const struct index_file file = {
		.path = path,
		.skipped = "",
		.text = text,
		.text_size = strlen(text),
	};
	struct err err;

	if (index_put(index, &file, &err) < 0)
		fail_msg("%s", err.text);
}
