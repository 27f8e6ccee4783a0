/* Reads a message as words, and compares them with patterns. Pure. */

#include "services/task-engine/conversation/speech.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/defs.h"
#include "libcommon/err.h"
#include "services/task-engine/conversation/due_window.h"
#include "services/task-engine/conversation/marks.h"

/* Signs beyond ASCII that mean something; the others only part words. */
static const struct sign {
	const char *bytes;
	char means;
} signs[] = {
	{ "\xe2\x80\x98", '\'' },
	{ "\xe2\x80\x99", '\'' }, /* single quotes */
	{ "\xe2\x80\x9c", '"' },
	{ "\xe2\x80\x9d", '"' }, /* double ones */
	{ "\xe2\x80\x9e", '"' },
	{ "\xe2\x80\x9f", '"' }, /* low ones */
	{ "\xc2\xab", '"' },
	{ "\xc2\xbb", '"' }, /* guillemets */
	{ "\xe3\x80\x8c", '"' },
	{ "\xe3\x80\x8d", '"' }, /* CJK brackets */
	{ "\xe2\x80\x93", '-' },
	{ "\xe2\x80\x94", '-' }, /* dashes */
	{ "\xe2\x80\xa6", '.' }, /* ellipsis */
	{ "\xe2\x81\x87", '?' },
	{ "\xe2\x81\x88", '?' }, /* doubled ones */
	{ "\xe2\x81\x89", '?' },
	{ "\xe2\x80\xbd", '?' }, /* interrobang */
	{ "\xef\xbc\x9f", '?' },
	{ "\xd8\x9f", '?' }, /* wide, Arabic */
	{ "\xef\xbc\x81", '!' },
	{ "\xef\xbc\x8c", ',' }, /* wide */
	{ "\xe3\x80\x82", '.' },
	{ "\xe3\x80\x81", ',' }, /* CJK */
	{ "\xe2\x80\xa8", '\n' },
	{ "\xe2\x80\xa9", '\n' }, /* LS, PS */
	{ "\xc2\xa0", ' ' },
	{ "\xe3\x80\x80", ' ' },
	{ "\xe1\x9a\x80", ' ' },
	{ "\xe2\x81\x9f", ' ' },
	{ "\xe2\x80\xaf", ' ' },
	{ "\xef\xbb\xbf", ' ' },
};

/* The reader of one message; quote is the kind that is open, or 0. */
struct reader {
	const char *text, *p;
	struct said *words;
	size_t n;
	char quote;
	bool is_line_start;
	bool is_mention;
	struct speech *out;
	struct arena *arena;
};

/* Most bytes of most messages. */
static bool
is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

/* What a sign stands for and its bytes; 0 when a word goes on at p. */
static char
read_sign(const char *p, size_t *size_out)
{
	unsigned char c = (unsigned char)*p;

	*size_out = 1;
	if (is_plain(c))
		return 0;
	if (c < 0x80)
		return *p;
	for (size_t i = 0; i < N_OF(signs); i++) {
		*size_out = strlen(signs[i].bytes);
		if (strncmp(p, signs[i].bytes, *size_out) == 0)
			return signs[i].means;
	}
	/* General punctuation, symbols, emoji and what joins them. */
	if (c == 0xe2 || strncmp(p, "\xef\xb8\x8f", 3) == 0)
		*size_out = strnlen(p, 3);
	else if (strncmp(p, "\xf0\x9f", 2) == 0)
		*size_out = strnlen(p, 4);
	else
		*size_out = 1;
	return *size_out > 1 ? ' ' : 0;
}

static bool
is_word_at(const char *p)
{
	size_t size;

	return is_plain((unsigned char)*p) || (*p && read_sign(p, &size) == 0);
}

static bool
is_word_before(const char *text, const char *p)
{
	size_t size;

	/* The beginnings of signs are found again from their first byte. */
	for (const char *q = p - 1; q >= text && p - q <= 3; q--)
		if (((unsigned char)*q & 0xc0) != 0x80)
			return read_sign(q, &size) == 0;
	return false;
}

static size_t
url_size(const char *p)
{
	size_t n;

	if (strncmp(p, "http://", 7) != 0 && strncmp(p, "https://", 8) != 0)
		return 0;
	n = strcspn(p, " \t\r\n<>\"`");
	while (n && strchr(".,:;!?)'", p[n - 1]))
		n--;
	return n;
}

/* Bytes of a sign within a word that holds it together. */
static size_t
joiner(const char *p)
{
	size_t size;
	char sign = read_sign(p, &size);

	if (sign == '-' && size > 1)
		return 0; /* a dash parts words */
	if (sign == 0 || !strchr("'-./#", sign) || !is_word_at(p + size))
		return 0;
	return size;
}

/* "#a1b2", "/docs", "./docs": a sign that belongs to the word behind it. */
static size_t
prefix_size(const char *p)
{
	size_t size = *p == '.' && p[1] == '/' ? 2 : *p == '#' || *p == '/';

	return size > 0 && is_word_at(p + size) ? size : 0;
}

static size_t
word_size(const char *p)
{
	size_t n = url_size(p), step;

	if (n > 0)
		return n;
	n = prefix_size(p);
	for (; p[n]; n += step)
		if (is_word_at(p + n))
			step = 1;
		else if ((step = joiner(p + n)) == 0)
			break;
	return n;
}

/* Apostrophes go: people write "dont" too. */
static const char *
fold(const char *word, size_t size, struct arena *arena)
{
	char *folded = arena_strndup(arena, word, size), *to = folded;
	size_t step;

	for (const char *p = folded; *p; p += step) {
		if (!is_plain((unsigned char)*p) && read_sign(p, &step) == '\'')
			continue;
		step = 1;
		if (*p >= 'A' && *p <= 'Z')
			*to++ = (char)(*p - 'A' + 'a');
		else
			*to++ = *p;
	}
	*to = '\0';
	return folded;
}

static unsigned
initial(char c)
{
	return 1u << ((unsigned char)c & 31);
}

static void
add_word(struct reader *r)
{
	size_t size = word_size(r->p);
	struct said *word = &r->words[r->n++];

	word->text = fold(r->p, size, r->arena);
	r->out->initials |= initial(*word->text);
	word->at = (size_t)(r->p - r->text);
	word->size = size;
	word->is_quoted = r->quote != 0;
	word->is_mention = r->is_mention;
	r->is_mention = false;
	r->p += size;
}

/* The strongest of the signs behind a word counts. */
static void
note_mark(struct reader *r, char sign)
{
	static const char by_strength[] = "-;:,\n.!?";
	const char *is = strchr(by_strength, sign);
	struct said *last;

	if (r->n == 0 || !is || !sign)
		return;
	last = &r->words[r->n - 1];
	if (last->mark == 0 || is > strchr(by_strength, last->mark))
		last->mark = sign;
}

/* A ' is a quotation mark only if another one ends what it begins. */
static bool
is_closed_later(const char *p)
{
	size_t size;

	for (; *p && *p != '\n'; p += size)
		if (read_sign(p, &size) == '\'' && !is_word_at(p + size))
			return true;
	return false;
}

static void
note_quote(struct reader *r, char sign, size_t size)
{
	bool ends_word = is_word_before(r->text, r->p);

	if (r->quote == sign) {
		if (sign != '\'' || !is_word_at(r->p + size))
			r->quote = 0;
	} else if (r->quote == 0 && !(ends_word && sign != '`')) {
		if (sign != '\'' || is_closed_later(r->p + size))
			r->quote = sign;
	}
}

/* Steps over a line that quotes, or a block of code; false: there is none. */
static bool
skip_block(struct reader *r)
{
	const char *line = r->p + strspn(r->p, " \t");
	const char *end;

	if (strncmp(r->p, "```", 3) == 0 ||
	    (r->is_line_start && strncmp(line, "~~~", 3) == 0)) {
		const char *fence = *r->p == '`' ? "```" : "~~~";

		end = strstr(line + 3, fence);
		r->p = end ? end + 3 : line + strlen(line);
	} else if (r->is_line_start && *line == '>') {
		/* Discord's ">>> " quotes all that follows. */
		r->p = strncmp(line, ">>> ", 4) == 0
			   ? line + strlen(line)
			   : line + strcspn(line, "\n");
	} else {
		return false;
	}
	r->is_line_start = false;
	r->out->is_whole = false;
	note_mark(r, '\n');
	return true;
}

static void
read_sign_at(struct reader *r)
{
	size_t size;
	char sign = read_sign(r->p, &size);
	/* "<@!42>" is a mention too. */
	bool is_in_mention = r->is_mention && (sign == '!' || sign == '&');

	if (strchr("\"'`", sign))
		note_quote(r, sign, size);
	else if (!is_in_mention)
		note_mark(r, sign);
	r->is_mention = sign == '@' || is_in_mention;
	r->is_line_start =
	    sign == '\n' || (r->is_line_start && (sign == ' ' || sign == '\t'));
	r->p += size;
}

void
speech_read(struct speech *out, const char *text, struct arena *arena)
{
	struct reader r = { .text = text,
		.p = text,
		.is_line_start = true,
		.out = out,
		.arena = arena };
	size_t n_max;

	*out = (struct speech){ .text = text, .is_whole = true };
	n_max = strlen(text) / 2 + 1; /* a sign parts two words */
	if (n_max > SPEECH_MAX_WORDS)
		n_max = SPEECH_MAX_WORDS;
	r.words = arena_alloc(arena, n_max * sizeof(*r.words));
	while (*r.p && r.n < n_max) {
		if (skip_block(&r))
			continue;
		if (is_word_at(r.p) || prefix_size(r.p) > 0) {
			add_word(&r);
			r.is_line_start = false;
		} else {
			read_sign_at(&r);
		}
	}
	out->words = r.words;
	out->n_words = r.n;
	out->is_cut = *r.p != '\0';
}

static bool
is_due(const char *word)
{
	struct err err;
	int64_t seconds;

	return due_window_parse(word, &seconds, &err) == 0;
}

/* Patterns are ours: they are right, and the tests walk all of them. */
static bool
fits_class(const struct said *word, const char *name, const struct speech *s)
{
	static const struct {
		const char *name;
		bool (*is)(const char *word);
	} classes[] = {
		{ "<action>", mark_is_action },
		{ "<task>", mark_is_task },
		{ "<role>", mark_is_role },
		{ "<due>", is_due },
		{ "<document>", mark_is_document },
		{ "<site>", mark_is_site },
	};

	if (strncmp(name, "<token>", 7) == 0)
		return mark_is_token(s->text + word->at, word->size);
	for (size_t i = 0; i < N_OF(classes); i++)
		if (strncmp(name, classes[i].name, strlen(classes[i].name)) ==
		    0)
			return classes[i].is(word->text);
	return false;
}

static bool
fits_literal(const char *word, const char *want, size_t size)
{
	size_t n;

	if (want[size - 1] == '*')
		return strncmp(word, want, size - 1) == 0;
	if (want[size - 1] != '+')
		return strncmp(word, want, size) == 0 && word[size] == '\0';
	n = size - 1;
	if (strncmp(word, want, n) != 0)
		return false;
	while (word[n] == want[size - 2])
		n++;
	return word[n] == '\0';
}

/* One of the alternatives in the element's first size bytes. */
static bool
fits(const struct speech *s, size_t at, const char *element, size_t size)
{
	const struct said *word = &s->words[at];
	bool is_literal =
	    !word->is_mention && (!word->is_quoted || s->counts_quotes);

	while (size > 0) {
		const char *bar = memchr(element, '|', size);
		size_t n = bar ? (size_t)(bar - element) : size;

		if (*element == '<'
			? fits_class(word, element, s)
			: is_literal && fits_literal(word->text, element, n))
			return true;
		element += bar ? n + 1 : n;
		size -= bar ? n + 1 : n;
	}
	return false;
}

bool
speech_ends_sentence(const struct said *word)
{
	return word->mark && strchr(".!?\n", word->mark);
}

/* Where the match ends, or 0. An optional element is tried both ways. */
static size_t
match_from(const struct speech *s, size_t began, size_t at, const char *pattern)
{
	size_t size = strcspn(pattern, " ");
	const char *rest = pattern + size + (pattern[size] == ' ');
	bool is_optional = size > 1 && pattern[size - 1] == '?';
	bool is_over = at >= s->n_words ||
		       (at > began && speech_ends_sentence(&s->words[at - 1]));
	size_t end = 0;

	if (size == 0)
		return at;
	if (!is_over && fits(s, at, pattern, size - is_optional))
		end = match_from(s, began, at + 1, rest);
	if (end == 0 && is_optional)
		end = match_from(s, began, at, rest);
	return end;
}

size_t
speech_match(const struct speech *s, size_t at, const char *pattern)
{
	size_t end = match_from(s, at, at, pattern);

	return end > at ? end - at : 0;
}

/* Of the alternatives in the element's first size bytes. */
static unsigned
element_initials(const char *element, size_t size)
{
	unsigned set = 0;
	const char *bar = element - 1;

	do {
		set |= bar[1] == '<' ? ~0u : initial(bar[1]);
		bar =
		    memchr(bar + 1, '|', (size_t)(element + size - (bar + 1)));
	} while (bar);
	return set;
}

unsigned
speech_initials(const char *pattern)
{
	unsigned set = 0;
	bool is_optional = true;

	while (*pattern && is_optional) {
		size_t size = strcspn(pattern, " ");

		set |= element_initials(pattern, size);
		is_optional = size > 1 && pattern[size - 1] == '?';
		pattern += size + (pattern[size] == ' ');
	}
	return set;
}

bool
speech_may_begin(const struct speech *s, size_t at, unsigned initials)
{
	return initials & initial(*s->words[at].text);
}

size_t
speech_find(
    const struct speech *s, size_t at, const char *pattern, size_t *at_out)
{
	unsigned initials = speech_initials(pattern);
	size_t n;

	if (!(s->initials & initials))
		return 0;
	for (; at < s->n_words; at++) {
		if (!speech_may_begin(s, at, initials))
			continue;
		n = speech_match(s, at, pattern);
		if (n == 0)
			continue;
		*at_out = at;
		return n;
	}
	return 0;
}

size_t
speech_space(const char *p)
{
	size_t size;
	char sign = read_sign(p, &size);

	if (!*p || sign == 0)
		return 0;
	if (size == 1)
		return strchr(" \t\n\v\f\r", sign) ? 1 : 0;
	/* U+2000 to U+200A are spaces of all widths. */
	if (strncmp(p, "\xe2\x80", 2) == 0 && (unsigned char)p[2] <= 0x8a)
		return 3;
	for (size_t i = 0; i < N_OF(signs); i++)
		if (strncmp(p, signs[i].bytes, size) == 0)
			return strchr(" \n", signs[i].means) ? size : 0;
	return 0;
}

const char *
speech_trim(const char *text, size_t size, struct arena *arena)
{
	const char *end = text + size, *last, *p;
	size_t step;

	while (text < end && (step = speech_space(text)) > 0)
		text += step;
	last = text;
	for (p = text; p < end; p += step) {
		step = speech_space(p);
		if (step > 0)
			continue;
		step = 1;
		last = p + 1;
	}
	if (last > end || last < text)
		last = text;
	return arena_strndup(arena, text, (size_t)(last - text));
}

const char *
speech_rest(const struct speech *s, size_t at, struct arena *arena)
{
	const struct said *before;
	const char *from = s->text;

	if (at > 0) {
		before = &s->words[at - 1];
		from = s->text + before->at + before->size;
	}
	return speech_trim(from, strlen(from), arena);
}
