#ifndef AGENT_RUNTIME_STANDING_H
#define AGENT_RUNTIME_STANDING_H

#include <stdbool.h>

struct buf;
struct json;

/* How serve says that its daemons stand: the reading side of report.h. */

/* NULL: there is no report, or its serve is gone. */
struct json *standing_read(const char *run_dir);

/* The others take any report, NULL too. */

/*
 * Whether nothing will be answered until somebody acts: serve has given up the
 * daemon (NULL: the engine or the api) for a while, or for good. Then why says
 * so, with what to do.
 */
bool standing_is_hopeless(
    const struct json *report, const char *daemon, char why[256]);

/* Of the engine and the api: ": task-engine is backoff, api is starting"; ""
 * when both run. */
void standing_add_not_running(struct buf *out, const struct json *report);

#endif
