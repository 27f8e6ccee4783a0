#ifndef LIBCOMMON_JSON_CHECK_H
#define LIBCOMMON_JSON_CHECK_H

#include <stddef.h>

#include "libcommon/defs.h"

struct cJSON;
struct err;

/*
 * The strictness in front of and behind cJSON; only json.c calls this.
 */

/* Refuses every text that json.h says is refused, but for duplicate keys. */
int json_check_text(const char *text, size_t size, struct err *err) MUST_CHECK;

/* Refuses an object, however deep, that has a key twice. */
int json_check_keys(const struct cJSON *root, struct err *err) MUST_CHECK;

#endif
