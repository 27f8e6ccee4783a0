#ifndef TESTS_UNIT_BUS_STAGE_H
#define TESTS_UNIT_BUS_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/loop.h"

/*
 * A run directory with keys for a small suite, and buses in it. Whatever goes
 * wrong here ends the test program.
 */
struct stage {
	char *run_dir;
	struct loop *loop;
	struct door_keys *keys;
};

void stage_open(struct stage *stage);
/* The same directory and keys in another process. */
void stage_join(struct stage *stage, const char *run_dir);
/* Writes what stage_join reads. */
void stage_write_keys(const struct stage *stage);
void stage_close(struct stage *stage);
/* Without closing anything: buses live until the process ends. */
void stage_leave(struct stage *stage);
/* Leaves the process as a daemon does; a leak makes the status 23. */
void stage_exit(int status) __attribute__((noreturn));

struct bus *
stage_bus(struct stage *stage, enum service_id service, const char *instance);

/* Runs the loop until claim(arg) holds; false after that many ms. */
typedef bool (*claim_fn)(void *arg);
bool stage_until(struct stage *stage, claim_fn claim, void *arg, int64_t ms);

/* Answers every request with the body that it came with. */
struct echo {
	struct bus *bus;
	int n_requests, n_batches;
	size_t largest_batch;
	int64_t slow_ms; /* each batch takes as long */
	bool is_holding; /* defers everything */
	uint64_t tickets[64];
	int n_tickets;
	char last_id[27];
};
void echo_open(struct echo *echo, struct bus *bus);

/* One call and its answer. */
struct asked {
	bool is_done;
	int n_answers;
	bool ok;
	int code; /* enum err_code of what went wrong */
	int64_t retry_after_ms;
	char text[256];
	char id[27];
	struct buf body;
	int *n_done;
};
void ask(struct asked *asked, struct bus *bus, enum service_id to,
    const char *type, const char *id, int64_t within_ms, const char *body);
bool asked_is_done(void *asked);
void asked_release(struct asked *asked);

#endif
