#ifndef GATEWAY_DISCORD_WIRE_H
#define GATEWAY_DISCORD_WIRE_H

#include <stddef.h>

#include "libcommon/defs.h"

struct address;
struct err;
struct loop;

/*
 * One WebSocket at a time to Discord's gateway, with zlib-stream, on the loop:
 * the only includer of libwebsockets. It knows nothing of what is said.
 */
struct wire;

struct wire_events {
	void (*on_open)(void *arg);
	/* One whole message, inflated and NUL-terminated; NULL: it was longer
	 * than anything that Discord sends. */
	void (*on_message)(void *arg, const char *text, size_t size);
	/* The connection is gone or never was; code 0: nobody said why. Not
	 * after wire_hang_up. */
	void (*on_closed)(void *arg, int code, const char *why);
};

/* ca_file "": the system's. Before the lock-down: files are read here. */
int wire_open(struct wire **wire_out, struct loop *loop, const char *ca_file,
    const struct wire_events *events, void *arg, struct err *err) MUST_CHECK;
void wire_close(struct wire **wire);

/* Not while there is a connection. The name is looked up off the loop. */
void wire_dial(struct wire *wire, const struct address *address);
/* Only between on_open and on_closed. */
void wire_send(struct wire *wire, const char *text, size_t size);
/* Closes with that code, if there is anything to close, without waiting. */
void wire_hang_up(struct wire *wire, int code);

#endif
