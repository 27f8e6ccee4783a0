/* Two rankings become one. */

#include "services/indexer/fuse.h"

#include "services/indexer/near.h"
#include "services/indexer/rank.h"
#include "tests/unit/unit.h"

#define SECTION(id, at) ((int64_t)(id) << RANK_SECTION_BITS | (at))

enum { N_MAX = 4, N_SECTIONS = 6 };

/* Sections 0 of documents, best first; 0 ends a list. */
static const struct {
	const char *name;
	int64_t words[N_MAX], near[N_MAX];
	double similarity; /* of all; telling is 0.5 */
	int64_t wanted[2 * N_MAX], wanted_by_question[2 * N_MAX];
} fusions[] = {
	{ "nothing", { 0 }, { 0 }, 1, { 0 }, { 0 } },
	{ "words alone", { 3, 1, 2 }, { 0 }, 1, { 3, 1, 2 }, { 3, 1, 2 } },
	{ "meaning alone", { 0 }, { 3, 1, 2 }, 1, { 3, 1, 2 }, { 3, 1, 2 } },
	{ "both agree", { 3, 1 }, { 3, 1 }, 1, { 3, 1 }, { 3, 1 } },
	{ "what both have comes first", { 1, 2, 3 }, { 4, 3 }, 1,
	    { 3, 1, 4, 2 }, { 3, 4, 1, 2 } },
	{ "words of a name, meaning of a question", { 9 }, { 2 }, 1, { 9, 2 },
	    { 2, 9 } },
	{ "what is hardly near is not added", { 1 }, { 2, 1 }, 0.4, { 1 },
	    { 1 } },
	{ "and helps all the same", { 1, 2 }, { 2 }, 0.4, { 2, 1 }, { 2, 1 } },
};

static void
check_fusion(size_t row, bool is_question, const int64_t *wanted)
{
	struct candidate words[N_MAX];
	struct fused out[2 * BOUND_HITS];
	struct near near = { .least = 0.5 };
	size_t n_words = 0, n, n_wanted = 0;

	for (; n_words < N_MAX && fusions[row].words[n_words]; n_words++)
		words[n_words] =
		    (struct candidate){ SECTION(fusions[row].words[n_words], 0),
			    1 };
	while (near.n_best < N_MAX && fusions[row].near[near.n_best]) {
		near.best[near.n_best] = (struct near_document){
			.section.rowid =
			    SECTION(fusions[row].near[near.n_best], 1),
			.similarity = fusions[row].similarity,
		};
		near.n_best++;
	}
	n = fuse(words, n_words, &near, is_question, out);
	for (; n_wanted < N_OF(fusions[row].wanted) && wanted[n_wanted];
	     n_wanted++)
		if (n_wanted >= n ||
		    out[n_wanted].section.rowid >> RANK_SECTION_BITS !=
			wanted[n_wanted])
			fail_msg("%s: at %zu", fusions[row].name, n_wanted);
	if (n != n_wanted)
		fail_msg("%s: %zu", fusions[row].name, n);
}

static void
rankings_are_fused_by_their_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(fusions); i++) {
		check_fusion(i, false, fusions[i].wanted);
		check_fusion(i, true, fusions[i].wanted_by_question);
	}
}

static void
scores_are_within_bounds_and_the_words_section_is_shown(void **state)
{
	const struct candidate words[] = { { SECTION(7, 3), 0.2 } };
	struct near near = { .best = { { { SECTION(7, 5), 0.9 }, 0.9 } },
		.n_best = 1 };
	struct fused out[2 * BOUND_HITS];

	(void)state;
	for (int is_question = 0; is_question < 2; is_question++) {
		assert_int_equal(fuse(words, 1, &near, is_question, out), 1);
		assert_float_equal(out[0].section.score, 1, 1e-9);
		assert_true(out[0].section.score <= 1);
		assert_int_equal(out[0].section.rowid, SECTION(7, 3));
		assert_true(out[0].has_words);
	}
}

/* Of each document the similarities of its sections, in their order; -1 ends
 * them. Documents are numbered from 1. */
static const struct {
	const char *name;
	double documents[3][N_SECTIONS];
	int64_t wanted[3]; /* sections; 0 ends them */
} nearnesses[] = {
	{ "nothing", { { -1 }, { -1 }, { -1 } }, { 0 } },
	{ "the nearer one", { { 0.3, -1 }, { 0.5, -1 }, { -1 } },
	    { SECTION(2, 0), SECTION(1, 0) } },
	{ "its nearest section is shown",
	    { { 0.2, 0.6, 0.4, -1 }, { -1 }, { -1 } }, { SECTION(1, 1) } },
	{ "a second section counts",
	    { { 0.50, 0.1, -1 }, { 0.1, 0.49, 0.48, -1 }, { -1 } },
	    { SECTION(2, 1), SECTION(1, 0) } },
	{ "whichever comes first",
	    { { 0.50, 0.1, -1 }, { 0.48, 0.49, 0.1, -1 }, { -1 } },
	    { SECTION(2, 1), SECTION(1, 0) } },
	{ "a lone section lacks none",
	    { { 0.50, -1 }, { 0.50, 0.3, -1 }, { -1 } },
	    { SECTION(1, 0), SECTION(2, 0) } },
	{ "a long document is held back",
	    { { 0.5, 0.5, 0, 0, 0, -1 }, { 0.5, 0.5, -1 }, { -1 } },
	    { SECTION(2, 0), SECTION(1, 0) } },
	{ "the earlier at the same place",
	    { { 0.5, -1 }, { 0.5, -1 }, { 0.5, -1 } },
	    { SECTION(1, 0), SECTION(2, 0), SECTION(3, 0) } },
};

static void
documents_are_as_near_as_their_sections(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(nearnesses); i++) {
		struct near near = { 0 };
		size_t n = 0;

		for (size_t d = 0; d < 3; d++)
			for (size_t k = 0; nearnesses[i].documents[d][k] >= 0;
			     k++)
				near_section(&near, SECTION(d + 1, k),
				    nearnesses[i].documents[d][k]);
		near_end(&near);
		for (; n < 3 && nearnesses[i].wanted[n]; n++)
			if (n >= near.n_best || near.best[n].section.rowid !=
						    nearnesses[i].wanted[n])
				fail_msg("%s: at %zu", nearnesses[i].name, n);
		if (near.n_best != n)
			fail_msg("%s: %zu", nearnesses[i].name, near.n_best);
	}
}

/* Of more than there is room for the best are kept, however they come. */
static void
the_nearest_of_many_are_kept(void **state)
{
	enum { N_MANY = 4 * BOUND_HITS };

	(void)state;
	for (int step = 1; step < N_MANY; step += 2) {
		struct near near = { 0 };

		for (int i = 0; i < N_MANY; i++)
			near_section(&near, SECTION(i + 1, 0),
			    (i * step % N_MANY) / (double)N_MANY);
		near_end(&near);
		assert_int_equal(near.n_best, BOUND_HITS);
		for (size_t i = 1; i < near.n_best; i++)
			assert_true(candidate_order(&near.best[i - 1].section,
					&near.best[i].section) < 0);
		assert_true(near.least > 0.25);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rankings_are_fused_by_their_places),
		cmocka_unit_test(
		    scores_are_within_bounds_and_the_words_section_is_shown),
		cmocka_unit_test(documents_are_as_near_as_their_sections),
		cmocka_unit_test(the_nearest_of_many_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
