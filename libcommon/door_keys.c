/* The keys of the doors: made by serve, read by each daemon. */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/bus.h"
#include "libcommon/err.h"
#include "libcommon/file.h"
#include "libcommon/id.h"

enum {
	KEY_BYTES = 32,
	KEY_HEX = 2 * KEY_BYTES,
	MAX_INSTANCE = 32,
	/* A suite of hundreds of instances fits many times. */
	MAX_TEXT_BYTES = 256 * 1024,
};

struct key {
	enum service_id listener;
	enum service_id service;
	char instance[MAX_INSTANCE + 1];
	char hex[KEY_HEX + 1];
};

struct door_keys {
	struct key *keys;
	size_t n_keys;
};

static void
wipe(struct buf *text)
{
	explicit_bzero(text->data, text->size);
	buf_release(text);
}

static const struct key *
find(const struct door_keys *keys, enum service_id listener,
    const struct bus_peer *peer)
{
	for (size_t i = 0; i < keys->n_keys; i++) {
		const struct key *key = &keys->keys[i];

		if (key->listener == listener &&
		    key->service == peer->service &&
		    strcmp(key->instance, peer->instance) == 0)
			return key;
	}
	return NULL;
}

static void
free_table(struct key *table, size_t n_keys)
{
	if (table)
		explicit_bzero(table, n_keys * sizeof(*table));
	free(table);
}

/* Keys leave no trace in freed memory. */
void
door_keys_free(struct door_keys **slot)
{
	struct door_keys *keys = STEAL(*slot);

	if (!keys)
		return;
	free_table(keys->keys, keys->n_keys);
	free(keys);
}

static struct key *
add(struct door_keys *keys)
{
	struct key *grown = xcalloc(keys->n_keys + 1, sizeof(*grown));

	if (keys->keys)
		memcpy(grown, keys->keys, keys->n_keys * sizeof(*grown));
	free_table(keys->keys, keys->n_keys);
	keys->keys = grown;
	return &grown[keys->n_keys++];
}

static bool
has_door(enum service_id listener, enum service_id peer)
{
	for (unsigned how = 0; how < ROUTE_HOW_COUNT; how++)
		if (door_exists(listener, peer, how))
			return true;
	return false;
}

bool
door_instance_is_valid(const char *text)
{
	size_t size = strspn(text,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return size > 0 && size <= MAX_INSTANCE && text[size] == '\0';
}

static bool
is_key(const char *text)
{
	return strspn(text, "0123456789abcdef") == KEY_HEX &&
	       text[KEY_HEX] == '\0';
}

/* line is cut to pieces. Its key is never part of an error's text. */
static int
read_line(struct door_keys *keys, char *line, size_t number, struct err *err)
{
	char *hex = strchr(line, ' ');
	char *peer = strchr(line, '/');
	char *instance;
	struct key key = { 0 };

	if (hex)
		*hex++ = '\0';
	instance = peer && (!hex || peer < hex) ? strchr(peer, '.') : NULL;
	if (!hex || !instance)
		return err_set(err, ERR_INVALID,
		    "line %zu is not \"listener/peer.instance key\"", number);
	*peer++ = '\0';
	*instance++ = '\0';
	key.listener = service_parse(line);
	key.service = service_parse(peer);
	if (key.listener == SVC_COUNT || key.service == SVC_COUNT ||
	    !has_door(key.listener, key.service) ||
	    !door_instance_is_valid(instance))
		return err_set(err, ERR_INVALID,
		    "line %zu: there is no such door", number);
	if (!is_key(hex))
		return err_set(err, ERR_INVALID,
		    "line %zu: a key is %d lower-case hex digits", number,
		    KEY_HEX);
	memcpy(key.instance, instance, strlen(instance) + 1);
	memcpy(key.hex, hex, sizeof(key.hex));
	if (find(keys, key.listener,
		&(struct bus_peer){ key.service, key.instance }))
		return err_set(err, ERR_INVALID,
		    "line %zu: the door has a key already", number);
	*add(keys) = key;
	explicit_bzero(&key, sizeof(key));
	return 0;
}

static int
parse(struct door_keys **out, struct buf *text, struct err *err)
{
	AUTO(door_keys_free)
	struct door_keys *keys = xcalloc(1, sizeof(*keys));
	char *rest = text->data, *line;

	if (strlen(text->data) != text->size)
		return err_set(err, ERR_INVALID, "door keys hold a NUL byte");
	for (size_t number = 1; (line = strsep(&rest, "\n")); number++) {
		if (*line == '\0')
			continue;
		if (read_line(keys, line, number, err) < 0)
			return -1;
	}
	if (keys->n_keys == 0)
		return err_set(err, ERR_INVALID, "there is no door key");
	*out = STEAL(keys);
	return 0;
}

int
door_keys_read_fd(struct door_keys **out, int fd, struct err *err)
{
	AUTO(wipe)
	struct buf text;
	ssize_t n;

	buf_init(&text);
	/* Room at once: a growing buf would leave copies behind. */
	buf_grow(&text, MAX_TEXT_BYTES + 1);
	text.size = 0;
	for (;;) {
		n = read(
		    fd, text.data + text.size, MAX_TEXT_BYTES + 1 - text.size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "read door keys");
		if (n == 0)
			break;
		text.size += (size_t)n;
		if (text.size > MAX_TEXT_BYTES)
			return err_set(err, ERR_INVALID,
			    "door keys are longer than %d bytes",
			    MAX_TEXT_BYTES);
	}
	text.data[text.size] = '\0';
	return parse(out, &text, err);
}

int
door_keys_read_file(struct door_keys **out, const char *path, struct err *err)
{
	AUTO(fd_close)
	int fd = file_open_named(path, err);

	if (fd < 0)
		return -1;
	if (door_keys_read_fd(out, fd, err) < 0)
		return err_prefix(err, "%s", path);
	return 0;
}

const char *
door_keys_find(const struct door_keys *keys, enum service_id listener,
    const struct bus_peer *peer)
{
	const struct key *key = find(keys, listener, peer);

	return key ? key->hex : NULL;
}

bool
door_keys_at(const struct door_keys *keys, size_t i, struct door_key *out)
{
	const struct key *key;

	if (i >= keys->n_keys)
		return false;
	key = &keys->keys[i];
	*out = (struct door_key){
		.listener = key->listener,
		.peer = { key->service, key->instance },
		.hex = key->hex,
	};
	return true;
}

static void
make(struct door_keys *keys, enum service_id listener,
    const struct bus_peer *peer)
{
	unsigned char random[KEY_BYTES];
	struct key *key;

	if (!has_door(listener, peer->service) || find(keys, listener, peer))
		return;
	assert(door_instance_is_valid(peer->instance));
	key = add(keys);
	key->listener = listener;
	key->service = peer->service;
	strncpy(key->instance, peer->instance, MAX_INSTANCE);
	id_random(random, sizeof(random));
	id_hex(key->hex, random, sizeof(random));
	explicit_bzero(random, sizeof(random));
}

struct door_keys *
door_keys_make(const struct bus_peer *all, size_t n_all)
{
	struct door_keys *keys = xcalloc(1, sizeof(*keys));

	for (size_t i = 0; i < n_all; i++)
		for (size_t k = 0; k < n_all; k++)
			make(keys, all[i].service, &all[k]);
	return keys;
}

void
door_keys_print_for(
    const struct door_keys *keys, const struct bus_peer *me, struct buf *out)
{
	for (size_t i = 0; i < keys->n_keys; i++) {
		const struct key *key = &keys->keys[i];
		bool is_peer = key->service == me->service &&
			       strcmp(key->instance, me->instance) == 0;

		if (key->listener == me->service || is_peer)
			buf_addf(out, "%s/%s.%s %s\n",
			    service_name(key->listener),
			    service_name(key->service), key->instance,
			    key->hex);
	}
}
