/* What a gateway dies of in tests/system/test_poison.py. */

#include "tests/tools/poison.h"

#include <stdlib.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/json.h"

void
poison_look(const struct json *update)
{
	AUTO(buf_release)
	struct buf text = { 0 };

	buf_init(&text);
	json_print(update, &text);
	if (strstr(text.data, "hemlock"))
		abort();
}

void
poison_look_out(const char *text)
{
	if (strstr(text, "nightshade"))
		abort();
}
