/* Vectors in the index file: whose they are, and which are still wanted. */

#include "services/indexer/index_vectors.h"

#include <stdlib.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "proto/search.h"
#include "services/indexer/index.h"
#include "tests/unit/indexer/shelf.h"
#include "tests/unit/unit.h"

enum { MAX_TEXTS = 8, N_DIMENSIONS = 2 };

struct fixture {
	struct shelf shelf;
	struct index_text texts[MAX_TEXTS];
	size_t n_texts;
};

static void
put(struct fixture *f, const char *path, const char *text)
{
	struct err err;

	shelf_put(f->shelf.index, path, text);
	assert_int_equal(index_commit(f->shelf.index, &err), 0);
}

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	shelf_open(&f->shelf, "vectors");
	put(f, "garage.md", "# Garage\nWhere cars stand.\n");
	put(f, "drafts/plan.md", "# Plan\nNot yet.\n");
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	shelf_close(&f->shelf);
	free(f);
	return 0;
}

/* How many texts of it are wanted until none of the index is left. */
static size_t
wanted(struct fixture *f, const char *model, const char *globs)
{
	struct err err;
	int rc = 0;

	f->n_texts = 0;
	while (rc == 0 && f->n_texts == 0) {
		rc = index_vectors_wanted(f->shelf.index, model, globs,
		    f->texts, MAX_TEXTS, &f->n_texts, f->shelf.arena, &err);
		if (rc < 0)
			fail_msg("%s", err.text);
	}
	return f->n_texts;
}

static void
give(struct fixture *f, const char *model)
{
	static const float values[MAX_TEXTS * N_DIMENSIONS] = { 1, 0, 1, 0 };
	struct err err;

	if (index_vectors_put(f->shelf.index, model, f->texts, f->n_texts,
		values, N_DIMENSIONS, &err) < 0)
		fail_msg("%s", err.text);
}

static struct index_vector_totals
totals(struct fixture *f)
{
	struct index_vector_totals out;
	struct err err;

	assert_int_equal(index_vector_totals(f->shelf.index, &out, &err), 0);
	return out;
}

/* What is found by a question that has no word in common with anything. */
static size_t
n_found(struct fixture *f, const char *model)
{
	static const char *everything[] = { "" };
	const float values[N_DIMENSIONS] = { 1, 0 };
	const struct index_meaning meaning = {
		.model = model,
		.values = values,
		.n_dimensions = N_DIMENSIONS,
	};
	const struct search_query query = {
		.query = "zebra",
		.limit = MAX_TEXTS,
		.scope = { .allow = everything, .n_allow = 1 },
	};
	struct search_hits hits;
	struct err err;

	if (index_search(f->shelf.index, &query, &meaning, &hits,
		f->shelf.arena, &err) < 0)
		fail_msg("%s", err.text);
	return hits.n_hits;
}

static void
a_question_of_another_model_is_not_compared(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(wanted(f, "one", ""), 2);
	give(f, "one");
	assert_int_equal(n_found(f, "one"), 2);
	assert_int_equal(n_found(f, "two"), 0);
}

static void
what_came_of_another_model_is_passed_over(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(wanted(f, "one", "drafts/**"), 1);
	give(f, "one");
	put(f, "new.md", "# New\n");
	assert_int_equal(wanted(f, "one", "drafts/**"), 1);
	give(f, "two");
	assert_int_equal(n_found(f, "one"), 1);
	assert_int_equal(wanted(f, "two", ""), 3);
}

static void
what_was_excluded_is_wanted_when_it_is_looked_at_again(void **state)
{
	struct fixture *f = *state;
	struct err err;

	assert_int_equal(wanted(f, "one", "drafts/**"), 1);
	give(f, "one");
	assert_int_equal(wanted(f, "one", "drafts/**"), 0);
	assert_int_equal(wanted(f, "one", ""), 0);
	assert_int_equal(index_vectors_retry(f->shelf.index, &err), 0);
	assert_int_equal(wanted(f, "one", ""), 1);
	assert_string_equal(f->texts[0].path, "drafts/plan.md");
	give(f, "one");
	assert_int_equal(index_vectors_retry(f->shelf.index, &err), 0);
	assert_int_equal(wanted(f, "one", ""), 0);
}

static void
what_is_refused_is_not_wanted_until_then(void **state)
{
	struct fixture *f = *state;
	struct err err;

	assert_int_equal(wanted(f, "one", "drafts/**"), 1);
	assert_int_equal(
	    index_vectors_pass(f->shelf.index, "one", &f->texts[0], &err), 0);
	assert_int_equal(wanted(f, "one", "drafts/**"), 0);
	assert_int_equal(totals(f).n_vectors, 0);
	/* Nor is the same text in another place. */
	put(f, "copy.md", "# Garage\nWhere cars stand.\n");
	assert_int_equal(wanted(f, "one", "drafts/**"), 0);
	put(f, "garage.md", "# Garage\nShorter.\n");
	assert_int_equal(wanted(f, "one", "drafts/**"), 1);
	give(f, "one");
	assert_int_equal(n_found(f, "one"), 1);
	assert_int_equal(index_vectors_retry(f->shelf.index, &err), 0);
	assert_int_equal(wanted(f, "one", "drafts/**"), 1);
	assert_string_equal(f->texts[0].path, "copy.md");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_question_of_another_model_is_not_compared, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    what_came_of_another_model_is_passed_over, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    what_was_excluded_is_wanted_when_it_is_looked_at_again,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    what_is_refused_is_not_wanted_until_then, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
