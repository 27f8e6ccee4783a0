#ifndef GATEWAY_TELEGRAM_TRANSLATE_PARTS_H
#define GATEWAY_TELEGRAM_TRANSLATE_PARTS_H

#include "services/gateway-telegram/translate.h"

/* Between translate.c and translate_events.c. */

int64_t telegram_int_of(const struct json *object, const char *key);
const char *telegram_str_of(const struct json *object, const char *key);
bool telegram_is_time(int64_t unix_s);
const char *telegram_id_text(int64_t id, struct arena *arena);
/* As it fits; control characters have no place in a name. */
const char *telegram_name_text(const char *text, struct arena *arena);
const char *telegram_person_name(const struct json *user, struct arena *arena);
/* Where a message is: chat or topic, and its space. */
int telegram_read_place(struct message_inbound *in, const struct json *message,
    struct arena *arena, struct err *err) MUST_CHECK;
int telegram_nothing(struct telegram_update *out, const char *why);

/* A group that became a supergroup says so in both; 1: it says nothing. */
int telegram_read_move(struct telegram_update *out, const struct json *message,
    struct arena *arena);

/* update is the whole update. */
int telegram_read_press(struct telegram_update *out, const struct json *update,
    struct arena *arena, struct err *err) MUST_CHECK;
int telegram_read_member(struct telegram_update *out, const struct json *update,
    struct arena *arena, struct err *err) MUST_CHECK;

#endif
