#ifndef TASK_ENGINE_APPROVALS_TELL_H
#define TASK_ENGINE_APPROVALS_TELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct action_row;
struct arena;
struct buf;
struct proposals;

/*
 * What is said about actions. Pure; all append to out. Whatever members, mails
 * or the model wrote stands in it as canonical text between back-ticks, so it
 * can neither forge a line of it nor address anybody.
 */

/* text, cut to max bytes, so. */
void tell_quoted(struct buf *out, const char *text, size_t max);

/*
 * The notice, whole: in the arena, one text a message. The last one tells how
 * to decide: only there have all bytes been shown.
 */
size_t tell_notice(const struct action_row *action, struct arena *arena,
    const char ***pages_out);

/* Behind the answer that proposed them. */
struct told_proposals {
	const struct proposals *proposals; /* for what was wrong with some */
	const struct action_row *rows;
	size_t n_rows;
	size_t n_crowded;    /* found no room */
	bool is_notice_here; /* nobody else is told: it follows here */
};
void tell_proposed(struct buf *out, const struct told_proposals *told);

/* What a decision came to, and how it stands that another was made before; a
 * target of "" is not told. */
void tell_decided(struct buf *out, const struct action_row *action);
void tell_settled(struct buf *out, const struct action_row *action);
void tell_expired(struct buf *out, const struct action_row *action);

#endif
