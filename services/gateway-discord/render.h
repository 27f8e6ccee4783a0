#ifndef GATEWAY_DISCORD_RENDER_H
#define GATEWAY_DISCORD_RENDER_H

struct split_renderer;

/*
 * Marked text as Discord's Markdown. What is text stays text: everything that
 * Discord would read as a mark, a mention or an emoji is escaped, except in
 * links, where nothing is, and in code, where only what would end it is kept
 * apart with U+2060. Pure.
 */
extern const struct split_renderer render_discord;

/* Of one message, in code points. */
enum { RENDER_LIMIT = 2000 };

#endif
