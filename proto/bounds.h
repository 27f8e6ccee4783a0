#ifndef PROTO_BOUNDS_H
#define PROTO_BOUNDS_H

/*
 * How long things may be: bytes of strings, items of lists. Each bound holds
 * for one field. All fields together must still fit the envelope
 * (ENVELOPE_MAX_BYTES, counted as JSON: an escaped byte takes up to six), so
 * whoever sends lists or several long texts stops adding when it is full.
 */
enum {
	BOUND_WORD = 64, /* states, kinds, versions, connectors */
	BOUND_ID = 128,
	BOUND_KEY = 128, /* idempotency keys */
	BOUND_CHAT_ID = 256,
	BOUND_NAME = 256,
	BOUND_TITLE = 512,
	BOUND_NOTE = 1024, /* one sentence or two for people */
	BOUND_SUBJECT = 1024,
	BOUND_CURSOR = 1024,
	BOUND_PATH = 1024, /* beneath a workspace */
	BOUND_FOLDER = 4096,
	BOUND_SNIPPET = 2048,
	BOUND_QUERY = 4096,
	BOUND_TEXT = 64 * 1024,
	BOUND_DOCUMENT = 192 * 1024,

	/* Of what people write for the model (docs/prompts.md). */
	BOUND_PROMPT_BYTES = 64 * 1024, /* a file */
	BOUND_PROMPT_TEXT = 4000,	/* what is used of it */
	BOUND_SKILL_TEXT = 2000,	/* of a skill */

	BOUND_ATTACHMENTS = 32,
	BOUND_DELIVERIES = 32,
	BOUND_PARTS = 1000, /* of one delivery */
	BOUND_HITS = 50,
	BOUND_EMBED_TEXTS = 64,
	BOUND_EMBED_TEXT = 8 * 1024,
	BOUND_DIMENSIONS = 4096,
	BOUND_VECTOR = 21848, /* so many floats in base64 */
	BOUND_CHANGES = 32,   /* of documents; each at its bound, they fit */
	BOUND_COMMANDS = 100, /* more has no menu of Telegram or Discord */
	BOUND_CHOICES = 25,   /* Discord shows no more */
	BOUND_COUNTERS = 64,
	BOUND_PREFIXES = 64,
	BOUND_COMPONENTS = 128,
	BOUND_HEALTH_CHANGES = 32, /* the rest follows */
	BOUND_TASKS = 500,
	BOUND_PLACES = 500,
	BOUND_SPACES = 500,
	BOUND_TOKENS = 500,
	BOUND_ACTIONS = 200,
	BOUND_AUDIT = 500,
	BOUND_PEOPLE = 200,
	BOUND_IDENTITIES = 64, /* of one person; roles too */

	/* Of one trace: about 16 KiB in all. */
	BOUND_GATES = 16,
	BOUND_TRACE_DOCUMENTS = 32,
	BOUND_TRACE_TOOLS = 48,
	BOUND_TRACE_PARTS = 64,
	BOUND_TRACE_RUNS = 5, /* of one message or task */
};

/* Seconds whose milliseconds are still exact. */
#define BOUND_UNIX INT64_C(9007199254740)
/* What JSON carries exactly. */
#define BOUND_INT INT64_C(9007199254740991)

#endif
