#ifndef PROTO_SHAPE_H
#define PROTO_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct arena;
struct buf;
struct err;
struct json;
struct json_out;

/*
 * What a body looks like, as data: one row a key. Decoder, encoder, JSON
 * Schema and the examples' tests all read the same rows, so they cannot drift.
 *
 * C types of the fields: FIELD_STR const char *, FIELD_INT int64_t, FIELD_BOOL
 * bool, FIELD_REAL double, FIELD_OBJECT a struct, FIELD_LIST a pointer to
 * structs and a size_t beside it, FIELD_STRS const char ** and a size_t.
 * What is decoded lives in the arena; strings are never NULL. A key that is
 * not required and absent (or null) leaves "", 0, false, or an empty list;
 * such a value is allowed whatever the bounds and choices say.
 */
enum field_type {
	FIELD_STR,
	FIELD_INT,
	FIELD_BOOL,
	FIELD_REAL,
	FIELD_OBJECT,
	FIELD_LIST,
	FIELD_STRS,
};

enum field_flag {
	FIELD_REQUIRED = 1,
	FIELD_TOKEN = 2,  /* strings: no control characters */
	FIELD_ASCII = 4,  /* strings: visible ASCII only, no space */
	FIELD_SPARSE = 8, /* when empty, not shown by shape_show */
	/* FIELD_LIST of structs of a name and a value: shape_show makes an
	 * object of them. */
	FIELD_NAMED = 16,
};

struct field {
	const char *key;
	enum field_type type;
	unsigned flags;
	size_t offset;
	size_t count_offset;	    /* FIELD_LIST, FIELD_STRS */
	int64_t min, max;	    /* bytes of a string, value, items */
	int64_t item_max;	    /* FIELD_STRS: bytes of each */
	const char *const *choices; /* FIELD_STR: NULL-terminated, or NULL */
	const struct shape *shape;  /* FIELD_OBJECT, FIELD_LIST */
};

struct shape {
	const char *family; /* "message": the .c that defines it */
	const char *name;   /* "message_inbound": the struct's */
	const struct field *fields;
	size_t n_fields;
	size_t size; /* of the struct */
};

/*
 * Strict: a wrong type, a value out of bounds, or a missing required key is
 * ERR_INVALID with the key's path in the text. Unknown keys are ignored.
 */
int shape_decode(const struct shape *shape, void *out,
    const struct json *object, struct arena *arena, struct err *err) MUST_CHECK;

/*
 * Appends the object. What is not required and empty ("" or NULL, 0, false, no
 * items) is left out. Bounds are not checked: the receiver refuses.
 */
void shape_encode(const struct shape *shape, const void *in, struct buf *out);

/*
 * The struct as clients of HTTP see it, into an object that is open: every
 * key, empty ones as well, but for those of FIELD_SPARSE.
 */
void
shape_show(const struct shape *shape, const void *in, struct json_out *out);

/* Appends the JSON Schema (draft 2020-12) of the shape. */
void shape_schema(const struct shape *shape, struct buf *out);

/* The same but for its "type", into an object that is open, in a style. */
struct schema_style {
	bool is_shown;	/* what shape_show writes, not what is decoded */
	bool is_closed; /* there are no other keys */
	/* Nested shapes are a $ref of this and their name; NULL: in place. */
	const char *refs;
};
void shape_schema_print(const struct shape *shape,
    const struct schema_style *style, struct json_out *out);
void shape_field_schema(const struct field *field,
    const struct schema_style *style, struct json_out *out);

/*
 * PROTO_MESSAGE(message_inbound) declares for struct message_inbound:
 *   int message_inbound_decode(struct message_inbound *out,
 *       const struct json *body, struct arena *arena, struct err *err);
 *   void message_inbound_encode(const struct message_inbound *in,
 *       struct buf *out);
 * over message_inbound_shape, which the family's .c defines.
 */
#define PROTO_MESSAGE(name)                                                    \
	extern const struct shape name##_shape;                                \
	MUST_CHECK static inline int name##_decode(struct name *out,           \
	    const struct json *body, struct arena *arena, struct err *err)     \
	{                                                                      \
		return shape_decode(&name##_shape, out, body, arena, err);     \
	}                                                                      \
	static inline void name##_encode(                                      \
	    const struct name *in, struct buf *out)                            \
	{                                                                      \
		shape_encode(&name##_shape, in, out);                          \
	}                                                                      \
	struct name

/*
 * Rows of a field table and the shape over it: the key is the field's name,
 * and a field of another C type than the row says does not compile.
 */
// clang-format off
#define F_TYPED(s, f, ctype, kind)                                             \
	.key = #f, .offset = offsetof(s, f),                                   \
	/* NOLINTNEXTLINE(bugprone-macro-parentheses) */                       \
	.type = _Generic(((s *)0)->f, ctype: (kind))
#define F_COUNTED(s, f)                                                        \
	.count_offset = _Generic(((s *)0)->n_##f, size_t: offsetof(s, n_##f))
#define F_STR(s, f, how, lo, hi)                                               \
	{ F_TYPED(s, f, const char *, FIELD_STR),                              \
	  .flags = (how), .min = (lo), .max = (hi) }
#define F_CHOICE(s, f, how, list)                                              \
	{ F_TYPED(s, f, const char *, FIELD_STR),                              \
	  .flags = (how), .max = INT64_MAX, .choices = (list) }
#define F_INT(s, f, how, lo, hi)                                               \
	{ F_TYPED(s, f, int64_t, FIELD_INT),                                   \
	  .flags = (how), .min = (lo), .max = (hi) }
#define F_BOOL(s, f, how)                                                      \
	{ F_TYPED(s, f, bool, FIELD_BOOL), .flags = (how) }
#define F_REAL(s, f, how, lo, hi)                                              \
	{ F_TYPED(s, f, double, FIELD_REAL),                                   \
	  .flags = (how), .min = (lo), .max = (hi) }
#define F_OBJECT(s, f, how, item)                                              \
	{ F_TYPED(s, f, struct item, FIELD_OBJECT),                            \
	  .flags = (how), .shape = &item##_shape }
#define F_LIST(s, f, how, item, hi)                                            \
	{ F_TYPED(s, f, struct item *, FIELD_LIST), F_COUNTED(s, f),           \
	  .flags = (how), .max = (hi), .shape = &item##_shape }
#define F_STRS(s, f, how, hi, item_hi)                                         \
	{ F_TYPED(s, f, const char **, FIELD_STRS), F_COUNTED(s, f),           \
	  .flags = (how), .max = (hi), .item_max = (item_hi) }
// clang-format on
#define SHAPE(of_family, of_struct, rows)                                      \
	const struct shape of_struct##_shape = {                               \
		.family = #of_family,                                          \
		.name = #of_struct,                                            \
		.fields = (rows),                                              \
		.n_fields = N_OF(rows),                                        \
		.size = sizeof(struct of_struct),                              \
	}

/* Every shape there is, family by family, for tests, schemas and fuzzing. */
extern const struct shape *const shapes[];
extern const size_t n_shapes;

#endif
