/* Reads what stands behind a command's name: tasks and their routes. */

#include "services/task-engine/conversation/arguments.h"

#include <string.h>

#include "libcommon/err.h"
#include "services/task-engine/conversation/due_window.h"
#include "services/task-engine/conversation/marks.h"
#include "services/task-engine/conversation/speech.h"

enum { TASK_ID_MIN = 4 };

/*
 * The id at the beginning, "task" before it or not; how many words that is.
 * Stricter about sentences, mark_is_task would miss short ids without digits.
 */
static int
read_task_id(const char **id_out, const struct speech *s, struct err *err)
{
	size_t at = speech_match(s, 0, "task");
	const char *id;

	if (at >= s->n_words)
		return err_set(
		    err, ERR_INVALID, "Which task? `/tasks` lists their ids.");
	id = s->words[at].text;
	if (strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-_") !=
		strlen(id) ||
	    strlen(id) > MARK_ID_MAX || strlen(id) < TASK_ID_MIN)
		return args_complain(err, s, at,
		    "no task's id: they have four characters or more");
	*id_out = id;
	return (int)at + 1;
}

int
args_done(struct task_choice *out, const char *argument, struct arena *arena,
    struct err *err)
{
	struct speech s;
	int n;

	speech_read(&s, argument, arena);
	n = read_task_id(&out->id, &s, err);
	if (n < 0)
		return -1;
	out->note = reason_clean(speech_rest(&s, (size_t)n, arena), arena);
	return 0;
}

int
args_cancel(struct task_choice *out, const char *argument, struct arena *arena,
    struct err *err)
{
	struct speech s;
	int n;

	out->note = "";
	speech_read(&s, argument, arena);
	n = read_task_id(&out->id, &s, err);
	if (n < 0)
		return -1;
	if ((size_t)n < s.n_words)
		return args_complain(
		    err, &s, (size_t)n, "more than this command takes");
	return 0;
}

int
args_tasks(const char **state_out, const char *argument, struct arena *arena,
    struct err *err)
{
	static const char *const states[] = { "all", "open", "queued",
		"running", "failed", "succeeded", "cancelled" };
	struct speech s;

	*state_out = "";
	speech_read(&s, argument, arena);
	if (s.n_words > 1)
		return args_complain(
		    err, &s, 1, "more than this command takes");
	for (size_t i = 0; i < N_OF(states) && s.n_words == 1; i++)
		if (speech_match(&s, 0, states[i]) == 1)
			*state_out = states[i];
	if (s.n_words == 1 && !**state_out)
		return args_complain(err, &s, 0, "no state of a task");
	return 0;
}

static void
take_defaults(struct route_choice *out)
{
	const struct triage_defaults *by = &triage_defaults[out->class];

	out->priority = by->priority;
	out->due_s = by->due_s;
	out->lane = by->lane;
	out->is_run = false;
}

/* [priority] [due] [run] from `at` on */
static int
read_override(struct route_choice *out, const struct speech *s, size_t at,
    struct err *err)
{
	const char *priority =
	    at < s->n_words ? triage_priority(s->words[at].text) : NULL;

	if (priority) {
		out->priority = priority;
		at++;
	}
	if (at < s->n_words && due_window_is_meant(s->words[at].text)) {
		if (due_window_parse(s->words[at].text, &out->due_s, err) < 0)
			return -1;
		at++;
	}
	if (at < s->n_words && speech_match(s, at, "run") == 1) {
		out->is_run = true;
		at++;
	}
	if (at < s->n_words)
		return args_complain(err, s, at,
		    "no priority (p1, p2, p3), due window (2h, 3d) or run");
	return 0;
}

int
args_route(struct route_choice *out, const char *argument, struct arena *arena,
    struct err *err)
{
	struct speech s;
	int n;

	speech_read(&s, argument, arena);
	n = read_task_id(&out->id, &s, err);
	if (n < 0)
		return -1;
	if ((size_t)n == s.n_words)
		return err_set(err, ERR_INVALID, "Which class?");
	if (!triage_class_parse(s.words[n].text, &out->class))
		return args_complain(err, &s, (size_t)n,
		    "no class; classes are question, issue, task, moderation, "
		    "noise");
	take_defaults(out);
	if (read_override(out, &s, (size_t)n + 1, err) < 0)
		return -1;
	if (out->class != TRIAGE_NOISE)
		return 0;
	if (out->is_run)
		return err_set(
		    err, ERR_INVALID, "Noise is not run: give it a class.");
	take_defaults(out);
	return 0;
}
