#ifndef GATEWAY_TELEGRAM_POLL_H
#define GATEWAY_TELEGRAM_POLL_H

#include <stdint.h>

struct svc;

/*
 * The session with Telegram: who am I, then one long poll after the other. The
 * next poll, which tells Telegram to forget what it gave, begins when the
 * engine has committed all of it; while a file is fetched polls look behind it,
 * and Telegram forgets nothing. Each trouble has its pause, and says in the
 * beats what it is and what cures it.
 */
struct poll;

struct poll *poll_open(struct svc *svc);
void poll_close(struct poll **poll);

/* The engine is there; offset 0: this bot was never polled by us. */
void poll_begin(struct poll *poll, int64_t offset);
/* All updates before that one are committed. */
void poll_committed(struct poll *poll, int64_t offset);
/* So are those behind it, but for what waits for files as it does itself. */
void poll_held(struct poll *poll, int64_t update_id);

#endif
