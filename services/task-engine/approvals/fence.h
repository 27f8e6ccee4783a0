#ifndef TASK_ENGINE_APPROVALS_FENCE_H
#define TASK_ENGINE_APPROVALS_FENCE_H

struct buf;

/*
 * Ends the block of code that foreign words leave open, so that what we say
 * below them is not taken for a part of it. Pure.
 */
void fence_close(struct buf *text);

#endif
