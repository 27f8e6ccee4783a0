#ifndef GATEWAY_TELEGRAM_INTAKE_H
#define GATEWAY_TELEGRAM_INTAKE_H

#include <stdint.h>

struct json;
struct svc;

/*
 * Hands what a poll brought to the engine: all chats at once, one message of
 * each at a time, and the last message, which carries the cursor, when the
 * others are committed. So the cursor never passes what is not on disk. An engine that is away is
 * asked again for as long as it takes; what it calls wrong is dropped, told in
 * the log and counted.
 */
struct intake;

struct intake *intake_open(struct svc *svc);
void intake_close(struct intake **intake);

/* updates: the result of getUpdates, asked from offset (0: the first time, and
 * then what is older than a day is history). Ends with poll_committed. */
void
intake_take(struct intake *intake, const struct json *updates, int64_t offset);

#endif
