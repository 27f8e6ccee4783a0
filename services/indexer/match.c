/* Query text to FTS5 expressions; pure. */

#include "services/indexer/match.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"
#include "libcommon/utf8.h"

struct term {
	const char *text;
	bool is_out;	/* -word */
	bool is_prefix; /* the last word, still being typed */
};

struct terms {
	struct arena *arena;
	struct term items[MATCH_MAX_TERMS];
	size_t n_items;
};

/*
 * Punctuation that separates words, of two or more bytes: Latin-1 signs,
 * general punctuation, symbols and dingbats, CJK punctuation, pictographs.
 * The tokenizer drops them as well, and a term of nothing else would match
 * nothing. Joiners like - . / ' stay: they make a phrase of their parts.
 */
static size_t
wide_separator(const unsigned char *p)
{
	static const struct {
		const char *lead;
		unsigned char low, high;
		size_t size;
	} rows[] = {
		{ "\xc2", 0x80, 0xa9, 2 },
		{ "\xc2", 0xab, 0xb1, 2 },
		{ "\xe2", 0x80, 0x81, 3 },
		{ "\xe2", 0x86, 0x8f, 3 },
		{ "\xe2", 0x94, 0xaf, 3 },
		{ "\xe3", 0x80, 0x80, 3 },
		{ "\xef\xb8", 0x80, 0x8f, 3 },
		{ "\xf0\x9f", 0x80, 0xab, 4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t lead = strlen(rows[i].lead);

		if (memcmp(p, rows[i].lead, lead) != 0 ||
		    p[lead] < rows[i].low || p[lead] > rows[i].high)
			continue;
		return strnlen((const char *)p, rows[i].size);
	}
	return 0;
}

/* Bytes of the separator at p; 0 when a word goes on there. */
static size_t
separator(const char *p)
{
	unsigned char c = (unsigned char)*p;

	if (c >= 0x80)
		return wide_separator((const unsigned char *)p);
	if (c <= ' ' || c == 0x7f || strchr(",;!?()[]{}<>|\"`~^&=*%$\\", c))
		return 1;
	return 0;
}

static bool
is_word_byte(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static size_t
count_characters(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void
add_term(struct terms *terms, const char *text, size_t size, bool is_out,
    bool is_last)
{
	struct term *term = &terms->items[terms->n_items];

	while (size > 0 && !is_word_byte(text[0])) {
		text++;
		size--;
	}
	while (size > 0 && !is_word_byte(text[size - 1]))
		size--;
	if (size == 0 || terms->n_items == MATCH_MAX_TERMS)
		return;
	term->text = arena_strndup(
	    terms->arena, text, utf8_cut(text, size, MATCH_TERM_BYTES));
	term->is_out = is_out;
	term->is_prefix = is_last && !is_out &&
			  count_characters(term->text) >= MATCH_PREFIX_MIN;
	for (size_t i = 0; i < terms->n_items; i++) {
		struct term *old = &terms->items[i];

		if (old->is_out != is_out ||
		    strcasecmp(old->text, term->text) != 0)
			continue;
		old->is_prefix |= term->is_prefix;
		return;
	}
	terms->n_items++;
}

/* Takes one term and returns what follows it. */
static const char *
take_term(struct terms *terms, const char *p, bool is_out)
{
	const char *start = p;
	const char *stop;

	if (*p == '"') {
		stop = strchr(p + 1, '"');
		start = p + 1;
		p = stop ? stop : p + strlen(p);
		add_term(terms, start, (size_t)(p - start), is_out, false);
		return stop ? stop + 1 : p;
	}
	while (*p && !separator(p))
		p++;
	add_term(terms, start, (size_t)(p - start), is_out,
	    *p == '\0' && p > start && is_word_byte(p[-1]));
	return p;
}

static void
take_terms(struct terms *terms, const char *query)
{
	const char *p = query;

	while (*p && terms->n_items < MATCH_MAX_TERMS) {
		size_t skip = *p == '"' ? 0 : separator(p);
		bool is_start = p == query || p[-1] == ' ' || p[-1] == '\t' ||
				p[-1] == '\n';
		bool is_out;

		if (skip > 0) {
			p += skip;
			continue;
		}
		is_out = *p == '-' && is_start &&
			 (p[1] == '"' ||
			     (is_word_byte(p[1]) && separator(p + 1) == 0));
		p = take_term(terms, is_out ? p + 1 : p, is_out);
	}
}

/* How the terms of an expression are joined. */
struct manner {
	const char *with;
	bool is_out;
	bool is_begun; /* the last word may go on */
};

/* A quoted phrase may hold anything but the quote that ends it. */
static const char *
joined(const struct terms *terms, const struct manner *manner)
{
	const char *text = NULL;

	for (size_t i = 0; i < terms->n_items; i++) {
		const struct term *term = &terms->items[i];
		const char *mark =
		    manner->is_begun && term->is_prefix ? "*" : "";

		if (term->is_out != manner->is_out)
			continue;
		text = text ? arena_printf(terms->arena, "%s %s \"%s\"%s", text,
				  manner->with, term->text, mark)
			    : arena_printf(
				  terms->arena, "\"%s\"%s", term->text, mark);
	}
	return text;
}

void
match_build(struct match *out, const char *query, struct arena *arena)
{
	static const struct manner all = { "AND", false, false };
	static const struct manner begun = { "AND", false, true };
	static const struct manner any = { "OR", false, true };
	static const struct manner none = { "OR", true, false };
	struct terms terms = { .arena = arena };
	size_t n_in = 0, n_begun = 0;

	take_terms(&terms, query);
	for (size_t i = 0; i < terms.n_items; i++) {
		n_in += !terms.items[i].is_out;
		n_begun += terms.items[i].is_prefix;
	}
	*out = (struct match){ 0 };
	if (n_in == 0)
		return;
	out->all = joined(&terms, &all);
	out->none = joined(&terms, &none);
	if (n_begun > 0)
		out->begun = joined(&terms, &begun);
	if (n_in > 1)
		out->any = joined(&terms, &any);
}
