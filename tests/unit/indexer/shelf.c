/* Fills an index, as the indexer does when it reads a folder. */

#include "tests/unit/indexer/shelf.h"

#include <string.h>

#include "libcommon/err.h"
#include "services/indexer/index.h"
#include "tests/unit/unit.h"

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
