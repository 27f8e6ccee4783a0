#ifndef GATEWAY_TELEGRAM_MENU_H
#define GATEWAY_TELEGRAM_MENU_H

#include <stdbool.h>

struct buf;
struct command_catalogue;
struct json;
struct svc;

/*
 * The menu of commands that Telegram shows behind "/". In groups everybody
 * sees what anybody may use, and administrators see all of it; so does
 * everybody in a private chat with the bot, where roles are at home. Telegram
 * is asked what it has, and told only where that differs.
 */
struct menu;

struct menu *menu_open(struct svc *svc);
void menu_close(struct menu **menu);
/* Telegram answers: now is a time. Once a process is enough. */
void menu_sync(struct menu *menu);

/* Pure. Writes the list of BotCommand for a menu; is_all: with what needs an
 * admin. Names get '_' for '-', and "pair" comes last. */
void menu_write(
    struct buf *out, const struct command_catalogue *commands, bool is_all);
/* Whether the answer to getMyCommands is that list already. */
bool menu_is_same(const struct json *have, const char *want);

#endif
