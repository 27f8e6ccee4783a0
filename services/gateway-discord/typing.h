#ifndef GATEWAY_DISCORD_TYPING_H
#define GATEWAY_DISCORD_TYPING_H

struct loop;
struct rest;

/*
 * "agent is typing…": soon after something was said to us, unless the answer
 * is there sooner, and again until it is or a minute is over.
 */
struct typing;

struct typing *typing_new(struct loop *loop, struct rest *rest);
void typing_free(struct typing **typing);

void typing_begin(struct typing *typing, const char *chat_id);
void typing_end(struct typing *typing, const char *chat_id);

#endif
