#ifndef TESTS_TOOLS_PEER_H
#define TESTS_TOOLS_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/bus.h"

struct loop;

/* What both modes of the peer need. */
struct peer {
	struct loop *loop;
	struct bus *bus;
	bool is_stopping;
};

/* From the command line; 0 and NULL stand for what was not given. */
struct peer_options {
	const char *run_dir, *as, *keys;
	const char *file; /* --acks or --out */
	const char *log;
	const char *tag, *text;
	int64_t n_messages, n_clients, n_chats, per_second, within_ms;
	int64_t poll_ms, n_parts;
	bool is_direct, is_addressed;
};

/* Both run until they are done or told to stop; the exit status. */
int peer_send(struct peer *peer, const struct peer_options *options);
int peer_sink(struct peer *peer, const struct peer_options *options);

/* Runs the loop until fn(arg) is true or the peer is told to stop. */
void peer_run(struct peer *peer, bool (*fn)(void *arg), void *arg);

#endif
