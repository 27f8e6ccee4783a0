/* Takes from a conversation what is worth keeping of it; pure. */

#include "services/task-engine/knowledge/summary.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/defs.h"
#include "services/task-engine/knowledge/words.h"

enum {
	MAX_SENTENCE_WORDS = 60,
	/* "Really?" asks for nothing that can be answered later */
	MIN_QUESTION_WORDS = 3,
	MAX_TOPIC_WORDS = 4000,
	MIN_TOPIC_BYTES = 4,
	WORDS_OF_ONE = 200,
	/* of what a model makes: longer is no item of a list */
	MAX_LINE_BYTES = 600,
};

static const char *const fact_cues[] = {
	/* English */
	"agreed that", "as of today", "codename", "deadline", "decided",
	"decision", "for the record", "from now on", "is called",
	"keep in mind", "lets go with", "note that", "remember that",
	"we agreed", "we chose", "we go with", "we picked", "we settled on",
	/* German */
	"ab heute", "ab sofort", "beschlossen", "beschluss", "codename",
	"einigen uns", "entschieden", "entscheidung", "frist", "geeinigt",
	"merk dir", "merkt euch", "wir nehmen",
	/* French, Spanish, Portuguese, Italian */
	"a partir de ahora", "a partir de agora", "acordamos", "date limite",
	"decidido", "decidimos", "decisione", "decisión", "désormais", "décidé",
	"décision", "abbiamo deciso", "fecha límite",
	/* Dutch, Polish, Russian */
	"afgesproken", "besloten", "postanowiliśmy", "ustaliliśmy", "решили",
	"решение", "срок"
};

static const char *const task_cues[] = {
	/* English */
	"action item", "dont forget", "i am going to", "i will", "ill",
	"im going to", "must be done", "needs to be", "please remind",
	"remind me", "still open", "to do", "todo", "we must", "we need to",
	"we still need", "we will", "well need to",
	/* German */
	"erinnere mich", "ich kümmere mich", "ich mache", "ich übernehme",
	"ich werde", "muss noch", "müssen noch", "wir müssen", "wir werden",
	/* French, Spanish, Portuguese, Italian */
	"dobbiamo", "hay que", "il faut", "je men occupe", "je vais",
	"me encargo", "nous devons", "on doit", "precisamos", "tenemos que",
	/* Dutch, Polish, Russian */
	"ik zal", "musimy", "надо", "нужно", "we moeten", "zrobię"
};

static const struct knowledge_phrases fact_phrases = { fact_cues,
	N_OF(fact_cues) },
				      task_phrases = { task_cues,
					      N_OF(task_cues) };

static const char *const kind_names[SUMMARY_KIND_COUNT] = {
	[SUMMARY_FACT] = "fact",
	[SUMMARY_TASK] = "task",
	[SUMMARY_QUESTION] = "question",
};

const char *
summary_kind_name(enum summary_kind kind)
{
	return kind_names[kind];
}

enum summary_kind
summary_kind_parse(const char *name)
{
	unsigned kind = 0;

	while (kind < SUMMARY_KIND_COUNT - 1 &&
	       strcmp(kind_names[kind], name) != 0)
		kind++;
	return (enum summary_kind)kind;
}

/* Bytes of the sign that ends a sentence there; 0: none does. */
static size_t
sentence_end(const char *p)
{
	if ((*p == '.' || *p == '!' || *p == '?') &&
	    (p[1] == '\0' || p[1] == ' ' || p[1] == '\n'))
		return 1;
	if (strncmp(p, "\xe3\x80\x82", 3) == 0 || /* 。 */
	    strncmp(p, "\xef\xbc\x9f", 3) == 0 || /* ？ */
	    strncmp(p, "\xef\xbc\x81", 3) == 0)	  /* ！ */
		return 3;
	return 0;
}

/* The next sentence without what stands around it, or NULL. */
static const char *
next_sentence(const char **text, size_t *size_out)
{
	const char *begin = *text + strspn(*text, " \t\r\n-*>#");
	const char *p = begin;
	size_t sign = 0;

	while (*p && *p != '\n' && (sign = sentence_end(p)) == 0)
		p++;
	*text = p + sign + (sign == 0 && *p == '\n');
	*size_out = (size_t)(p - begin) + sign;
	return *begin ? begin : NULL;
}

static bool
is_question(const char *sentence, size_t size, size_t n_words)
{
	if (size >= 3 && strncmp(sentence + size - 3, "\xef\xbc\x9f", 3) == 0)
		return true;
	return n_words >= MIN_QUESTION_WORDS && size > 0 &&
	       sentence[size - 1] == '?';
}

/* False when it is worth nothing. */
static bool
classify(const char *sentence, size_t size, enum summary_kind *kind_out,
    struct arena *arena)
{
	const char *words[MAX_SENTENCE_WORDS];
	size_t n = knowledge_words(sentence, words, N_OF(words), arena);

	if (is_question(sentence, size, n))
		*kind_out = SUMMARY_QUESTION;
	else if (knowledge_has_phrase(&fact_phrases, words, n))
		*kind_out = SUMMARY_FACT;
	else if (knowledge_has_phrase(&task_phrases, words, n))
		*kind_out = SUMMARY_TASK;
	else
		return false;
	return true;
}

size_t
summary_extract(
    const char *text, struct summary_item *items, struct arena *arena)
{
	bool is_code = false;
	const char *begin;
	size_t size, n = 0;

	if (*text == '/')
		return 0;
	while (n < SUMMARY_ITEMS_A_MESSAGE &&
	       (begin = next_sentence(&text, &size)) != NULL) {
		const char *one;

		is_code ^= strncmp(begin, "```", 3) == 0;
		if (is_code || size > SUMMARY_MAX_ITEM_BYTES)
			continue;
		one = arena_strndup(arena, begin, size);
		if (!classify(one, size, &items[n].kind, arena))
			continue;
		items[n].who = "";
		items[n++].text = one;
	}
	return n;
}

struct topic {
	const char *word;
	size_t of; /* the text; once counted: in how many */
};

static int
by_word(const void *a, const void *b)
{
	const struct topic *x = a, *y = b;
	int order = strcmp(x->word, y->word);

	return order ? order : (x->of > y->of) - (x->of < y->of);
}

static int
by_count(const void *a, const void *b)
{
	const struct topic *x = a, *y = b;

	if (x->of != y->of)
		return y->of > x->of ? 1 : -1;
	return strcmp(x->word, y->word);
}

static size_t
collect(const char *const *texts, size_t n_texts, struct topic *all,
    struct arena *arena)
{
	size_t n = 0;

	for (size_t i = 0; i < n_texts; i++) {
		const char *words[WORDS_OF_ONE];
		size_t n_words =
		    *texts[i] == '/'
			? 0
			: knowledge_words(texts[i], words, N_OF(words), arena);

		for (size_t j = 0; j < n_words && n < MAX_TOPIC_WORDS; j++)
			if (strlen(words[j]) >= MIN_TOPIC_BYTES &&
			    knowledge_count_telling(&words[j], 1))
				all[n++] = (struct topic){ words[j], i };
	}
	return n;
}

/* One for each word that several texts have; sorted is by word and text. */
static size_t
count_topics(struct topic *sorted, size_t n)
{
	size_t n_topics = 0, end;

	for (size_t i = 0; i < n; i = end) {
		size_t count = 1;

		for (end = i + 1;
		     end < n && strcmp(sorted[end].word, sorted[i].word) == 0;
		     end++)
			count += sorted[end].of != sorted[end - 1].of;
		if (count > 1)
			sorted[n_topics++] =
			    (struct topic){ sorted[i].word, count };
	}
	return n_topics;
}

size_t
summary_topics(const char *const *texts, size_t n_texts, const char **topics,
    size_t limit, struct arena *arena)
{
	struct topic *all = arena_alloc(arena, MAX_TOPIC_WORDS * sizeof(*all));
	size_t n = collect(texts, n_texts, all, arena);

	qsort(all, n, sizeof(*all), by_word);
	n = count_topics(all, n);
	qsort(all, n, sizeof(*all), by_count);
	n = n < limit ? n : limit;
	for (size_t i = 0; i < n; i++)
		topics[i] = all[i].word;
	return n;
}

static void
add_items(const struct summary_in *in, enum summary_kind kind, struct buf *out)
{
	static const char *const headings[SUMMARY_KIND_COUNT] = {
		[SUMMARY_FACT] = "## Decisions and facts",
		[SUMMARY_TASK] = "## Tasks and promises",
		[SUMMARY_QUESTION] = "## Open questions",
	};
	size_t n = 0;

	for (size_t i = 0; i < in->n_items; i++) {
		const struct summary_item *item = &in->items[i];

		if (item->kind != kind)
			continue;
		if (n++ == 0)
			buf_addf(out, "%s\n\n", headings[kind]);
		buf_addf(out, "- %s%s%s\n", item->who, *item->who ? ": " : "",
		    item->text);
	}
	if (n)
		buf_addc(out, '\n');
}

static void
add_list(
    const char *heading, const char *const *list, size_t n, struct buf *out)
{
	if (n == 0)
		return;
	buf_addf(out, "## %s\n\n- ", heading);
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s%s", i ? ", " : "", list[i]);
	buf_adds(out, "\n\n");
}

void
summary_body(const struct summary_in *in, struct buf *out)
{
	for (unsigned kind = 0; kind < SUMMARY_KIND_COUNT; kind++)
		add_items(in, (enum summary_kind)kind, out);
	add_list("Topics", in->topics, in->n_topics, out);
	add_list("People", in->people, in->n_people, out);
}

bool
summary_is_sound(const char *text, size_t max_bytes)
{
	size_t n_items = 0, size;

	if (strlen(text) > max_bytes)
		return false;
	for (; *text; text += size + (text[size] == '\n')) {
		bool is_item = strncmp(text, "- ", 2) == 0;

		size = strcspn(text, "\n");
		if (size > MAX_LINE_BYTES ||
		    (size > 0 && !is_item && strncmp(text, "## ", 3) != 0))
			return false;
		n_items += is_item;
	}
	return n_items > 0;
}
