/* A body that says nothing. */

#include "proto/empty.h"

const struct shape empty_shape = {
	.family = "empty",
	.name = "empty",
	.size = sizeof(struct empty),
};
