#!/usr/bin/python3
"""Telegram's Bot API as far as a bot for chats needs it: strict about what it
is asked, and misbehaving on demand.

    with Telegram() as tg:
        bot = {"AGENT_RUNTIME_TELEGRAM_API_BASE": tg.url,
               "AGENT_RUNTIME_TELEGRAM_TOKEN": tg.token}
        tg.say(chat=7, text="hello")
        answer = tg.wait_sent(lambda m: m["chat_id"] == 7)
        assert not tg.problems

Chats come into being when somebody speaks in them: a positive id is a private
chat, a negative one a group (`tg.group(-5, ...)` says more of it). Updates are
kept until a later offset acknowledges them. A call with a wrong parameter is
refused and kept in `problems`. As a program it prints `listening <port>`;
GET and POST /control drive it then.
"""

import argparse
import asyncio
import collections
import json
import threading
import time

from aiohttp import web

import telegram_rules as rules
from serving import Served
from telegram_rules import Refused, bad

TOKEN = "123456789:AAtelegramDoubleTokenForTests_0123456789"
BOT = {"id": 123456789, "is_bot": True, "first_name": "Harbour",
       "username": "harbour_bot", "can_join_groups": True,
       "can_read_all_group_messages": False, "supports_inline_queries": False}
GROUP_A_MINUTE = 20
FILE_LIMIT = 20 * 1024 * 1024


def error(refused):
    body = {"ok": False, "error_code": refused.code,
            "description": refused.description}
    if refused.parameters:
        body["parameters"] = refused.parameters
    return web.json_response(body, status=refused.code)


class Fault:
    """Of the next calls of a method: instead of them, or after them."""

    def __init__(self, kind, times, retry_after, when, having):
        self.kind, self.times, self.having = kind, times, having
        self.retry_after, self.when = retry_after, when

    def meets(self, params):
        return self.having is None or self.having in params

    async def answer(self, request):
        kind = self.kind
        if kind == "429":
            return error(Refused(
                429, f"Too Many Requests: retry after {self.retry_after}",
                retry_after=self.retry_after))
        if kind == "html502":
            return web.Response(status=502, content_type="text/html",
                                text="<html><h1>502 Bad Gateway</h1></html>")
        if kind == "half":
            return web.Response(text='{"ok":true,"resu',
                                content_type="application/json")
        if kind == "huge":
            return web.Response(body=b" " * (32 << 20),
                                content_type="application/json")
        if kind == "hang":
            await asyncio.sleep(3600)
        if kind == "cut":
            request.transport.abort()
            return web.Response()
        texts = {"401": "Unauthorized", "500": "Internal Server Error",
                 "403": "Forbidden: bot was kicked from the group chat",
                 "400": "Bad Request: chat not found",
                 "400-entities": "Bad Request: can't parse entities: "
                 "Unsupported start tag",
                 "404": "Not Found"}
        return error(Refused(int(kind[:3]), texts[kind]))


class Telegram(Served):
    def __init__(self, port=0, token=TOKEN, tls=None):
        self.port, self.token = port, token
        self.tls = tls  # an ssl.SSLContext
        self.group_a_minute = GROUP_A_MINUTE
        self.forget()

    def forget(self):
        self.chats = {}
        self.updates = collections.deque()
        self.next_update = 1000
        self.next_message = collections.Counter()
        self.messages = {}       # (chat, message): what it says
        self.sent = []           # by the bot, in order
        self.calls = []          # (method, parameters, monotonic time)
        self.problems = []
        self.actions = []
        self.answers = {}        # of callback queries
        self.queries = set()
        self.commands = {}
        self.files = {}
        self.holds_files = False  # they come when it is False again
        self.webhook = ""
        self.faults = {}
        self.recent = collections.defaultdict(collections.deque)
        self.polls = 0           # the last one is the only one
        self.wakes = set()

    @property
    def url(self):
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self.port}"

    # -- what people do --------------------------------------------------

    def on_loop(self, fn, *args, **kwargs):
        """Runs fn where the calls are answered."""
        if self.thread in (None, threading.current_thread()):
            return fn(*args, **kwargs)

        async def call():
            return fn(*args, **kwargs)

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(10)

    def chat_of(self, chat_id):
        if chat_id not in self.chats:
            self.chats[chat_id] = (
                {"id": chat_id, "type": "private",
                 "first_name": f"User{chat_id}"} if chat_id > 0 else
                {"id": chat_id, "type": "group", "title": f"Group{-chat_id}"})
        return self.chats[chat_id]

    def group(self, chat_id, title="Harbour", kind="group", **more):
        """more: is_forum, topics={id,…}, gone="kicked"|"blocked",
        migrated=<id>."""
        self.chats[chat_id] = {"id": chat_id, "type": kind, "title": title,
                               **more}
        return chat_id

    def public(self, chat):
        return {k: v for k, v in chat.items()
                if k not in ("topics", "gone", "migrated")}

    def number(self, chat_id):
        self.next_message[chat_id] += 1
        return 100 + self.next_message[chat_id]

    def push(self, kind, body, update_id=None):
        if update_id is None:
            update_id = self.next_update
            self.next_update += 1
        self.updates.append({"update_id": update_id, kind: body})
        for wake in self.wakes:
            wake.set()
        return update_id

    def user(self, user_id, **more):
        return {"id": user_id, "is_bot": False,
                "first_name": f"User{user_id}", "username": f"user_{user_id}",
                **more}

    def say(self, chat, text=None, user=None, kind="message", **more):
        """Somebody writes; returns the message. more goes into it."""
        return self.on_loop(self._say, chat, text, user, kind, more)

    def _say(self, chat, text, user, kind, more):
        message = {"message_id": self.number(chat), "date": int(time.time()),
                   "chat": self.public(self.chat_of(chat))}
        if user is not None or chat > 0:
            message["from"] = user if isinstance(user, dict) else \
                self.user(chat if user is None else user)
        if text is not None:
            message["text"] = text
            found = self.entities_of(text)
            if found:
                message["entities"] = found
        message.update(more)
        self.messages[chat, message["message_id"]] = message
        self.push(kind, message)
        return message

    def entities_of(self, text):
        """Commands and mentions, as the server finds them."""
        found = []
        for kind, sign in (("bot_command", "/"), ("mention", "@")):
            for word in text.split():
                if word.startswith(sign) and len(word) > 1:
                    at = text.index(word)
                    word = word.rstrip(".,!?")
                    found.append({"type": kind, "length": rules.units(word),
                                  "offset": rules.units(text[:at])})
        return found

    def edit(self, message, text):
        body = {**message, "text": text, "edit_date": int(time.time())}
        return self.on_loop(self.push, "edited_message", body)

    def member(self, chat, old, new, user=42):
        """The bot's own standing in a chat has changed."""
        def change():
            member = {"user": {k: BOT[k] for k in (
                "id", "is_bot", "first_name", "username")}}
            return self.push("my_chat_member", {
                "chat": self.public(self.chat_of(chat)),
                "from": self.user(user), "date": int(time.time()),
                "old_chat_member": {**member, "status": old},
                "new_chat_member": {**member, "status": new}})
        return self.on_loop(change)

    def leave(self, chat, user=42, status="kicked"):
        """The bot is thrown out, or blocked by a person."""
        def change():
            self.chat_of(chat)["gone"] = "blocked" if chat > 0 else "kicked"
        self.on_loop(change)
        return self.member(chat, "member", status,
                           chat if chat > 0 else user)

    def come_back(self, chat, user=42):
        self.on_loop(self.chat_of(chat).pop, "gone", None)
        return self.member(chat, "kicked" if chat > 0 else "left", "member",
                           chat if chat > 0 else user)

    def migrate(self, chat, new, user=42, tells=True):
        """A group becomes a supergroup, which both of them say."""
        def change():
            old = self.chat_of(chat)
            old["migrated"] = new
            self.group(new, old["title"], "supergroup")
            for at, more in ((chat, {"migrate_to_chat_id": new}),
                             (new, {"migrate_from_chat_id": chat})):
                if tells:
                    self._say(at, None, user, "message", more)
        self.on_loop(change)
        return new

    def press(self, message, data, user):
        """A button of one of the bot's messages."""
        def change():
            query = f"q{self.next_update}"
            self.queries.add(query)
            self.push("callback_query", {
                "id": query, "from": self.user(user), "data": data,
                "chat_instance": "1", "message": message["message"]})
            return query
        return self.on_loop(change)

    def file(self, file_id, content, path=None, says=None):
        """says: the size that getFile tells."""
        self.files[file_id] = (path or f"documents/{file_id}.md", content,
                               len(content) if says is None else says)

    def fault(self, method, kind, times=1, retry_after=1, when="before",
              having=None):
        """when="after": the call is carried out, and its answer lost;
        having: only calls that have this parameter."""
        def change():
            self.faults[method] = Fault(kind, times, retry_after, when, having)
        self.on_loop(change)

    def wait_sent(self, check=lambda m: True, timeout=10.0):
        """The first message of the bot that the check likes."""
        deadline = time.monotonic() + timeout
        while True:
            for message in list(self.sent):
                if check(message):
                    return message
            if time.monotonic() > deadline:
                raise AssertionError(f"not sent: {self.sent[-5:]}\n"
                                     f"problems: {self.problems}")
            time.sleep(0.005)

    def called(self, method):
        return [p for m, p, _ in list(self.calls) if m == method]

    # -- answering ------------------------------------------------------

    async def on_call(self, request):
        method = request.match_info["method"]
        if request.match_info["token"] != self.token:
            return error(Refused(401, "Unauthorized"))
        if method not in rules.METHODS:
            return error(Refused(404, "Not Found"))
        params = {}
        if request.can_read_body:
            if request.content_type != "application/json":
                self.problems.append(f"{method}: not JSON")
            params = json.loads(await request.text() or "{}")
        elif request.query:
            self.problems.append(f"{method}: parameters in the URL")
        self.calls.append((method, params, time.monotonic()))
        problem = rules.problem_of(method, params)
        if problem:
            self.problems.append(problem)
            return error(bad(problem))
        fault = self.faults.get(method)
        if fault and not fault.meets(params):
            fault = None
        if fault:
            fault.times -= 1
            if fault.times <= 0:
                del self.faults[method]
            if fault.when == "before":
                return await fault.answer(request)
        try:
            result = await getattr(self, "do_" + method)(params)
        except Refused as refused:
            if refused.code == 400 and not refused.parameters and \
                    not any(words in str(refused) for words in (
                        "chat not found", "not modified", "edit not found")):
                self.problems.append(f"{method}: {refused} {params}")
            return error(refused)
        if fault:
            return await fault.answer(request)
        return web.json_response({"ok": True, "result": result})

    async def do_getMe(self, params):
        return BOT

    async def do_getWebhookInfo(self, params):
        return {"url": self.webhook, "pending_update_count":
                len(self.updates), "has_custom_certificate": False}

    async def do_deleteWebhook(self, params):
        self.webhook = ""
        return True

    async def do_getUpdates(self, params):
        if self.webhook:
            raise Refused(409, "Conflict: can't use getUpdates method while "
                          "webhook is active; use deleteWebhook to delete "
                          "the webhook first")
        unknown = set(params.get("allowed_updates", [])) - rules.UPDATES
        if unknown or not 1 <= params.get("limit", 100) <= 100 or \
                not 0 <= params.get("timeout", 0) <= 50:
            raise bad(f"wrong parameter {params}")
        self.polls += 1
        mine = self.polls
        for wake in self.wakes:
            wake.set()
        wake = asyncio.Event()
        self.wakes.add(wake)
        deadline = time.monotonic() + params.get("timeout", 0)
        try:
            return await self.poll(params, mine, wake, deadline)
        finally:
            self.wakes.discard(wake)

    async def poll(self, params, mine, wake, deadline):
        after = params.get("offset", 0)
        while self.updates and 0 < after and \
                self.updates[0]["update_id"] < after:
            self.updates.popleft()
        allowed = set(params.get("allowed_updates") or rules.UPDATES)
        while True:
            if mine != self.polls:
                raise Refused(409, "Conflict: terminated by other getUpdates "
                              "request; make sure that only one bot instance "
                              "is running")
            ready = [u for u in self.updates
                     if u["update_id"] >= after and set(u) & allowed]
            if ready or time.monotonic() >= deadline:
                return ready[:params.get("limit", 100)]
            wake.clear()
            try:
                await asyncio.wait_for(wake.wait(),
                                       deadline - time.monotonic())
            except asyncio.TimeoutError:
                pass

    def chat_for(self, params):
        chat = self.chats.get(params["chat_id"])
        if chat is None:
            raise bad("chat not found")
        if chat.get("migrated"):
            raise Refused(400, "Bad Request: group chat was upgraded to a "
                          "supergroup chat",
                          migrate_to_chat_id=chat["migrated"])
        if chat.get("gone") == "kicked":
            raise Refused(403, "Forbidden: bot was kicked from the group chat")
        if chat.get("gone") == "blocked":
            raise Refused(403, "Forbidden: bot was blocked by the user")
        return chat

    def check_rate(self, chat):
        if chat["type"] == "private":
            return
        now, recent = time.monotonic(), self.recent[chat["id"]]
        while recent and recent[0] < now - 60:
            recent.popleft()
        if len(recent) >= self.group_a_minute:
            wait = int(60 - (now - recent[0])) + 1
            raise Refused(429, f"Too Many Requests: retry after {wait}",
                          retry_after=wait)
        recent.append(now)

    def check_thread(self, chat, params):
        thread = params.get("message_thread_id")
        if thread is not None and (
                thread == 1 or thread not in chat.get("topics", ())):
            raise bad("message thread not found")

    def check_reply(self, chat, params):
        reply = params.get("reply_parameters")
        if reply is None:
            return None
        if set(reply) - {"message_id", "allow_sending_without_reply",
                         "chat_id", "quote"}:
            raise bad(f"reply_parameters {reply}")
        if (chat["id"], reply["message_id"]) in self.messages:
            return reply["message_id"]
        if not reply.get("allow_sending_without_reply"):
            raise bad("message to be replied not found")
        return None

    async def do_sendMessage(self, params):
        chat = self.chat_for(params)
        text, entities = rules.check_text(params)
        self.check_thread(chat, params)
        reply_to = self.check_reply(chat, params)
        rules.check_buttons(params.get("reply_markup"))
        self.check_rate(chat)
        message = {"message_id": self.number(chat["id"]),
                   "from": BOT, "date": int(time.time()),
                   "chat": self.public(chat), "text": text}
        if entities:
            message["entities"] = entities
        self.messages[chat["id"], message["message_id"]] = message
        self.sent.append({
            "chat_id": chat["id"], "text": text, "raw": params["text"],
            "message_id": message["message_id"], "entities": entities,
            "is_html": params.get("parse_mode") == "HTML",
            "thread": params.get("message_thread_id"), "reply_to": reply_to,
            "buttons": params.get("reply_markup"), "message": message,
            "at": time.monotonic()})
        return message

    def own_message(self, params):
        self.chat_for(params)
        for sent in self.sent:
            if (sent["chat_id"], sent["message_id"]) == (
                    params["chat_id"], params["message_id"]):
                return sent
        raise bad("message to edit not found")

    async def do_editMessageText(self, params):
        sent = self.own_message(params)
        text, entities = rules.check_text(params)
        rules.check_buttons(params.get("reply_markup"))
        if (text, entities, params.get("reply_markup")) == (
                sent["text"], sent["entities"], sent["buttons"]):
            raise bad("message is not modified: specified new message content"
                      " and reply markup are exactly the same")
        sent.update(text=text, entities=entities,
                    buttons=params.get("reply_markup"))
        sent["message"].update(text=text)
        return sent["message"]

    async def do_editMessageReplyMarkup(self, params):
        sent = self.own_message(params)
        rules.check_buttons(params.get("reply_markup"))
        if sent["buttons"] == params.get("reply_markup"):
            raise bad("message is not modified")
        sent["buttons"] = params.get("reply_markup")
        return sent["message"]

    async def do_answerCallbackQuery(self, params):
        if params["callback_query_id"] not in self.queries:
            raise bad("query is too old and response timeout expired or "
                      "query ID is invalid")
        if rules.units(params.get("text", "")) > 200:
            raise bad("MESSAGE_TOO_LONG")
        self.answers[params["callback_query_id"]] = params
        return True

    async def do_sendChatAction(self, params):
        chat = self.chat_for(params)
        if params["action"] not in rules.ACTIONS:
            raise bad("wrong parameter action in request")
        self.check_thread(chat, params)
        self.actions.append((chat["id"], params["action"], time.monotonic()))
        return True

    def scope_key(self, params):
        rules.check_scope(params.get("scope"))
        return json.dumps([params.get("scope") or {"type": "default"},
                           params.get("language_code", "")])

    async def do_setMyCommands(self, params):
        rules.check_commands(params["commands"])
        self.commands[self.scope_key(params)] = params["commands"]
        return True

    async def do_getMyCommands(self, params):
        return self.commands.get(self.scope_key(params), [])

    async def do_deleteMyCommands(self, params):
        self.commands.pop(self.scope_key(params), None)
        return True

    async def do_getFile(self, params):
        if params["file_id"] not in self.files:
            raise bad("invalid file_id")
        path, content, size = self.files[params["file_id"]]
        if len(content) > FILE_LIMIT:
            raise bad("file is too big")
        return {"file_id": params["file_id"], "file_unique_id": "u",
                "file_size": size, "file_path": path}

    async def on_file(self, request):
        if request.match_info["token"] != self.token:
            return error(Refused(401, "Unauthorized"))
        self.calls.append(("file", {}, time.monotonic()))
        while self.holds_files:
            await asyncio.sleep(0.01)
        fault = self.faults.get("file")
        if fault:
            fault.times -= 1
            if fault.times <= 0:
                del self.faults["file"]
            return await fault.answer(request)
        for path, content, _ in self.files.values():
            if path == request.match_info["path"]:
                return web.Response(body=content)
        return error(Refused(404, "Not Found"))

    async def on_control(self, request):
        if request.method == "POST":
            for call in await request.json():
                getattr(self, call.pop("do"))(**call)
        return web.json_response({"sent": [
            {k: v for k, v in m.items() if k != "message"}
            for m in self.sent], "problems": self.problems,
            "commands": self.commands, "answers": self.answers,
            "actions": self.actions})

    # -- running --------------------------------------------------------

    def app(self):
        app = web.Application(client_max_size=50 << 20)
        app.router.add_route("*", "/control", self.on_control)
        app.router.add_route("*", "/bot{token}/{method}", self.on_call)
        app.router.add_get("/file/bot{token}/{path:.*}", self.on_file)
        return app


async def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    options = parser.parse_args()
    double = Telegram(options.port, options.token)
    await double.listen()
    print(f"listening {double.port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
