/* The tokenizer of the index files, around one of FTS5's own. */

#include "services/indexer/tokens.h"

#include <sqlite3.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/utf8.h"
#include "services/indexer/fts5.h"
#include "services/indexer/words.h"

/* The one of FTS5 that does what is done for words with spaces. */
static const char inner_name[] = "porter";
static const char *inner_args[] = { "unicode61", "remove_diacritics", "2" };

struct factory {
	fts5_tokenizer inner;
	void *context;
};

struct Fts5Tokenizer {
	const fts5_tokenizer *inner;
	Fts5Tokenizer *words;
};

typedef int (*token_fn)(
    void *arg, int flags, const char *token, int n_token, int start, int end);

/* One text on its way through. */
struct pass {
	const Fts5Tokenizer *self;
	const char *text; /* the whole of it */
	int flags;
	int offset; /* where the part that is looked at begins */
	token_fn fn;
	void *arg;
};

static int
on_word(
    void *arg, int flags, const char *token, int n_token, int start, int end)
{
	const struct pass *pass = arg;

	return pass->fn(pass->arg, flags, token, n_token, start + pass->offset,
	    end + pass->offset);
}

/*
 * Each character with the one behind it. The last one is also there alone, in
 * the place of the last pair: whoever looks for one character looks for words
 * that begin with it.
 */
static int
add_pairs(struct pass *pass, int start, int end)
{
	const char *text = pass->text;
	bool is_alone = true;
	int rc = SQLITE_OK;
	int at = start;

	while (rc == SQLITE_OK && at < end) {
		uint32_t c;
		int one = (int)utf8_next(text + at, (size_t)(end - at), &c);
		int two = (int)utf8_next(
		    text + at + one, (size_t)(end - at - one), &c);

		if (two > 0)
			rc = pass->fn(pass->arg, 0, text + at, one + two, at,
			    at + one + two);
		else if (is_alone)
			rc = pass->fn(
			    pass->arg, 0, text + at, one, at, at + one);
		else if (pass->flags & FTS5_TOKENIZE_DOCUMENT)
			rc = pass->fn(pass->arg, FTS5_TOKEN_COLOCATED,
			    text + at, one, at, at + one);
		is_alone = false;
		at += one;
	}
	return rc;
}

static int
words_tokenize(Fts5Tokenizer *self, void *arg, int flags, const char *text,
    int size, token_fn fn)
{
	struct pass pass = { self, text, flags, 0, fn, arg };
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK && pass.offset < size) {
		int at = pass.offset;
		bool is_unspaced;
		int n = (int)words_run(
		    text + at, (size_t)(size - at), &is_unspaced);

		rc = is_unspaced ? add_pairs(&pass, at, at + n)
				 : self->inner->xTokenize(self->words, &pass,
				       flags, text + at, n, on_word);
		pass.offset = at + n;
	}
	return rc;
}

static void
words_delete(Fts5Tokenizer *self)
{
	self->inner->xDelete(self->words);
	xfree(&self);
}

static int
words_create(void *context, const char **args, int n_args, Fts5Tokenizer **out)
{
	const struct factory *factory = context;
	Fts5Tokenizer *self = xcalloc(1, sizeof(*self));
	int rc;

	(void)args;
	(void)n_args;
	self->inner = &factory->inner;
	rc = factory->inner.xCreate(
	    factory->context, inner_args, (int)N_OF(inner_args), &self->words);
	if (rc != SQLITE_OK)
		xfree(&self);
	*out = self;
	return rc;
}

static void
factory_free(void *arg)
{
	struct factory *factory = arg;

	xfree(&factory);
}

int
tokens_register(struct sqlite3 *db, struct err *err)
{
	fts5_tokenizer words = { words_create, words_delete, words_tokenize };
	fts5_api *api = fts5_api_of(db);
	struct factory *factory;

	if (!api)
		return err_set(
		    err, ERR_INTERNAL, "this SQLite was built without FTS5");
	factory = xcalloc(1, sizeof(*factory));
	if (api->xFindTokenizer(api, inner_name, &factory->context,
		&factory->inner) == SQLITE_OK &&
	    api->xCreateTokenizer(
		api, "words", factory, &words, factory_free) == SQLITE_OK)
		return 0;
	xfree(&factory);
	return err_set(
	    err, ERR_INTERNAL, "index tokenizer: %s", sqlite3_errmsg(db));
}
