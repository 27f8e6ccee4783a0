#ifndef GATEWAY_DISCORD_MENU_H
#define GATEWAY_DISCORD_MENU_H

#include <stdbool.h>

struct connector;
struct loop;
struct rest;

/*
 * Keeps the slash commands that Discord shows as the engine has them: looks at
 * what is registered and writes only where it differs. Commands stand either
 * for everywhere or for the servers that are named; what is left of the other
 * way is removed.
 */
struct menu;

struct menu_options {
	const char *guild_ids; /* joined by ','; "": everywhere */
	bool is_synced;	       /* else it only learns what is private */
};

struct menu *menu_new(struct loop *loop, struct connector *connector,
    struct rest *rest, const struct menu_options *options);
void menu_free(struct menu **menu);

/* The session stands; what comes after the first time changes nothing. */
void menu_begin(struct menu *menu, const char *application_id);

/* Whether the answer to that command is for its user alone. */
bool menu_is_private(const struct menu *menu, const char *name);

#endif
