#ifndef TASK_ENGINE_AUDIT_AUDIT_H
#define TASK_ENGINE_AUDIT_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "services/task-engine/store/audit_rows.h"

struct audit;
struct err;
struct store;

/*
 * What was done, by whom, from where and why, chained: every row carries an
 * HMAC-SHA256 over its own fields and the row before it, under a key that lies
 * in a file beside the database. The newest row's number and hash, the head,
 * are kept in another file. See verify.h.
 *
 * Of an entry actor and operation are required, or known from the request that
 * runs (audit_request). So is what else is NULL; what nobody knows is "". The
 * cause is by default the message that is being handled. What is too long for
 * its field is cut.
 */

/*
 * Reads <folder>/audit.key and audit.head, made when they were never there,
 * and attaches itself to the store. ERR_CONFLICT: there are rows that need
 * another key than the one that is (not) there.
 */
int audit_open(struct audit **audit_out, struct store *store,
    const char *folder, int64_t now_ms, struct err *err) MUST_CHECK;
/* Logs the head. */
void audit_close(struct audit **audit);
/* Why the log cannot be trusted, as far as its start has shown; "". */
const char *audit_trouble(const struct audit *audit);

/* Within the transaction of what it records, which waits for the disk. */
int audit_add(struct store *store, const struct audit_entry *entry,
    int64_t now_ms, struct err *err) MUST_CHECK;

/*
 * What the running request is known to be: every entry until audit_request_end
 * takes from it what it leaves out. Fields that are not NULL replace earlier
 * ones; they must live as long as the request.
 */
void audit_request(struct store *store, const struct audit_entry *known);
void audit_request_end(struct store *store);
bool audit_has_actor(const struct store *store);

/*
 * Notes that something was refused. May be called within the transaction that
 * the refusal undoes: the row is written by audit_write_refused, later. Of one
 * actor and operation there are ten rows an hour and one that says that more
 * are left out; of all together a thousand.
 */
void audit_refused(
    struct store *store, const struct audit_entry *entry, int64_t now_ms);
/*
 * Writes what was noted, in a transaction of its own; the head follows with
 * the next store_tell. On failure the notes are dropped.
 */
int audit_write_refused(struct store *store, struct err *err) MUST_CHECK;

#endif
