/* Writes chat log entries that nothing in a message can forge. Pure. */

#include "services/task-engine/workspace/chatlog.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/fence.h"
#include "libcommon/utf8.h"
#include "services/task-engine/workspace/chatlog_line.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* Line ends of any reader, not only of ours. */
static bool
is_line_end(uint32_t c)
{
	return c == '\n' || c == '\r' || c == '\v' || c == '\f' || c == 0x85 ||
	       c == 0x2028 || c == 0x2029;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Nearly all of nearly every text. */
static size_t
plain_run(const char *text)
{
	size_t n = 0;

	while (text[n] > 0x20 && text[n] < 0x7f)
		n++;
	return n;
}

static size_t
canonical_one(struct buf *out, const char *text, size_t size)
{
	size_t run = plain_run(text);
	uint32_t c;
	size_t n;

	if (run) {
		buf_add(out, text, run);
		return run;
	}
	n = utf8_next(text, size, &c);
	if (n == 0 || (c < 0x20 && c != '\t' && !is_line_end(c)) || c == 0x7f) {
		buf_adds(out, replacement);
		return n ? n : 1;
	}
	if (!is_line_end(c)) {
		buf_add(out, text, n);
		return n;
	}
	buf_addc(out, '\n');
	return c == '\r' && size > 1 && text[1] == '\n' ? 2 : n;
}

void
chatlog_canonical(struct buf *out, const char *text)
{
	size_t began = out->size, size = strlen(text);

	while (size) {
		size_t n = canonical_one(out, text, size);

		/* White space at the very beginning is not kept. */
		if (out->size == began + 1 && is_blank(out->data[began]))
			buf_truncate(out, began);
		text += n;
		size -= n;
	}
	while (out->size > began && is_blank(out->data[out->size - 1]))
		buf_truncate(out, out->size - 1);
}

void
chatlog_name(struct buf *out, const char *name)
{
	for (; *name; name++) {
		unsigned char c = (unsigned char)*name;

		if (c < 0x20 || c == 0x7f || c == '`' || c == '%')
			buf_addf(out, "%%%02X", c);
		else
			buf_addc(out, *name);
	}
}

static void
add_name(struct buf *out, const char *what, const char *name)
{
	buf_addf(out, "- %s: `", what);
	chatlog_name(out, name);
	buf_adds(out, "`\n");
}

void
chatlog_head(struct buf *out, const char *connector, const char *external_id,
    const char *display_name)
{
	buf_adds(out, "# Chat Log\n\n");
	add_name(out, "connector", connector);
	add_name(out, "external_id", external_id);
	add_name(out, "display_name", display_name);
	buf_addc(out, '\n');
}

size_t
chatlog_forged_at(const char *line, size_t size)
{
	static const char *const ours[] = {
		"## ",
		"##\t",
		"# Chat Log",
		"- direction:",
		"- actor:",
	};
	size_t at = 0, mark;

	while (at < size && is_blank(line[at]))
		at++;
	mark = at;
	while (at < size && line[at] == '\\')
		at++;
	for (size_t i = 0; i < N_OF(ours); i++) {
		size_t n = strlen(ours[i]);

		if (size - at >= n && memcmp(line + at, ours[i], n) == 0)
			return mark;
	}
	return SIZE_MAX;
}

static void
add_text(struct buf *out, const char *text)
{
	while (*text) {
		size_t size = strcspn(text, "\n");
		size_t at = chatlog_forged_at(text, size);

		if (at != SIZE_MAX) {
			buf_add(out, text, at);
			buf_addc(out, '\\');
			buf_add(out, text + at, size - at);
		} else {
			buf_add(out, text, size);
		}
		buf_addc(out, '\n');
		text += size + (text[size] == '\n');
	}
	buf_addc(out, '\n');
}

/*
 * Else all that follows would be shown as code, or not at all. The white space
 * at the end tells what was done to the text: none that was said ends so.
 */
static void
contain(struct buf *text)
{
	bool has_html = chatlog_html_hide(text);
	size_t size = text->size;

	fence_close(text);
	if (text->size > size)
		buf_addc(text, ' ');
	if (has_html)
		buf_addc(text, '\t');
}

void
chatlog_add(struct buf *out, const struct chatlog_entry *entry)
{
	AUTO(buf_release)
	struct buf text = { 0 };
	char at[CLOCK_RFC3339_SIZE];

	buf_init(&text);
	chatlog_canonical(&text, entry->text);
	if (text.size == 0)
		return;
	contain(&text);
	clock_rfc3339(at, entry->at_ms);
	buf_addf(out, "## %s `", at);
	for (const char *p = entry->direction; *p; p++)
		buf_addc(out, (char)toupper((unsigned char)*p));
	buf_addf(out, "`\n- direction: `%s`\n", entry->direction);
	add_name(out, "actor", entry->actor);
	buf_addc(out, '\n');
	add_text(out, text.data);
}
