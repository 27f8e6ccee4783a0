/* Arenas: what they hand out, and what is left after a reset. */

#include "tests/unit/unit.h"

#include <string.h>

#include "libcommon/arena.h"

static void
memory_is_zeroed_and_aligned(void **state)
{
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t size = 0; size < 300; size += 7) {
			unsigned char *at = arena_alloc(arena, size);

			assert_int_equal((uintptr_t)at % 16, 0);
			for (size_t i = 0; i < size; i++)
				assert_int_equal(at[i], 0);
			memset(at, 0xff, size);
		}
		arena_reset(arena);
	}
	arena_free(&arena);
	assert_null(arena);
	arena_free(&arena);
}

static void
large_pieces_get_room(void **state)
{
	struct arena *arena = arena_new(16 << 20);
	static const size_t sizes[] = { 1, 5000, 100, 200000, 1 << 20, 3 };
	char *pieces[N_OF(sizes)];

	(void)state;
	for (size_t i = 0; i < N_OF(sizes); i++) {
		pieces[i] = arena_alloc(arena, sizes[i]);
		memset(pieces[i], 'a' + (int)i, sizes[i]);
	}
	for (size_t i = 0; i < N_OF(sizes); i++) {
		assert_int_equal(pieces[i][0], 'a' + (int)i);
		assert_int_equal(pieces[i][sizes[i] - 1], 'a' + (int)i);
	}
	arena_free(&arena);
}

static void
passing_the_ceiling_is_a_state(void **state)
{
	struct arena *arena = arena_new(1000);
	char *text;

	(void)state;
	arena_alloc(arena, 992);
	assert_false(arena_is_over(arena));
	text = arena_alloc(arena, 100);
	text[99] = 'x';
	assert_true(arena_is_over(arena));
	arena_reset(arena);
	assert_false(arena_is_over(arena));
	arena_free(&arena);
}

static void
texts_are_copied(void **state)
{
	struct arena *arena = arena_new(1 << 20);

	(void)state;
	assert_string_equal(arena_strdup(arena, "abc"), "abc");
	assert_string_equal(arena_strdup(arena, ""), "");
	assert_string_equal(arena_strndup(arena, "abcdef", 3), "abc");
	assert_string_equal(arena_printf(arena, "%s-%d", "x", 7), "x-7");
	assert_string_equal(arena_printf(arena, "%s", ""), "");
	arena_free(&arena);
}

#ifdef __SANITIZE_ADDRESS__
/* From <sanitizer/asan_interface.h>, which not every compiler brings along. */
int __asan_address_is_poisoned(const volatile void *at);

static void
what_was_reset_is_poisoned(void **state)
{
	struct arena *arena = arena_new(1 << 20);
	char *text = arena_strdup(arena, "abc");

	(void)state;
	assert_false(__asan_address_is_poisoned(text + 3));
	assert_true(__asan_address_is_poisoned(text + 4));
	arena_reset(arena);
	assert_true(__asan_address_is_poisoned(text));
	arena_free(&arena);
}
#endif

static void
xfree_empties_the_slot(void **state)
{
	char *text = xstrdup("abc");
	int *numbers = xcalloc(4, sizeof(*numbers));

	(void)state;
	assert_int_equal(numbers[3], 0);
	numbers = xrealloc(numbers, 8 * sizeof(*numbers));
	numbers[7] = 1;
	xfree(&text);
	xfree(&numbers);
	assert_null(text);
	assert_null(numbers);
	xfree(&numbers);
	xfree(&(void *){ xcalloc(0, 0) });
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_aligned),
		cmocka_unit_test(large_pieces_get_room),
		cmocka_unit_test(passing_the_ceiling_is_a_state),
		cmocka_unit_test(texts_are_copied),
#ifdef __SANITIZE_ADDRESS__
		cmocka_unit_test(what_was_reset_is_poisoned),
#endif
		cmocka_unit_test(xfree_empties_the_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
