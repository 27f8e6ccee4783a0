#ifndef API_HTTP_LINGER_H
#define API_HTTP_LINGER_H

#include <stddef.h>

struct loop;

/*
 * Connections that were answered before their body was read. Closing such a
 * socket at once would make the kernel reset it, and the client, still busy
 * sending, would lose the answer: so what comes is read and thrown away for a
 * moment.
 */
struct lingerers;

struct lingerers *lingerers_new(struct loop *loop);
void lingerers_free(struct lingerers **lingerers);

/* Keeps a duplicate of the socket; does nothing when there are too many. */
void linger(struct lingerers *lingerers, int fd);

#endif
