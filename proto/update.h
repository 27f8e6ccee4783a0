#ifndef PROTO_UPDATE_H
#define PROTO_UPDATE_H

#include "proto/shape.h"

/*
 * update.suspect: a gateway whose last process was killed names each of its
 * platform's next updates before it looks at it. One that was named again and
 * again, and never survived, is not to be looked at. Nor is one while a message
 * is tried that may be what the process died of: it is named again soon.
 */
struct update_suspect {
	const char *update_id; /* the same when the platform repeats it */
	bool is_over;	       /* it was looked at, and the process lives */
};
PROTO_MESSAGE(update_suspect);

struct update_verdict {
	const char *verdict; /* "go" | "wait" | "skip" */
};
PROTO_MESSAGE(update_verdict);

#endif
