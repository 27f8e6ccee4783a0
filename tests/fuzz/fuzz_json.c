/* What json_parse takes prints as JSON that says the same. */

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_value(const struct json *value)
{
	const char *text = json_str(value, "");
	const struct json *child;

	assert(utf8_is_valid(text, strlen(text)));
	if (json_is_int(value))
		assert((double)json_int(value, 0) == json_real(value, 1));
	for (child = json_first(value); child != NULL; child = json_next(child))
		check_value(child);
}

/* Mended once is mended; and what json_parse takes needs none. */
static void
check_mend(const uint8_t *data, size_t size, bool is_right)
{
	struct buf once, twice;

	buf_init(&once);
	buf_init(&twice);
	buf_add(&once, data, size);
	json_mend(once.data, once.size);
	assert(utf8_is_valid(once.data, once.size));
	if (is_right)
		assert(memcmp(once.data, data, size) == 0);
	buf_add(&twice, once.data, once.size);
	json_mend(twice.data, twice.size);
	assert(memcmp(once.data, twice.data, size) == 0);
	buf_release(&once);
	buf_release(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(json_free)
	struct json *json = NULL;
	AUTO(json_free)
	struct json *again = NULL;
	struct buf first, second;
	struct err err = { 0 };
	int rc = json_parse(&json, (const char *)data, size, &err);

	check_mend(data, size, rc == 0);
	if (rc < 0) {
		/* Anything else would say that cJSON and our scanner differ. */
		assert(err.code == ERR_INVALID);
		assert(utf8_is_valid(err.text, strlen(err.text)));
		return 0;
	}
	check_value(json);
	buf_init(&first);
	buf_init(&second);
	json_print(json, &first);
	rc = json_parse(&again, first.data, first.size, &err);
	assert(rc == 0);
	json_print(again, &second);
	assert(strcmp(first.data, second.data) == 0);
	buf_release(&first);
	buf_release(&second);
	return 0;
}
