#ifndef GATEWAY_DISCORD_MENU_LIST_H
#define GATEWAY_DISCORD_MENU_LIST_H

#include <stdbool.h>

struct buf;
struct command_catalogue;
struct command_item;
struct json;

/* The engine's commands as Discord registers them. Pure. */

/* Adds the JSON list. is_global: for all servers and direct messages. */
void menu_list_write(
    struct buf *out, const struct command_catalogue *from, bool is_global);

/* Whether what Discord has is what we want: the same commands, in any order,
 * with the same words. Both are lists of commands. */
bool menu_list_is_same(const struct json *have, const struct json *want);

/* Only who uses it shall see the answer. */
bool
menu_list_is_private(const struct command_catalogue *from, const char *name);

#endif
