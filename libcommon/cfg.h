#ifndef LIBCOMMON_CFG_H
#define LIBCOMMON_CFG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct buf;
struct err;

/*
 * Configuration: one table of rows a program, read from the environment once.
 * From the same rows come the parser, --print-config, docs/configuration.md
 * and .env.example.
 *
 * Types of the fields: CFG_STR, CFG_SECRET, CFG_CSV, CFG_PATH const char *
 * (never NULL), CFG_INT int64_t, CFG_BOOL bool, CFG_CHOICE int (an index into
 * choices). A value is trimmed; empty means the default. A secret may also be
 * given as <NAME>_FILE: the file's content without its last newline, at most
 * 16 KiB and not blank; both at once are refused. Once read, secrets are
 * overwritten in the environment block.
 */
enum cfg_type {
	CFG_TYPE_STR,
	CFG_TYPE_SECRET,
	CFG_TYPE_PATH, /* made absolute against the working directory */
	CFG_TYPE_CSV,  /* trimmed items joined by ',', empties dropped */
	CFG_TYPE_INT,
	CFG_TYPE_BOOL, /* 1 true yes on, 0 false no off */
	CFG_TYPE_CHOICE,
	CFG_TYPE_RETIRED /* accepted, ignored, one line says why (help) */
};

struct cfg_item {
	const char *name; /* AGENT_RUNTIME_… */
	enum cfg_type type;
	size_t offset;
	const char *fallback; /* as it would be written in the environment */
	int64_t min, max;     /* CFG_TYPE_INT */
	const char *unit;     /* "s", "ms", "bytes", "" */
	const char *const *choices; /* NULL-terminated, CFG_TYPE_CHOICE */
	const char *help;	    /* one sentence, no full stop needed */
	const char *section;	    /* heading in the documents */
};

/* Rows: CFG_STR("AGENT_RUNTIME_X", struct x_cfg, field, "default", "help") */
#define CFG_ROW_(n, t, st, f, d, lo, hi, u, ch, h)                             \
	{                                                                      \
		.name = (n), .type = (t), .offset = offsetof(st, f),           \
		.fallback = (d), .min = (lo), .max = (hi), .unit = (u),        \
		.choices = (ch), .help = (h)                                   \
	}
#define CFG_STR(n, st, f, d, h)                                                \
	CFG_ROW_(n, CFG_TYPE_STR, st, f, d, 0, 0, "", NULL, h)
#define CFG_SECRET(n, st, f, h)                                                \
	CFG_ROW_(n, CFG_TYPE_SECRET, st, f, "", 0, 0, "", NULL, h)
#define CFG_PATH(n, st, f, d, h)                                               \
	CFG_ROW_(n, CFG_TYPE_PATH, st, f, d, 0, 0, "", NULL, h)
#define CFG_CSV(n, st, f, d, h)                                                \
	CFG_ROW_(n, CFG_TYPE_CSV, st, f, d, 0, 0, "", NULL, h)
/* d is text; unit is part of what is shown: "s", "ms", "bytes" or "". */
#define CFG_INT(n, st, f, d, lo, hi, u, h)                                     \
	CFG_ROW_(n, CFG_TYPE_INT, st, f, d, lo, hi, u, NULL, h)
#define CFG_BOOL(n, st, f, d, h)                                               \
	CFG_ROW_(n, CFG_TYPE_BOOL, st, f, d, 0, 0, "", NULL, h)
#define CFG_CHOICE(n, st, f, d, ch, h)                                         \
	CFG_ROW_(n, CFG_TYPE_CHOICE, st, f, d, 0, 0, "", ch, h)
#define CFG_RETIRED(n, h)                                                      \
	{                                                                      \
		.name = (n), .type = CFG_TYPE_RETIRED, .fallback = "",         \
		.unit = "", .help = (h)                                        \
	}

struct cfg_table {
	const struct cfg_item *items;
	size_t n_items;
};

/*
 * Fills *cfg (zeroed by the caller) from the environment. On -1 err names the
 * variable, its value (never a secret's) and what is allowed, for as many bad
 * rows as its text has room for. Strings are owned by cfg_release, which a
 * failed load does not need. Values are one line of UTF-8; the words of
 * CFG_BOOL and CFG_CHOICE may be written in any case.
 */
int
cfg_load(void *cfg, const struct cfg_table *table, struct err *err) MUST_CHECK;
void cfg_release(void *cfg, const struct cfg_table *table);

/* Retired variables that are set: one log line each. */
void cfg_warn_retired(const struct cfg_table *table);
/* Files of secrets that others may use (secret_file.h): one log line each. */
void cfg_warn_open_secrets(const struct cfg_table *table);

/* "NAME=value" a line, secrets as "(set)" or "". */
void cfg_print(const void *cfg, const struct cfg_table *table, struct buf *out);
/*
 * The rows themselves, one a line, for the build and documents. Columns are
 * separated by tabs, each there even when empty: name, type (str secret path
 * csv int bool choice retired), default, min, max (int), unit, choices (joined
 * by ','), section, help.
 */
void cfg_print_rows(const struct cfg_table *table, struct buf *out);
/* One value as text; secrets as above. */
void
cfg_print_value(const void *cfg, const struct cfg_item *item, struct buf *out);
/* "text", "whole number, 1 to 64 s", "true or false", "one of a, b". */
void cfg_print_allowed(const struct cfg_item *item, struct buf *out);

#endif
