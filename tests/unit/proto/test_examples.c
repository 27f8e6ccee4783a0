/* Every example in proto/examples reads as its name says. */

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/envelope.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/json.h"
#include "proto/routes.h"
#include "proto/shape.h"
#include "tests/unit/unit.h"

enum { EXAMPLE_MAX_BYTES = 256 * 1024, ARENA_BYTES = 1024 * 1024 };

static const char *examples_dir;

/* <type>[.reply][.ok-<what> | .bad-<what>].json */
struct example {
	char type[64];
	bool is_reply;
	bool is_bad;
	bool is_canonical; /* what we would write ourselves */
	const struct shape *shape;
};

static bool
cut_at(char *name, const char *mark)
{
	char *at = strstr(name, mark);

	if (at)
		*at = '\0';
	return at;
}

static bool
is_envelope(const char *name)
{
	return strncmp(name, "envelope.", strlen("envelope.")) == 0;
}

static void
example_name(struct example *ex, const char *file)
{
	const struct route *route;
	char *end;

	memset(ex, 0, sizeof(*ex));
	assert_true(strlen(file) < sizeof(ex->type));
	strcpy(ex->type, file);
	ex->is_bad = cut_at(ex->type, ".bad-");
	ex->is_canonical = !cut_at(ex->type, ".ok-") && !ex->is_bad;
	cut_at(ex->type, ".json");
	end = ex->type + strlen(ex->type);
	if (end - ex->type > 6 && strcmp(end - 6, ".reply") == 0) {
		ex->is_reply = true;
		end[-6] = '\0';
	}
	if (is_envelope(file))
		return;
	route = route_find(ex->type);
	if (!route)
		fail_msg("%s: there is no route %s", file, ex->type);
	ex->shape = ex->is_reply ? route->reply : route->body;
	if (!ex->shape)
		fail_msg("%s: %s has no reply", file, ex->type);
}

static void
read_text(const char *file, struct buf *text)
{
	AUTO(buf_release)
	struct buf path;
	struct err err;

	buf_init(&path);
	buf_addf(&path, "%s/%s", examples_dir, file);
	if (file_read(text, AT_FDCWD, path.data, EXAMPLE_MAX_BYTES, &err) < 0)
		fail_msg("%s", err.text);
}

static const struct json *
member_like(const struct json *of, const struct json *wanted)
{
	return json_get(of, json_key(wanted));
}

/* Order of keys apart. */
static bool
is_same(const struct json *a, const struct json *b)
{
	const struct json *y;

	if (!b || json_type(a) != json_type(b))
		return false;
	switch (json_type(a)) {
	case JSON_NULL:
		return true;
	case JSON_BOOL:
		return json_bool(a, false) == json_bool(b, false);
	case JSON_NUMBER:
		return json_real(a, 0) == json_real(b, 0);
	case JSON_STRING:
		return strcmp(json_str(a, ""), json_str(b, "")) == 0;
	case JSON_LIST:
	case JSON_OBJECT:
		break;
	}
	if (json_count(a) != json_count(b))
		return false;
	y = json_first(b);
	for (const struct json *x = json_first(a); x; x = json_next(x)) {
		bool is_list = json_type(a) == JSON_LIST;

		if (!is_same(x, is_list ? y : member_like(b, x)))
			return false;
		y = json_next(y);
	}
	return true;
}

/* Parses, decodes, and writes again. */
static int
take(const struct shape *shape, const struct buf *text, struct buf *again,
    struct json **tree_out, struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(ARENA_BYTES);
	void *body = arena_alloc(arena, shape->size);

	if (json_parse(tree_out, text->data, text->size, err) < 0)
		return -1;
	if (shape_decode(shape, body, *tree_out, arena, err) < 0)
		return -1;
	shape_encode(shape, body, again);
	return 0;
}

static int
take_envelope(const struct buf *text, struct err *err)
{
	struct envelope envelope;

	if (envelope_decode(&envelope, text->data, text->size, err) < 0)
		return -1;
	envelope_release(&envelope);
	return 0;
}

static void
check_good(const char *file, const struct example *ex)
{
	AUTO(json_free)
	struct json *first = NULL;
	AUTO(json_free)
	struct json *second = NULL;
	AUTO(buf_release)
	struct buf text;
	AUTO(buf_release)
	struct buf again;
	AUTO(buf_release)
	struct buf third;
	struct err err;

	buf_init(&text);
	buf_init(&again);
	buf_init(&third);
	read_text(file, &text);
	if (!ex->shape) {
		if (take_envelope(&text, &err) < 0)
			fail_msg("%s: %s", file, err.text);
		return;
	}
	if (take(ex->shape, &text, &again, &first, &err) < 0)
		fail_msg("%s: %s", file, err.text);
	if (take(ex->shape, &again, &third, &second, &err) < 0)
		fail_msg("%s, written again: %s", file, err.text);
	assert_string_equal(again.data, third.data);
	if (ex->is_canonical && !is_same(first, second))
		fail_msg("%s is written as %s", file, again.data);
}

static int
is_example(const struct dirent *entry)
{
	return strstr(entry->d_name, ".json") != NULL;
}

static void
good_examples_decode_and_are_written_the_same(void **state)
{
	struct dirent **files;
	int n_files = scandir(examples_dir, &files, is_example, alphasort);
	int n_good = 0;

	(void)state;
	assert_true(n_files > 0);
	for (int i = 0; i < n_files; i++) {
		struct example ex;

		example_name(&ex, files[i]->d_name);
		if (!ex.is_bad) {
			check_good(files[i]->d_name, &ex);
			n_good++;
		}
		free(files[i]);
	}
	free(files);
	assert_true(n_good > (int)n_routes);
}

static void
assert_exists(const char *type, const char *end)
{
	AUTO(buf_release)
	struct buf name;
	AUTO(buf_release)
	struct buf text;

	buf_init(&name);
	buf_init(&text);
	buf_addf(&name, "%s%s", type, end);
	read_text(name.data, &text);
}

static void
every_route_has_an_example_of_each_body(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_routes; i++) {
		assert_exists(routes[i].type, ".json");
		if (routes[i].reply)
			assert_exists(routes[i].type, ".reply.json");
	}
}

/* One row of bad.tsv: file, code, whether a schema can tell, text. */
static void
check_bad(char *row)
{
	AUTO(json_free)
	struct json *tree = NULL;
	AUTO(buf_release)
	struct buf text;
	AUTO(buf_release)
	struct buf again;
	const char *file = strsep(&row, "\t");
	const char *code = strsep(&row, "\t");
	const char *schema = strsep(&row, "\t");
	const char *expected = row;
	struct example ex;
	struct err err;
	int rc;

	buf_init(&text);
	buf_init(&again);
	assert_non_null(schema);
	assert_non_null(expected);
	example_name(&ex, file);
	assert_true(ex.is_bad);
	read_text(file, &text);
	rc = ex.shape ? take(ex.shape, &text, &again, &tree, &err)
		      : take_envelope(&text, &err);
	if (rc == 0)
		fail_msg("%s is not refused", file);
	if (strcmp(err_code_name(err.code), code) != 0)
		fail_msg("%s: %s: %s", file, err_code_name(err.code), err.text);
	if (!strstr(err.text, expected))
		fail_msg(
		    "%s: \"%s\" instead of \"%s\"", file, err.text, expected);
}

static int
count_bad_files(void)
{
	struct dirent **files;
	int n_files = scandir(examples_dir, &files, is_example, alphasort);
	int n_bad = 0;

	for (int i = 0; i < n_files; i++) {
		n_bad += strstr(files[i]->d_name, ".bad-") != NULL;
		free(files[i]);
	}
	free(files);
	return n_bad;
}

static void
bad_examples_are_refused_with_their_code(void **state)
{
	AUTO(buf_release)
	struct buf table;
	int n_rows = 0;
	char *rest;
	char *row;

	(void)state;
	buf_init(&table);
	read_text("bad.tsv", &table);
	rest = table.data;
	while ((row = strsep(&rest, "\n"))) {
		if (row[0] == '#' || row[0] == '\0')
			continue;
		check_bad(row);
		n_rows++;
	}
	assert_int_equal(n_rows, count_bad_files());
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_examples_decode_and_are_written_the_same),
		cmocka_unit_test(every_route_has_an_example_of_each_body),
		cmocka_unit_test(bad_examples_are_refused_with_their_code),
	};

	if (argc != 2)
		die(2, "usage: test_examples proto/examples");
	examples_dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
