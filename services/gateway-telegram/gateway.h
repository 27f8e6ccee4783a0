#ifndef GATEWAY_TELEGRAM_GATEWAY_H
#define GATEWAY_TELEGRAM_GATEWAY_H

#include <stdint.h>

#include "libcommon/service.h"
#include "services/gateway-telegram/translate.h"

struct bot;
struct connector;
struct edit;
struct edits;
struct json_out;
struct intake;
struct menu;
struct outbound;
struct poll;
struct suspects;
struct typing;

struct telegram_cfg {
	const char *token;
	const char *api_base;
	int64_t poll_seconds;
	bool syncs_commands;
};

/* The gateway's context: what main.c opens and its parts work with. */
struct svc {
	struct service_env env;
	const struct telegram_cfg *cfg;
	struct connector *connector;
	struct bot *bot; /* NULL without a token: nothing below is there */
	struct poll *poll;
	struct intake *intake;
	struct menu *menu;
	struct outbound *outbound;
	struct typing *typing;
	struct edits *edits;
	struct suspects *suspects;

	struct telegram_me me;
	char username[64];

	struct {
		int64_t updates, ignored, duplicates, dropped;
		int64_t plain; /* parts whose formatting was refused */
	} counters;
};

/* typing.c: one sign of life. */
struct typing_sign;
bool telegram_type(void *svc, struct typing_sign *sign, const char *chat_id);

/* grow.c: a message that grows. */
bool telegram_grow(void *svc, struct edit *edit);
int64_t telegram_grows_every_ms(const char *chat_id);

/* press.c: ends the wait of whoever pressed a button; in a box of its own if
 * they shall not miss it. */
void telegram_answer_press(
    struct svc *svc, const char *query_id, const char *text, bool is_alert);

/* send.c: what a message says. */
void telegram_put_text(struct json_out *out, const char *text, bool is_plain);

/* send.c: one part of a reply. */
struct outbound_job;
struct outbound_part;
void telegram_send(
    void *svc, struct outbound_job *job, const struct outbound_part *part);

#endif
