/* Configuration: one table of rows, read from the environment once. */

#include "libcommon/cfg.h"

#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/cfg_kind.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/log.h"
#include "libcommon/secret_file.h"
#include "libcommon/utf8.h"

enum { SECRET_MAX_BYTES = 16 * 1024 };

static const char one_line[] = "one line of UTF-8 text";

static bool
is_one_line(const char *text)
{
	if (!utf8_is_valid(text, strlen(text)))
		return false;
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

/* A trimmed copy of the variable; "" when it is not set. */
static char *
read_variable(const char *name)
{
	const char *value = getenv(name);
	char *copy;
	size_t size;

	if (value == NULL)
		return xstrdup("");
	value = cfg_trim(value, strlen(value), &size);
	copy = xcalloc(size + 1, 1);
	memcpy(copy, value, size);
	return copy;
}

/*
 * Overwrites the value where the kernel shows it (/proc/<pid>/environ). All
 * entries of that name: a hostile or clumsy parent may have passed two.
 */
static void
wipe_variable(const char *name)
{
	size_t size = strlen(name);

	for (char **entry = environ; entry != NULL && *entry != NULL; entry++)
		if (strncmp(*entry, name, size) == 0 && (*entry)[size] == '=')
			explicit_bzero(
			    *entry + size + 1, strlen(*entry + size + 1));
}

/* For AUTO: a secret is not left behind in freed memory. */
static void
free_secret(char **text)
{
	if (*text != NULL)
		explicit_bzero(*text, strlen(*text));
	xfree(text);
}

static void
drop_newline(char *text)
{
	size_t size = strlen(text);

	if (size > 0 && text[size - 1] == '\n')
		text[--size] = '\0';
	if (size > 0 && text[size - 1] == '\r')
		text[size - 1] = '\0';
}

/* The file's text, or NULL with *err filled. */
static char *
read_secret_file(const char *name, const char *path, struct err *err)
{
	char *text = NULL;
	struct buf content;

	buf_init(&content);
	if (file_read(&content, AT_FDCWD, path, SECRET_MAX_BYTES, err) < 0) {
		err_prefix(err, "%s", name);
	} else if (strlen(content.data) != content.size) {
		err_set(err, ERR_INVALID,
		    "%s: %s holds a NUL byte; allowed: %s", name, path,
		    one_line);
	} else if (cfg_is_blank(content.data)) {
		err_set(err, ERR_INVALID,
		    "%s: %s is empty: put the secret into it, or unset %s",
		    name, path, name);
	} else {
		text = xstrdup(content.data);
		drop_newline(text);
	}
	explicit_bzero(content.data, content.size);
	buf_release(&content);
	return text;
}

enum { VARIABLE_SIZE = 128 };

/* What <NAME>_FILE, whose name is written to variable, is set to, or "". */
static char *
read_secret_path(const struct cfg_item *item, char variable[VARIABLE_SIZE])
{
	snprintf(variable, VARIABLE_SIZE, "%s_FILE", item->name);
	return read_variable(variable);
}

/* A secret's text from <NAME> or <NAME>_FILE, which may not both be set. */
static char *
read_secret(const struct cfg_item *item, struct err *err)
{
	char file_variable[VARIABLE_SIZE];
	AUTO(free_secret)
	char *direct = read_variable(item->name);
	AUTO(xfree)
	char *path = NULL;

	wipe_variable(item->name);
	path = read_secret_path(item, file_variable);
	if (path[0] != '\0' && direct[0] != '\0') {
		err_set(err, ERR_INVALID,
		    "%s and %s are both set; allowed: one of them", item->name,
		    file_variable);
		return NULL;
	}
	if (path[0] != '\0')
		return read_secret_file(file_variable, path, err);
	return STEAL(direct);
}

static int
refuse(const struct cfg_item *item, const char *text, struct err *err)
{
	struct buf allowed;

	buf_init(&allowed);
	/* A number has more to say than what all texts are. */
	if (cfg_kind_of(item)->is_owned && !is_one_line(text))
		buf_adds(&allowed, one_line);
	else
		cfg_print_allowed(item, &allowed);
	if (item->type == CFG_TYPE_SECRET)
		err_set(err, ERR_INVALID, "%s is not %s", item->name, one_line);
	else
		err_set(err, ERR_INVALID, "%s is %s; allowed: %s", item->name,
		    log_quote(text), allowed.data);
	buf_release(&allowed);
	return -1;
}

static char *
read_item(const struct cfg_item *item, struct err *err)
{
	if (item->type == CFG_TYPE_SECRET)
		return read_secret(item, err);
	return read_variable(item->name);
}

static int
load_item(void *field, const struct cfg_item *item, struct err *err)
{
	const struct cfg_kind *kind = cfg_kind_of(item);
	AUTO(free_secret)
	char *text = read_item(item, err);
	int rc;

	if (text == NULL)
		return -1;
	if (text[0] == '\0') {
		rc = kind->parse(field, item, item->fallback);
		assert(rc == 0);
		return 0;
	}
	if (!is_one_line(text) || kind->parse(field, item, text) < 0)
		return refuse(item, text, err);
	return 0;
}

static void *
field_of(void *cfg, const struct cfg_item *item)
{
	return (char *)cfg + item->offset;
}

int
cfg_load(void *cfg, const struct cfg_table *table, struct err *err)
{
	size_t n_bad = 0;

	for (size_t i = 0; i < table->n_items; i++) {
		const struct cfg_item *item = &table->items[i];
		struct err one;

		if (item->type == CFG_TYPE_RETIRED ||
		    load_item(field_of(cfg, item), item, &one) == 0)
			continue;
		err_set(err, ERR_INVALID, "%s%s%s", n_bad > 0 ? err->text : "",
		    n_bad > 0 ? "; " : "", one.text);
		n_bad++;
	}
	if (n_bad == 0)
		return 0;
	cfg_release(cfg, table);
	return -1;
}

void
cfg_release(void *cfg, const struct cfg_table *table)
{
	for (size_t i = 0; i < table->n_items; i++)
		if (cfg_kind_of(&table->items[i])->is_owned)
			free_secret(field_of(cfg, &table->items[i]));
}

void
cfg_warn_retired(const struct cfg_table *table)
{
	for (size_t i = 0; i < table->n_items; i++) {
		const struct cfg_item *item = &table->items[i];
		const char *value = getenv(item->name);

		if (item->type == CFG_TYPE_RETIRED && value != NULL &&
		    value[0] != '\0')
			log_warn("retired-setting", "name=%s why=%s",
			    item->name, log_quote(item->help));
	}
}

void
cfg_warn_open_secrets(const struct cfg_table *table)
{
	for (size_t i = 0; i < table->n_items; i++) {
		const struct cfg_item *item = &table->items[i];
		char variable[VARIABLE_SIZE];
		AUTO(xfree)
		char *path = NULL;
		mode_t mode;

		if (item->type != CFG_TYPE_SECRET)
			continue;
		path = read_secret_path(item, variable);
		if (path[0] != '\0' && secret_file_is_open(path, &mode))
			log_warn("secret-file-open",
			    "name=%s file=%s mode=%o remedy=\"chmod 600\"",
			    variable, log_quote(path), (unsigned)mode);
	}
}

void
cfg_print_value(const void *cfg, const struct cfg_item *item, struct buf *out)
{
	cfg_kind_of(item)->show((const char *)cfg + item->offset, item, out);
}

void
cfg_print(const void *cfg, const struct cfg_table *table, struct buf *out)
{
	for (size_t i = 0; i < table->n_items; i++) {
		const struct cfg_item *item = &table->items[i];

		if (item->type == CFG_TYPE_RETIRED)
			continue;
		buf_addf(out, "%s=", item->name);
		cfg_print_value(cfg, item, out);
		buf_addc(out, '\n');
	}
}

void
cfg_print_allowed(const struct cfg_item *item, struct buf *out)
{
	cfg_kind_of(item)->allowed(item, out);
}

static void
print_row(const struct cfg_item *item, struct buf *out)
{
	buf_addf(out, "%s\t%s\t%s\t", item->name, cfg_kind_of(item)->name,
	    item->fallback);
	if (item->type == CFG_TYPE_INT)
		buf_addf(out, "%" PRId64 "\t%" PRId64, item->min, item->max);
	else
		buf_addc(out, '\t');
	buf_addf(out, "\t%s\t", item->unit);
	if (item->choices != NULL)
		cfg_add_choices(item, ",", out);
	buf_addf(out, "\t%s\t%s\n", item->section != NULL ? item->section : "",
	    item->help);
}

void
cfg_print_rows(const struct cfg_table *table, struct buf *out)
{
	for (size_t i = 0; i < table->n_items; i++)
		print_row(&table->items[i], out);
}
