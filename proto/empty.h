#ifndef PROTO_EMPTY_H
#define PROTO_EMPTY_H

#include "proto/shape.h"

/* A body that says nothing: {}. */
struct empty {
	char unused;
};
PROTO_MESSAGE(empty);

#endif
