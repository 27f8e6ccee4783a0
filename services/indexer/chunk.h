#ifndef INDEXER_CHUNK_H
#define INDEXER_CHUNK_H

#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * Cuts Markdown into the sections that are ranked one by one: at every
 * heading, and where a section grows beyond CHUNK_AIM_BYTES. Headings inside
 * fenced code and front matter are none. Any bytes are taken.
 */
enum {
	CHUNK_AIM_BYTES = 2400,
	CHUNK_HEADING_BYTES = 80, /* of one heading; longer ones are cut */
	CHUNK_TITLE_BYTES = 200,
	/* What follows the last of them stays in the last one, uncut. */
	CHUNK_MAX_SECTIONS = 4096,
};

struct section {
	const char *heading; /* "Install > Debian", "" above the first one */
	const char *body;    /* within the text, without the heading's line */
	size_t body_size;
	int64_t line; /* of the heading or of the first body line, from 1 */
};

struct chunks {
	const char *title; /* front matter, else first heading; "" for none */
	struct section *sections; /* at least one */
	size_t n_sections;
};

/* The result lives in the arena and points into the text. */
void chunk_split(
    struct chunks *out, const char *text, size_t size, struct arena *arena);

#endif
