/* What each type of configuration row takes and shows. */

#include "libcommon/cfg_kind.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"

static const char blanks[] = " \t\r\n\v\f";

static void
set_string(void *field, char *text)
{
	*(char **)field = text;
}

static int
parse_str(void *field, const struct cfg_item *item, const char *text)
{
	(void)item;
	set_string(field, xstrdup(text));
	return 0;
}

/* Against the working directory, which a daemon leaves or loses later. */
static int
parse_path(void *field, const struct cfg_item *item, const char *text)
{
	AUTO(xfree)
	char *here = NULL;
	struct buf path;

	if (text[0] == '/' || text[0] == '\0')
		return parse_str(field, item, text);
	here = getcwd(NULL, 0);
	if (here == NULL)
		return -1;
	while (strncmp(text, "./", 2) == 0)
		text += 2 + strspn(text + 2, "/");
	buf_init(&path);
	buf_adds(&path, strcmp(here, "/") == 0 ? "" : here);
	if (text[0] != '\0' && strcmp(text, ".") != 0)
		buf_addf(&path, "/%s", text);
	if (path.size == 0)
		buf_addc(&path, '/');
	set_string(field, buf_steal(&path));
	return 0;
}

/* text from its first to its last byte that is not blank. */
const char *
cfg_trim(const char *text, size_t size, size_t *size_out)
{
	while (size > 0 && strchr(blanks, text[0]) != NULL) {
		text++;
		size--;
	}
	while (size > 0 && strchr(blanks, text[size - 1]) != NULL)
		size--;
	*size_out = size;
	return text;
}

bool
cfg_is_blank(const char *text)
{
	return text[strspn(text, blanks)] == '\0';
}

static int
parse_csv(void *field, const struct cfg_item *item, const char *text)
{
	struct buf joined;
	size_t size, length;

	(void)item;
	buf_init(&joined);
	for (;; text += length + 1) {
		const char *entry;

		length = strcspn(text, ",");
		entry = cfg_trim(text, length, &size);
		if (size > 0 && joined.size > 0)
			buf_addc(&joined, ',');
		buf_add(&joined, entry, size);
		if (text[length] == '\0')
			break;
	}
	set_string(field, buf_steal(&joined));
	return 0;
}

static int
parse_int(void *field, const struct cfg_item *item, const char *text)
{
	const char *digits = text[0] == '-' ? text + 1 : text;
	long long value;

	if (digits[0] == '\0' || digits[strspn(digits, "0123456789")] != '\0')
		return -1;
	errno = 0;
	value = strtoll(text, NULL, 10);
	if (errno != 0 || value < item->min || value > item->max)
		return -1;
	*(int64_t *)field = value;
	return 0;
}

static int
parse_bool(void *field, const struct cfg_item *item, const char *text)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{ "1", true },
		{ "true", true },
		{ "yes", true },
		{ "on", true },
		{ "0", false },
		{ "false", false },
		{ "no", false },
		{ "off", false },
	};

	(void)item;
	for (size_t i = 0; i < N_OF(words); i++) {
		if (strcasecmp(words[i].word, text) == 0) {
			*(bool *)field = words[i].value;
			return 0;
		}
	}
	return -1;
}

static int
parse_choice(void *field, const struct cfg_item *item, const char *text)
{
	for (int i = 0; item->choices[i] != NULL; i++) {
		if (strcasecmp(item->choices[i], text) == 0) {
			*(int *)field = i;
			return 0;
		}
	}
	return -1;
}

static int
parse_nothing(void *field, const struct cfg_item *item, const char *text)
{
	(void)field;
	(void)item;
	(void)text;
	return 0;
}

static void
show_str(const void *field, const struct cfg_item *item, struct buf *out)
{
	const char *text = *(const char *const *)field;

	(void)item;
	buf_adds(out, text != NULL ? text : "");
}

static void
show_secret(const void *field, const struct cfg_item *item, struct buf *out)
{
	const char *text = *(const char *const *)field;

	(void)item;
	buf_adds(out, text != NULL && text[0] != '\0' ? "(set)" : "");
}

static void
show_int(const void *field, const struct cfg_item *item, struct buf *out)
{
	(void)item;
	buf_addf(out, "%" PRId64, *(const int64_t *)field);
}

static void
show_bool(const void *field, const struct cfg_item *item, struct buf *out)
{
	(void)item;
	buf_adds(out, *(const bool *)field ? "true" : "false");
}

static void
show_choice(const void *field, const struct cfg_item *item, struct buf *out)
{
	buf_adds(out, item->choices[*(const int *)field]);
}

static void
show_nothing(const void *field, const struct cfg_item *item, struct buf *out)
{
	(void)field;
	(void)item;
	(void)out;
}

static void
allow_text(const struct cfg_item *item, struct buf *out)
{
	(void)item;
	buf_adds(out, "text");
}

static void
allow_path(const struct cfg_item *item, struct buf *out)
{
	(void)item;
	buf_adds(out, "path");
}

static void
allow_csv(const struct cfg_item *item, struct buf *out)
{
	(void)item;
	buf_adds(out, "list separated by commas");
}

static void
allow_int(const struct cfg_item *item, struct buf *out)
{
	buf_addf(
	    out, "whole number, %" PRId64 " to %" PRId64, item->min, item->max);
	if (item->unit[0] != '\0')
		buf_addf(out, " %s", item->unit);
}

static void
allow_bool(const struct cfg_item *item, struct buf *out)
{
	(void)item;
	buf_adds(out, "true or false");
}

void
cfg_add_choices(
    const struct cfg_item *item, const char *between, struct buf *out)
{
	for (int i = 0; item->choices[i] != NULL; i++)
		buf_addf(out, "%s%s", i > 0 ? between : "", item->choices[i]);
}

static void
allow_choice(const struct cfg_item *item, struct buf *out)
{
	buf_adds(out, "one of ");
	cfg_add_choices(item, ", ", out);
}

static void
allow_anything(const struct cfg_item *item, struct buf *out)
{
	(void)item;
	buf_adds(out, "anything: it is ignored");
}

// clang-format off
static const struct cfg_kind kinds[] = {
	[CFG_TYPE_STR] =     { "str",     parse_str,     show_str,     allow_text,     true },
	[CFG_TYPE_SECRET] =  { "secret",  parse_str,     show_secret,  allow_text,     true },
	[CFG_TYPE_PATH] =    { "path",    parse_path,    show_str,     allow_path,     true },
	[CFG_TYPE_CSV] =     { "csv",     parse_csv,     show_str,     allow_csv,      true },
	[CFG_TYPE_INT] =     { "int",     parse_int,     show_int,     allow_int,      false },
	[CFG_TYPE_BOOL] =    { "bool",    parse_bool,    show_bool,    allow_bool,     false },
	[CFG_TYPE_CHOICE] =  { "choice",  parse_choice,  show_choice,  allow_choice,   false },
	[CFG_TYPE_RETIRED] = { "retired", parse_nothing, show_nothing, allow_anything, false },
};
// clang-format on

const struct cfg_kind *
cfg_kind_of(const struct cfg_item *item)
{
	assert((unsigned)item->type < N_OF(kinds));
	return &kinds[item->type];
}
