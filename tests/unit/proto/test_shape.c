/* Field tables: what is decoded, what is refused, what is written. */

#include <stdbool.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/json.h"
#include "proto/bounds.h"
#include "proto/routes.h"
#include "proto/shape.h"
#include "tests/unit/unit.h"

/* One field of each kind, required and not. */
struct leaf {
	const char *id;
	int64_t n;
};
extern const struct shape leaf_shape;

struct tree {
	const char *word;
	const char *note;
	const char *colour;
	const char *key;
	int64_t size;
	int64_t limit;
	bool is_big;
	double share;
	struct leaf leaf;
	struct leaf spare;
	struct leaf *leaves;
	size_t n_leaves;
	const char **names;
	size_t n_names;
};
PROTO_MESSAGE(tree);

static const char *const colours[] = { "red", "green", NULL };

static const struct field leaf_fields[] = {
	F_STR(struct leaf, id, FIELD_REQUIRED | FIELD_TOKEN, 1, 4),
	F_INT(struct leaf, n, 0, -5, 5),
};
SHAPE(test, leaf, leaf_fields);

static const struct field tree_fields[] = {
	F_STR(struct tree, word, FIELD_REQUIRED, 0, 8),
	F_STR(struct tree, note, FIELD_TOKEN, 2, 8),
	F_CHOICE(struct tree, colour, 0, colours),
	F_STR(struct tree, key, FIELD_ASCII, 0, 8),
	F_INT(struct tree, size, FIELD_REQUIRED, -BOUND_INT, BOUND_INT),
	F_INT(struct tree, limit, 0, 3, 9),
	F_BOOL(struct tree, is_big, 0),
	F_REAL(struct tree, share, 0, 0, 1),
	F_OBJECT(struct tree, leaf, FIELD_REQUIRED, leaf),
	F_OBJECT(struct tree, spare, 0, leaf),
	F_LIST(struct tree, leaves, 0, leaf, 2),
	F_STRS(struct tree, names, 0, 2, 3),
};
SHAPE(test, tree, tree_fields);

struct fixture {
	struct arena *arena;
	struct json *json;
	struct tree tree;
	struct err err;
};

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->arena = arena_new(64 * 1024);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	json_free(&f->json);
	arena_free(&f->arena);
	xfree(&f);
	return 0;
}

static int
decode(struct fixture *f, const char *text)
{
	json_free(&f->json);
	if (json_parse(&f->json, text, strlen(text), &f->err) < 0)
		fail_msg("%s: %s", text, f->err.text);
	return tree_decode(&f->tree, f->json, f->arena, &f->err);
}

static void
must_decode(struct fixture *f, const char *text)
{
	if (decode(f, text) < 0)
		fail_msg("%s: %s", text, f->err.text);
}

#define LEAST "\"word\":\"\",\"size\":0,\"leaf\":{\"id\":\"a\"}"

static void
what_is_absent_or_null_is_empty_and_never_null(void **state)
{
	static const char *const bodies[] = {
		"{" LEAST "}",
		"{" LEAST ",\"note\":null,\"colour\":null,\"key\":null,"
		"\"limit\":null,\"is_big\":null,\"share\":null,\"spare\":null,"
		"\"leaves\":null,\"names\":null}",
		"{" LEAST ",\"note\":\"\",\"colour\":\"\",\"limit\":0,"
		"\"leaves\":[],\"names\":[]}",
		"{" LEAST ",\"unknown\":{\"x\":[1]},\"Note\":7}",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < N_OF(bodies); i++) {
		memset(&f->tree, 0xa5, sizeof(f->tree));
		must_decode(f, bodies[i]);
		assert_string_equal(f->tree.word, "");
		assert_string_equal(f->tree.note, "");
		assert_string_equal(f->tree.colour, "");
		assert_string_equal(f->tree.key, "");
		assert_string_equal(f->tree.leaf.id, "a");
		assert_string_equal(f->tree.spare.id, "");
		assert_int_equal(f->tree.limit, 0);
		assert_false(f->tree.is_big);
		assert_true(f->tree.share == 0);
		assert_int_equal(f->tree.n_leaves, 0);
		assert_int_equal(f->tree.n_names, 0);
	}
}

static void
every_kind_is_decoded(void **state)
{
	struct fixture *f = *state;

	must_decode(f,
	    "{\"word\":\"z\u00fcrich\",\"note\":\"ab\",\"colour\":\"green\","
	    "\"key\":\"!k~\",\"size\":-9007199254740991,\"limit\":9,"
	    "\"is_big\":true,\"share\":0.25,\"leaf\":{\"id\":\"abcd\",\"n\":-5}"
	    ","
	    "\"spare\":{\"id\":\"s\",\"n\":5},\"leaves\":[{\"id\":\"x\"},"
	    "{\"id\":\"y\",\"n\":1}],\"names\":[\"\",\"abc\"]}");
	json_free(&f->json); /* what is decoded does not need it */
	assert_string_equal(f->tree.word, "z\u00fcrich");
	assert_string_equal(f->tree.note, "ab");
	assert_string_equal(f->tree.colour, "green");
	assert_string_equal(f->tree.key, "!k~");
	assert_true(f->tree.size == -BOUND_INT);
	assert_int_equal(f->tree.limit, 9);
	assert_true(f->tree.is_big);
	assert_true(f->tree.share == 0.25);
	assert_string_equal(f->tree.leaf.id, "abcd");
	assert_int_equal(f->tree.leaf.n, -5);
	assert_string_equal(f->tree.spare.id, "s");
	assert_int_equal(f->tree.n_leaves, 2);
	assert_string_equal(f->tree.leaves[0].id, "x");
	assert_int_equal(f->tree.leaves[0].n, 0);
	assert_string_equal(f->tree.leaves[1].id, "y");
	assert_int_equal(f->tree.leaves[1].n, 1);
	assert_int_equal(f->tree.n_names, 2);
	assert_string_equal(f->tree.names[0], "");
	assert_string_equal(f->tree.names[1], "abc");
}

static const struct {
	const char *body;
	const char *text;
} refusals[] = {
	{ "[]", "must be an object" },
	{ "{}", "word: is required" },
	{ "{\"word\":null}", "word: must be a string, not null" },
	{ "{\"word\":\"123456789\"}", "word: has 9 bytes, at most 8" },
	{ "{\"word\":\"\"}", "size: is required" },
	{ "{\"word\":\"\",\"size\":0.5}", "size: must be a whole number" },
	{ "{\"word\":\"\",\"size\":\"1\"}",
	    "size: must be a whole number, not a string" },
	{ "{\"word\":\"\",\"size\":0}", "leaf: is required" },
	{ "{\"word\":\"\",\"size\":0,\"leaf\":[]}",
	    "leaf: must be an object, not a list" },
	{ "{\"word\":\"\",\"size\":0,\"leaf\":{}}", "leaf.id: is required" },
	{ "{\"word\":\"\",\"size\":0,\"leaf\":{\"id\":\"\"}}",
	    "leaf.id: has 0 bytes, at least 1" },
	{ "{" LEAST ",\"note\":\"a\"}", "note: has 1 bytes, at least 2" },
	{ "{" LEAST ",\"note\":\"a\\tb\"}",
	    "note: must not contain control characters" },
	{ "{" LEAST ",\"note\":\"ab\\u007f\"}",
	    "note: must not contain control characters" },
	{ "{" LEAST ",\"note\":\"ab\\u0085\"}",
	    "note: must not contain control characters" },
	{ "{" LEAST ",\"colour\":\"blue\"}",
	    "colour: \"blue\" is none of red, green" },
	{ "{" LEAST ",\"colour\":\"12345678901234567890"
	  "1234567890\u20ac\u20ac\"}",
	    "colour: \"123456789012345678901234567890\" is none" },
	{ "{" LEAST ",\"key\":\"a b\"}",
	    "key: must be visible ASCII without spaces" },
	{ "{" LEAST ",\"key\":\"\u00fc\"}",
	    "key: must be visible ASCII without spaces" },
	{ "{" LEAST ",\"limit\":2}", "limit: 2 is not from 3 to 9" },
	{ "{" LEAST ",\"limit\":10}", "limit: 10 is not from 3 to 9" },
	{ "{" LEAST ",\"is_big\":1}",
	    "is_big: must be true or false, not a number" },
	{ "{" LEAST ",\"share\":1.5}", "share: 1.5 is not from 0 to 1" },
	{ "{" LEAST ",\"share\":true}",
	    "share: must be a number, not a boolean" },
	{ "{" LEAST ",\"spare\":{}}", "spare.id: is required" },
	{ "{" LEAST ",\"leaves\":{}}",
	    "leaves: must be a list, not an object" },
	{ "{" LEAST ",\"leaves\":[null]}",
	    "leaves[0]: must be an object, not null" },
	{ "{" LEAST ",\"leaves\":[{\"id\":\"a\"},{\"id\":\"b\","
	  "\"n\":6}]}",
	    "leaves[1].n: 6 is not from -5 to 5" },
	{ "{" LEAST ",\"leaves\":[{},{},{}]}",
	    "leaves: has 3 items, at most 2" },
	{ "{" LEAST ",\"names\":\"a\"}",
	    "names: must be a list, not a string" },
	{ "{" LEAST ",\"names\":[\"a\",1]}",
	    "names[1]: must be a string, not a number" },
	{ "{" LEAST ",\"names\":[\"abcd\"]}",
	    "names[0]: has 4 bytes, at most 3" },
	{ "{" LEAST ",\"names\":[\"\",\"\",\"\"]}",
	    "names: has 3 items, at most 2" },
};

static void
what_is_wrong_is_refused_with_its_place(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < N_OF(refusals); i++) {
		if (decode(f, refusals[i].body) == 0)
			fail_msg("%s is not refused", refusals[i].body);
		assert_int_equal(f->err.code, ERR_INVALID);
		if (!strstr(f->err.text, refusals[i].text))
			fail_msg("\"%s\" instead of \"%s\"", f->err.text,
			    refusals[i].text);
	}
}

static void
no_body_at_all_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(tree_decode(&f->tree, NULL, f->arena, &f->err), -1);
	assert_int_equal(f->err.code, ERR_INVALID);
}

static void
assert_written(const struct tree *tree, const char *expected)
{
	AUTO(buf_release)
	struct buf out;

	buf_init(&out);
	tree_encode(tree, &out);
	assert_string_equal(out.data, expected);
}

static void
empty_and_not_required_is_left_out(void **state)
{
	struct tree tree = { .leaf.id = "a" };
	struct leaf leaves[] = { { .id = "x" }, { .id = "y", .n = 1 } };
	const char *names[] = { "", "n" };

	(void)state;
	assert_written(
	    &tree, "{\"word\":\"\",\"size\":0,\"leaf\":{\"id\":\"a\"}}");
	tree.spare.n = 2;
	tree.leaves = leaves;
	tree.n_leaves = 2;
	tree.names = names;
	tree.n_names = 2;
	tree.is_big = true;
	tree.share = 0.5;
	tree.colour = "red";
	assert_written(&tree,
	    "{\"word\":\"\",\"colour\":\"red\",\"size\":0,\"is_big\":true,"
	    "\"share\":0.5,\"leaf\":{\"id\":\"a\"},"
	    "\"spare\":{\"id\":\"\",\"n\":2},"
	    "\"leaves\":[{\"id\":\"x\"},{\"id\":\"y\",\"n\":1}],"
	    "\"names\":[\"\",\"n\"]}");
}

static void
the_schema_says_what_the_table_says(void **state)
{
	AUTO(buf_release)
	struct buf out;

	(void)state;
	buf_init(&out);
	shape_schema(&leaf_shape, &out);
	assert_string_equal(out.data,
	    "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\","
	    "\"minLength\":1,\"maxLength\":4,\"maxBytes\":4,\"not\":{\"type\":"
	    "\"string\",\"pattern\":\"[\\\\u0000-\\\\u001f\\\\u007f-"
	    "\\\\u009f]\"}},\"n\":{\"type\":[\"integer\",\"null\"],"
	    "\"minimum\":-5,\"maximum\":5}},\"required\":[\"id\"]}");
}

static void
check_field(const struct shape *shape, const struct field *f)
{
	if (f->offset >= shape->size || f->min > f->max)
		fail_msg("%s.%s is out of order", shape->name, f->key);
	if (f->type == FIELD_OBJECT || f->type == FIELD_LIST)
		assert_non_null(f->shape);
	if (f->type == FIELD_LIST || f->type == FIELD_STRS)
		assert_true(f->count_offset < shape->size && f->max > 0);
	if (f->type == FIELD_STRS)
		assert_true(f->item_max > 0);
	for (const struct field *g = shape->fields; g < f; g++)
		if (strcmp(f->key, g->key) == 0 || f->offset == g->offset)
			fail_msg("%s.%s stands twice", shape->name, f->key);
}

static void
tables_are_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_shapes; i++) {
		for (size_t k = 0; k < shapes[i]->n_fields; k++)
			check_field(shapes[i], &shapes[i]->fields[k]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(
			    shapes[i]->name, shapes[k]->name);
	}
}

static bool
is_listed(const struct shape *shape)
{
	for (size_t i = 0; i < n_shapes; i++)
		if (shapes[i] == shape)
			return true;
	return false;
}

static void
every_shape_of_a_route_is_listed(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_routes; i++) {
		assert_true(is_listed(routes[i].body));
		if (routes[i].how == ROUTE_REQ)
			assert_true(is_listed(routes[i].reply));
		else
			assert_null(routes[i].reply);
	}
}

int
main(void)
{
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(what_is_absent_or_null_is_empty_and_never_null),
		CASE(every_kind_is_decoded),
		CASE(what_is_wrong_is_refused_with_its_place),
		CASE(no_body_at_all_is_refused),
		CASE(empty_and_not_required_is_left_out),
		CASE(the_schema_says_what_the_table_says),
		CASE(tables_are_in_order),
		CASE(every_shape_of_a_route_is_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
