/* What the handlers of the api's door share. */

#include "services/task-engine/doors/api.h"

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/id.h"
#include "libcommon/service.h"
#include "proto/shape.h"
#include "services/task-engine/audit/audit.h"
#include "services/task-engine/engine.h"

/* Of one answer; an envelope holds 256 KiB. */
enum { ANSWER_BYTES = 240 * 1024 };

void
api_asks(struct svc *svc, const struct request *request,
    const struct actor *actor, const char *operation)
{
	const struct audit_entry known = {
		.actor = arena_strdup(request->arena, actor->name),
		.operation = operation,
	};

	audit_request(svc->store, &known);
}

int
api_actor(struct svc *svc, const struct request *request,
    const struct credential *credential, struct actor *out, struct err *err)
{
	if (people_actor(&svc->people, credential, request->now_ms,
		request->arena, out, err) < 0)
		return -1;
	api_asks(svc, request, out, request->type);
	return policy_check(&svc->policy, out, request->type, NULL, err);
}

void
api_encode_list(const struct shape *shape, const void *list, size_t *n_items,
    struct buf *out)
{
	shape_encode(shape, list, out);
	while (out->size > ANSWER_BYTES) {
		*n_items /= 2;
		buf_reset(out);
		shape_encode(shape, list, out);
	}
}

const char *
api_digest(struct arena *arena, const char *const *texts, size_t n)
{
	AUTO(buf_release)
	struct buf all = { 0 };
	char sha256[ID_SHA256_HEX_SIZE];

	buf_init(&all);
	for (size_t i = 0; i < n; i++)
		buf_addf(&all, "%zu:%s\n", strlen(texts[i]), texts[i]);
	id_sha256_hex(sha256, all.data, all.size);
	return arena_strdup(arena, sha256);
}
