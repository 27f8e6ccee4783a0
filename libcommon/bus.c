/* The message bus: which doors there are, and how nng's threads reach us. */

#include "libcommon/bus_impl.h"

#include <fcntl.h>
#include <stdlib.h>
#include <utlist.h>

#include "libcommon/arena.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/file.h"

/* Messages of one turn of the loop; others want theirs too. */
enum { MAX_ITEMS_A_TURN = BUS_BATCH_MAX };

/*
 * A context costs 0.9 kB on either side. Few requests travel on one socket, as
 * nng 1.5 recovers better from a lost peer then. The listener has contexts for
 * more than its peer may ask at once: for what a peer left behind that was
 * killed, until nng tells that it is gone.
 */
#define ENGINE SVC_BIT(SVC_TASK_ENGINE)
// clang-format off
static const struct bus_size sizes[] = {
	/* listeners, peers, sockets, contexts, deferred, answering */
	/* A thousand chats wait for their turns beside what must be quick. */
	{ ENGINE, SVC_BIT(SVC_API),       4, 288, 1024, 1280 },
	{ ENGINE, SVC_CONNECTORS,         4,  16,   32,  128 },
	{ ENGINE, SVC_ALL,                1,   8,    4,   32 },
	{ SVC_BIT(SVC_INDEXER), ENGINE,   4,  16,   48,  128 },
	{ SVC_ALL, SVC_ALL,               1,   8,    4,   32 },
};
// clang-format on

/* They are never closed; this keeps them in sight of the leak check. */
static struct bus *open_buses;

static void
run_items(struct bus *bus)
{
	struct bus_item *item;

	for (int i = 0; bus->todo && i < MAX_ITEMS_A_TURN; i++) {
		item = bus->todo;
		bus->todo = item->next;
		item->fn(item);
	}
}

/* Arrivals go behind what an earlier turn has left over. */
static void
empty_inbox(struct bus *bus)
{
	struct bus_item **tail = &bus->todo;

	while (*tail)
		tail = &(*tail)->next;
	pthread_mutex_lock(&bus->inbox_lock);
	*tail = bus->inbox_head;
	bus->inbox_head = NULL;
	bus->inbox_tail = &bus->inbox_head;
	pthread_mutex_unlock(&bus->inbox_lock);
}

static void
on_wakeup(void *arg)
{
	struct bus *bus = arg;
	struct bus_door *door;
	bool has_more;

	empty_inbox(bus);
	run_items(bus);
	if (atomic_exchange(&bus->has_pipe_changed, false)) {
		LL_FOREACH (bus->doors, door)
			if (door->dial)
				bus_dial_on_pipe(door->dial);
		bus_watch_closely(bus);
	}
	has_more = bus_listen_deliver(bus);
	if (has_more || bus->todo)
		wakeup_send(bus->wakeup);
}

void
bus_push(struct bus *bus, struct bus_item *item)
{
	bool was_empty;

	item->next = NULL;
	pthread_mutex_lock(&bus->inbox_lock);
	was_empty = bus->inbox_head == NULL;
	*bus->inbox_tail = item;
	bus->inbox_tail = &item->next;
	pthread_mutex_unlock(&bus->inbox_lock);
	if (was_empty)
		wakeup_send(bus->wakeup);
}

void
bus_due_at(struct bus *bus, int64_t mono_ms)
{
	if (timer_is_running(bus->due) && bus->due_ms <= mono_ms)
		return;
	bus->due_ms = mono_ms;
	timer_start(bus->due, mono_ms - clock_mono_ms(), 0);
}

static void
on_due(void *arg)
{
	struct bus *bus = arg;
	struct bus_door *door;
	int64_t now_ms = clock_mono_ms(), door_ms;
	int64_t next_ms = bus_listen_sweep(bus, now_ms);

	LL_FOREACH (bus->doors, door) {
		if (!door->dial)
			continue;
		door_ms = bus_dial_sweep(door->dial, now_ms);
		if (door_ms < next_ms)
			next_ms = door_ms;
	}
	if (next_ms != INT64_MAX)
		bus_due_at(bus, next_ms);
}

char *
bus_join(const char *a, const char *between, const char *b)
{
	struct buf text;

	buf_init(&text);
	buf_addf(&text, "%s%s%s", a, between, b);
	return buf_steal(&text);
}

static const struct bus_size *
find_size(enum service_id listener, enum service_id peer)
{
	size_t i = 0;

	while (!(sizes[i].listeners & SVC_BIT(listener)) ||
	       !(sizes[i].peers & SVC_BIT(peer)))
		i++;
	return &sizes[i];
}

/* Large are only the doors that a large message passes. */
static size_t
find_max_bytes(enum service_id listener, enum service_id peer)
{
	for (size_t i = 0; i < n_routes; i++)
		if ((routes[i].flags & ROUTE_LARGE) &&
		    (routes[i].from & SVC_BIT(peer)) &&
		    (routes[i].to & SVC_BIT(listener)))
			return bus_route_max(&routes[i]);
	return ENVELOPE_MAX_BYTES;
}

static void
door_new(struct bus *bus, const struct door_key *key)
{
	struct bus_door *door = xcalloc(1, sizeof(*door));
	const char *peer = service_name(key->peer.service);
	AUTO(xfree)
	char *peer_name = bus_join(peer, ".", key->peer.instance);

	door->bus = bus;
	door->listener = key->listener;
	door->listener_name =
	    bus_join(service_name(key->listener), ".", "main");
	door->name = bus_join(service_name(key->listener), "/", peer_name);
	door->peer_name = strchr(door->name, '/') + 1;
	door->peer.service = key->peer.service;
	door->peer.instance = strchr(door->peer_name, '.') + 1;
	door->key = xstrdup(key->hex);
	door->is_listening = key->listener == bus->self;
	door->max_bytes = find_max_bytes(key->listener, key->peer.service);
	door->size = find_size(key->listener, key->peer.service);
	if (!door->is_listening &&
	    door_exists(door->listener, door->peer.service, ROUTE_REQ))
		bus_dial_new(door);
	LL_APPEND(bus->doors, door);
}

static int
open_door(struct bus_door *door, struct err *err)
{
	enum service_id listener = door->listener, peer = door->peer.service;

	if (door_exists(listener, peer, ROUTE_REQ) &&
	    (door->is_listening ? bus_listen_open(door, err)
				: bus_dial_open(door, err)) < 0)
		return -1;
	if (door_exists(listener, peer, ROUTE_PUB) &&
	    bus_news_open(door, ROUTE_PUB, err) < 0)
		return -1;
	if (door_exists(listener, peer, ROUTE_TELL) &&
	    bus_news_open(door, ROUTE_TELL, err) < 0)
		return -1;
	return 0;
}

static int
make_dir(const struct bus *bus, struct err *err)
{
	AUTO(xfree)
	char *dir = bus_join(bus->run_dir, "/", service_name(bus->self));

	return file_mkdirs(AT_FDCWD, dir, bus->uids ? 0711 : 0700, err);
}

static int
make_doors(struct bus *bus, const struct bus_options *options, struct err *err)
{
	struct door_key key;
	bool has_dir = false;

	for (size_t i = 0; door_keys_at(options->keys, i, &key); i++) {
		bool is_listener = key.listener == bus->self;
		bool is_peer =
		    key.peer.service == bus->self &&
		    strcmp(key.peer.instance, options->self.instance) == 0;

		if (is_listener ? options->client_only : !is_peer)
			continue;
		if (is_listener && !has_dir && make_dir(bus, err) < 0)
			return -1;
		has_dir |= is_listener;
		door_new(bus, &key);
	}
	if (!bus->doors)
		return err_set(err, ERR_INVALID,
		    "none of the door keys is for %s", bus->self_name);
	return 0;
}

static struct bus *
bus_new(struct loop *loop, const struct bus_options *options)
{
	struct bus *bus = xcalloc(1, sizeof(*bus));

	bus->loop = loop;
	bus->run_dir = xstrdup(options->run_dir);
	bus->self = options->self.service;
	bus->uids = options->uids;
	bus->self_name =
	    bus_join(service_name(bus->self), ".", options->self.instance);
	buf_init(&bus->scratch);
	pthread_mutex_init(&bus->inbox_lock, NULL);
	bus->inbox_tail = &bus->inbox_head;
	bus->wakeup = wakeup_new(loop, on_wakeup, bus);
	bus->due = timer_new(loop, on_due, bus);
	LL_PREPEND(open_buses, bus);
	return bus;
}

/* A bus that could not be opened stays as it is: nothing of nng is closed. */
int
bus_open(struct bus **bus_out, struct loop *loop,
    const struct bus_options *options, struct err *err)
{
	struct bus *bus = bus_new(loop, options);

	if (make_doors(bus, options, err) < 0)
		return err_prefix(err, "bus");
	bus_watch_open(bus);
	if (!options->start_later && bus_start(bus, err) < 0)
		return -1;
	*bus_out = bus;
	return 0;
}

int
bus_start(struct bus *bus, struct err *err)
{
	struct bus_door *door;

	bus_threads_few();
	LL_FOREACH (bus->doors, door)
		if (open_door(door, err) < 0)
			return err_prefix(err, "bus");
	bus_watch_start(bus);
	return 0;
}

/* Each way to use the door has a live pipe, or one of several. */
static bool
is_door_up(const struct bus *bus, const struct bus_door *door)
{
	unsigned has = 0, is_up = 0;

	for (struct bus_sock *s = bus->socks; s; s = s->next) {
		if (s->door != door)
			continue;
		has |= 1u << s->how;
		if (bus_sock_is_up(s))
			is_up |= 1u << s->how;
	}
	return has != 0 && has == is_up;
}

size_t
bus_peers(const struct bus *bus, struct bus_peer *out, size_t max)
{
	size_t n = 0;

	for (struct bus_door *door = bus->doors; door; door = door->next) {
		if (!door->is_listening)
			continue;
		if (n < max)
			out[n] = door->peer;
		n++;
	}
	return n;
}

bool
bus_is_connected(const struct bus *bus, enum service_id peer)
{
	for (struct bus_door *door = bus->doors; door; door = door->next) {
		enum service_id other =
		    door->is_listening ? door->peer.service : door->listener;

		if (other == peer && is_door_up(bus, door))
			return true;
	}
	return false;
}

void
bus_counters(const struct bus *bus, struct bus_counters *out)
{
	*out = bus->counters;
}
