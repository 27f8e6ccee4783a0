/* Commands as Telegram's menu takes them. Pure. */

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/json.h"
#include "libcommon/utf8.h"
#include "proto/command.h"
#include "services/gateway-telegram/menu.h"

enum {
	NAME_MAX_BYTES = 32,
	HELP_MAX_POINTS = 256,
};

static const char last[] = "pair";

/* [a-z0-9_]{1,32}, as Telegram has it; "" when nothing is left. */
static void
write_name(struct buf *out, const char *name)
{
	for (; *name && out->size < NAME_MAX_BYTES; name++) {
		char c = *name;

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c == '-')
			c = '_';
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    (c == '_' && out->size > 0))
			buf_addc(out, c);
	}
	while (out->size > 0 && out->data[out->size - 1] == '_')
		buf_truncate(out, out->size - 1);
}

static void
write_item(struct json_out *out, const struct command_item *item)
{
	AUTO(buf_release)
	struct buf name = { 0 };

	buf_init(&name);
	write_name(&name, item->name);
	if (name.size == 0)
		return;
	json_out_object(out, NULL);
	json_out_str(out, "command", name.data);
	json_out_strn(out, "description", item->help,
	    utf8_offset(item->help, strlen(item->help), HELP_MAX_POINTS,
		UTF8_CODE_POINTS));
	json_out_object_end(out);
}

static bool
needs_admin(const struct command_item *item)
{
	return strcmp(item->least_role, "admin") == 0 ||
	       strcmp(item->least_role, "overlord") == 0;
}

void
menu_write(
    struct buf *out, const struct command_catalogue *commands, bool is_all)
{
	struct json_out json;

	json_out_init(&json, out);
	json_out_list(&json, NULL);
	for (int is_last = 0; is_last < 2; is_last++)
		for (size_t i = 0; i < commands->n_items; i++) {
			const struct command_item *item = &commands->items[i];

			if ((strcmp(item->name, last) == 0) == is_last &&
			    (is_all || !needs_admin(item)))
				write_item(&json, item);
		}
	json_out_list_end(&json);
}

bool
menu_is_same(const struct json *have, const char *want)
{
	AUTO(buf_release)
	struct buf out = { 0 };
	struct json_out json;

	buf_init(&out);
	json_out_init(&json, &out);
	json_out_list(&json, NULL);
	for (const struct json *c = json_first(have); c; c = json_next(c)) {
		json_out_object(&json, NULL);
		json_out_str(
		    &json, "command", json_str(json_get(c, "command"), ""));
		json_out_str(&json, "description",
		    json_str(json_get(c, "description"), ""));
		json_out_object_end(&json);
	}
	json_out_list_end(&json);
	return strcmp(out.data, want) == 0;
}
