#ifndef API_DELIVERED_H
#define API_DELIVERED_H

struct svc;

/*
 * Which replies were handed to their clients: the engine is told a few at a
 * time, a moment later. A client that goes on at once is not kept waiting by
 * what was noted of the reply before.
 */
struct delivered;

void delivered_open(struct delivered **delivered_out, struct svc *svc);
/* Tells what is left. */
void delivered_close(struct delivered **delivered);

/* cause: the message that was answered. */
void delivered_note(
    struct delivered *delivered, const char *delivery_id, const char *cause);

#endif
