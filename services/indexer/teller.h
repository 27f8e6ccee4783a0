#ifndef INDEXER_TELLER_H
#define INDEXER_TELLER_H

struct bus;
struct library;
struct loop;

/*
 * Tells the engine what happened to documents (document.changed): a batch at a
 * time, again until it is answered, and after a restart what was not. Nothing
 * else waits for it.
 */
struct teller;

void teller_open(struct teller **teller_out, struct loop *loop, struct bus *bus,
    struct library *library);
void teller_close(struct teller **teller);

/* The workspace may have something to tell. */
void teller_wake(struct teller *teller, const char *workspace_id);

#endif
