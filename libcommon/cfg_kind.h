#ifndef LIBCOMMON_CFG_KIND_H
#define LIBCOMMON_CFG_KIND_H

#include "libcommon/cfg.h"

/*
 * The types of configuration rows; only cfg.c asks.
 */
struct cfg_kind {
	const char *name;
	/*
	 * Returns 0, or -1 when the text, which is trimmed and one line of
	 * UTF-8, is not allowed.
	 */
	int (*parse)(
	    void *field, const struct cfg_item *item, const char *text);
	void (*show)(
	    const void *field, const struct cfg_item *item, struct buf *out);
	void (*allowed)(const struct cfg_item *item, struct buf *out);
	bool is_owned; /* the field is a malloc'ed string */
};

const struct cfg_kind *cfg_kind_of(const struct cfg_item *item);

/* text from its first to its last byte that is not blank. */
const char *cfg_trim(const char *text, size_t size, size_t *size_out);
bool cfg_is_blank(const char *text);
void cfg_add_choices(
    const struct cfg_item *item, const char *between, struct buf *out);

#endif
