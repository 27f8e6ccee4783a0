"""What Discord accepts and refuses, as far as a bot meets it. Pure: each
function gives the problem as text, or None."""

import re

INTENTS_ALL = (1 << 26) - 1
MESSAGE_CONTENT = 1 << 15
PRIVILEGED = (1 << 1) | (1 << 8) | MESSAGE_CONTENT
PAYLOAD_MAX = 4096
CONTENT_MAX = 2000
NONCE_MAX = 25
EPHEMERAL = 64

USER_AGENT = re.compile(r"^DiscordBot \(\S+, \S+\)")
SNOWFLAKE = re.compile(r"^[0-9]{15,20}$")
COMMAND_NAME = re.compile(r"^[-_\w']{1,32}$")
MENTION_KINDS = {"users", "roles", "everyone"}

MESSAGE_KEYS = {"content", "nonce", "tts", "embeds", "allowed_mentions",
                "message_reference", "components", "flags", "enforce_nonce",
                "sticker_ids", "attachments", "poll"}
# discord.js sends tts and enforce_nonce with edits and follow-ups as well.
EDIT_KEYS = {"content", "embeds", "flags", "allowed_mentions", "components",
             "attachments", "poll", "tts", "enforce_nonce"}
WEBHOOK_KEYS = {"content", "tts", "nonce", "enforce_nonce", "embeds", "allowed_mentions", "components",
                "flags", "attachments", "poll", "username", "avatar_url",
                "thread_name", "applied_tags"}
REFERENCE_KEYS = {"type", "message_id", "channel_id", "guild_id",
                  "fail_if_not_exists"}
COMMAND_KEYS = {"id", "name", "name_localizations", "description",
                "description_localizations", "options",
                "default_member_permissions", "dm_permission", "type", "nsfw",
                "contexts", "integration_types", "default_permission",
                "handler"}
OPTION_KEYS = {"type", "name", "name_localizations", "description",
               "description_localizations", "required", "choices", "options",
               "channel_types", "min_value", "max_value", "min_length",
               "max_length", "autocomplete"}


def is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def unknown_keys(body, known, what):
    if not isinstance(body, dict):
        return f"{what} is not an object"
    extra = set(body) - known
    return f"{what}: unknown {sorted(extra)}" if extra else None


def of_mentions(value):
    if value is None:
        return None
    problem = unknown_keys(
        value, {"parse", "roles", "users", "replied_user"}, "allowed_mentions")
    if problem:
        return problem
    parse = value.get("parse", [])
    if not isinstance(parse, list) or set(parse) - MENTION_KINDS:
        return "allowed_mentions.parse names what there is not"
    for kind in ("roles", "users"):
        if value.get(kind) and kind in parse:
            return f"allowed_mentions: {kind} both in parse and listed"
        if len(value.get(kind) or []) > 100:
            return f"allowed_mentions.{kind}: more than 100"
    return None


def of_components(rows):
    if rows is None:
        return None
    if not isinstance(rows, list) or len(rows) > 5:
        return "components: not a list of at most 5 rows"
    seen = set()
    for row in rows:
        if row.get("type") != 1 or not row.get("components"):
            return "components: not a row"
        if len(row["components"]) > 5:
            return "components: more than 5 in a row"
        for button in row["components"]:
            problem = of_button(button, seen)
            if problem:
                return problem
    return None


def of_button(button, seen):
    if button.get("type") != 2 or button.get("style") not in range(1, 7):
        return "components: not a button"
    if not 1 <= len(button.get("label", "")) <= 80:
        return "components: label of 1 to 80"
    if button["style"] == 5:
        return None if button.get("url") else "components: link without url"
    name = button.get("custom_id", "")
    if not 1 <= len(name) <= 100:
        return "components: custom_id of 1 to 100"
    if name in seen:
        return "components: custom_id twice"
    seen.add(name)
    return None


def of_content(body, may_be_empty=False):
    content = body.get("content")
    if content is not None and not isinstance(content, str):
        return "content is not text"
    if content is not None and len(content) > CONTENT_MAX:
        return f"content: Must be {CONTENT_MAX} or fewer in length."
    if not may_be_empty and not (content or "").strip() and \
            not body.get("embeds") and not body.get("components"):
        return "Cannot send an empty message"
    return (of_mentions(body.get("allowed_mentions")) or
            of_components(body.get("components")))


def of_nonce(body):
    nonce = body.get("nonce")
    if nonce is None:
        return "enforce_nonce without nonce" if body.get("enforce_nonce") \
            else None
    if is_int(nonce):
        return None
    if not isinstance(nonce, str) or not 1 <= len(nonce) <= NONCE_MAX:
        return f"nonce of 1 to {NONCE_MAX}"
    return None


def of_reference(value):
    if value is None:
        return None
    problem = unknown_keys(value, REFERENCE_KEYS, "message_reference")
    if problem:
        return problem
    if not SNOWFLAKE.match(str(value.get("message_id", ""))):
        return "message_reference.message_id is not a snowflake"
    return None


def of_message(body):
    problem = (unknown_keys(body, MESSAGE_KEYS, "message") or
               of_content(body) or of_nonce(body) or
               of_reference(body.get("message_reference")))
    if problem:
        return problem
    if body.get("flags", 0) & ~(4 | 4096 | 32768):
        return "flags that a bot cannot set"
    return None


def of_edit(body):
    return unknown_keys(body, EDIT_KEYS, "edit") or of_content(body, True)


def of_webhook(body):
    problem = unknown_keys(body, WEBHOOK_KEYS, "follow-up") or of_content(body)
    if problem:
        return problem
    if body.get("flags", 0) & ~(4 | EPHEMERAL | 4096 | 32768):
        return "flags that a follow-up cannot set"
    return None


def of_callback(body, kind):
    """kind: 2 command, 3 component, 4 autocomplete."""
    problem = unknown_keys(body, {"type", "data"}, "response")
    if problem:
        return problem
    allowed = {2: {4, 5, 9}, 3: {4, 5, 6, 7, 9}, 4: {8}}[kind]
    if body.get("type") not in allowed:
        return f"response {body.get('type')} to an interaction {kind}"
    data = body.get("data") or {}
    if body["type"] == 5:
        return unknown_keys(data, {"flags"}, "data")
    if body["type"] == 8:
        choices = data.get("choices")
        if not isinstance(choices, list) or len(choices) > 25:
            return "choices: not a list of at most 25"
        return next(filter(None, map(of_choice, choices)), None)
    if body["type"] in (4, 7):
        return of_content(data, body["type"] == 7)
    return None


def of_choice(choice):
    problem = unknown_keys(choice, {"name", "value", "name_localizations"},
                           "choice")
    if problem:
        return problem
    for key in ("name", "value"):
        if not isinstance(choice.get(key), str) or \
                not 1 <= len(choice[key]) <= 100:
            return f"choice: {key} of 1 to 100"
    return None


def of_option(option):
    problem = unknown_keys(option, OPTION_KEYS, "option")
    if problem:
        return problem
    if option.get("type") not in range(1, 12):
        return "option.type"
    if option.get("autocomplete") and option.get("choices"):
        return "option: autocomplete and choices"
    name = option.get("name", "")
    if not COMMAND_NAME.match(name) or name != name.lower():
        return f"option name {name!r}"
    if not 1 <= len(option.get("description", "")) <= 100:
        return "option.description of 1 to 100"
    return None


def of_command(command):
    problem = unknown_keys(command, COMMAND_KEYS, "command")
    if problem:
        return problem
    name = command.get("name", "")
    if not COMMAND_NAME.match(name) or name != name.lower():
        return f"command name {name!r}"
    if not 1 <= len(command.get("description", "")) <= 100:
        return f"{name}: description of 1 to 100"
    options = command.get("options") or []
    if len(options) > 25:
        return f"{name}: more than 25 options"
    needed = [bool(o.get("required")) for o in options]
    if needed != sorted(needed, reverse=True):
        return f"{name}: required options come first"
    for option in options:
        problem = of_option(option)
        if problem:
            return f"{name}: {problem}"
    return None


def of_commands(commands):
    if not isinstance(commands, list):
        return "commands: not a list"
    if len(commands) > 100:
        return "Maximum number of application commands reached (100)"
    names = [c.get("name") for c in commands if isinstance(c, dict)]
    if len(set(names)) != len(commands):
        return "a name twice"
    for command in commands:
        problem = of_command(command)
        if problem:
            return problem
    return None


def pings(content, mentions):
    """Whom a message rings, given its allowed_mentions (None: everybody)."""
    found = set()
    parse = MENTION_KINDS if mentions is None else set(
        mentions.get("parse", []))
    if "everyone" in parse and re.search(r"@(everyone|here)", content):
        found.add("everyone")
    for kind, pattern in (("users", r"<@!?(\d+)>"), ("roles", r"<@&(\d+)>")):
        for who in re.findall(pattern, content):
            if kind in parse or who in ((mentions or {}).get(kind) or []):
                found.add(who)
    return sorted(found)
