/* A value that was taken is shown so that it is taken again and the same. */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/cfg.h"
#include "libcommon/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_cfg {
	const char *text;
	const char *secret;
	const char *path;
	const char *list;
	int64_t count;
	bool flag;
	int colour;
};

static const char *const colours[] = { "red", "green", NULL };

static const struct cfg_item items[] = {
	CFG_STR("T_TEXT", struct fuzz_cfg, text, "", "text"),
	CFG_SECRET("T_SECRET", struct fuzz_cfg, secret, "secret"),
	CFG_PATH("T_PATH", struct fuzz_cfg, path, "", "path"),
	CFG_CSV("T_LIST", struct fuzz_cfg, list, "", "list"),
	CFG_INT("T_COUNT", struct fuzz_cfg, count, "0", INT64_MIN, INT64_MAX,
	    "", "count"),
	CFG_BOOL("T_FLAG", struct fuzz_cfg, flag, "no", "flag"),
	CFG_CHOICE(
	    "T_COLOUR", struct fuzz_cfg, colour, "red", colours, "colour"),
};

/* 0 with the value shown, or -1 when it is refused. */
static int
show(const struct cfg_item *item, const char *value, struct buf *out)
{
	const struct cfg_table table = { item, 1 };
	struct fuzz_cfg cfg = { 0 };
	struct err err;

	setenv(item->name, value, 1);
	if (cfg_load(&cfg, &table, &err) < 0)
		return -1;
	cfg_print_value(&cfg, item, out);
	cfg_release(&cfg, &table);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(xfree)
	char *value = xcalloc(size + 1, 1);
	const struct cfg_item *item;
	struct buf first, second;
	int rc;

	if (size == 0)
		return 0;
	item = &items[data[0] % N_OF(items)];
	memcpy(value, data + 1, size - 1);
	buf_init(&first);
	buf_init(&second);
	if (show(item, value, &first) == 0) {
		rc = show(item, first.data, &second);
		assert(rc == 0);
		assert(strcmp(first.data, second.data) == 0);
	}
	buf_release(&first);
	buf_release(&second);
	return 0;
}
