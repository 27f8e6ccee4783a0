/* How a message is understood, for its trace. Pure. */

#include "services/task-engine/commands/hearing.h"

#include <stdio.h>
#include <string.h>

#include "libcommon/arena.h"
#include "libcommon/utf8.h"
#include "proto/trace.h"

void
hearing_gate(
    struct hearing *h, const char *gate, const char *rule, const char *why)
{
	struct hearing_gate *g = &h->gates[h->n_gates];
	size_t size = why ? strlen(why) : 0;

	if (h->n_gates == HEARING_GATES)
		return;
	*g = (struct hearing_gate){ gate, rule, why == NULL, "" };
	if (why)
		snprintf(g->why, sizeof(g->why), "%.*s",
		    (int)utf8_cut(why, size, sizeof(g->why) - 1), why);
	h->n_gates++;
}

bool
hearing_is_notable(const struct hearing *h)
{
	if (h->how == NULL)
		return false;
	if (strcmp(h->how, "words") != 0 || h->row)
		return true;
	for (size_t i = 0; i < h->n_gates; i++)
		if (strcmp(h->gates[i].gate, "addressed") != 0)
			return true;
	return false;
}

void
hearing_trace(const struct hearing *h, const char *became, struct arena *arena,
    struct trace_heard *out)
{
	*out = (struct trace_heard){
		.how = h->how,
		.command = h->command,
		.became = became,
		.triage = h->triage,
		.triage_reason = h->triage_reason,
		.row = h->row,
		.gates =
		    arena_alloc(arena, (h->n_gates + 1) * sizeof(*out->gates)),
		.n_gates = h->n_gates,
	};
	for (size_t i = 0; i < h->n_gates; i++)
		out->gates[i] = (struct trace_gate){
			.gate = h->gates[i].gate,
			.rule = h->gates[i].rule,
			.is_passed = h->gates[i].is_passed,
			.why = h->gates[i].why,
		};
}
