#ifndef TASK_ENGINE_DOORS_API_H
#define TASK_ENGINE_DOORS_API_H

#include <stddef.h>

#include "libcommon/defs.h"
#include "services/task-engine/policy/policy.h"

struct arena;
struct buf;
struct credential;
struct err;
struct request;
struct shape;
struct svc;

/* What the handlers of the api's door share. */

/* Replies over HTTP leave by this instance; no gateway claims them. */
#define API_INSTANCE "api.main"

/* Who asks, and whether they may use the request's operation at all. */
int api_actor(struct svc *svc, const struct request *request,
    const struct credential *credential, struct actor *out,
    struct err *err) MUST_CHECK;

/* Tells the audit log who asks what; operation lives as long as the request. */
void api_asks(struct svc *svc, const struct request *request,
    const struct actor *actor, const char *operation);
/*
 * Lists of long names are cut until the answer fits an envelope: the first of
 * them are shown. n_items is the list's own count.
 */
void api_encode_list(const struct shape *shape, const void *list,
    size_t *n_items, struct buf *out);

/* SHA-256 in hex over the texts, each with its length. */
const char *api_digest(struct arena *arena, const char *const *texts, size_t n);

#endif
