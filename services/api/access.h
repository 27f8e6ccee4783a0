#ifndef API_ACCESS_H
#define API_ACCESS_H

#include "libcommon/defs.h"

struct http_exchange;
struct visit;

/*
 * What a request's head decides, before its body is read: is it for us, is it
 * from a page of ours, does the route exist here, who stands there.
 */
struct access_refusal {
	unsigned status; /* 0: welcome */
	const char *text;
};

/* Fills the visit's route, credential and key. allow_out as api_route_find. */
struct access_refusal access_check_head(struct visit *visit, char *allow_out);

#endif
