#ifndef TASK_ENGINE_CONFIG_H
#define TASK_ENGINE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcommon/cfg.h"

struct err;
struct service_cfg;

/* What the task-engine reads from the environment; config.c has the rows. */

enum llm_provider {
	LLM_PROVIDER_OPENAI,
	LLM_PROVIDER_ANTHROPIC,
	LLM_PROVIDER_CLAUDE, /* another name of anthropic */
	LLM_PROVIDER_ZAI,    /* OpenAI-compatible, as is local */
	LLM_PROVIDER_LOCAL,
	LLM_PROVIDER_COUNT
};

struct engine_cfg {
	const char *workspace_root; /* "": <data>/workspaces */
	const char *db_path;	    /* "": <data>/agent-runtime/meta.sqlite */
	int64_t default_concurrency;
	const char *guest_commands; /* CSV */
	int64_t approval_ttl_s;
	int64_t approval_max_pending; /* of one asker */
	bool approval_separation;
	int64_t attachments_a_day; /* of one person in one workspace */
	int64_t guest_turns_a_day;
	int64_t guest_rows_a_day;
	int64_t guest_monitors;
	int64_t guest_monitor_days;
	int64_t trace_days; /* 0: no traces */
	bool triage_enabled;
	int triage_autorun; /* enum triage_autorun */
	bool triage_notify_admin;
	int task_notify;	 /* enum notify_policy, as are the others */
	int task_notify_success; /* NOTIFY_POLICY_COUNT: as task_notify */
	int task_notify_failure;

	int llm_provider; /* enum llm_provider */
	int llm_tools;	  /* enum llm_tools */
	const char *llm_base_url;
	const char *llm_api_key;
	const char *llm_model;
	const char *llm_ca_file;
	int64_t llm_timeout_s;
	int64_t llm_max_output_tokens; /* asked of the model */
	int64_t llm_max_concurrent;
	const char *llm_fallbacks; /* llm/fallbacks.h */
	const char *llm_fallback_keys;
	int64_t llm_cool_down_s;
	int64_t llm_show_after_s;
	int64_t budget_person; /* tokens in a day; 0: no limit */
	int64_t budget_room;
	int64_t budget_workspace;
	int64_t budget_day;
	bool llm_enabled;
	bool llm_streams;
	bool llm_allow_dm;
	bool llm_require_mention;
	bool agent_grounding_first_step, agent_grounding_every_step;
	const char *llm_allowed_roles;
	const char *llm_allowed_context_ids;
	int64_t llm_rate_limit; /* of a person */
	int64_t llm_rate_limit_room;
	int64_t llm_rate_limit_workspace;
	int64_t llm_rate_window_s;
	const char *llm_admin_system_prompt;
	const char *llm_public_system_prompt;

	const char *embed_base_url; /* "": no vectors are made */
	const char *embed_api_key;
	const char *embed_model;
	const char *embed_exclude_globs;      /* CSV; proto/embed.h */
	const char *embed_exclude_workspaces; /* CSV of ids */
	int64_t embed_timeout_s;

	int64_t grounding_top_k;
	int64_t grounding_max_doc_excerpt_bytes;
	int64_t grounding_max_prompt_bytes;
	int64_t grounding_max_prompt_tokens;
	int64_t grounding_user_max_tokens;
	int64_t grounding_summary_max_tokens;
	int64_t grounding_summary_refresh_turns;
	int64_t grounding_summary_max_items;
	int64_t grounding_summary_max_lines;
	const char *grounding_summary_model; /* "": none */
	int64_t grounding_chat_tail_max_tokens;
	int64_t grounding_qmd_max_tokens;
	int64_t search_limit;
	int64_t open_max_bytes;
	int64_t grounding_chat_tail_lines;
	int64_t grounding_chat_tail_bytes;
	int64_t agent_max_turn_s;
	int64_t agent_max_steps; /* answers of the model */
	int64_t agent_max_calls; /* of tools */
	int64_t agent_max_input_chars;
	int64_t agent_tasks_hour; /* that one person's turns make */
	int64_t agent_tasks_day;
	const char *agent_min_confidence; /* of confidence.h, as is the next */
	const char *agent_autonomous_min_confidence;
	int64_t agent_autonomous_max_turn_s;
	int64_t agent_autonomous_max_steps;
	int64_t agent_autonomous_max_calls;
	int64_t agent_autonomous_tasks_hour;
	int64_t agent_autonomous_tasks_day;

	int64_t system_prompt_max_bytes;
	const char *skills_global_root; /* "": none */
	int64_t skills_max;
	const char *soul_global_file;
	const char *soul_workspace_path;
	const char *soul_context_path;
	const char *system_prompt_global_file;
	const char *system_prompt_workspace_path;
	const char *system_prompt_context_path;
};

extern const struct cfg_item engine_items[];
enum { ENGINE_N_ITEMS = 96 };

/* Whether the values make sense together; -1 with ERR_INVALID. */
int engine_cfg_check(
    const void *cfg, const struct service_cfg *common, struct err *err);

/* Whether a model is configured: a key or a base URL is set. */
bool engine_cfg_has_model(const struct engine_cfg *cfg);
/* As llm_open names it. */
const char *engine_cfg_provider(const struct engine_cfg *cfg);

/* Who hears of a task's end, with the overrides looked at. */
struct notify_policies;
void
engine_cfg_notify(const struct engine_cfg *cfg, struct notify_policies *out);

/* Paths with their defaults filled in; the results are malloc'ed. */
char *engine_cfg_workspace_root(
    const struct engine_cfg *cfg, const struct service_cfg *common);
char *engine_cfg_db_path(
    const struct engine_cfg *cfg, const struct service_cfg *common);

#endif
