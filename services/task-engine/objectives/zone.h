#ifndef TASK_ENGINE_OBJECTIVES_ZONE_H
#define TASK_ENGINE_OBJECTIVES_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "libcommon/defs.h"

struct err;

/*
 * A time zone of the IANA database, as the system has it (TZif, RFC 8536). The
 * C library's own would be one for the whole process.
 */
struct zone;

/*
 * By its name, "Europe/Berlin", from /usr/share/zoneinfo; "UTC" needs no file.
 * ERR_INVALID, for whoever wrote the name: there is none of that name.
 */
int
zone_load(struct zone **zone_out, const char *name, struct err *err) MUST_CHECK;

/* The content of such a file. Pure. */
int zone_parse(struct zone **zone_out, const void *data, size_t size,
    struct err *err) MUST_CHECK;
void zone_free(struct zone **zone);

/* Seconds that its clocks are before those of UTC at that moment. */
int zone_offset(const struct zone *zone, int64_t at_unix);

#endif
