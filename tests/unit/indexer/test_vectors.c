/* Vectors on the wire, in the index, in the cache of questions, and what globs
 * cover. */

#include "services/indexer/vectors.h"

#include <math.h>
#include <stdio.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "proto/embed.h"
#include "services/indexer/quantize.h"
#include "services/indexer/questions.h"
#include "tests/unit/unit.h"

/* 1.0, 0.5; NaN; infinity */
#define ONE_HALF "AACAPwAAAD8="
#define NOT_A_NUMBER "AADAfwAAAD8="
#define INFINITE "AACAfwAAAD8="

static void
what_is_no_vector_is_refused(void **state)
{
	static const struct {
		const char *name, *vector;
		size_t n_vectors, n_wanted;
		int64_t n_dimensions;
		int rc;
	} cases[] = {
		{ "as it should be", ONE_HALF, 1, 1, 2, 0 },
		{ "none wanted, none there", ONE_HALF, 0, 0, 0, 0 },
		{ "too few", ONE_HALF, 0, 1, 2, -1 },
		{ "too many", ONE_HALF, 1, 0, 2, -1 },
		{ "of no dimensions", "", 1, 1, 0, -1 },
		{ "shorter than said", ONE_HALF, 1, 1, 3, -1 },
		{ "longer than said", ONE_HALF, 1, 1, 1, -1 },
		{ "no base64", "AACAPwAAAD8", 1, 1, 2, -1 },
		{ "not a number", NOT_A_NUMBER, 1, 1, 2, -1 },
		{ "infinite", INFINITE, 1, 1, 2, -1 },
	};

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		AUTO(arena_free)
		struct arena *arena = arena_new(1 << 16);
		const char *vectors[] = { cases[i].vector };
		const struct embed_vectors in = {
			.n_dimensions = cases[i].n_dimensions,
			.vectors = vectors,
			.n_vectors = cases[i].n_vectors,
		};
		struct err err;
		float *values;

		if (vectors_unpack(&in, cases[i].n_wanted, arena, &values,
			&err) != cases[i].rc)
			fail_msg("%s", cases[i].name);
		if (cases[i].rc == 0 && cases[i].n_wanted > 0)
			assert_true(values[0] == 1.0f && values[1] == 0.5f);
	}
}

/* Between any two of them, kept and as they are. */
static void
a_vector_is_kept_in_bytes(void **state)
{
	enum { N = 4, N_DIMENSIONS = 19 };
	static const struct {
		const char *name;
		float first, second, rest;
	} rows[N] = {
		{ "all alike", 1, 1, 1 },
		{ "one alone", 0, 1, 0 },
		{ "much and little", 1, -0.1F, 0.04F },
		{ "both ways", -1, 0.7F, -0.3F },
	};
	float values[N][N_DIMENSIONS];
	/* One byte further, since it lies anywhere. */
	unsigned char kept[1 + sizeof(float) + N_DIMENSIONS];

	(void)state;
	for (size_t i = 0; i < N; i++) {
		float squares = 0;

		for (size_t k = 0; k < N_DIMENSIONS; k++) {
			values[i][k] = k == 0	? rows[i].first
				       : k == 1 ? rows[i].second
						: rows[i].rest;
			squares += values[i][k] * values[i][k];
		}
		for (size_t k = 0; k < N_DIMENSIONS; k++)
			values[i][k] /= sqrtf(squares);
	}
	assert_int_equal(quantize_size(N_DIMENSIONS), sizeof(kept) - 1);
	assert_int_equal(quantize_size(0), 0);
	for (size_t i = 0; i < N; i++) {
		quantize(kept + 1, values[i], N_DIMENSIONS);
		for (size_t j = 0; j < N; j++) {
			double wanted = 0;

			for (size_t k = 0; k < N_DIMENSIONS; k++)
				wanted += values[i][k] * values[j][k];
			if (fabs(quantize_cosine(
				     kept + 1, values[j], N_DIMENSIONS) -
				 wanted) > 0.01)
				fail_msg("%s, %s", rows[i].name, rows[j].name);
		}
	}
}

static void
any_finite_values_can_be_kept(void **state)
{
	static const struct {
		const char *name;
		float values[2];
		double wanted; /* the cosine with 1, 0 */
	} rows[] = {
		{ "none", { 0, 0 }, 0 },
		{ "next to none", { 1e-45F, 0 }, 0 },
		{ "small", { 1e-30F, 0 }, 1 },
		{ "large", { -3e38F, 0 }, -1 },
		{ "large and small", { 3e38F, 1e-45F }, 1 },
	};
	const float question[] = { 1, 0 };

	(void)state;
	for (size_t i = 0; i < N_OF(rows); i++) {
		unsigned char kept[sizeof(float) + 2];

		quantize(kept, rows[i].values, 2);
		if (fabs(quantize_cosine(kept, question, 2) - rows[i].wanted) >
		    0.01)
			fail_msg("%s", rows[i].name);
	}
}

static void
the_last_questions_are_known(void **state)
{
	struct questions questions = { 0 };
	struct index_meaning found;
	char text[16];

	(void)state;
	for (int i = 0; i < QUESTIONS_KEPT + 1; i++) {
		const float value = (float)i;
		const struct index_meaning vector = { "one", &value, 1 };

		snprintf(text, sizeof(text), "%d", i);
		questions_put(&questions, text, &vector);
		questions_put(&questions, text, &vector);
		/* Asked all the time, it stays. */
		assert_int_equal(questions_find(&questions, "0", &found), 0);
	}
	assert_true(found.values[0] == 0.0f);
	assert_int_equal(questions_find(&questions, "1", &found), 1);
	assert_int_equal(questions_find(&questions, "64", &found), 0);
	assert_true(found.n_dimensions == 1 && found.values[0] == 64.0f);
	questions_release(&questions);
	assert_int_equal(questions_find(&questions, "64", &found), 1);
}

static void
globs_cover_what_they_say(void **state)
{
	static const struct {
		const char *globs, *path;
		bool is_excluded;
	} cases[] = {
		{ "", "a.md", false },
		{ "a.md", "a.md", true },
		{ "a.md", "b/a.md", true },
		{ "/a.md", "a.md", true },
		{ "./b/a.md", "b/a.md", true },
		{ "b/a.md", "c/b/a.md", false },
		{ "*.private.md", "b/pay.private.md", true },
		{ "*.private.md", "b/private.md", false },
		{ "b/*.md", "b/a.md", true },
		{ "b/*.md", "b/c/a.md", false },
		{ "b/**", "b/c/d/a.md", true },
		{ "b/**", "bc/a.md", false },
		{ "b/c/**", "b/c/a.md", true },
		{ "x.md,b/**", "b/a.md", true },
		{ "x.md,,y.md", "b/a.md", false },
		{ "**", "b/a.md", true },
		{ "**/b/**", "b/a.md", true },
		{ "**/b/**", "c/d/b/e/a.md", true },
		{ "**/b/**", "c/bc/a.md", false },
		{ "*/b/**", "c/b/d/a.md", true },
		{ "*/b/**", "b/a.md", false },
		{ "b-*/**", "b-1/c/a.md", true },
		{ "**/a.md", "a.md", true },
		{ "**/a.md", "b/c/a.md", true },
		{ "b/**/a.md", "b/a.md", true },
		{ "b/**/a.md", "b/c/d/a.md", true },
		{ "b/**/a.md", "c/b/a.md", false },
		{ "b/**/c/*.md", "b/c/d/c/a.md", true },
		{ "b/", "b/c/a.md", true },
		{ "b/", "bc/a.md", false },
		{ "/b/", "b/a.md", true },
	};
	char longest[300];

	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++)
		if (embed_excludes(cases[i].globs, cases[i].path) !=
		    cases[i].is_excluded)
			fail_msg("%s: %s", cases[i].globs, cases[i].path);
	/* What cannot be understood lets nothing out. */
	snprintf(longest, sizeof(longest), "%0290d", 0);
	assert_true(embed_excludes(longest, "a.md"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_vector_is_refused),
		cmocka_unit_test(a_vector_is_kept_in_bytes),
		cmocka_unit_test(any_finite_values_can_be_kept),
		cmocka_unit_test(the_last_questions_are_known),
		cmocka_unit_test(globs_cover_what_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
