#ifndef GATEWAY_DISCORD_MENTIONS_H
#define GATEWAY_DISCORD_MENTIONS_H

struct buf;
struct json;
struct translate_self;

/*
 * Adds text with Discord's marks for people, emoji and commands as people see
 * them: "<@42>" becomes "@Ada" where mentions names her. A mention of us that
 * the text begins with is left out: "@agent /status" is "/status". Pure.
 */
void mentions_name(struct buf *out, const char *text,
    const struct json *mentions, const struct translate_self *self);

#endif
