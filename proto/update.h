#ifndef PROTO_UPDATE_H
#define PROTO_UPDATE_H

#include "proto/shape.h"

/*
 * update.suspect: a gateway whose last process was killed names each of its
 * platform's next updates before it looks at it. One that was named again and
 * again, and never survived, is not to be looked at.
 */
struct update_suspect {
	const char *update_id; /* the same when the platform repeats it */
};
PROTO_MESSAGE(update_suspect);

struct update_verdict {
	const char *verdict; /* "go" | "skip" */
};
PROTO_MESSAGE(update_verdict);

#endif
