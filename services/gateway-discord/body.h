#ifndef GATEWAY_DISCORD_BODY_H
#define GATEWAY_DISCORD_BODY_H

struct buf;
struct json_out;

/* No preview: Discord would fetch what a model wrote. */
enum { BODY_NO_EMBEDS = 4 };

/* Begins a message in which nobody is mentioned, whatever it says. */
void body_begin(struct json_out *json, struct buf *out);

#endif
