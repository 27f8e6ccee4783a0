/* Slash commands as Discord's JSON. Pure. */

#include "services/gateway-discord/menu_list.h"

#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/json.h"
#include "libcommon/utf8.h"
#include "proto/command.h"

enum {
	COMMANDS_MAX = 100,
	NAME_MAX_UNITS = 32,
	DESCRIPTION_MAX_UNITS = 100,
	COMMAND_CHAT = 1,
	OPTION_STRING = 3,
	INSTALLED_IN_GUILD = 0,
	CONTEXT_GUILD = 0,
	CONTEXT_BOT_DM = 1,
};

static void
put_cut(
    struct json_out *out, const char *key, const char *text, size_t max_units)
{
	json_out_strn(out, key, text,
	    utf8_offset(text, strlen(text), max_units, UTF8_CODE_POINTS));
}

static void
put_description(struct json_out *out, const char *text)
{
	/* Discord wants one. */
	put_cut(out, "description", *text ? text : "-", DESCRIPTION_MAX_UNITS);
}

static void
put_option(struct json_out *out, const struct command_item *item)
{
	json_out_object(out, NULL);
	json_out_int(out, "type", OPTION_STRING);
	put_cut(out, "name", item->argument, NAME_MAX_UNITS);
	put_description(out, item->argument_help);
	json_out_bool(out, "required", item->is_argument_required);
	if (item->has_choices)
		json_out_bool(out, "autocomplete", true);
	json_out_object_end(out);
}

/* Not where the bot itself is not: there it could not answer. */
static void
put_contexts(struct json_out *out)
{
	json_out_list(out, "integration_types");
	json_out_int(out, NULL, INSTALLED_IN_GUILD);
	json_out_list_end(out);
	json_out_list(out, "contexts");
	json_out_int(out, NULL, CONTEXT_GUILD);
	json_out_int(out, NULL, CONTEXT_BOT_DM);
	json_out_list_end(out);
}

static void
put_command(
    struct json_out *out, const struct command_item *item, bool is_global)
{
	json_out_object(out, NULL);
	json_out_int(out, "type", COMMAND_CHAT);
	put_cut(out, "name", item->name, NAME_MAX_UNITS);
	put_description(out, item->help);
	json_out_list(out, "options");
	if (*item->argument)
		put_option(out, item);
	json_out_list_end(out);
	if (is_global)
		put_contexts(out);
	json_out_object_end(out);
}

void
menu_list_write(
    struct buf *out, const struct command_catalogue *from, bool is_global)
{
	struct json_out json;

	json_out_init(&json, out);
	json_out_list(&json, NULL);
	for (size_t i = 0; i < from->n_items && i < COMMANDS_MAX; i++)
		put_command(&json, &from->items[i], is_global);
	json_out_list_end(&json);
}

static bool
has_same(const struct json *a, const struct json *b, const char *key)
{
	return strcmp(json_str(json_get(a, key), ""),
		   json_str(json_get(b, key), "")) == 0;
}

static bool
is_same_option(const struct json *a, const struct json *b)
{
	return has_same(a, b, "name") && has_same(a, b, "description") &&
	       json_int(json_get(a, "type"), 0) ==
		   json_int(json_get(b, "type"), 0) &&
	       json_bool(json_get(a, "required"), false) ==
		   json_bool(json_get(b, "required"), false) &&
	       json_bool(json_get(a, "autocomplete"), false) ==
		   json_bool(json_get(b, "autocomplete"), false);
}

static bool
is_same_command(const struct json *a, const struct json *b)
{
	const struct json *x = json_get(a, "options");
	const struct json *y = json_get(b, "options");

	if (!has_same(a, b, "name") || !has_same(a, b, "description") ||
	    json_count(x) != json_count(y))
		return false;
	for (x = json_first(x), y = json_first(y); x;
	     x = json_next(x), y = json_next(y))
		if (!is_same_option(x, y))
			return false;
	return true;
}

bool
menu_list_is_same(const struct json *have, const struct json *want)
{
	const struct json *a, *b;

	if (json_type(have) != JSON_LIST ||
	    json_count(have) != json_count(want))
		return false;
	for (b = json_first(want); b; b = json_next(b)) {
		for (a = json_first(have); a && !is_same_command(a, b);)
			a = json_next(a);
		if (!a)
			return false;
	}
	return true;
}

bool
menu_list_is_private(const struct command_catalogue *from, const char *name)
{
	static const char *const roles[] = { "admin", "overlord" };

	for (size_t i = 0; i < from->n_items; i++) {
		if (strcmp(from->items[i].name, name) != 0)
			continue;
		for (size_t k = 0; k < N_OF(roles); k++)
			if (strcmp(from->items[i].least_role, roles[k]) == 0)
				return true;
		return false;
	}
	/* What we do not know is not for everybody. */
	return true;
}
