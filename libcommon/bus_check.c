/* What may pass a door, and what is said about the rest. */

#include "libcommon/bus_impl.h"

#include <inttypes.h>

#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/id.h"
#include "libcommon/log.h"

/* A peer that keeps knocking must not fill the log. */
enum { COMPLAIN_EVERY_MS = 60 * 1000 };

static const char *const fault_names[BUS_FAULT_COUNT] = {
	[BUS_FAULT_NONE] = "",
	[BUS_FAULT_FORM] = "form",
	[BUS_FAULT_KEY] = "key",
	[BUS_FAULT_FROM] = "from",
	[BUS_FAULT_TYPE] = "type",
	[BUS_FAULT_REPLY] = "reply",
};

/* Everything but news from the listener is sent by the door's peer. */
static bool
is_routed(
    const struct bus_door *door, enum route_how how, const struct route *route)
{
	unsigned peer = SVC_BIT(door->peer.service);
	unsigned listener = SVC_BIT(door->listener);
	unsigned from = how == ROUTE_PUB ? listener : peer;
	unsigned to = how == ROUTE_PUB ? peer : listener;

	return route->how == how && (route->from & from) && (route->to & to);
}

size_t
bus_route_max(const struct route *route)
{
	return route->flags & ROUTE_LARGE ? ENVELOPE_MAX_LARGE_BYTES
					  : ENVELOPE_MAX_BYTES;
}

enum bus_fault
bus_check(const struct bus_door *door, enum route_how how,
    const struct envelope *envelope, const struct route **route_out,
    struct err *err)
{
	const char *from =
	    how == ROUTE_PUB ? door->listener_name : door->peer_name;
	const struct route *route;

	if (envelope->is_reply) {
		err_set(err, ERR_INVALID, "a reply was sent as a request");
		return BUS_FAULT_FORM;
	}
	if (!id_equal_secret(envelope->key, door->key)) {
		err_set(err, ERR_REFUSED, "this is not the key of the door %s",
		    door->name);
		return BUS_FAULT_KEY;
	}
	if (strcmp(envelope->from, from) != 0) {
		err_set(err, ERR_REFUSED, "only %s may speak at the door %s",
		    from, door->name);
		return BUS_FAULT_FROM;
	}
	route = route_find(envelope->type);
	if (!route || !is_routed(door, how, route)) {
		err_set(err, ERR_INVALID,
		    "there is no message \"%.64s\" at the door %s",
		    envelope->type, door->name);
		return BUS_FAULT_TYPE;
	}
	if (how == ROUTE_REQ && envelope->deadline_ms <= 0) {
		err_set(err, ERR_INVALID, "a request needs a deadline");
		return BUS_FAULT_FORM;
	}
	*route_out = route;
	return BUS_FAULT_NONE;
}

void
bus_complain(struct bus_door *door, enum bus_fault fault, const char *text)
{
	struct bus_complaint *complaint = &door->complaints[fault];
	int64_t now_ms = clock_mono_ms();

	complaint->n_unsaid++;
	if (complaint->said_ms != 0 &&
	    now_ms - complaint->said_ms < COMPLAIN_EVERY_MS)
		return;
	log_warn("bus-refused", "door=%s fault=%s n=%" PRId64 " text=%s",
	    door->name, fault_names[fault], complaint->n_unsaid,
	    log_quote(text));
	complaint->said_ms = now_ms;
	complaint->n_unsaid = 0;
}
