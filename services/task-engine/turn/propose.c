/* Takes the actions out of an answer: they wait for a person. */

#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/clock.h"
#include "libcommon/err.h"
#include "libcommon/fence.h"
#include "libcommon/log.h"
#include "libcommon/utf8.h"
#include "services/task-engine/approvals/approvals.h"
#include "services/task-engine/approvals/canonical.h"
#include "services/task-engine/approvals/proposal.h"
#include "services/task-engine/approvals/tell.h"
#include "services/task-engine/delivery/connectors.h"
#include "services/task-engine/store/places.h"
#include "services/task-engine/turn/turn.h"

enum {
	/* below proto's bound of a text, with room for closing remarks */
	MAX_ANSWER_BYTES = 56 * 1024,
	MAX_QUOTE_BYTES = 200,
	/* of notices in the reply to an HTTP client */
	MAX_NOTICE_BYTES = 40 * 1024,
};

struct proposed {
	struct turn *turn;
	struct proposing proposing;
	struct proposals read;
	struct action_row rows[PROPOSALS_MAX];
	size_t n_rows;
	size_t n_stored; /* of these, by a tool */
};

const char *
turn_instance(const struct turn *turn)
{
	const struct turn_work *work = &turn->work;

	return work->has_task && *work->task.instance ? work->task.instance
	       : work->has_message		      ? work->message.instance
						      : work->context.instance;
}

static void
add_quoted(struct buf *out, const char *before, const char *text)
{
	size_t size = strlen(text);

	buf_adds(out, before);
	canonical_string(out, text, utf8_cut(text, size, MAX_QUOTE_BYTES));
	if (size > MAX_QUOTE_BYTES)
		buf_adds(out, "...");
}

/* Where the words came from that led to it. */
static const char *
provenance(const struct turn *turn)
{
	const struct turn_work *work = &turn->work;
	AUTO(buf_release)
	struct buf out = { 0 };

	buf_init(&out);
	buf_adds(&out, work->context.connector);
	add_quoted(&out, " ", work->context.external_id);
	if (work->has_task) {
		add_quoted(&out, ", task ", work->task.task.id);
		add_quoted(&out, " ", work->task.task.title);
	}
	if (work->has_message) {
		if (*work->message.platform_id)
			add_quoted(
			    &out, ", message ", work->message.platform_id);
		add_quoted(&out, ": ", work->message.text);
	}
	turn_say_based_on(turn, &out);
	return arena_strndup(turn->arena, out.data, out.size);
}

/* Whom the credential names; what a request says about that proves nothing. */
static const char *
requester(const struct actor *asker)
{
	return *asker->external_id ? asker->external_id : asker->name;
}

static void
describe(struct proposed *p)
{
	const struct turn_work *work = &p->turn->work;

	p->proposing = (struct proposing){
		.asker = &p->turn->asker,
		.asked_as = work->has_task ? work->task.asked_as
					   : work->message.said_as,
		.context = &work->context,
		.instance = turn_instance(p->turn),
		.requester_user_id = requester(&p->turn->asker),
		.message_seq = work->has_message ? work->message.seq : 0,
		.turn_id = work->turn_id,
		.provenance = provenance(p->turn),
	};
}

/* How many may still wait; 0, and why in the log, when that is not known. */
static int64_t
find_room(const struct proposed *p, int64_t now_ms)
{
	const struct turns_options *o = &p->turn->turns->options;
	const struct context_row *x = &p->turn->work.context;
	const struct policy_target target = {
		.workspace_id = x->workspace_id,
		.connector = x->connector,
		.external_id = x->external_id,
		.asked_by = "",
	};
	struct err err;
	int64_t n;

	if (policy_check(o->policy, &p->turn->asker, "action.propose", &target,
		&err) == 0 &&
	    approvals_room(o->approvals, &p->turn->asker, now_ms, &n, &err) ==
		0)
		return n;
	log_warn("proposal-dropped", "why=%s", log_quote(err.text));
	return 0;
}

static bool
is_notice_here(const struct proposed *p)
{
	const struct turn *turn = p->turn;
	struct context_row *rows;
	struct err err;
	size_t n;

	if (store_contexts_told(turn->turns->options.store,
		turn->work.context.workspace_id, turn->arena, &rows, &n,
		&err) < 0) {
		log_warn(
		    "admin-channels-unread", "why=%s", log_quote(err.text));
		return false;
	}
	return n == 0;
}

/* An HTTP client hears nothing later: its reply shows all, or where it is. */
static void
add_notices(const struct proposed *p, struct buf *out)
{
	size_t began = out->size;

	for (size_t i = 0; i < p->n_rows; i++) {
		const char **pages;
		size_t n = tell_notice(&p->rows[i], p->turn->arena, &pages);

		for (size_t k = 0; k < n; k++) {
			buf_adds(out, "\n\n");
			buf_adds(out, pages[k]);
		}
	}
	if (out->size - began <= MAX_NOTICE_BYTES)
		return;
	buf_truncate(out, began);
	buf_adds(out,
	    "\n\nThat is too long for one reply: `GET /api/v1/actions` shows "
	    "it whole.");
}

int
turn_store_proposed(struct turn *turn, int64_t now_ms, struct err *err)
{
	struct proposed *p = turn->proposed;

	if (p == NULL)
		return 0;
	for (size_t i = p->n_stored; i < p->n_rows; i++)
		if (approvals_propose(p->turn->turns->options.approvals,
			&p->proposing, &p->rows[i], now_ms, p->turn->arena,
			err) < 0)
			return -1;
	return 0;
}

static struct proposed *
begin(struct turn *turn)
{
	struct proposed *p = turn->proposed;

	if (p == NULL) {
		p = arena_alloc(turn->arena, sizeof(*p));
		memset(p, 0, sizeof(*p));
		p->turn = turn;
		turn->proposed = p;
	}
	describe(p);
	return p;
}

static void
add_row(struct proposed *p, const struct proposal *item, int64_t now_ms)
{
	p->rows[p->n_rows++] = approvals_row(p->turn->turns->options.approvals,
	    &p->proposing, item, now_ms, p->turn->arena);
}

/* How many of those in the answer found no room. */
static size_t
make_rows(struct proposed *p)
{
	int64_t now_ms = clock_unix_ms();
	int64_t room = p->read.n_items ? find_room(p, now_ms) : 0;
	size_t i = 0;

	for (; i < p->read.n_items && (int64_t)i < room &&
	       p->n_rows < PROPOSALS_MAX;
	     i++)
		add_row(p, &p->read.items[i], now_ms);
	return p->read.n_items - i;
}

int
turn_propose_one(
    struct turn *turn, const char *text, const char **id_out, struct err *err)
{
	struct proposed *p = begin(turn);
	int64_t now_ms = clock_unix_ms();
	/* The row goes on pointing into it. */
	struct proposal *item = arena_alloc(turn->arena, sizeof(*item));

	if (proposal_read(item, text, strlen(text), turn->arena, err) < 0)
		return -1;
	if (p->n_rows == PROPOSALS_MAX || find_room(p, now_ms) < 1)
		return err_set(err, ERR_BUSY,
		    "too many actions wait for a decision: propose no more");
	add_row(p, item, now_ms);
	p->n_stored = p->n_rows;
	*id_out = p->rows[p->n_rows - 1].id;
	return approvals_propose(turn->turns->options.approvals, &p->proposing,
	    &p->rows[p->n_rows - 1], now_ms, turn->arena, err);
}

size_t
turn_n_proposed(const struct turn *turn)
{
	return turn->proposed ? turn->proposed->n_rows : 0;
}

void
turn_forget_proposed(struct turn *turn, size_t n_kept)
{
	if (turn->proposed)
		turn->proposed->n_rows = turn->proposed->n_stored = n_kept;
}

static void
tell(const struct proposed *p, size_t n_crowded, struct buf *out)
{
	const struct told_proposals told = {
		.proposals = &p->read,
		.rows = p->rows,
		.n_rows = p->n_rows,
		.n_crowded = n_crowded,
		.is_notice_here = is_notice_here(p),
	};

	if (out->size)
		buf_adds(out, "\n\n");
	tell_proposed(out, &told);
	if (told.is_notice_here && !connector_is_told(p->proposing.instance))
		add_notices(p, out);
}

void
turn_propose(
    struct turn *turn, const char *answer, bool is_cut, struct buf *out)
{
	struct proposals read;
	struct proposed *p;
	size_t size;

	proposals_read(&read, answer, turn->arena);
	size = strlen(read.text);
	buf_add(out, read.text, utf8_cut(read.text, size, MAX_ANSWER_BYTES));
	fence_close(out);
	if (size > MAX_ANSWER_BYTES || is_cut)
		buf_adds(out,
		    "\n\n_(The answer ends here because it reached its longest "
		    "allowed length.)_");
	if (!read.n_items && !read.n_faults && !read.n_left_out &&
	    !turn_n_proposed(turn))
		return;
	p = begin(turn);
	p->read = read;
	tell(p, make_rows(p), out);
}
