/* What Discord writes as <…>, for people to read. Pure. */

#include "services/gateway-discord/mentions.h"

#include <stdbool.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/json.h"
#include "services/gateway-discord/translate.h"

/* "<@!42>": prefix "@!", id "42". */
struct mark {
	const char *id;
	size_t id_size;
	size_t size; /* of all, '<' and '>' included */
};

static bool
read_mark(struct mark *out, const char *text, const char *prefix)
{
	size_t n = strlen(prefix), digits;

	if (text[0] != '<' || strncmp(text + 1, prefix, n) != 0)
		return false;
	digits = strspn(text + 1 + n, "0123456789");
	if (digits == 0 || digits > 20 || text[1 + n + digits] != '>')
		return false;
	*out = (struct mark){ text + 1 + n, digits, n + digits + 2 };
	return true;
}

static bool
is_id(const struct mark *mark, const char *id)
{
	return strlen(id) == mark->id_size &&
	       strncmp(id, mark->id, mark->id_size) == 0;
}

static bool
read_person(struct mark *out, const char *text)
{
	return read_mark(out, text, "@!") || read_mark(out, text, "@");
}

static const char *
find_name(const struct mark *mark, const struct json *mentions)
{
	for (const struct json *one = json_first(mentions); one;
	     one = json_next(one)) {
		const char *nick =
		    json_str(json_get(json_get(one, "member"), "nick"), "");
		const char *name = json_str(json_get(one, "global_name"), "");

		if (!is_id(mark, json_str(json_get(one, "id"), "")))
			continue;
		if (*nick)
			return nick;
		return *name ? name : json_str(json_get(one, "username"), "");
	}
	return "";
}

static size_t
add_person(struct buf *out, const char *text, const struct json *mentions)
{
	struct mark mark;
	const char *name;

	if (!read_person(&mark, text))
		return 0;
	name = find_name(&mark, mentions);
	if (!*name)
		return 0;
	buf_addf(out, "@%s", name);
	return mark.size;
}

/* "<:wave:42>", "<a:wave:42>", "</task:42>" to ":wave:", ":wave:", "/task". */
static size_t
add_named(struct buf *out, const char *text)
{
	static const struct {
		const char *prefix, *before, *after;
	} kinds[] = {
		{ "<:", ":", ":" },
		{ "<a:", ":", ":" },
		{ "</", "/", "" },
	};

	for (size_t i = 0; i < N_OF(kinds); i++) {
		size_t n = strlen(kinds[i].prefix), name, digits;

		if (strncmp(text, kinds[i].prefix, n) != 0)
			continue;
		name = strcspn(text + n, ":<>\n");
		if (name == 0 || name > 100 || text[n + name] != ':')
			continue;
		digits = strspn(text + n + name + 1, "0123456789");
		if (digits == 0 || text[n + name + 1 + digits] != '>')
			continue;
		buf_addf(out, "%s%.*s%s", kinds[i].before, (int)name, text + n,
		    kinds[i].after);
		return n + name + 1 + digits + 1;
	}
	return 0;
}

static const char *
skip_spaces(const char *text)
{
	return text + strspn(text, " \t\r\n");
}

/* Behind mentions of us that the text begins with. */
static const char *
skip_us(const char *text, const struct translate_self *self)
{
	const char *at = skip_spaces(text);
	struct mark mark;

	for (;;) {
		bool is_us =
		    (read_person(&mark, at) && is_id(&mark, self->user_id)) ||
		    (read_mark(&mark, at, "@&") && is_id(&mark, self->role_id));

		if (!is_us)
			return at;
		at = skip_spaces(at + mark.size);
	}
}

void
mentions_name(struct buf *out, const char *text, const struct json *mentions,
    const struct translate_self *self)
{
	for (text = skip_us(text, self); *text;) {
		size_t taken = 0;

		if (*text == '<')
			taken = add_person(out, text, mentions);
		if (taken == 0 && *text == '<')
			taken = add_named(out, text);
		if (taken == 0)
			buf_addc(out, text[taken++]);
		text += taken;
	}
}
