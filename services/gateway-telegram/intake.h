#ifndef GATEWAY_TELEGRAM_INTAKE_H
#define GATEWAY_TELEGRAM_INTAKE_H

#include <stdint.h>

struct handover;
struct json;
struct svc;

/*
 * Hands what polls brought to the engine: all chats at once, one message of
 * each at a time, and the last message, which carries the cursor, when the
 * others are committed. So the cursor never passes what is not on disk. Only
 * for a file nothing waits but its own chat: then the poll goes on behind it,
 * and Telegram keeps what it gave until all of that is committed.
 */
struct intake;

struct intake *intake_open(struct svc *svc);
void intake_close(struct intake **intake);

/* updates: the result of getUpdates, asked from offset (0: the first time, and
 * then what is older than a day is history); what was taken before is left out.
 * Leads to poll_held, as often as files are waited for, and to
 * poll_committed. */
void
intake_take(struct intake *intake, const struct json *updates, int64_t offset);

/* For handover.c: one of them is done. */
void intake_go_on(struct intake *intake);
/* Where we are once that one is committed; 0: others are not. */
int64_t
intake_cursor(const struct intake *intake, const struct handover *handover);

#endif
