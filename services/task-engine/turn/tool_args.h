#ifndef TASK_ENGINE_TURN_TOOL_ARGS_H
#define TASK_ENGINE_TURN_TOOL_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct buf;
struct err;

/*
 * The arguments of a tool, described once: the model is shown the JSON Schema
 * that is made of it, and what comes back is checked against it. Pure.
 */
enum tool_type { TOOL_TEXT, TOOL_INT, TOOL_BOOL, TOOL_OBJECT, TOOL_TEXTS };

enum { TOOL_MAX_FIELDS = 9, TOOL_MAX_ITEMS = 20 };

struct tool_field {
	const char *name;
	enum tool_type type;
	bool is_required;
	/* bytes of a text, or of each in a list; or the number itself */
	int64_t min, max;
	const char *const *choices; /* NULL-terminated; NULL: any text */
	const char *help;
};

struct tool_value {
	bool is_given;
	const char *text; /* "" if it is not given; of TOOL_OBJECT its JSON */
	int64_t number;	  /* and 1 for true */
	/* TOOL_TEXTS: 1 to TOOL_MAX_ITEMS, if it is given */
	const char *const *items;
	size_t n_items;
};

/* Appends the schema. */
void tool_schema(const struct tool_field *fields, size_t n, struct buf *out);

/*
 * Reads what a model wrote into values, one for each field; nothing at all
 * counts as {}. ERR_INVALID says to the model what is wrong.
 */
int tool_read_args(const struct tool_field *fields, size_t n, const char *text,
    struct arena *arena, struct tool_value *values, struct err *err) MUST_CHECK;

/* Appends the arguments in one form, whatever form they came in. */
void tool_canonical_args(const char *text, struct buf *out);

#endif
