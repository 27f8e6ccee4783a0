/* Reads TZif, and tells what a zone's clocks show. Pure. */

#include "services/task-engine/objectives/zone.h"

#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/err.h"
#include "services/task-engine/objectives/zone_rule.h"

enum {
	HEADER_SIZE = 44,
	TYPE_SIZE = 6,
	/* The largest file of today has 243. */
	MAX_CHANGES = 2000,
	MAX_TYPES = 256,
	MAX_NAMES = 4096,
	MAX_RULE = 100,
	/* RFC 8536: no clock is further from UTC. */
	MAX_OFFSET_S = 26 * 3600,
};

struct change {
	int64_t at_unix;
	int offset_s; /* from then on */
};

struct zone {
	struct zone_rule rule;
	bool has_rule;
	int first_offset_s; /* before the first change */
	size_t n_changes;
	struct change changes[];
};

struct counts {
	uint32_t n_utc, n_standard, n_leaps, n_changes, n_types, n_names;
};

struct input {
	const unsigned char *at;
	size_t left;
};

static const unsigned char *
take(struct input *in, size_t size)
{
	const unsigned char *at = in->at;

	if (in->left < size)
		return NULL;
	in->at += size;
	in->left -= size;
	return at;
}

static uint32_t
read_32(const unsigned char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return be32toh(value);
}

static int64_t
read_64(const unsigned char *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return (int64_t)be64toh(value);
}

/* One that counts leap seconds is not ours: times here have none. */
static bool
read_header(struct input *in, struct counts *c)
{
	const unsigned char *at = take(in, HEADER_SIZE);

	if (!at || memcmp(at, "TZif", 4) != 0 || at[4] < '2')
		return false;
	c->n_utc = read_32(at + 20);
	c->n_standard = read_32(at + 24);
	c->n_leaps = read_32(at + 28);
	c->n_changes = read_32(at + 32);
	c->n_types = read_32(at + 36);
	c->n_names = read_32(at + 40);
	return c->n_utc <= MAX_TYPES && c->n_standard <= MAX_TYPES &&
	       c->n_leaps == 0 && c->n_changes <= MAX_CHANGES &&
	       c->n_types >= 1 && c->n_types <= MAX_TYPES &&
	       c->n_names <= MAX_NAMES;
}

/* What lies between the changes and the end of a block. */
static size_t
rest_size(const struct counts *c)
{
	return (size_t)c->n_names + c->n_standard + c->n_utc;
}

/* The first block has times of 32 bits; the second says it all. */
static bool
skip_first(struct input *in)
{
	struct counts c;

	return read_header(in, &c) &&
	       take(in, (size_t)c.n_changes * 5 +
			    (size_t)c.n_types * TYPE_SIZE + rest_size(&c)) !=
		   NULL;
}

static bool
read_offset(const unsigned char *types, const struct counts *c, unsigned which,
    int *out)
{
	if (which >= c->n_types)
		return false;
	*out = (int)(int32_t)read_32(types + (size_t)which * TYPE_SIZE);
	return *out >= -MAX_OFFSET_S && *out <= MAX_OFFSET_S;
}

static bool
read_changes(struct zone *zone, struct input *in, const struct counts *c)
{
	const unsigned char *times = take(in, (size_t)c->n_changes * 8);
	const unsigned char *which = take(in, c->n_changes);
	const unsigned char *types = take(in, (size_t)c->n_types * TYPE_SIZE);

	if (!times || !which || !types ||
	    !read_offset(types, c, 0, &zone->first_offset_s))
		return false;
	for (size_t i = 0; i < c->n_changes; i++) {
		struct change *change = &zone->changes[i];

		change->at_unix = read_64(times + i * 8);
		if (!read_offset(types, c, which[i], &change->offset_s) ||
		    (i > 0 && change->at_unix <= change[-1].at_unix))
			return false;
	}
	zone->n_changes = c->n_changes;
	return take(in, rest_size(c)) != NULL;
}

/* "\n<rule>\n"; without one the last offset stays. */
static bool
read_rule(struct zone *zone, struct input *in)
{
	char text[MAX_RULE];
	struct err err;

	if (in->left < 2 || in->left > sizeof(text) || in->at[0] != '\n' ||
	    in->at[in->left - 1] != '\n')
		return false;
	memcpy(text, in->at + 1, in->left - 2);
	text[in->left - 2] = '\0';
	zone->has_rule = *text != '\0';
	return strlen(text) == in->left - 2 &&
	       (!zone->has_rule ||
		   zone_rule_parse(&zone->rule, text, &err) == 0);
}

int
zone_parse(
    struct zone **zone_out, const void *data, size_t size, struct err *err)
{
	struct input in = { data, size };
	struct counts c;
	AUTO(zone_free)
	struct zone *zone = NULL;

	if (skip_first(&in) && read_header(&in, &c)) {
		zone = xcalloc(
		    1, sizeof(*zone) + c.n_changes * sizeof(zone->changes[0]));
		if (read_changes(zone, &in, &c) && read_rule(zone, &in)) {
			*zone_out = STEAL(zone);
			return 0;
		}
	}
	return err_set(err, ERR_INVALID, "this is no file of a time zone");
}

void
zone_free(struct zone **zone)
{
	free(STEAL(*zone));
}

/* How many changes there were until then. */
static size_t
count_changes(const struct zone *zone, int64_t at)
{
	size_t low = 0, high = zone->n_changes;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (zone->changes[middle].at_unix <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int
zone_offset(const struct zone *zone, int64_t at)
{
	size_t n = count_changes(zone, at);

	if (n == zone->n_changes && zone->has_rule)
		return zone_rule_offset(&zone->rule, at);
	return n == 0 ? zone->first_offset_s : zone->changes[n - 1].offset_s;
}
