#ifndef GATEWAY_DISCORD_GATEWAY_H
#define GATEWAY_DISCORD_GATEWAY_H

#include "libcommon/service.h"

/* The gateway's context: what main.c opens and its parts work with. */
struct svc {
	struct service_env env;
	const struct discord_cfg *cfg;
	struct connector *connector;
	struct outbound *outbound;
	struct rest *rest;
	struct session *session;
	struct places *places;
	struct roll *roll;
	struct suspects *suspects;
	struct gate *gate;
	struct files *files;
	struct inbox *inbox;
	struct interactions *interactions;
	struct complete *complete;
	struct deliver *deliver;
	struct typing *typing;
	struct edits *edits;
	struct menu *menu;
	struct timer *grace; /* until a lost session is told */
	struct arena *arena; /* of the event in hand */
};

#endif
