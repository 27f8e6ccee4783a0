/* What cJSON lets pass and we do not: a scanner, and a look for equal keys. */

#include "libcommon/json_check.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "libcommon/json.h"

enum { FEW_KEYS = 32 };

struct scan {
	const char *text;
	size_t size;
	size_t at;
	size_t n_values;
	int depth;
	struct err *err;
};

static int
refuse(struct scan *scan, const char *why)
{
	return err_set(
	    scan->err, ERR_INVALID, "JSON at byte %zu: %s", scan->at, why);
}

/* The next byte, or 0 at the end: a NUL is no part of JSON anywhere. */
static char
peek(const struct scan *scan)
{
	if (scan->at == scan->size)
		return '\0';
	return scan->text[scan->at];
}

static bool
take(struct scan *scan, char c)
{
	if (peek(scan) != c)
		return false;
	scan->at++;
	return true;
}

static void
skip_space(struct scan *scan)
{
	while (scan->at < scan->size && strchr(" \t\r\n", peek(scan)) != NULL)
		scan->at++;
}

static size_t
skip_digits(struct scan *scan)
{
	size_t start = scan->at;

	while (peek(scan) >= '0' && peek(scan) <= '9')
		scan->at++;
	return scan->at - start;
}

/* The shape of a number; *is_whole_out when it has no fraction, exponent. */
static int
scan_number_shape(struct scan *scan, bool *is_whole_out)
{
	*is_whole_out = true;
	(void)take(scan, '-');
	if (!take(scan, '0') && skip_digits(scan) == 0)
		return refuse(scan, "a value is expected");
	if (peek(scan) >= '0' && peek(scan) <= '9')
		return refuse(scan, "a number must not begin with 0");
	if (take(scan, '.')) {
		*is_whole_out = false;
		if (skip_digits(scan) == 0)
			return refuse(scan, "digits must follow the point");
	}
	if (take(scan, 'e') || take(scan, 'E')) {
		*is_whole_out = false;
		if (!take(scan, '+'))
			(void)take(scan, '-');
		if (skip_digits(scan) == 0)
			return refuse(scan, "digits must follow the exponent");
	}
	return 0;
}

static int
scan_number(struct scan *scan)
{
	char copy[JSON_MAX_NUMBER + 1];
	size_t start = scan->at;
	size_t length;
	bool is_whole;
	double value;

	if (scan_number_shape(scan, &is_whole) < 0)
		return -1;
	length = scan->at - start;
	if (length > JSON_MAX_NUMBER)
		return refuse(scan, "a number may have 60 characters");
	memcpy(copy, scan->text + start, length);
	copy[length] = '\0';
	value = strtod(copy, NULL);
	if (!isfinite(value))
		return refuse(scan, "the number is too large");
	if (is_whole && fabs(value) > 9007199254740991.0)
		return refuse(scan,
		    "whole numbers end at 9007199254740991; send a string");
	return 0;
}

static int
scan_hex4(struct scan *scan, unsigned *value_out)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	unsigned value = 0;

	for (int i = 0; i < 4; i++) {
		char c = peek(scan);
		const char *digit = c != '\0' ? strchr(digits, c) : NULL;

		if (digit == NULL)
			return refuse(scan, "\\u needs four hex digits");
		value = value << 4 | ((unsigned)(digit - digits) & 15);
		scan->at++;
	}
	*value_out = value;
	return 0;
}

static int
scan_unicode_escape(struct scan *scan)
{
	unsigned value = 0;

	if (scan_hex4(scan, &value) < 0)
		return -1;
	if (value == 0)
		return refuse(scan, "\\u0000 is not allowed");
	if (value < 0xd800 || value > 0xdfff)
		return 0;
	if (value > 0xdbff || !take(scan, '\\') || !take(scan, 'u'))
		return refuse(scan, "a surrogate stands alone");
	if (scan_hex4(scan, &value) < 0)
		return -1;
	if (value < 0xdc00 || value > 0xdfff)
		return refuse(scan, "a surrogate stands alone");
	return 0;
}

static int
scan_escape(struct scan *scan)
{
	char c = peek(scan);

	if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
		return refuse(scan, "unknown escape");
	scan->at++;
	return c == 'u' ? scan_unicode_escape(scan) : 0;
}

/* To what ends a string, escapes in it, or must not stand in one: most of what
 * is scanned is passed over here. */
static void
skip_plain(struct scan *scan)
{
	const char *text = scan->text;
	size_t at = scan->at, size = scan->size;

	while (at < size && (unsigned char)text[at] >= 0x20 &&
	       text[at] != '"' && text[at] != '\\')
		at++;
	scan->at = at;
}

static int
scan_string(struct scan *scan)
{
	if (!take(scan, '"'))
		return refuse(scan, "a string is expected");
	for (;;) {
		skip_plain(scan);
		if (take(scan, '"'))
			return 0;
		if (scan->at == scan->size)
			return refuse(scan, "a string has no end");
		if (!take(scan, '\\'))
			return refuse(scan, "a control character in a string");
		if (scan_escape(scan) < 0)
			return -1;
	}
}

static int
scan_word(struct scan *scan, const char *word)
{
	size_t size = strlen(word);

	if (scan->size - scan->at < size ||
	    memcmp(scan->text + scan->at, word, size) != 0)
		return refuse(scan, "a value is expected");
	scan->at += size;
	return 0;
}

static int scan_value(struct scan *scan);

static int
scan_member(struct scan *scan)
{
	skip_space(scan);
	if (scan_string(scan) < 0)
		return -1;
	skip_space(scan);
	if (!take(scan, ':'))
		return refuse(scan, "':' is expected");
	return scan_value(scan);
}

/* A list or an object, from behind its opening to behind its closing. */
static int
scan_items(struct scan *scan, char closing, int (*scan_item)(struct scan *scan),
    const char *expected)
{
	if (++scan->depth > JSON_MAX_DEPTH)
		return refuse(scan, "more than 32 levels");
	skip_space(scan);
	if (!take(scan, closing)) {
		do {
			if (scan_item(scan) < 0)
				return -1;
			skip_space(scan);
		} while (take(scan, ','));
		if (!take(scan, closing))
			return refuse(scan, expected);
	}
	scan->depth--;
	return 0;
}

static int
scan_value(struct scan *scan)
{
	if (++scan->n_values > JSON_MAX_VALUES)
		return refuse(scan, "more than 250000 values");
	skip_space(scan);
	switch (peek(scan)) {
	case '{':
		scan->at++;
		return scan_items(
		    scan, '}', scan_member, "',' or '}' is expected");
	case '[':
		scan->at++;
		return scan_items(
		    scan, ']', scan_value, "',' or ']' is expected");
	case '"':
		return scan_string(scan);
	case 't':
		return scan_word(scan, "true");
	case 'f':
		return scan_word(scan, "false");
	case 'n':
		return scan_word(scan, "null");
	default:
		return scan_number(scan);
	}
}

int
json_check_text(const char *text, size_t size, struct err *err)
{
	struct scan scan = { .text = text, .size = size, .err = err };

	if (!utf8_is_valid(text, size))
		return err_set(
		    err, ERR_INVALID, "JSON must be UTF-8 without NUL bytes");
	if (scan_value(&scan) < 0)
		return -1;
	skip_space(&scan);
	if (scan.at < size)
		return refuse(&scan, "something follows the value");
	return 0;
}

static int
compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
refuse_key(struct err *err, const char *key)
{
	return err_set(
	    err, ERR_INVALID, "JSON: the key \"%.60s\" stands twice", key);
}

static int
check_by_sorting(const cJSON *object, size_t n_keys, struct err *err)
{
	AUTO(xfree)
	const char **keys = xcalloc(n_keys, sizeof(*keys));
	const cJSON *member;
	size_t n = 0;

	cJSON_ArrayForEach(member, object) keys[n++] = member->string;
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < n; i++)
		if (strcmp(keys[i - 1], keys[i]) == 0)
			return refuse_key(err, keys[i]);
	return 0;
}

/* Few keys are compared sooner than sorted: their first bytes differ. */
static int
check_in_pairs(const cJSON *object, struct err *err)
{
	for (const cJSON *a = object->child; a; a = a->next)
		for (const cJSON *b = a->next; b; b = b->next)
			if (a->string[0] == b->string[0] &&
			    strcmp(a->string, b->string) == 0)
				return refuse_key(err, a->string);
	return 0;
}

static int
check_object(const cJSON *object, struct err *err)
{
	const cJSON *member;
	size_t n_keys = 0;

	cJSON_ArrayForEach(member, object) n_keys++;
	return n_keys > FEW_KEYS ? check_by_sorting(object, n_keys, err)
				 : check_in_pairs(object, err);
}

/* Recursion ends at JSON_MAX_DEPTH, which json_check_text has made sure of. */
int
json_check_keys(const cJSON *root, struct err *err)
{
	const cJSON *child;

	if (cJSON_IsObject(root) && check_object(root, err) < 0)
		return -1;
	cJSON_ArrayForEach(
	    child, root) if (json_check_keys(child, err) < 0) return -1;
	return 0;
}
