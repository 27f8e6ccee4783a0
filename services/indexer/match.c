/* Query text to FTS5 expressions; pure. */

#include "services/indexer/match.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/utf8.h"
#include "services/indexer/words.h"

enum term_kind {
	TERM_WORD,   /* one of several that may be there */
	TERM_PHRASE, /* must be there */
	TERM_OUT,    /* must not be there */
};

struct term {
	const char *text;
	enum term_kind kind;
	bool is_prefix; /* word* */
	bool is_last;	/* perhaps still being typed */
	bool is_apart;	/* not a further part of a name: no-cycle, A_B */
};

struct terms {
	struct arena *arena;
	struct term items[MATCH_MAX_TERMS];
	size_t n_items;
	bool was_space; /* before what comes next */
};

/*
 * Punctuation that separates words, of two or more bytes: Latin-1 signs,
 * general punctuation, symbols and dingbats, CJK punctuation, pictographs.
 * The tokenizer drops them as well, and a term of nothing else would match
 * nothing.
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
		{ "\xe3\x80", 0x80, 0x84, 3 },
		{ "\xe3\x80", 0x88, 0xbf, 3 },
		{ "\xef\xb8", 0x80, 0x8f, 3 },
		{ "\xef\xbc", 0x81, 0x8f, 3 },
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
	return c != '\0' && !isalnum(c);
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
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

/* Of one character alone the index knows what begins with it. */
static bool
is_lone_sign(const char *text)
{
	uint32_t c = 0;

	return utf8_next(text, strlen(text), &c) > 0 && words_is_unspaced(c) &&
	       count_characters(text) == 1;
}

static struct term *
add_term(
    struct terms *terms, const char *text, size_t size, enum term_kind kind)
{
	struct term *term = &terms->items[terms->n_items];

	while (size > 0 && !is_word_byte(text[0])) {
		text++;
		size--;
	}
	while (size > 0 && !is_word_byte(text[size - 1]))
		size--;
	if (size == 0 || terms->n_items == MATCH_MAX_TERMS)
		return NULL;
	*term = (struct term){
		.text = arena_strndup(
		    terms->arena, text, utf8_cut(text, size, MATCH_TERM_BYTES)),
		.kind = kind,
	};
	term->is_prefix = is_lone_sign(term->text);
	for (size_t i = 0; i < terms->n_items; i++)
		if (terms->items[i].kind == kind &&
		    strcasecmp(terms->items[i].text, term->text) == 0)
			return &terms->items[i];
	terms->n_items++;
	return term;
}

/* A sentence without spaces: its pairs, of which as many as possible. */
static void
add_pairs(struct terms *terms, const char *text, size_t size)
{
	size_t at = 0;
	uint32_t c;

	do {
		size_t one = utf8_next(text + at, size - at, &c);
		size_t two = utf8_next(text + at + one, size - at - one, &c);
		struct term *term =
		    add_term(terms, text + at, one + two, TERM_WORD);

		if (term)
			term->is_apart = true;
		at += one;
		if (two == 0 || at + two >= size)
			break;
	} while (terms->n_items < MATCH_MAX_TERMS);
}

static const char *
end_of_phrase(const char *p)
{
	const char *stop = strchr(p, '"');

	return stop ? stop : p + strlen(p);
}

static const char *
take_phrase(struct terms *terms, const char *p, enum term_kind kind)
{
	const char *stop = end_of_phrase(p);
	struct term *term = add_term(terms, p, (size_t)(stop - p), kind);

	if (*stop == '"')
		stop++;
	if (term && *stop == '*')
		term->is_prefix = true;
	return stop;
}

/* What is kept out is the whole of what stands there: -e-mail. */
static const char *
take_out(struct terms *terms, const char *p)
{
	const char *start = p;

	if (*p == '"')
		return take_phrase(terms, p + 1, TERM_OUT);
	while (*p && !is_space(*p) && *p != '"')
		p++;
	add_term(terms, start, (size_t)(p - start), TERM_OUT);
	return p;
}

static const char *
take_word(struct terms *terms, const char *p)
{
	const char *start = p;
	struct term *term;
	bool is_unspaced;
	size_t size;

	while (*p && separator(p) == 0)
		p++;
	size = words_run(start, (size_t)(p - start), &is_unspaced);
	p = start + size;
	if (is_unspaced) {
		add_pairs(terms, start, size);
		return p;
	}
	term = add_term(terms, start, size, TERM_WORD);
	if (term) {
		term->is_prefix |= *p == '*';
		term->is_last |= *p == '\0';
		term->is_apart |= terms->was_space;
	}
	terms->was_space = false;
	return p;
}

static bool
is_out_mark(const char *query, const char *p)
{
	if (*p != '-' || (p > query && !is_space(p[-1])))
		return false;
	return p[1] == '"' || (is_word_byte(p[1]) && separator(p + 1) == 0);
}

static void
take_terms(struct terms *terms, const char *query)
{
	const char *p = query;

	terms->was_space = true;
	while (*p && terms->n_items < MATCH_MAX_TERMS) {
		size_t skip = separator(p);

		if (is_out_mark(query, p))
			p = take_out(terms, p + 1);
		else if (*p == '"')
			p = take_phrase(terms, p + 1, TERM_PHRASE);
		else if (skip == 0)
			p = take_word(terms, p);
		else {
			terms->was_space |= is_space(*p);
			p += skip;
		}
	}
}

static bool
is_common(const struct term *term)
{
	return term->kind == TERM_WORD && !term->is_prefix &&
	       words_is_common(term->text);
}

/* "how do I get the token" is about tokens; "how to" is about "how to". */
static void
drop_common(struct terms *terms)
{
	size_t n_kept = 0, n_telling = 0;

	for (size_t i = 0; i < terms->n_items; i++)
		n_telling += terms->items[i].kind != TERM_OUT &&
			     !is_common(&terms->items[i]);
	if (n_telling == 0)
		return;
	for (size_t i = 0; i < terms->n_items; i++)
		if (!is_common(&terms->items[i]))
			terms->items[n_kept++] = terms->items[i];
	terms->n_items = n_kept;
}

static bool
may_go_on(const struct term *term)
{
	return term->kind == TERM_WORD && term->is_last && !term->is_prefix &&
	       count_characters(term->text) >= MATCH_PREFIX_MIN;
}

/* Adds those of the kinds, a set of 1 << kind. A quoted phrase may hold
 * anything but the quote that ends it. */
static void
join(const struct terms *terms, unsigned kinds, const char *with, bool is_begun,
    struct buf *out)
{
	size_t began = out->size;

	for (size_t i = 0; i < terms->n_items; i++) {
		const struct term *term = &terms->items[i];
		bool goes_on = term->is_prefix || (is_begun && may_go_on(term));

		if (!(kinds & 1u << term->kind))
			continue;
		buf_addf(out, "%s\"%s\"%s", out->size > began ? with : "",
		    term->text, goes_on ? "*" : "");
	}
}

static size_t
count(const struct terms *terms, enum term_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < terms->n_items; i++)
		n += terms->items[i].kind == kind;
	return n;
}

/* Before the common words are dropped: names have none. */
static bool
is_question(const struct terms *terms)
{
	size_t n = 0;

	for (size_t i = 0; i < terms->n_items; i++)
		n += terms->items[i].kind == TERM_WORD &&
		     terms->items[i].is_apart;
	return n > MATCH_NAME_WORDS;
}

/* What must be there, and the rest as far as it is. */
static const char *
expression(const struct terms *terms, bool is_begun)
{
	enum { WORDS = 1 << TERM_WORD, PHRASES = 1 << TERM_PHRASE };
	size_t n_phrases = count(terms, TERM_PHRASE);
	size_t n_words = count(terms, TERM_WORD);
	AUTO(buf_release)
	struct buf out;

	buf_init(&out);
	join(terms, PHRASES, " AND ", is_begun, &out);
	if (n_phrases > 0 && n_words > 0)
		buf_adds(&out, " AND (");
	if (n_words > 0)
		join(terms, n_phrases > 0 ? WORDS | PHRASES : WORDS, " OR ",
		    is_begun, &out);
	if (n_phrases > 0 && n_words > 0)
		buf_addc(&out, ')');
	return arena_strdup(terms->arena, out.data);
}

static const char *
left_out(const struct terms *terms)
{
	AUTO(buf_release)
	struct buf out;

	buf_init(&out);
	join(terms, 1 << TERM_OUT, " OR ", false, &out);
	return arena_strdup(terms->arena, out.data);
}

void
match_build(struct match *out, const char *query, struct arena *arena)
{
	struct terms terms = { .arena = arena };

	*out = (struct match){ 0 };
	take_terms(&terms, query);
	out->is_question = is_question(&terms);
	drop_common(&terms);
	if (count(&terms, TERM_OUT) == terms.n_items)
		return;
	out->best = expression(&terms, false);
	out->has_phrase = count(&terms, TERM_PHRASE) > 0;
	if (count(&terms, TERM_OUT) > 0)
		out->none = left_out(&terms);
	for (size_t i = 0; i < terms.n_items; i++)
		if (may_go_on(&terms.items[i]))
			out->begun = expression(&terms, true);
}
