/* Server-sent events, a piece at a time: lines, fields, events. Pure. */

#include "services/task-engine/llm/sse.h"

#include <string.h>

#include "libcommon/err.h"

static const char bom[] = "\xef\xbb\xbf";
enum { BOM_BYTES = sizeof(bom) - 1 };

struct listener {
	sse_event_fn fn;
	void *arg;
};

void
sse_init(struct sse *sse)
{
	*sse = (struct sse){ 0 };
	buf_init(&sse->line);
	buf_init(&sse->data);
}

void
sse_release(struct sse *sse)
{
	buf_release(&sse->line);
	buf_release(&sse->data);
}

static int
too_large(struct err *err)
{
	return err_set(err, ERR_INVALID,
	    "an event of the model's stream is larger than %d bytes",
	    SSE_MAX_EVENT_BYTES);
}

static int
dispatch(struct sse *sse, const struct listener *to, struct err *err)
{
	int rc = 0;

	if (sse->has_data)
		rc = to->fn(to->arg, sse->data.data, sse->data.size, err);
	buf_reset(&sse->data);
	sse->has_data = false;
	return rc;
}

/* What stands behind "data" and a colon, without one blank. */
static int
take_data(struct sse *sse, const char *value, struct err *err)
{
	size_t size = sse->line.size - (size_t)(value - sse->line.data);

	if (size && *value == ' ') {
		value++;
		size--;
	}
	if (sse->data.size + size + 1 > SSE_MAX_EVENT_BYTES)
		return too_large(err);
	if (sse->has_data)
		buf_addc(&sse->data, '\n');
	buf_add(&sse->data, value, size);
	sse->has_data = true;
	return 0;
}

static int
end_line(struct sse *sse, const struct listener *to, struct err *err)
{
	static const char field[] = "data";
	const char *line = sse->line.data;
	size_t n = sizeof(field) - 1;
	int rc = 0;

	sse->has_heard = true;
	if (!sse->is_comment && sse->line.size == 0)
		rc = dispatch(sse, to, err);
	else if (strncmp(line, field, n) == 0 && line[n] == ':')
		rc = take_data(sse, line + n + 1, err);
	else if (sse->line.size == n && strcmp(line, field) == 0)
		rc = take_data(sse, line + n, err);
	buf_reset(&sse->line);
	sse->is_comment = false;
	return rc;
}

/* Of a comment nothing is kept, however long it is. */
static int
add_to_line(struct sse *sse, const char *bytes, size_t size, struct err *err)
{
	if (size && sse->line.size == 0 && *bytes == ':')
		sse->is_comment = true;
	if (sse->is_comment)
		return 0;
	if (sse->line.size + size > SSE_MAX_EVENT_BYTES)
		return too_large(err);
	buf_add(&sse->line, bytes, size);
	return 0;
}

/* Behind a mark that stops being one, its bytes belong to the first line. */
static size_t
skip_bom(struct sse *sse, const char *bytes, size_t size)
{
	size_t n = 0;

	while (!sse->is_begun && n < size) {
		if (bytes[n] != bom[sse->n_bom]) {
			buf_add(&sse->line, bom, sse->n_bom);
			sse->is_begun = true;
			break;
		}
		n++;
		sse->is_begun = ++sse->n_bom == BOM_BYTES;
	}
	return n;
}

static size_t
line_size(const char *bytes, size_t size)
{
	size_t n = 0;

	while (n < size && bytes[n] != '\n' && bytes[n] != '\r')
		n++;
	return n;
}

int
sse_feed(struct sse *sse, const char *bytes, size_t size, sse_event_fn fn,
    void *arg, struct err *err)
{
	const struct listener to = { fn, arg };
	size_t at = skip_bom(sse, bytes, size);

	sse->has_heard = false;
	while (at < size) {
		size_t n;

		/* The other half of CR LF. */
		if (sse->was_cr && bytes[at] == '\n') {
			sse->was_cr = false;
			at++;
			continue;
		}
		n = line_size(bytes + at, size - at);
		if (add_to_line(sse, bytes + at, n, err) < 0)
			return -1;
		at += n;
		sse->was_cr = at < size && bytes[at] == '\r';
		if (at < size && end_line(sse, &to, err) < 0)
			return -1;
		at += at < size;
	}
	return 0;
}
