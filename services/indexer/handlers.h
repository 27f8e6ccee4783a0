#ifndef INDEXER_HANDLERS_H
#define INDEXER_HANDLERS_H

#include "libcommon/service.h"

struct library;
struct meaning;
struct teller;
struct qmd;

/* Outlive the svc: the last beat still shows them. */
struct indexer_counters {
	int64_t n_searches;
	int64_t n_stale; /* answered before all changes were indexed */
};

struct svc {
	struct library *library;
	struct teller *teller;
	struct qmd *qmd; /* NULL: the own index answers */
	struct meaning *meaning;
	struct indexer_counters *counters;
};

int on_search_query(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_search_open(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_search_status(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);
int on_search_reindex(struct svc *svc, const struct request *request,
    struct reply *reply, struct err *err);

#endif
