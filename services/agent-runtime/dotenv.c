/* Our own reader of .env files; it knows no shell. */

#include "services/agent-runtime/dotenv.h"

#include <assert.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "services/agent-runtime/environment.h"

/* A program with a longer KEY=VALUE is not run by Linux (MAX_ARG_STRLEN). */
enum { MAX_FILE_BYTES = 256 * 1024, MAX_PAIR_BYTES = 128 * 1024 - 1 };

/* One line and how far it is read; at always points to a NUL at the end. */
struct cursor {
	const char *at;
	int line;
};

static int
bad(const struct cursor *c, struct err *err, const char *what)
{
	return err_set(err, ERR_INVALID, "line %d: %s", c->line, what);
}

static void
skip_blanks(struct cursor *c)
{
	c->at += strspn(c->at, " \t");
}

static bool
is_at_end(const struct cursor *c)
{
	return *c->at == '\0' || *c->at == '#';
}

static int
take_key(struct cursor *c, struct buf *key, struct err *err)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz_";
	static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz_0123456789";
	size_t size = strspn(c->at, all);

	if (strncmp(c->at, "export ", 7) == 0)
		return bad(c, err,
		    "must be KEY=VALUE: leave out \"export\", this is no "
		    "shell script");
	if (size == 0 || strchr(letters, *c->at) == NULL || c->at[size] != '=')
		return bad(c, err,
		    "must be KEY=VALUE, with no space before the \"=\"");
	buf_add(key, c->at, size);
	c->at += size + 1;
	return 0;
}

static int
take_escape(struct cursor *c, struct buf *value, struct err *err)
{
	static const char from[] = "\"\\nt";
	static const char to[] = "\"\\\n\t";
	const char *found = *c->at == '\0' ? NULL : strchr(from, *c->at);

	if (found == NULL)
		return bad(c, err,
		    "after a backslash in double quotes must come \" \\ n or "
		    "t (or use single quotes)");
	buf_addc(value, to[found - from]);
	c->at++;
	return 0;
}

static int
take_quoted(struct cursor *c, struct buf *value, struct err *err)
{
	char quote = *c->at++;

	while (*c->at != quote) {
		char next = *c->at;

		if (next == '\0')
			return bad(
			    c, err, "the quote is not closed on this line");
		c->at++;
		if (next != '\\' || quote == '\'')
			buf_addc(value, next);
		else if (take_escape(c, value, err) < 0)
			return -1;
	}
	c->at++;
	skip_blanks(c);
	if (!is_at_end(c))
		return bad(c, err,
		    "something follows the closing quote: put the quotes "
		    "around the whole value");
	return 0;
}

/* A "#" begins a comment only behind a blank: it may be part of a secret. */
static void
take_plain(struct cursor *c, struct buf *value)
{
	const char *end = c->at;
	const char *p;

	for (p = c->at; *p != '\0'; p++) {
		bool is_blank = *p == ' ' || *p == '\t';

		if (*p == '#' && (p == c->at || p[-1] == ' ' || p[-1] == '\t'))
			break;
		if (!is_blank)
			end = p + 1;
	}
	buf_add(value, c->at, (size_t)(end - c->at));
	c->at = p;
}

static int
take_line(struct cursor *c, struct buf *key, struct buf *value, struct err *err)
{
	skip_blanks(c);
	if (is_at_end(c))
		return 1;
	if (take_key(c, key, err) < 0)
		return -1;
	skip_blanks(c);
	if (*c->at == '"' || *c->at == '\'')
		return take_quoted(c, value, err);
	take_plain(c, value);
	return 0;
}

/* The keys so far, each with a newline on both sides. */
static int
note_key(
    const struct cursor *c, struct buf *seen, const char *key, struct err *err)
{
	struct buf entry;
	bool is_known;

	buf_init(&entry);
	buf_addf(&entry, "\n%s\n", key);
	is_known = strstr(seen->data, entry.data) != NULL;
	buf_adds(seen, entry.data);
	buf_release(&entry);
	if (is_known)
		return err_set(err, ERR_INVALID,
		    "line %d: %s is set a second time", c->line, key);
	return 0;
}

/* What it holds may be a secret. */
static void
wipe(struct buf *text)
{
	assert(text->data != NULL);
	explicit_bzero(text->data, text->size);
}

static int
parse_line(struct cursor *c, struct buf *seen, dotenv_fn fn, void *arg,
    struct err *err)
{
	AUTO(buf_release)
	struct buf key;
	AUTO(buf_release)
	struct buf value;
	int rc;

	buf_init(&key);
	buf_init(&value);
	rc = take_line(c, &key, &value, err);
	if (rc == 0 && key.size + strlen("=") + value.size > MAX_PAIR_BYTES)
		rc = bad(c, err,
		    "is longer than 131071 bytes, which no program can be "
		    "given: shorten it");
	if (rc == 0)
		rc = note_key(c, seen, key.data, err);
	if (rc == 0)
		fn(arg, key.data, value.data);
	wipe(&value);
	return rc < 0 ? -1 : 0;
}

int
dotenv_parse(
    const char *text, size_t size, dotenv_fn fn, void *arg, struct err *err)
{
	static const char bom[] = "\xef\xbb\xbf";
	AUTO(buf_release)
	struct buf line;
	AUTO(buf_release)
	struct buf seen;
	const char *end = text + size;
	struct cursor c = { .line = 0 };

	buf_init(&line);
	buf_init(&seen);
	if (size >= 3 && memcmp(text, bom, 3) == 0)
		text += 3;
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline != NULL ? newline : end;
		size_t length = (size_t)(stop - text);

		if (length > 0 && text[length - 1] == '\r')
			length--;
		buf_reset(&line);
		buf_add(&line, text, length);
		c.at = line.data;
		c.line++;
		if (strlen(line.data) != length)
			return bad(&c, err, "holds a NUL byte");
		if (parse_line(&c, &seen, fn, arg, err) < 0)
			return -1;
		text = stop + 1;
	}
	return 0;
}

static void
set_if_ours(void *arg, const char *key, const char *value)
{
	(void)arg;
	if (environment_is_ours(key))
		setenv(key, value, 0);
}

int
dotenv_load(const char *path, struct err *err)
{
	AUTO(buf_release)
	struct buf text;
	int rc;

	buf_init(&text);
	if (file_read(&text, AT_FDCWD, path, MAX_FILE_BYTES, err) < 0)
		return err->code == ERR_NOT_FOUND ? 0 : -1;
	rc = dotenv_parse(text.data, text.size, set_if_ours, NULL, err);
	wipe(&text);
	return rc < 0 ? err_prefix(err, "%s", path) : 0;
}
