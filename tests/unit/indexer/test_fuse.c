/* Two rankings become one. */

#include "services/indexer/fuse.h"

#include "services/indexer/rank.h"
#include "tests/unit/unit.h"

#define SECTION(id, at) ((int64_t)(id) << RANK_SECTION_BITS | (at))

enum { N_MAX = 4 };

/* Sections 0 of documents, best first; 0 ends a list. */
static const struct {
	const char *name;
	int64_t words[N_MAX], near[N_MAX];
	double similarity; /* of all; telling is 0.5 */
	int64_t wanted[2 * N_MAX];
} cases[] = {
	{ "nothing", { 0 }, { 0 }, 1, { 0 } },
	{ "words alone", { 3, 1, 2 }, { 0 }, 1, { 3, 1, 2 } },
	{ "meaning alone", { 0 }, { 3, 1, 2 }, 1, { 3, 1, 2 } },
	{ "both agree", { 3, 1 }, { 3, 1 }, 1, { 3, 1 } },
	{ "what both have comes first", { 1, 2, 3 }, { 4, 3 }, 1,
	    { 3, 1, 4, 2 } },
	{ "words first at the same place", { 9 }, { 2 }, 1, { 9, 2 } },
	{ "what is hardly near is not added", { 1 }, { 2, 1 }, 0.4, { 1 } },
	{ "and helps all the same", { 1, 2 }, { 2 }, 0.4, { 2, 1 } },
};

static void
rankings_are_fused_by_their_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(cases); i++) {
		struct candidate words[N_MAX];
		struct fused out[2 * BOUND_HITS];
		struct near near = { .least = 0.5 };
		size_t n_words = 0, n, n_wanted = 0;

		for (; n_words < N_MAX && cases[i].words[n_words]; n_words++)
			words[n_words] = (struct candidate){
				SECTION(cases[i].words[n_words], 0), 1
			};
		while (near.n_best < N_MAX && cases[i].near[near.n_best]) {
			near.best[near.n_best] = (struct candidate){
				SECTION(cases[i].near[near.n_best], 1),
				cases[i].similarity
			};
			near.n_best++;
		}
		n = fuse(words, n_words, &near, out);
		for (; n_wanted < N_OF(cases[i].wanted) &&
		       cases[i].wanted[n_wanted];
		     n_wanted++)
			if (n_wanted >= n ||
			    out[n_wanted].section.rowid >> RANK_SECTION_BITS !=
				cases[i].wanted[n_wanted])
				fail_msg("%s: at %zu", cases[i].name, n_wanted);
		if (n != n_wanted)
			fail_msg("%s: %zu", cases[i].name, n);
	}
}

static void
scores_are_within_bounds_and_the_words_section_is_shown(void **state)
{
	const struct candidate words[] = { { SECTION(7, 3), 0.2 } };
	struct near near = { .best = { { SECTION(7, 5), 0.9 } }, .n_best = 1 };
	struct fused out[2 * BOUND_HITS];

	(void)state;
	assert_int_equal(fuse(words, 1, &near, out), 1);
	assert_true(out[0].section.score == 1);
	assert_int_equal(out[0].section.rowid, SECTION(7, 3));
	assert_true(out[0].has_words);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rankings_are_fused_by_their_places),
		cmocka_unit_test(
		    scores_are_within_bounds_and_the_words_section_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
