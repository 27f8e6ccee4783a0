#ifndef API_PROBE_H
#define API_PROBE_H

struct svc;

/* Asks the engine whether it is ready, now and then: the proof in our beats. */
void probe_start(struct svc *svc);
void probe_stop(struct svc *svc);

#endif
