#ifndef GATEWAY_TELEGRAM_FETCH_H
#define GATEWAY_TELEGRAM_FETCH_H

#include <stddef.h>

struct svc;
struct timer;

/*
 * Fetches a file by its id: getFile, then the file itself, at most
 * ATTACHMENT_MAX_BYTES of it; what may pass is tried again, a few times. fn is
 * called once, unless the bot is closed or fetch_end called before: bytes are
 * NULL when why says, in words for the chat, why there are none.
 */
typedef void (*fetch_fn)(
    void *arg, const char *bytes, size_t size, const char *why);

struct fetch {
	struct svc *svc;
	const char *file_id;
	fetch_fn fn;
	void *arg;
	struct timer *again;
	int n_tries;
};

/* svc, file_id, fn and arg are set, the rest is zero. */
void fetch_begin(struct fetch *fetch);
/* Also of one that was never begun. */
void fetch_end(struct fetch *fetch);

#endif
