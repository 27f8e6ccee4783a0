/* The task-engine's configuration rows. */

#include "services/task-engine/config.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "libcommon/arena.h"
#include "libcommon/buf.h"
#include "libcommon/err.h"
#include "libcommon/service.h"
#include "services/task-engine/conversation/triage.h"
#include "services/task-engine/knowledge/confidence.h"
#include "services/task-engine/llm/fallbacks.h"
#include "services/task-engine/llm/llm.h"
#include "services/task-engine/tasks/notify.h"

enum { FALLBACKS_ARENA_BYTES = 64 * 1024 };

#define C struct engine_cfg
#define LLM "AGENT_RUNTIME_LLM_"
#define GUEST "AGENT_RUNTIME_GUEST_"
#define EMBED "AGENT_RUNTIME_EMBED_"
#define GROUND "AGENT_RUNTIME_LLM_GROUNDING_"

static const char *const providers[LLM_PROVIDER_COUNT + 1] = {
	[LLM_PROVIDER_OPENAI] = "openai",
	[LLM_PROVIDER_ANTHROPIC] = "anthropic",
	[LLM_PROVIDER_CLAUDE] = "claude",
	[LLM_PROVIDER_ZAI] = "z.ai",
	[LLM_PROVIDER_LOCAL] = "local",
};

static const char *const tool_ways[LLM_TOOLS_COUNT + 1] = {
	[LLM_TOOLS_AUTO] = "auto",
	[LLM_TOOLS_NATIVE] = "native",
	[LLM_TOOLS_TEXT] = "text",
	[LLM_TOOLS_NONE] = "none",
};

static const char *const autoruns[] = {
	[AUTORUN_ADDRESSED] = "addressed",
	[AUTORUN_ALL] = "all",
	[AUTORUN_NONE] = "none",
	NULL,
};

/* "base" is what an empty override was. */
static const char *const notify_policies[NOTIFY_POLICY_COUNT + 1] = {
	[NOTIFY_BOTH] = "both",
	[NOTIFY_ADMIN] = "admin",
	[NOTIFY_ORIGIN] = "origin",
};
static const char *const notify_overrides[NOTIFY_POLICY_COUNT + 2] = {
	[NOTIFY_BOTH] = "both",
	[NOTIFY_ADMIN] = "admin",
	[NOTIFY_ORIGIN] = "origin",
	[NOTIFY_POLICY_COUNT] = "base",
};

// clang-format off
const struct cfg_item engine_items[] = {
	CFG_PATH("AGENT_RUNTIME_WORKSPACE_ROOT", C, workspace_root, "",
	    "folder of the workspaces (empty: workspaces/ in the data "
	    "directory)"),
	CFG_PATH("AGENT_RUNTIME_DB_PATH", C, db_path, "",
	    "the database file (empty: agent-runtime/meta.sqlite in the data "
	    "directory)"),
	CFG_INT("AGENT_RUNTIME_DEFAULT_CONCURRENCY", C, default_concurrency,
	    "5", 1, 64, "", "tasks that run at once in one workspace"),
	CFG_CSV("AGENT_RUNTIME_GUEST_COMMANDS", C, guest_commands,
	    "task,search,open,status,monitor",
	    "commands that people without a linked account may use"),
	CFG_INT("AGENT_RUNTIME_ATTACHMENTS_PER_DAY", C, attachments_a_day,
	    "50", 0, 100000, "",
	    "Markdown files that one person may hand over in a workspace in a "
	    "day; a workspace takes ten times as many"),
	CFG_INT(GUEST "MODEL_TURNS_PER_DAY", C, guest_turns_a_day, "20", 0,
	    100000, "", "answers and tasks that one of them gets in a day"),
	CFG_INT(GUEST "ROUTED_ROWS_PER_DAY", C, guest_rows_a_day, "10", 0,
	    100000, "", "rows that messages and tasks of one of them make in a "
	    "day"),
	CFG_INT(GUEST "MONITORS", C, guest_monitors, "1", 0, 1000, "",
	    "live monitors that one of them may have"),
	CFG_INT(GUEST "MONITOR_DAYS", C, guest_monitor_days, "7", 1, 3650,
	    "days", "after which these end"),

	CFG_INT("AGENT_RUNTIME_TRACE_DAYS", C, trace_days, "30", 0, 3650,
	    "days", "how long it is kept why messages were answered and "
	    "turns went as they did (0: not at all)"),

	CFG_BOOL("AGENT_RUNTIME_TRIAGE_ENABLED", C, triage_enabled, "true",
	    "whether messages that are no command are classified, and rows "
	    "are made for people"),
	CFG_CHOICE("AGENT_RUNTIME_TRIAGE_AUTORUN", C, triage_autorun,
	    "addressed", autoruns,
	    "which routed rows run by themselves: those of messages that are "
	    "addressed to the agent (the answer is their run), all (what was "
	    "not addressed becomes a draft for admins), or none"),
	CFG_BOOL("AGENT_RUNTIME_TRIAGE_NOTIFY_ADMIN", C, triage_notify_admin,
	    "true", "whether admin channels are told of rows that stay open"),
	CFG_CHOICE("AGENT_RUNTIME_TASK_NOTIFY_POLICY", C, task_notify, "both",
	    notify_policies,
	    "who is told that a task began and ended: origin (where it was "
	    "asked for), admin (the admin channels), or both"),
	CFG_CHOICE("AGENT_RUNTIME_TASK_NOTIFY_SUCCESS_POLICY", C,
	    task_notify_success, "base", notify_overrides,
	    "the same for beginning and success alone (base: as the policy)"),
	CFG_CHOICE("AGENT_RUNTIME_TASK_NOTIFY_FAILURE_POLICY", C,
	    task_notify_failure, "base", notify_overrides,
	    "the same for failure (base: as the policy); whoever asked is "
	    "always told"),

	CFG_INT("AGENT_RUNTIME_APPROVAL_TTL_SECONDS", C, approval_ttl_s,
	    "86400", 1, 2592000, "s",
	    "how long an action waits for a decision before it expires"),
	CFG_INT("AGENT_RUNTIME_APPROVAL_MAX_PENDING", C,
	    approval_max_pending, "10", 1, 1000, "actions",
	    "actions of one asker that may wait at once"),
	CFG_BOOL("AGENT_RUNTIME_APPROVAL_SEPARATION", C, approval_separation,
	    "false", "whether nobody may approve an action that they asked "
	    "for themselves"),

	CFG_CHOICE(LLM "PROVIDER", C, llm_provider, "openai", providers,
	    "how the model is spoken to: openai, z.ai and local mean any "
	    "OpenAI-compatible endpoint, anthropic and claude mean Anthropic"),
	CFG_STR(LLM "BASE_URL", C, llm_base_url, "",
	    "where the model is (empty: the provider's own address)"),
	CFG_SECRET(LLM "API_KEY", C, llm_api_key,
	    "key for the model; without a key and a base URL the extractive "
	    "responder answers"),
	CFG_STR(LLM "MODEL", C, llm_model, "",
	    "name of the model (empty: the provider's default)"),
	CFG_PATH(LLM "CA_FILE", C, llm_ca_file, "",
	    "PEM file with the certificate authorities that are trusted for "
	    "the model's endpoint (empty: the system's)"),
	CFG_INT(LLM "TIMEOUT_SECONDS", C, llm_timeout_s, "60", 1, 3600, "s",
	    "how long one attempt of one model call may take; of an answer "
	    "that comes in pieces, how long nothing may come"),
	CFG_BOOL(LLM "STREAM", C, llm_streams, "true",
	    "whether answers are asked for in pieces, which a long one is "
	    "shown by while it is made; an endpoint that refuses is asked "
	    "without"),
	CFG_INT("AGENT_RUNTIME_CHAT_SHOW_AFTER_SECONDS", C, llm_show_after_s,
	    "4", 0, 3600, "s",
	    "when a long answer is shown while it is made, in one message "
	    "that grows (0: never)"),
	CFG_INT(LLM "MAX_OUTPUT_TOKENS", C, llm_max_output_tokens, "4096", 16,
	    1000000, "tokens", "how long an answer the model is asked for"),
	CFG_INT(LLM "MAX_CONCURRENT", C, llm_max_concurrent, "8", 1, 256, "",
	    "model calls that run at once, over all workspaces"),
	CFG_CHOICE(LLM "TOOLS", C, llm_tools, "auto", tool_ways,
	    "how the model is given tools: native (the protocol's own way), "
	    "text (described to it, and asked for in blocks of JSON), auto "
	    "(native, until the endpoint refuses it), or none"),
	CFG_CSV(LLM "FALLBACKS", C, llm_fallbacks, "",
	    "models that are asked when those before them do not answer: "
	    "provider/model or provider/model@base URL"),
	CFG_SECRET(LLM "FALLBACK_KEYS", C, llm_fallback_keys,
	    "their keys, in the same order, with commas between"),
	CFG_INT(LLM "COOL_DOWN_SECONDS", C, llm_cool_down_s, "60", 0, 86400,
	    "s", "how long one that did not answer is not asked first"),
	CFG_INT(LLM "BUDGET_PERSON_TOKENS", C, budget_person, "0", 0,
	    1000000000000, "tokens", "tokens that one person's turns may use "
	    "in a day of UTC (0: no limit)"),
	CFG_INT(LLM "BUDGET_ROOM_TOKENS", C, budget_room, "0", 0,
	    1000000000000, "tokens", "the same of one conversation"),
	CFG_INT(LLM "BUDGET_WORKSPACE_TOKENS", C, budget_workspace, "0", 0,
	    1000000000000, "tokens", "the same of one workspace"),
	CFG_INT(LLM "BUDGET_DAY_TOKENS", C, budget_day, "0", 0, 1000000000000,
	    "tokens", "the same of all together"),
	CFG_BOOL(LLM "ENABLED", C, llm_enabled, "true",
	    "whether free text is answered at all"),
	CFG_BOOL(LLM "ALLOW_DM", C, llm_allow_dm, "true",
	    "whether free text is answered in direct conversations"),
	CFG_BOOL(LLM "REQUIRE_MENTION_IN_GROUPS", C, llm_require_mention,
	    "true",
	    "whether free text in groups is answered only when it is "
	    "addressed to the agent"),
	CFG_CSV(LLM "ALLOWED_ROLES", C, llm_allowed_roles, "",
	    "roles whose free text is answered (empty: everybody's)"),
	CFG_CSV(LLM "ALLOWED_CONTEXT_IDS", C, llm_allowed_context_ids, "",
	    "contexts in which free text is answered (empty: all)"),
	CFG_INT(LLM "RATE_LIMIT_PER_WINDOW", C, llm_rate_limit, "8", 0, 10000,
	    "", "answers to one person, and tasks of theirs, in a window (0: "
	    "no limit); admins have none"),
	CFG_INT(LLM "RATE_LIMIT_ROOM_PER_WINDOW", C, llm_rate_limit_room, "30",
	    0, 10000, "", "the same of all people in one channel or group"),
	CFG_INT(LLM "RATE_LIMIT_WORKSPACE_PER_WINDOW", C,
	    llm_rate_limit_workspace, "120", 0, 10000, "",
	    "the same of all people in one workspace"),
	CFG_INT(LLM "RATE_LIMIT_WINDOW_SECONDS", C, llm_rate_window_s, "60",
	    1, 86400, "s", "length of that window"),
	CFG_STR(LLM "ADMIN_SYSTEM_PROMPT", C, llm_admin_system_prompt,
	    "You are assisting admin operators. Prioritize security, "
	    "approvals, and operational clarity.",
	    "first words of the system prompt in admin channels"),
	CFG_STR(LLM "PUBLIC_SYSTEM_PROMPT", C, llm_public_system_prompt,
	    "You are assisting community members. Be concise, safe, and "
	    "policy-compliant.",
	    "first words of the system prompt everywhere else"),

	CFG_STR(EMBED "BASE_URL", C, embed_base_url, "",
	    "OpenAI-compatible address whose /embeddings makes vectors of the "
	    "workspaces' documents and of questions (empty: search is by "
	    "words alone)"),
	CFG_SECRET(EMBED "API_KEY", C, embed_api_key,
	    "key for it; a local server may need none"),
	CFG_STR(EMBED "MODEL", C, embed_model, "text-embedding-3-small",
	    "name of its model; with another one all vectors are made anew"),
	CFG_INT(EMBED "TIMEOUT_SECONDS", C, embed_timeout_s, "30", 1, 600, "s",
	    "how long it may take for one batch of texts"),
	/* These two are the indexer's rows, too. */
	CFG_CSV(EMBED "EXCLUDE_GLOBS", C, embed_exclude_globs, "",
	    "documents that are never sent there: globs of paths beneath a "
	    "workspace, as in drafts/**,*.private.md"),
	CFG_CSV(EMBED "EXCLUDE_WORKSPACES", C, embed_exclude_workspaces, "",
	    "ids of workspaces of which nothing is sent there"),

	CFG_INT(GROUND "TOP_K", C, grounding_top_k, "3", 1, 20, "documents",
	    "documents that are looked up for an answer"),
	CFG_INT(GROUND "MAX_DOC_EXCERPT_BYTES", C,
	    grounding_max_doc_excerpt_bytes, "1200", 200, 65536, "bytes",
	    "longest excerpt of one document in a prompt"),
	CFG_INT(GROUND "MAX_PROMPT_BYTES", C, grounding_max_prompt_bytes,
	    "8000", 500, 1000000, "bytes", "longest grounded prompt"),
	CFG_INT(GROUND "MAX_PROMPT_TOKENS", C, grounding_max_prompt_tokens,
	    "2000", 200, 1000000, "tokens",
	    "longest grounded prompt, at four bytes a token"),
	CFG_INT(GROUND "USER_MAX_TOKENS", C, grounding_user_max_tokens, "650",
	    80, 1000000, "tokens",
	    "most that a message takes from that; a longer one is sent whole"),
	CFG_INT(GROUND "MEMORY_SUMMARY_MAX_TOKENS", C,
	    grounding_summary_max_tokens, "380", 80, 1000000, "tokens",
	    "share of the summary of the conversation"),
	CFG_INT(GROUND "MEMORY_SUMMARY_REFRESH_TURNS", C,
	    grounding_summary_refresh_turns, "6", 1, 10000, "messages",
	    "messages of people after which that summary is made anew"),
	CFG_INT(GROUND "MEMORY_SUMMARY_MAX_ITEMS", C,
	    grounding_summary_max_items, "7", 3, 100, "items",
	    "items of each kind that it keeps: decisions, tasks, questions"),
	CFG_INT(GROUND "MEMORY_SUMMARY_SOURCE_MAX_LINES", C,
	    grounding_summary_max_lines, "120", 24, 2000, "messages",
	    "last messages that it is made of"),
	CFG_STR(GROUND "SUMMARY_MODEL", C, grounding_summary_model, "",
	    "model of the configured provider that puts that summary in words "
	    "in the background (empty: none; it stays people's own "
	    "sentences)"),
	CFG_INT(GROUND "CHAT_TAIL_MAX_TOKENS", C,
	    grounding_chat_tail_max_tokens, "300", 80, 1000000, "tokens",
	    "share of the last messages of the conversation"),
	CFG_INT(GROUND "QMD_MAX_TOKENS", C, grounding_qmd_max_tokens, "900",
	    80, 1000000, "tokens", "share of the documents that were found"),
	CFG_INT("AGENT_RUNTIME_QMD_SEARCH_LIMIT", C, search_limit, "5", 1, 50,
	    "documents", "how many documents /search shows"),
	CFG_INT("AGENT_RUNTIME_QMD_OPEN_MAX_BYTES", C, open_max_bytes, "32768",
	    256, 131072, "bytes", "how much of a document /open shows"),
	CFG_INT(GROUND "CHAT_TAIL_LINES", C, grounding_chat_tail_lines, "24",
	    6, 1000, "lines", "last lines of the conversation in a prompt"),
	CFG_INT(GROUND "CHAT_TAIL_BYTES", C, grounding_chat_tail_bytes,
	    "1800", 400, 1000000, "bytes",
	    "bytes of those last lines in a prompt"),
	CFG_BOOL("AGENT_RUNTIME_AGENT_GROUNDING_FIRST_STEP", C,
	    agent_grounding_first_step, "true",
	    "whether an answer is grounded in the workspace's documents"),
	CFG_BOOL("AGENT_RUNTIME_AGENT_GROUNDING_EVERY_STEP", C,
	    agent_grounding_every_step, "false",
	    "whether it is again after each step that used tools"),
	CFG_INT("AGENT_RUNTIME_AGENT_MAX_TURN_DURATION_SECONDS", C,
	    agent_max_turn_s, "120", 1, 86400, "s",
	    "how long an answer may take in all"),
	CFG_INT("AGENT_RUNTIME_AGENT_MAX_LOOP_STEPS", C, agent_max_steps, "6",
	    1, 1000, "steps", "how often an answer may ask the model"),
	CFG_INT("AGENT_RUNTIME_AGENT_MAX_TOOL_CALLS_PER_TURN", C,
	    agent_max_calls, "6", 0, 1000, "calls",
	    "how many tools an answer may use"),
	CFG_INT("AGENT_RUNTIME_AGENT_MAX_TASKS_PER_HOUR", C, agent_tasks_hour,
	    "5", 0, 100000, "tasks",
	    "tasks that the agent makes in answers to one person, in an hour"),
	CFG_INT("AGENT_RUNTIME_AGENT_MAX_TASKS_PER_DAY", C, agent_tasks_day,
	    "25", 0, 100000, "tasks", "the same in a day"),
	CFG_STR("AGENT_RUNTIME_AGENT_MIN_CONFIDENCE", C, agent_min_confidence,
	    "0.35", "how sure of an answer a model must say it is, from 0 to "
	    "1, for it to be given (0: it is not asked)"),
	CFG_INT("AGENT_RUNTIME_AGENT_MAX_INPUT_CHARS", C,
	    agent_max_input_chars, "12000", 100, 1000000, "characters",
	    "longest message, or prompt of a task, that a model is asked"),
	CFG_INT("AGENT_RUNTIME_AGENT_AUTONOMOUS_MAX_TURN_DURATION_SECONDS", C,
	    agent_autonomous_max_turn_s, "1200", 1, 86400, "s",
	    "how long a task may take in all"),
	CFG_INT("AGENT_RUNTIME_AGENT_AUTONOMOUS_MAX_LOOP_STEPS", C,
	    agent_autonomous_max_steps, "50", 1, 10000, "steps",
	    "how often a task may ask the model"),
	CFG_INT("AGENT_RUNTIME_AGENT_AUTONOMOUS_MAX_TOOL_CALLS_PER_TURN", C,
	    agent_autonomous_max_calls, "100", 0, 10000, "calls",
	    "how many tools a task may use"),
	CFG_INT("AGENT_RUNTIME_AGENT_AUTONOMOUS_MAX_TASKS_PER_HOUR", C,
	    agent_autonomous_tasks_hour, "200", 0, 1000000, "tasks",
	    "tasks that the tasks of one person make, in an hour"),
	CFG_INT("AGENT_RUNTIME_AGENT_AUTONOMOUS_MAX_TASKS_PER_DAY", C,
	    agent_autonomous_tasks_day, "1000", 0, 1000000, "tasks",
	    "the same in a day"),
	CFG_STR("AGENT_RUNTIME_AGENT_AUTONOMOUS_MIN_CONFIDENCE", C,
	    agent_autonomous_min_confidence, "0.05",
	    "how sure of the result of a task, for it to count as done"),

	CFG_INT(LLM "SYSTEM_PROMPT_MAX_BYTES", C, system_prompt_max_bytes,
	    "16000", 6000, 1000000, "bytes",
	    "longest system prompt; above it skills are left out first, then "
	    "SOUL files, prompt files, the conversation's prompt"),
	CFG_PATH("AGENT_RUNTIME_SKILLS_GLOBAL_ROOT", C, skills_global_root,
	    "./context/skills", "folder of the installation's skills: in it "
	    "contexts/<context id>/, admin/ or public/, and common/"),
	CFG_INT("AGENT_RUNTIME_SKILLS_MAX", C, skills_max, "12", 0, 64,
	    "skills", "skills in one system prompt; the first found are taken"),
	CFG_PATH("AGENT_RUNTIME_SOUL_GLOBAL_FILE", C, soul_global_file,
	    "./context/SOUL.md", "behaviour directives of the installation"),
	CFG_STR("AGENT_RUNTIME_SOUL_WORKSPACE_REL_PATH", C,
	    soul_workspace_path, "context/SOUL.md",
	    "behaviour directives of a workspace, beneath its folder"),
	CFG_STR("AGENT_RUNTIME_SOUL_CONTEXT_REL_PATH", C, soul_context_path,
	    "context/agents/{context_id}/SOUL.md",
	    "behaviour directives of a context, beneath its workspace"),
	CFG_PATH("AGENT_RUNTIME_SYSTEM_PROMPT_GLOBAL_FILE", C,
	    system_prompt_global_file, "./context/SYSTEM_PROMPT.md",
	    "system prompt of the installation"),
	CFG_STR("AGENT_RUNTIME_SYSTEM_PROMPT_WORKSPACE_REL_PATH", C,
	    system_prompt_workspace_path, "context/SYSTEM_PROMPT.md",
	    "system prompt of a workspace, beneath its folder"),
	CFG_STR("AGENT_RUNTIME_SYSTEM_PROMPT_CONTEXT_REL_PATH", C,
	    system_prompt_context_path,
	    "context/agents/{context_id}/SYSTEM_PROMPT.md",
	    "system prompt of a context, beneath its workspace"),

	CFG_RETIRED("AGENT_RUNTIME_TASK_RECOVERY_RUNNING_STALE_SECONDS",
	    "what was running is queued again at every start, so nothing "
	    "becomes stale"),
	CFG_RETIRED("AGENT_RUNTIME_AGENT_SENSITIVE_APPROVAL_TTL_SECONDS",
	    "approving one action grants nothing else, so there is no grant "
	    "to last"),
};
// clang-format on

_Static_assert(
    N_OF(engine_items) == ENGINE_N_ITEMS, "config.h counts the rows");

bool
engine_cfg_has_model(const struct engine_cfg *cfg)
{
	return *cfg->llm_api_key || *cfg->llm_base_url;
}

const char *
engine_cfg_provider(const struct engine_cfg *cfg)
{
	return providers[cfg->llm_provider];
}

static bool
is_http(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 ||
	       strncasecmp(url, "https://", 8) == 0;
}

static bool
is_anthropic(const struct engine_cfg *cfg)
{
	return cfg->llm_provider == LLM_PROVIDER_ANTHROPIC ||
	       cfg->llm_provider == LLM_PROVIDER_CLAUDE;
}

static int
check_fallbacks(const struct engine_cfg *cfg, struct err *err)
{
	AUTO(arena_free)
	struct arena *arena = arena_new(FALLBACKS_ARENA_BYTES);
	struct llm_fallback *items;
	size_t n;

	return llm_fallbacks_parse(
	    cfg->llm_fallbacks, cfg->llm_fallback_keys, arena, &items, &n, err);
}

static int
check_confidence(const char *name, const char *value, struct err *err)
{
	if (confidence_parse(value) != CONFIDENCE_UNSAID)
		return 0;
	return err_set(err, ERR_INVALID,
	    "%s=%s is not allowed: a number from 0 to 1, like 0.35", name,
	    value);
}

int
engine_cfg_check(
    const void *arg, const struct service_cfg *common, struct err *err)
{
	const struct engine_cfg *cfg = arg;

	(void)common;
	if (*cfg->llm_base_url && !is_http(cfg->llm_base_url))
		return err_set(err, ERR_INVALID,
		    LLM "BASE_URL=%s is not an address of a model: write it "
			"as http://… or https://…",
		    cfg->llm_base_url);
	if (*cfg->embed_base_url && !is_http(cfg->embed_base_url))
		return err_set(err, ERR_INVALID,
		    EMBED "BASE_URL=%s is not an address of an endpoint: write "
			  "it as http://… or https://…",
		    cfg->embed_base_url);
	if (*cfg->embed_base_url && !*cfg->embed_model)
		return err_set(err, ERR_INVALID,
		    EMBED "MODEL names the model that " EMBED
			  "BASE_URL makes vectors with");
	if (is_anthropic(cfg) && *cfg->llm_base_url && !*cfg->llm_api_key)
		return err_set(err, ERR_INVALID,
		    LLM "PROVIDER=anthropic always needs a key: set " LLM
			"API_KEY or " LLM "API_KEY_FILE");
	if (check_confidence("AGENT_RUNTIME_AGENT_MIN_CONFIDENCE",
		cfg->agent_min_confidence, err) < 0 ||
	    check_confidence("AGENT_RUNTIME_AGENT_AUTONOMOUS_MIN_CONFIDENCE",
		cfg->agent_autonomous_min_confidence, err) < 0)
		return -1;
	return check_fallbacks(cfg, err);
}

static enum notify_policy
or_base(int override, int base)
{
	return (enum notify_policy)(
	    override == NOTIFY_POLICY_COUNT ? base : override);
}

void
engine_cfg_notify(const struct engine_cfg *cfg, struct notify_policies *out)
{
	out->success = or_base(cfg->task_notify_success, cfg->task_notify);
	out->failure = or_base(cfg->task_notify_failure, cfg->task_notify);
}

static char *
or_beneath(
    const char *path, const struct service_cfg *common, const char *beneath)
{
	struct buf full;

	if (*path)
		return xstrdup(path);
	buf_init(&full);
	buf_addf(&full, "%s/%s", common->data_dir, beneath);
	return buf_steal(&full);
}

char *
engine_cfg_workspace_root(
    const struct engine_cfg *cfg, const struct service_cfg *common)
{
	return or_beneath(cfg->workspace_root, common, "workspaces");
}

char *
engine_cfg_db_path(
    const struct engine_cfg *cfg, const struct service_cfg *common)
{
	return or_beneath(cfg->db_path, common, "agent-runtime/meta.sqlite");
}
