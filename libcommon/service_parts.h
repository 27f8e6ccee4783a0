#ifndef LIBCOMMON_SERVICE_PARTS_H
#define LIBCOMMON_SERVICE_PARTS_H

#include <stdbool.h>

#include "libcommon/loop.h"
#include "libcommon/service.h"

/*
 * What the files of service_main share: the one service of this process. Only
 * they include it.
 */
struct service_run {
	const struct service *service;
	struct service_cfg common;
	void *cfg;
	struct loop *loop;
	struct bus *bus;
	struct svc *svc;
	uid_t owner_uid; /* who started us */
	bool has_own_uid;
	uid_t uids[SVC_COUNT]; /* of all daemons, where each has its own */
	bool is_debugging;     /* by SIGHUP */
	int status;
};

extern struct service_run service_run;

/* service_flags.c */
struct service_flags {
	bool is_check;
	bool is_print_config;
	int keys_fd;	/* -1: none */
	int supervised; /* pid of the supervisor; 0: nobody's child */
	bool has_own_uid;
};

/* Answers --help, --version and --print-config-rows itself, and refuses what
 * it does not know: then it does not return. */
void service_flags_parse(struct service_flags *out, int argc, char **argv);
struct cfg_table service_common_table(void);
struct cfg_table service_own_table(void);

/* service_dispatch.c */
void service_check_handlers(const struct service *service);
void service_on_requests(
    void *arg, struct bus_request **requests, size_t n_requests);
void service_on_news(
    void *arg, const struct bus_peer *from, const struct envelope *news);

/* service_beat.c */
void service_beats_start(void);
void service_beats_stop(void); /* the last one says "stopped" */

#endif
