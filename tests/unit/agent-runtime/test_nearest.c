/* Distances of names, and which variable was meant. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/defs.h"
#include "services/agent-runtime/nearest.h"
#include "services/agent-runtime/variables.h"

static const struct {
	const char *a, *b;
	size_t want;
} distances[] = {
	{ "", "", 0 },
	{ "abc", "abc", 0 },
	{ "", "abc", 3 },
	{ "abc", "", 3 },
	{ "abc", "abd", 1 },
	{ "abc", "ab", 1 },
	{ "abc", "abcd", 1 },
	{ "abcd", "abdc", 1 }, /* neighbours swapped */
	{ "kitten", "sitting", 3 },
	{ "ADDR", "ADR", 1 },
};

static void
distances_are_counted_in_slips(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(distances); i++) {
		size_t there = nearest_distance(distances[i].a, distances[i].b);
		size_t back = nearest_distance(distances[i].b, distances[i].a);

		if (there != distances[i].want || back != there)
			fail_msg("%s %s: %zu, %zu", distances[i].a,
			    distances[i].b, there, back);
	}
}

static void
long_names_are_far_from_all(void **state)
{
	char name[NEAREST_MAX_BYTES + 2];

	(void)state;
	memset(name, 'A', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(nearest_distance(name, "A"), NEAREST_MAX_BYTES);
	name[NEAREST_MAX_BYTES] = '\0';
	assert_int_equal(nearest_distance(name, name), 0);
}

static const struct {
	const char *name, *want;
} variables_meant[] = {
	{ "AGENT_RUNTIME_HTTP_ADR", "AGENT_RUNTIME_HTTP_ADDR" },
	{ "AGENT_RUNTIME_DATADIR", "AGENT_RUNTIME_DATA_DIR" },
	{ "AGENT_RUNTIME_LLM_APIKEY", "AGENT_RUNTIME_LLM_API_KEY" },
	{ "AGENT_RUNTIME_SOMETHING_ELSE", NULL },
	{ "AGENT_RUNTIME_", NULL },
	{ "HTTP_ADDR", NULL },
};

static void
the_variable_that_was_meant_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_OF(variables_meant); i++) {
		const char *want = variables_meant[i].want;
		const char *got = variable_nearest(variables_meant[i].name);

		if (got != want &&
		    (got == NULL || want == NULL || strcmp(got, want) != 0))
			fail_msg("%s: %s", variables_meant[i].name,
			    got != NULL ? got : "none");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances_are_counted_in_slips),
		cmocka_unit_test(long_names_are_far_from_all),
		cmocka_unit_test(the_variable_that_was_meant_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
