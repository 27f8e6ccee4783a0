/* What is published and told: it may be lost, and nobody waits for it. */

#include "libcommon/bus_impl.h"

#include <assert.h>

#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/id.h"

/* Others want their turn of the loop too; the descriptor stays readable. */
enum { NEWS_BATCH = 64 };

static void
take(struct bus_sock *sock, nng_msg *msg)
{
	struct bus_door *door = sock->door;
	struct bus *bus = door->bus;
	AUTO(envelope_release)
	struct envelope envelope = { 0 };
	struct bus_peer from = door->peer;
	const struct route *route;
	enum bus_fault fault = BUS_FAULT_FORM;
	struct err err;

	if (envelope_decode(
		&envelope, nng_msg_body(msg), nng_msg_len(msg), &err) == 0)
		fault = bus_check(door, sock->how, &envelope, &route, &err);
	if (fault != BUS_FAULT_NONE) {
		bus->counters.refused++;
		bus_complain(door, fault, err.text);
		return;
	}
	if (sock->how == ROUTE_PUB)
		from = (struct bus_peer){ door->listener, "main" };
	if (bus->on_news)
		bus->on_news(bus->news_arg, &from, &envelope);
}

static void
on_readable(void *arg, int events)
{
	struct bus_sock *sock = arg;
	nng_msg *msg;

	(void)events;
	for (int i = 0; i < NEWS_BATCH; i++) {
		if (nng_recvmsg(sock->nng, &msg, NNG_FLAG_NONBLOCK) != 0)
			return;
		take(sock, msg);
		nng_msg_free(msg);
	}
}

static int
watch_socket(struct bus_sock *sock, struct err *err)
{
	int fd, rv = nng_socket_get_int(sock->nng, NNG_OPT_RECVFD, &fd);

	if (!rv)
		sock->watch =
		    watch_new(sock->door->bus->loop, fd, on_readable, sock);
	if (!sock->watch)
		return err_set(err, ERR_INTERNAL, "cannot watch %s: %s",
		    sock->path, nng_strerror(rv));
	watch_set(sock->watch, LOOP_READABLE);
	return 0;
}

int
bus_news_open(struct bus_door *door, enum route_how how, struct err *err)
{
	bool is_sender = (how == ROUTE_TELL) == !door->is_listening;
	struct bus_sock *sock;

	if (bus_sock_open(&sock, door, how, err) < 0)
		return -1;
	if (is_sender)
		door->news = sock;
	else if (watch_socket(sock, err) < 0)
		return -1;
	return bus_sock_start(sock, err);
}

void
bus_on_news(struct bus *bus, bus_news_fn fn, void *arg)
{
	bus->on_news = fn;
	bus->news_arg = arg;
}

static void
send_news(
    struct bus_door *door, struct envelope_head *head, const struct buf *body)
{
	struct bus *bus = door->bus;
	nng_msg *msg;

	head->key = door->key;
	buf_reset(&bus->scratch);
	envelope_encode(&bus->scratch, head, body);
	msg = bus_msg(&bus->scratch);
	if (nng_sendmsg(door->news->nng, msg, NNG_FLAG_NONBLOCK) != 0)
		nng_msg_free(msg);
	bus->counters.published++;
	bus->published_ms = clock_mono_ms();
}

static bool
is_meant(const struct bus_door *door, enum route_how how, enum service_id to,
    const char *instance)
{
	if (!door->news || door->news->how != how)
		return false;
	if (how == ROUTE_TELL)
		return door->listener == to;
	return door->peer.service == to &&
	       (!instance || strcmp(instance, door->peer.instance) == 0);
}

void
bus_publish(struct bus *bus, enum service_id to, const char *instance,
    const char *type, const char *cause, const struct buf *body)
{
	const struct route *route = route_find(type);
	char id[ID_ULID_SIZE];
	int64_t now_ms = clock_unix_ms();
	struct envelope_head head = {
		.id = id,
		.type = type,
		.from = bus->self_name,
		.cause = cause ? cause : "",
		.at_ms = now_ms,
	};

	assert(route && route->how != ROUTE_REQ);
	id_ulid(id, now_ms);
	for (struct bus_door *door = bus->doors; door; door = door->next)
		if (is_meant(door, route->how, to, instance))
			send_news(door, &head, body);
}
