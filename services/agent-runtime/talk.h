#ifndef AGENT_RUNTIME_TALK_H
#define AGENT_RUNTIME_TALK_H

#include <stdint.h>

#include "libcommon/defs.h"

struct client;
struct client_answer;
struct err;

/* Who speaks; NULL: the server's own choice. */
struct talk_identity {
	const char *connector, *external_id, *from_user_id, *display_name;
};

/*
 * Sends one message and waits for its reply, at most that long. A lost
 * connection, a busy server and a late reply are tried again under the same
 * key, so that however often that happens, one message is answered once. When
 * serve has given up a daemon that is needed it fails at once, and says which.
 */
int talk(struct client *client, const struct talk_identity *identity,
    const char *text, int64_t timeout_ms, struct client_answer *answer,
    struct err *err) MUST_CHECK;

#endif
