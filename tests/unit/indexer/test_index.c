/* The index file: what is found, in which order, and what survives. */

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "proto/search.h"
#include "services/indexer/index.h"
#include "tests/unit/indexer/shelf.h"

static int
setup(void **state)
{
	struct shelf *f = xcalloc(1, sizeof(*f));

	shelf_open(f, "index");
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct shelf *f = *state;

	shelf_close(f);
	free(f);
	return 0;
}

static void
drop(struct shelf *f, const char *path)
{
	struct index_document known;
	struct err err;

	assert_int_equal(index_find(f->index, path, &known, f->arena, &err), 0);
	assert_int_equal(index_remove(f->index, known.id, &err), 0);
}

static const char *everything[] = { "" };

static struct search_hits
find_within(struct shelf *f, const char *text, const char **deny, size_t n_deny)
{
	const struct search_query query = {
		.query = text,
		.limit = 10,
		.scope = { .allow = everything,
		    .n_allow = 1,
		    .deny = deny,
		    .n_deny = n_deny },
	};
	struct search_hits hits;
	struct err err;

	if (index_search(f->index, &query, NULL, &hits, f->arena, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return hits;
}

/* The paths that are found, in order, joined by spaces. */
static const char *
found(struct shelf *f, const char *text)
{
	struct search_hits hits = find_within(f, text, NULL, 0);
	const char *paths = "";

	for (size_t i = 0; i < hits.n_hits; i++)
		paths = arena_printf(f->arena, "%s%s%s", paths,
		    i > 0 ? " " : "", hits.hits[i].path);
	return paths;
}

static void
fill(struct shelf *f)
{
	shelf_put(f->index, "setup.md",
	    "# Setup\nHow to install.\n\n## Telegram\nTalk to BotFather, set "
	    "the token.\n");
	shelf_put(f->index, "mail.md",
	    "# Mail\nThe mailbox needs a password, no token.\n");
	shelf_put(f->index, "caf\xc3\xa9.md",
	    "# Caf\xc3\xa9\nOpening hours of the place\n");
	shelf_put(f->index, "pace.md", "# Pace\nslowdown, slowdowns\n");
	shelf_put(f->index, "deep/faq.md",
	    "# Questions\nWhy is telegram slow? It is not. token token\n");
}

/* "How one sets up a container" and the like, without a space in them. */
static void
fill_unspaced(struct shelf *f)
{
	shelf_put(f->index, "zh.md",
	    "# Docker\xe5\xae\xb9\xe5\x99\xa8\n"
	    "\xe5\xa6\x82\xe4\xbd\x95\xe8\xae\xbe\xe7\xbd\xae"
	    "\xe5\xae\xb9\xe5\x99\xa8\xe3\x80\x82\n");
	shelf_put(f->index, "ja.md",
	    "# \xe6\xa4\x9c\xe7\xb4\xa2\n"
	    "\xe5\x85\xa8\xe6\x96\x87\xe6\xa4\x9c\xe7\xb4\xa2"
	    "\xe3\x81\xae\xe8\xa8\xad\xe5\xae\x9a\n");
	shelf_put(f->index, "th.md",
	    "# x\n\xe0\xb8\x84\xe0\xb9\x89\xe0\xb8\x99\xe0\xb8\xab"
	    "\xe0\xb8\xb2\xe0\xb9\x84\xe0\xb8\x9f\xe0\xb8\xa5"
	    "\xe0\xb9\x8c\n");
	shelf_put(f->index, "ko.md",
	    "# y\n\xea\xb2\x80\xec\x83\x89\xec\x9d\x84"
	    " \xed\x95\x98\xeb\x8b\xa4\n");
}

static void
words_are_found(void **state)
{
	static const struct {
		const char *name, *query, *want;
	} rows[] = {
		{ "in_a_heading_first", "telegram", "setup.md deep/faq.md" },
		{ "another_form_of_the_word", "installing", "setup.md" },
		{ "without_accents", "cafe ", "caf\xc3\xa9.md" },
		{ "capitals", "MAILBOX ", "mail.md" },
		{ "the_beginning_of_a_word", "passw", "mail.md" },
		{ "the_whole_word_before_a_longer_one", "slow",
		    "deep/faq.md pace.md" },
		{ "a_phrase", "\"opening hours\"", "caf\xc3\xa9.md" },
		{ "a_phrase_in_other_order", "\"hours opening\"", "" },
		{ "a_phrase_and_a_missing_word", "\"opening hours\" zebra.",
		    "caf\xc3\xa9.md" },
		{ "a_missing_phrase_and_a_word", "\"zebra hours\" token.", "" },
		{ "a_beginning_anywhere", "passw* zebra.", "mail.md" },
		{ "side_by_side_first", "telegram slow.",
		    "deep/faq.md setup.md" },
		{ "a_question", "how do I install the telegram token?",
		    "setup.md deep/faq.md mail.md" },
		{ "all_words_before_some", "mailbox token.",
		    "mail.md deep/faq.md setup.md" },
		{ "a_missing_word_does_not_matter", "mailbox zebra.",
		    "mail.md" },
		{ "left_out", "token. -mailbox", "deep/faq.md setup.md" },
		{ "left_out_for_another_section", "install. -botfather", "" },
		{ "by_the_name_of_the_file", "faq.", "deep/faq.md" },
		{ "nothing", "zebra", "" },
		{ "only_signs", "?!", "" },
	};
	struct shelf *f = *state;

	fill(f);
	for (size_t i = 0; i < N_OF(rows); i++)
		if (strcmp(found(f, rows[i].query), rows[i].want) != 0)
			fail_msg(
			    "%s: %s", rows[i].name, found(f, rows[i].query));
}

static void
scripts_without_spaces_are_found(void **state)
{
	static const struct {
		const char *name, *query, *want;
	} rows[] = {
		{ "han_in_a_sentence", "\xe5\xae\xb9\xe5\x99\xa8", "zh.md" },
		{ "one_sign", "\xe8\xae\xbe", "zh.md" },
		{ "the_last_sign", "\xe5\x99\xa8", "zh.md" },
		{ "beside_latin", "docker\xe5\xae\xb9\xe5\x99\xa8", "zh.md" },
		{ "a_phrase_across_scripts",
		    "\"docker\xe5\xae\xb9\xe5\x99\xa8\"", "zh.md" },
		{ "not_across_a_gap", "\"\xe5\xae\xb9\xe7\xbd\xae\"", "" },
		{ "a_longer_sentence_finds_what_it_shares",
		    "\xe6\x96\x87\xe6\xa4\x9c\xe7\xb4\xa2\xe3\x81\x97"
		    "\xe3\x81\x9f\xe3\x81\x84",
		    "ja.md" },
		{ "kept_out",
		    "\xe6\xa4\x9c\xe7\xb4\xa2 -\xe8\xa8\xad\xe5\xae\x9a", "" },
		{ "thai_within_a_run",
		    "\xe0\xb9\x84\xe0\xb8\x9f\xe0\xb8\xa5\xe0\xb9\x8c",
		    "th.md" },
		{ "korean_without_its_ending", "\xea\xb2\x80\xec\x83\x89",
		    "ko.md" },
	};
	struct shelf *f = *state;

	fill(f);
	fill_unspaced(f);
	for (size_t i = 0; i < N_OF(rows); i++)
		if (strcmp(found(f, rows[i].query), rows[i].want) != 0)
			fail_msg(
			    "%s: %s", rows[i].name, found(f, rows[i].query));
}

static void
a_hit_says_where(void **state)
{
	struct shelf *f = *state;
	struct search_hits hits;

	fill(f);
	hits = find_within(f, "botfather.", NULL, 0);
	assert_int_equal(hits.n_hits, 1);
	assert_string_equal(hits.hits[0].title, "Setup");
	assert_string_equal(hits.hits[0].heading, "Setup > Telegram");
	assert_int_equal(hits.hits[0].line, 4);
	assert_string_equal(
	    hits.hits[0].snippet, "Talk to BotFather, set the token.");
	assert_int_equal(hits.hits[0].short_id[0], '#');
	assert_int_equal(strlen(hits.hits[0].short_id), 7);
	assert_true(hits.hits[0].score > 0 && hits.hits[0].score < 1);
}

static void
a_snippet_shows_the_match(void **state)
{
	AUTO(buf_release)
	struct buf text;
	struct shelf *f = *state;
	const char *snippet;

	buf_init(&text);
	for (int i = 0; i < 100; i++)
		buf_adds(&text, i == 50 ? "a zebra \xe5\xae\xb9\xe5\x99\xa8 "
					: "plain words ");
	shelf_put(f->index, "long.md", text.data);
	snippet = find_within(f, "zebras.", NULL, 0).hits[0].snippet;
	assert_non_null(strstr(snippet, "zebra"));
	snippet =
	    find_within(f, "\xe5\xae\xb9\xe5\x99\xa8", NULL, 0).hits[0].snippet;
	assert_non_null(strstr(snippet, "\xe5\xae\xb9\xe5\x99\xa8"));
}

static void
scores_fall(void **state)
{
	struct shelf *f = *state;
	struct search_hits hits;

	fill(f);
	hits = find_within(f, "the token of the mailbox.", NULL, 0);
	assert_true(hits.n_hits >= 3);
	for (size_t i = 1; i < hits.n_hits; i++)
		assert_true(hits.hits[i].score <= hits.hits[i - 1].score);
}

static void
the_limit_counts_documents(void **state)
{
	struct shelf *f = *state;
	struct search_query query = {
		.query = "same.",
		.limit = 3,
		.scope = { .allow = everything, .n_allow = 1 },
	};
	struct search_hits hits;
	struct err err;

	for (int i = 0; i < 5; i++)
		shelf_put(f->index, arena_printf(f->arena, "d%d.md", i),
		    "# a\nsame\n# b\nsame\n# c\nsame same\n");
	assert_int_equal(
	    index_search(f->index, &query, NULL, &hits, f->arena, &err), 0);
	assert_int_equal(hits.n_hits, 3);
	assert_string_not_equal(hits.hits[0].path, hits.hits[1].path);
	assert_string_not_equal(hits.hits[1].path, hits.hits[2].path);
}

/* Neither presence, order nor score of what is readable may depend on what is
 * not. */
static void
hidden_documents_leave_no_trace(void **state)
{
	static const char *deny[] = { "memory/" };
	static const char *const queries[] = { "token.", "mailbox token.",
		"telegram", "zebra" };
	struct shelf *f = *state;
	struct search_hits before[N_OF(queries)], after;

	fill(f);
	for (size_t i = 0; i < N_OF(queries); i++)
		before[i] = find_within(f, queries[i], deny, 1);
	for (int i = 0; i < 50; i++)
		shelf_put(f->index, arena_printf(f->arena, "memory/%d.md", i),
		    "# zebra mailbox\ntoken token telegram\n");
	assert_int_equal(find_within(f, "zebra", NULL, 0).n_hits, 10);
	for (size_t i = 0; i < N_OF(queries); i++) {
		after = find_within(f, queries[i], deny, 1);
		assert_int_equal(after.n_hits, before[i].n_hits);
		for (size_t j = 0; j < after.n_hits; j++) {
			assert_string_equal(
			    after.hits[j].path, before[i].hits[j].path);
			assert_true(
			    after.hits[j].score == before[i].hits[j].score);
		}
	}
}

static void
changes_show_at_once(void **state)
{
	struct shelf *f = *state;
	struct err err;

	fill(f);
	shelf_put(f->index, "setup.md", "# Setup\nNow about zebras.\n");
	assert_string_equal(found(f, "zebra"), "setup.md");
	assert_string_equal(found(f, "botfather"), "");
	drop(f, "setup.md");
	assert_string_equal(found(f, "zebra"), "");
	assert_int_equal(index_commit(f->index, &err), 0);
	assert_string_equal(found(f, "zebra"), "");
	assert_string_equal(found(f, "mailbox"), "mail.md");
}

static void
what_was_committed_is_kept(void **state)
{
	struct shelf *f = *state;
	struct index_document before, after;
	struct err err;

	fill(f);
	assert_int_equal(
	    index_find(f->index, "mail.md", &before, f->arena, &err), 0);
	assert_int_equal(index_commit(f->index, &err), 0);
	shelf_put(f->index, "lost.md", "zebra\n");
	index_close(&f->index);
	assert_int_equal(index_open(&f->index, f->dir, &err), 0);
	assert_string_equal(found(f, "mailbox"), "mail.md");
	assert_string_equal(found(f, "zebra"), "");
	/* An edit leaves the short id alone. */
	shelf_put(f->index, "mail.md", "other text\n");
	assert_int_equal(
	    index_find(f->index, "mail.md", &after, f->arena, &err), 0);
	assert_string_equal(before.short_id, after.short_id);
}

static void
short_ids_find_their_document(void **state)
{
	struct shelf *f = *state;
	struct index_document known;
	const char *path;
	struct err err;

	fill(f);
	assert_int_equal(
	    index_find(f->index, "mail.md", &known, f->arena, &err), 0);
	assert_int_equal(index_find_short_id(
			     f->index, known.short_id, &path, f->arena, &err),
	    0);
	assert_string_equal(path, "mail.md");
	assert_int_equal(
	    index_find_short_id(f->index, "#000000", &path, f->arena, &err), 1);
}

/* Two paths whose hashes begin with the same six digits. */
static void
find_collision(struct shelf *f, const char **a_out, const char **b_out)
{
	enum { N = 1 << 24 };
	int32_t *seen = xcalloc(N, sizeof(*seen));
	char hex[ID_SHA256_HEX_SIZE];

	for (int32_t i = 1;; i++) {
		const char *path = arena_printf(f->arena, "d%d.md", (int)i);
		long key;

		id_sha256_hex(hex, path, strlen(path));
		hex[6] = '\0';
		key = strtol(hex, NULL, 16);
		if (seen[key] == 0) {
			seen[key] = i;
			continue;
		}
		*a_out = arena_printf(f->arena, "d%d.md", (int)seen[key]);
		*b_out = path;
		break;
	}
	free(seen);
}

static void
equal_short_ids_are_extended(void **state)
{
	struct shelf *f = *state;
	const char *a, *b, *path;
	struct index_document first, second;
	struct err err;

	find_collision(f, &a, &b);
	shelf_put(f->index, a, "one\n");
	shelf_put(f->index, b, "two\n");
	assert_int_equal(index_find(f->index, a, &first, f->arena, &err), 0);
	assert_int_equal(index_find(f->index, b, &second, f->arena, &err), 0);
	assert_int_equal(strlen(first.short_id), 7);
	assert_int_equal(strlen(second.short_id), 8);
	assert_int_equal(index_find_short_id(
			     f->index, second.short_id, &path, f->arena, &err),
	    0);
	assert_string_equal(path, b);
}

static void
overwrite(struct shelf *f, const char *what, off_t at)
{
	AUTO(buf_release)
	struct buf path;
	int fd;

	buf_init(&path);
	buf_addf(&path, "%s/index.sqlite", f->dir);
	fd = open(path.data, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(
	    pwrite(fd, what, strlen(what), at), (ssize_t)strlen(what));
	close(fd);
}

static void
a_file_of_rubbish_is_made_anew(void **state)
{
	struct shelf *f = *state;
	struct err err;

	fill(f);
	index_close(&f->index);
	overwrite(f, "this was a database", 0);
	assert_int_equal(index_open(&f->index, f->dir, &err), 1);
	assert_string_equal(found(f, "mailbox"), "");
	fill(f);
	assert_string_equal(found(f, "mailbox"), "mail.md");
}

static void
another_format_is_made_anew(void **state)
{
	struct shelf *f = *state;
	struct err err;

	fill(f);
	assert_int_equal(index_commit(f->index, &err), 0);
	index_close(&f->index);
	/* user_version, big-endian, in the header of the file. */
	overwrite(f, "\x7f", 60);
	assert_int_equal(index_open(&f->index, f->dir, &err), 1);
	assert_string_equal(found(f, "mailbox"), "");
}

static void
damage_is_noticed_in_use(void **state)
{
	AUTO(buf_release)
	struct buf junk;
	struct shelf *f = *state;
	const struct search_query query = {
		.query = "mailbox",
		.limit = 5,
		.scope = { .allow = everything, .n_allow = 1 },
	};
	struct search_hits hits;
	struct err err;
	int rc = 0;

	fill(f);
	assert_int_equal(index_commit(f->index, &err), 0);
	index_close(&f->index);
	buf_init(&junk);
	for (int i = 0; i < 40000; i++)
		buf_addc(&junk, 'x');
	overwrite(f, junk.data, 4096);
	/* The header is intact, so it opens; or it does not, and is new. */
	if (index_open(&f->index, f->dir, &err) == 0) {
		rc =
		    index_search(f->index, &query, NULL, &hits, f->arena, &err);
		assert_int_equal(rc, -1);
		assert_false(index_is_usable(f->index));
	}
}

static void
a_deleted_file_is_not_usable(void **state)
{
	AUTO(buf_release)
	struct buf path;
	struct shelf *f = *state;
	struct err err;

	fill(f);
	assert_int_equal(index_commit(f->index, &err), 0);
	assert_true(index_is_usable(f->index));
	buf_init(&path);
	buf_addf(&path, "%s/index.sqlite", f->dir);
	assert_int_equal(unlink(path.data), 0);
	assert_false(index_is_usable(f->index));
}

static void
skipped_files_are_counted_and_not_found(void **state)
{
	struct shelf *f = *state;
	const struct index_file large = {
		.path = "mailbox.md", .skipped = "large", .text = ""
	};
	struct index_totals totals;
	struct err err;

	fill(f);
	assert_int_equal(index_put(f->index, &large, &err), 0);
	assert_int_equal(index_totals(f->index, &totals, &err), 0);
	assert_int_equal(totals.n_documents, 5);
	assert_int_equal(totals.n_large, 1);
	assert_int_equal(totals.n_not_utf8, 0);
	assert_string_equal(found(f, "mailbox"), "mail.md");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(words_are_found),
		TEST(scripts_without_spaces_are_found),
		TEST(a_hit_says_where),
		TEST(a_snippet_shows_the_match),
		TEST(scores_fall),
		TEST(the_limit_counts_documents),
		TEST(hidden_documents_leave_no_trace),
		TEST(changes_show_at_once),
		TEST(what_was_committed_is_kept),
		TEST(short_ids_find_their_document),
		TEST(equal_short_ids_are_extended),
		TEST(a_file_of_rubbish_is_made_anew),
		TEST(another_format_is_made_anew),
		TEST(damage_is_noticed_in_use),
		TEST(a_deleted_file_is_not_usable),
		TEST(skipped_files_are_counted_and_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
