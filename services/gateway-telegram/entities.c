/* Entities of a message as Markdown. */

#include "services/gateway-telegram/entities.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/json.h"
#include "libcommon/utf8.h"
#include "services/gateway-telegram/translate.h"

/* Telegram gives at most 100; a quote changes each of its lines. */
enum { ENTITIES_MAX = 256 };

/* Something put in or taken away at a place of the text. */
struct edit {
	size_t at, n_removed;
	const char *put;
	/* At one place what ends comes before what begins, and the inner end
	 * before the outer one. */
	int64_t order;
};

struct reading {
	const char *text;
	size_t size;
	const struct telegram_me *me;
	struct arena *arena;
	struct edit *edits;
	size_t n_edits, room;
	size_t start; /* what is addressed to us alone ends here */
	bool is_mention, names_other;
};

static void
change(struct reading *r, const struct edit *edit)
{
	if (r->n_edits == r->room) {
		r->room = r->room ? 2 * r->room : 16;
		r->edits = xrealloc(r->edits, r->room * sizeof(*r->edits));
	}
	r->edits[r->n_edits++] = *edit;
}

static void
begin(struct reading *r, size_t at, const char *put)
{
	change(r, &(struct edit){ at, 0, put, (int64_t)r->n_edits });
}

static void
end(struct reading *r, size_t at, const char *put)
{
	change(r, &(struct edit){ at, 0, put, -1 - (int64_t)r->n_edits });
}

static void
take_away(struct reading *r, size_t at, size_t until)
{
	change(r, &(struct edit){ at, until - at, "", (int64_t)r->n_edits });
}

struct span {
	size_t at, end;
	const struct json *entity;
};

static bool
is_line_start(const struct reading *r, size_t at)
{
	return at == 0 || r->text[at - 1] == '\n';
}

static void
read_code(struct reading *r, const struct span *s)
{
	bool has_tick = memchr(r->text + s->at, '`', s->end - s->at) != NULL;

	begin(r, s->at, has_tick ? "`` " : "`");
	end(r, s->end, has_tick ? " ``" : "`");
}

static void
read_pre(struct reading *r, const struct span *s)
{
	const char *language = json_str(json_get(s->entity, "language"), "");
	bool has_fence = memmem(r->text + s->at, s->end - s->at, "```", 3);
	const char *fence = has_fence ? "`````" : "```";

	begin(r, s->at,
	    arena_printf(r->arena, "%s%s%.30s\n",
		is_line_start(r, s->at) ? "" : "\n", fence, language));
	end(r, s->end,
	    arena_printf(r->arena, "%s%s%s",
		is_line_start(r, s->end) ? "" : "\n", fence,
		s->end == r->size || r->text[s->end] == '\n' ? "" : "\n"));
}

static void
read_quote(struct reading *r, const struct span *s)
{
	begin(r, s->at, is_line_start(r, s->at) ? "> " : "\n> ");
	for (size_t at = s->at; at < s->end; at++)
		if (r->text[at] == '\n' && at + 1 < s->end)
			begin(r, at + 1, "> ");
	if (s->end < r->size && r->text[s->end] != '\n' &&
	    !is_line_start(r, s->end))
		end(r, s->end, "\n\n");
}

static void
read_link(struct reading *r, const struct span *s)
{
	const char *url = json_str(json_get(s->entity, "url"), "");
	size_t size = s->end - s->at;

	if (strlen(url) == size && memcmp(url, r->text + s->at, size) == 0)
		return;
	end(r, s->end, arena_printf(r->arena, " (%.1000s)", url));
}

/* What stands before everything else is said to us, not part of what is
 * said. */
static void
take_off(struct reading *r, const struct span *s)
{
	size_t until = s->end;

	r->is_mention = true;
	if (s->at != r->start)
		return;
	while (until < r->size && strchr(" ,:\n\t", r->text[until]))
		until++;
	take_away(r, s->at, until);
	r->start = until;
}

static bool
is_our_name(const struct reading *r, size_t at, size_t end)
{
	const char *name = r->me->username;

	return *name && end - at == strlen(name) &&
	       strncasecmp(r->text + at, name, end - at) == 0;
}

static void
read_mention(struct reading *r, const struct span *s)
{
	if (is_our_name(r, s->at + 1, s->end))
		take_off(r, s);
}

static void
read_text_mention(struct reading *r, const struct span *s)
{
	const struct json *user = json_get(s->entity, "user");

	if (json_int(json_get(user, "id"), 0) == r->me->id)
		take_off(r, s);
}

static void
read_command(struct reading *r, const struct span *s)
{
	const char *sign = memchr(r->text + s->at, '@', s->end - s->at);
	size_t at;

	if (!sign)
		return;
	at = (size_t)(sign - r->text);
	if (is_our_name(r, at + 1, s->end)) {
		r->is_mention = true;
		take_away(r, at, s->end);
	} else if (s->at == r->start) {
		r->names_other = true;
	}
}

static const struct {
	const char *type;
	void (*read)(struct reading *r, const struct span *s);
} kinds[] = {
	{ "code", read_code },
	{ "pre", read_pre },
	{ "blockquote", read_quote },
	{ "expandable_blockquote", read_quote },
	{ "text_link", read_link },
	{ "mention", read_mention },
	{ "text_mention", read_text_mention },
	{ "bot_command", read_command },
};

static void
read_entity(struct reading *r, const struct json *entity)
{
	const char *type = json_str(json_get(entity, "type"), "");
	int64_t offset = json_int(json_get(entity, "offset"), -1);
	int64_t length = json_int(json_get(entity, "length"), 0);
	struct span span = { .entity = entity };

	if (offset < 0 || length < 1 || offset > (int64_t)r->size ||
	    length > (int64_t)r->size)
		return;
	span.at = utf8_offset(r->text, r->size, (size_t)offset, UTF8_UTF16);
	span.end = utf8_offset(
	    r->text, r->size, (size_t)(offset + length), UTF8_UTF16);
	for (size_t i = 0; span.at < span.end && i < N_OF(kinds); i++)
		if (strcmp(kinds[i].type, type) == 0)
			kinds[i].read(r, &span);
}

static int
by_place(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static const char *
apply(struct reading *r)
{
	AUTO(buf_release)
	struct buf out = { 0 };
	size_t at = 0;

	buf_init(&out);
	if (r->n_edits > 0)
		qsort(r->edits, r->n_edits, sizeof(*r->edits), by_place);
	for (size_t i = 0; i < r->n_edits; i++) {
		const struct edit *e = &r->edits[i];

		if (e->at > at) {
			buf_add(&out, r->text + at, e->at - at);
			at = e->at;
		}
		buf_adds(&out, e->put);
		if (e->at + e->n_removed > at)
			at = e->at + e->n_removed;
	}
	buf_adds(&out, r->text + at);
	return arena_strndup(r->arena, out.data, out.size);
}

void
telegram_text_read(struct telegram_text *out, const char *text,
    const struct json *entities, const struct telegram_me *me,
    struct arena *arena)
{
	struct reading r = {
		.text = text,
		.size = strlen(text),
		.me = me,
		.arena = arena,
	};
	size_t n = 0;

	for (const struct json *e = json_first(entities); e && n < ENTITIES_MAX;
	     e = json_next(e), n++)
		read_entity(&r, e);
	*out = (struct telegram_text){
		.text = apply(&r),
		.is_mention = r.is_mention,
		.names_other = r.names_other,
	};
	xfree(&r.edits);
}

const char *
telegram_text_quote(const char *text, const char *head, struct arena *arena)
{
	AUTO(buf_release)
	struct buf out = { 0 };

	buf_init(&out);
	buf_addf(&out, "[%s]\n> ", head);
	for (; *text; text++) {
		buf_addc(&out, *text);
		if (*text == '\n')
			buf_adds(&out, "> ");
	}
	return arena_strndup(arena, out.data, out.size);
}
