#ifndef GATEWAY_DISCORD_INBOX_COPY_H
#define GATEWAY_DISCORD_INBOX_COPY_H

#include <stddef.h>

struct arena;
struct button_pressed;
struct membership_changed;
struct message_inbound;

/* Events with strings of their own, for as long as the arena lives. Pure. */
void copy_message(struct message_inbound *to,
    const struct message_inbound *from, struct arena *arena);
void copy_button(struct button_pressed *to, const struct button_pressed *from,
    struct arena *arena);
void copy_membership(struct membership_changed *to,
    const struct membership_changed *from, struct arena *arena);
const char **copy_urls(const char *const *urls, size_t n, struct arena *arena);

#endif
