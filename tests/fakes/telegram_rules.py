"""What Telegram's Bot API accepts: parameters of each method, and texts.

Written from the Bot API's reference (10.x) and the server's own messages: an
error of ours reads as Telegram's does.
"""

import html
import re


class Refused(Exception):
    """An answer with ok false."""

    def __init__(self, code, description, **parameters):
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad(text):
    return Refused(400, "Bad Request: " + text)


INT, STR, BOOL, OBJ, LIST, CHAT = "int", "str", "bool", "obj", "list", "chat"

# method: {parameter: (type, is required)}
METHODS = {
    "getMe": {},
    "getUpdates": {"offset": (INT, False), "limit": (INT, False),
                   "timeout": (INT, False), "allowed_updates": (LIST, False)},
    "getWebhookInfo": {},
    "deleteWebhook": {"drop_pending_updates": (BOOL, False)},
    "sendMessage": {"chat_id": (CHAT, True), "text": (STR, True),
                    "message_thread_id": (INT, False),
                    "parse_mode": (STR, False), "entities": (LIST, False),
                    "link_preview_options": (OBJ, False),
                    "disable_notification": (BOOL, False),
                    "reply_parameters": (OBJ, False),
                    "reply_markup": (OBJ, False)},
    "editMessageText": {"chat_id": (CHAT, True), "message_id": (INT, True),
                        "text": (STR, True), "parse_mode": (STR, False),
                        "entities": (LIST, False),
                        "link_preview_options": (OBJ, False),
                        "reply_markup": (OBJ, False)},
    "editMessageReplyMarkup": {"chat_id": (CHAT, True),
                               "message_id": (INT, True),
                               "reply_markup": (OBJ, False)},
    "answerCallbackQuery": {"callback_query_id": (STR, True),
                            "text": (STR, False), "show_alert": (BOOL, False)},
    "sendChatAction": {"chat_id": (CHAT, True), "action": (STR, True),
                       "message_thread_id": (INT, False)},
    "getFile": {"file_id": (STR, True)},
    "setMyCommands": {"commands": (LIST, True), "scope": (OBJ, False),
                      "language_code": (STR, False)},
    "getMyCommands": {"scope": (OBJ, False), "language_code": (STR, False)},
    "deleteMyCommands": {"scope": (OBJ, False),
                         "language_code": (STR, False)},
}

UPDATES = {
    "message", "edited_message", "channel_post", "edited_channel_post",
    "callback_query", "my_chat_member", "chat_member", "chat_join_request",
    "inline_query", "message_reaction", "poll",
}
ACTIONS = {"typing", "upload_photo", "record_video", "upload_video",
           "record_voice", "upload_voice", "upload_document",
           "choose_sticker", "find_location"}
SCOPES = {"default", "all_private_chats", "all_group_chats",
          "all_chat_administrators", "chat", "chat_administrators",
          "chat_member"}


def is_type(value, kind):
    if kind == INT:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == CHAT:
        return is_type(value, INT) or isinstance(value, str)
    return isinstance(value, {STR: str, BOOL: bool, OBJ: dict,
                              LIST: list}[kind])


def problem_of(method, given):
    """What is wrong with the parameters, or None. Telegram itself ignores
    what it does not know; whoever sends it is mistaken all the same."""
    known = METHODS[method]
    for name, value in given.items():
        if name not in known:
            return f"{method}: unknown parameter {name}"
        if not is_type(value, known[name][0]):
            return f"{method}: {name} must be {known[name][0]}, not {value!r}"
    for name, (_, is_required) in known.items():
        if is_required and name not in given:
            return f"{method}: {name} is missing"
    return None


def units(text):
    return len(text.encode("utf-16-le")) // 2


TAGS = {"b": "bold", "strong": "bold", "i": "italic", "em": "italic",
        "u": "underline", "ins": "underline", "s": "strikethrough",
        "strike": "strikethrough", "del": "strikethrough",
        "tg-spoiler": "spoiler", "span": "spoiler", "a": "text_link",
        "pre": "pre", "code": "code", "blockquote": "blockquote"}
ATTRIBUTE = re.compile(r'\s+([a-z-]+)(?:="([^"<>]*)")?')
NUMERIC = re.compile(r"&(?:#[0-9]+|#x[0-9a-fA-F]+|lt|gt|amp|quot);")


def unescape(text):
    """Only what Telegram knows; the rest stays as it is."""
    return NUMERIC.sub(lambda m: html.unescape(m[0]), text)


def offset(text, at):
    return len(text[:at].encode())


def parse_tag(text, at):
    """(name, attributes, position behind it)"""
    end = text.find(">", at)
    match = re.match(r"<([a-zA-Z-]*)", text[at:])
    name = match[1].lower()
    if name not in TAGS:
        raise bad(f'can\'t parse entities: Unsupported start tag "{name}" at '
                  f"byte offset {offset(text, at)}")
    if end < 0:
        raise bad(f"can't parse entities: Unclosed start tag at byte offset "
                  f"{offset(text, at)}")
    inner, attributes, pos = text[at + 1 + len(name):end], {}, 0
    while pos < len(inner):
        match = ATTRIBUTE.match(inner, pos)
        if not match:
            raise bad(f'can\'t parse entities: Empty attribute name in the '
                      f'tag "{name}" at byte offset {offset(text, at)}')
        attributes[match[1]] = unescape(match[2] or "")
        pos = match.end()
    if name == "span" and attributes.get("class") != "tg-spoiler":
        raise bad('can\'t parse entities: Tag "span" must have class '
                  f'"tg-spoiler" at byte offset {offset(text, at)}')
    return name, attributes, end + 1


def close_tag(text, at, stack, entities, out):
    end = text.find(">", at)
    name = text[at + 2:end if end >= 0 else len(text)].strip().lower()
    if not stack:
        raise bad("can't parse entities: Unexpected end tag at byte offset "
                  f"{offset(text, at)}")
    opened, attributes, start = stack.pop()
    if end < 0 or (name and name != opened):
        raise bad("can't parse entities: Unmatched end tag at byte offset "
                  f'{offset(text, at)}, expected "</{opened}>", found '
                  f'"</{name}>"')
    entity = {"type": TAGS[opened], "offset": start,
              "length": units(out) - start}
    if opened == "a":
        entity["url"] = attributes.get("href", "")
    if entity["length"] > 0:
        entities.append(entity)
    return end + 1


def parse_html(text):
    """(text without tags, entities), or Refused as Telegram does."""
    out, entities, stack, at = "", [], [], 0
    while at < len(text):
        if text[at] == "<":
            if text.startswith("</", at):
                at = close_tag(text, at, stack, entities, out)
            else:
                name, attributes, at = parse_tag(text, at)
                stack.append((name, attributes, units(out)))
            continue
        end = text.find("<", at)
        end = len(text) if end < 0 else end
        out += unescape(text[at:end])
        at = end
    if stack:
        raise bad("can't parse entities: Can't find end tag corresponding to "
                  f'start tag "{stack[-1][0]}"')
    return out, entities


INVISIBLE = re.compile("[\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"
                       "\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f"
                       "\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0]")


def check_text(params):
    """(text as people see it, entities)"""
    mode = params.get("parse_mode")
    text, entities = params["text"], params.get("entities", [])
    if mode == "HTML":
        text, entities = parse_html(text)
    elif mode is not None:
        raise bad("unsupported parse_mode")
    text = text.rstrip()
    if not INVISIBLE.sub("", text):
        raise bad("message text is empty")
    if units(text) > 4096:
        raise bad("message is too long")
    return text, entities


def check_buttons(markup):
    if markup is None:
        return
    rows = markup.get("inline_keyboard")
    if set(markup) != {"inline_keyboard"} or not isinstance(rows, list):
        raise bad("object expected as reply markup")
    for button in (b for row in rows for b in row):
        data = button.get("callback_data", "")
        if not button.get("text") or set(button) != {"text", "callback_data"}:
            raise bad("inline keyboard button text must be non-empty")
        if not 1 <= len(data.encode()) <= 64:
            raise bad("BUTTON_DATA_INVALID")


def check_commands(commands):
    if len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not isinstance(command, dict) or \
                set(command) != {"command", "description"}:
            raise bad("can't parse BotCommand")
        if not re.fullmatch("[a-z0-9_]{1,32}", command["command"]):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")


def check_scope(scope):
    if scope is not None and scope.get("type") not in SCOPES:
        raise bad("unsupported scope type")
