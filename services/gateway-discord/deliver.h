#ifndef GATEWAY_DISCORD_DELIVER_H
#define GATEWAY_DISCORD_DELIVER_H

#include <stdbool.h>

struct interactions;
struct outbound_job;
struct outbound_part;
struct rest;

/*
 * Sends one part of a reply: as a message of its channel, in the place of one
 * that was sent before, or as the answer to the slash command that it replies
 * to. A message carries a nonce made of row
 * and part, which Discord knows again for some minutes: sending it twice shows
 * it once.
 */
struct deliver;

struct deliver *
deliver_new(struct rest *rest, struct interactions *interactions);
void deliver_free(struct deliver **deliver);

/* Where a message is changed. False: it is none of Discord's. */
enum { DELIVER_EDIT_PATH_SIZE = 128 };
bool deliver_edit_path(char path[DELIVER_EDIT_PATH_SIZE], const char *chat_id,
    const char *message_id);

void deliver_part(struct deliver *deliver, struct outbound_job *job,
    const struct outbound_part *part);

#endif
