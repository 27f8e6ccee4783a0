#ifndef TASK_ENGINE_DELIVERY_TRIAL_H
#define TASK_ENGINE_DELIVERY_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "libcommon/defs.h"
#include "services/task-engine/store/outbox.h"
#include "services/task-engine/store/suspects.h"

struct err;
struct store;

/*
 * Who is to blame when a gateway dies: a row that it was sending, or an update
 * that it was looking at. Both are suspect once a process has died with them,
 * and each death that follows counts only for what was alone then:
 *
 *   a process ends            what was under way
 *   as it should              stays as it is
 *   with several under way    becomes suspect, and no more than that
 *   with one under way        has seen one death more
 *
 * What has seen enough is set aside: so its last death is its own, whatever
 * the order of things was. That there is such a death is the matter of whoever
 * hands out: a suspect is tried alone.
 *
 *                                    may be handed out
 *   under way                   rows             an update, new  suspect
 *   nothing                     all, or one suspect   yes        yes
 *   rows, none of them suspect  those not suspect     yes        waits
 *   a suspect row               none                  waits      waits
 *   an update, new              those not suspect     (it was looked at: the
 *   a suspect update            none                   next one is named)
 *   an update that waits        none                  as without it
 *
 * Where a suspect row is due and must wait, the others wait with it, so that
 * its turn comes; so does every row when an update waits. Nothing waits for
 * what has not moved for TRIAL_MS: then both go on side by side, and a death
 * blames neither.
 *
 * Two things are left to chance, as their cures would do more harm:
 *
 * - Updates are named only for a while after a death, and a suspect row that is
 *   not due then is tried later. An update that kills beside it counts against
 *   the row; but once, as it comes again and is named then. So a row that does
 *   no harm is set aside if two such updates, one after the other, each come
 *   while it is sent. To name updates for ever would cost each one a question.
 * - While the platform is too slow for TRIAL_MS with a suspect row of each
 *   process, an update that kills does so beside it, and is not set aside. It
 *   is once that row has its answer. Who moved last is no proof, and an update
 *   that is set aside is lost; a longer time would hold up everybody.
 */
enum { TRIAL_MS = 10 * 1000 };

struct trial_scene {
	struct outbox_under_way rows;
	struct suspect update; /* the one that is named now, if any is */
};

enum trial_rows { TRIAL_ROWS_ALL, TRIAL_ROWS_ONE, TRIAL_ROWS_NONE };
enum trial_update { TRIAL_UPDATE_GO, TRIAL_UPDATE_WAIT, TRIAL_UPDATE_SKIP };

enum trial_rows
trial_of_rows(const struct trial_scene *scene, bool is_suspect_due);
enum trial_update
trial_of_update(const struct outbox_under_way *rows, int64_t n_deaths);
/* Of all that a process had under way when it ended. */
struct blame trial_blame(const struct trial_scene *scene, bool was_clean_stop);

int trial_look(struct store *store, const char *instance, int64_t now_ms,
    struct trial_scene *out, struct err *err) MUST_CHECK;
/* Whatever has not moved for however long. */
int trial_look_at_all(struct store *store, const char *instance,
    struct trial_scene *out, struct err *err) MUST_CHECK;

/* An update is named. *is_news_out: it is set aside now. */
int trial_name(struct store *store, const char *instance, const char *update_id,
    int64_t now_ms, enum trial_update *verdict_out, bool *is_news_out,
    struct err *err) MUST_CHECK;

#endif
