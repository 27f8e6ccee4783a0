#ifndef GATEWAY_TELEGRAM_HANDOVER_H
#define GATEWAY_TELEGRAM_HANDOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/buf.h"
#include "services/gateway-telegram/fetch.h"
#include "services/gateway-telegram/translate.h"

struct arena;
struct svc;
struct timer;

/*
 * One update on its way to the engine, behind the file that it brings. An
 * engine that is away is asked again for as long as it takes; what it calls
 * wrong is dropped, told in the log and counted. Ends with intake_go_on.
 */
struct handover {
	struct handover *prev, *next; /* the intake's */
	struct svc *svc;
	struct arena *arena; /* of the update */
	struct telegram_update update;
	int64_t update_id;
	int64_t cursor; /* that goes with it; 0: none */
	bool is_begun;	/* else it waits for its turn */
	bool waits_for_file;
	bool is_done;
	/* handover.c's: the request under way. */
	int n_tries;
	const char *type;
	struct buf body;
	struct fetch fetch;
	struct timer *again;
};

/* Of nothing but the cursor, until update is filled in. */
struct handover *handover_new(struct svc *svc, int64_t update_id);
void handover_free(struct handover **handover);
void handover_begin(struct handover *handover);

#endif
