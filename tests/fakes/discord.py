#!/usr/bin/python3
"""A Discord that is strict: REST and gateway (v10) on one port, every call and
payload checked against the platform's rules, and trouble on demand.

    with Discord(token="t") as d:
        d.say("general", "alice", "hello")       # a person writes
        d.messages                               # what people see
        d.cut(); d.reconnect(); d.invalidate(resumable=False); d.close(4000)
        d.fault("429-user", "POST", "/messages", times=1, retry_after=0.5)
        assert not d.violations

As a program it prints `listening <port>` and runs until it is ended; POST
/control {"do": "say", "with": {…}} calls the method of that name, GET /control
shows what happened.
"""

import argparse
import asyncio
import json
import secrets
import threading
import time

from aiohttp import web

import discord_gateway
import discord_rest
import discord_rules as rules
from serving import Served

EPOCH_MS = 1420070400000
APP_ID = "110000000000000001"
ROLE_ID = "110000000000000002"
KINDS = {"text": 0, "dm": 1, "thread": 11}
STATE = ("messages", "violations", "commands", "n_connections", "n_beats",
         "n_recognised", "n_unauthorized", "refused_identifies",
         "n_command_writes")


class Discord(Served):
    def __init__(self, token="double-token", port=0, tls=None,
                 heartbeat_ms=2000, patience=2.0):
        self.token, self.port, self.tls = token, port, tls
        self.app_id = APP_ID
        self.bot_id = APP_ID
        self.role_id = ROLE_ID
        # What the tests may turn.
        self.heartbeat_ms = heartbeat_ms
        self.patience = patience
        self.privileged = rules.MESSAGE_CONTENT
        self.shards_required = self.shards_recommended = 1
        self.max_concurrency = 1
        self.identify_window = 5.0
        self.start_remaining = 1000
        self.start_reset_ms = 86400000
        self.interaction_life = 900.0
        self.refuse_with = None
        self.mute_acks = self.refuse_identify = self.refuse_connections = 0
        # What happened.
        self.violations, self.messages, self.typing = [], [], []
        self.edits = []          # (message, content, monotonic time)
        self.refused_identifies, self.identifies = [], []
        self.n_connections = self.n_beats = self.n_gone = 0
        self.n_recognised = self.n_unauthorized = self.n_command_writes = 0
        # What there is.
        self.sessions, self.connections = {}, []
        self.guilds, self.channels, self.users = {}, {}, {}
        self.known, self.commands, self.interactions = {}, {}, {}
        self.files, self.file_calls, self.file_faults = {}, [], []
        self.n_file_bytes = 0
        self.last_ms = 0
        self.n_of_ms = 0
        self.rest = discord_rest.Rest(self)
        self.changed = threading.Condition()
        self.add_guild("harbour", ["general", "random"])

    # -- the world ------------------------------------------------------

    def snowflake(self, ms=None):
        now = ms or int(time.time() * 1000)
        self.n_of_ms = self.n_of_ms + 1 if now == self.last_ms else 0
        self.last_ms = now
        return str(((now - EPOCH_MS) << 22) | (self.n_of_ms & 0x3fffff))

    def add_guild(self, name, channels, guild_id=None):
        guild = {"id": guild_id or self.snowflake(), "name": name,
                 "joined_at": stamp(time.time()),
                 "system_channel_id": None, "roles": [
            {"id": ROLE_ID, "name": "agent", "managed": True,
             "tags": {"bot_id": self.bot_id}}]}
        self.guilds[guild["id"]] = guild
        for channel in channels:
            self.add_channel(channel, guild=guild)
        return guild

    def add_channel(self, name, guild=None, kind="text", parent=None):
        channel = {"id": self.snowflake(), "name": name, "kind": kind,
                   "guild": guild, "parent": parent}
        self.channels[channel["id"]] = channel
        return channel

    def channel(self, name):
        """By id or name."""
        if name in self.channels:
            return self.channels[name]
        return next(c for c in self.channels.values() if c["name"] == name)

    def add_thread(self, name, parent):
        parent = self.channel(parent)
        thread = self.add_channel(name, parent["guild"], "thread",
                                  parent["id"])
        self.dispatch("THREAD_CREATE", self.channel_object(thread), thread)
        return thread

    def user(self, name):
        for user in self.users.values():
            if user["username"] == name:
                return user
        user = {"id": self.snowflake(), "username": name,
                "discriminator": "0", "global_name": name.title(),
                "avatar": None}
        self.users[user["id"]] = user
        return user

    def bot_user(self):
        return {"id": self.bot_id, "username": "agent", "bot": True,
                "discriminator": "0", "global_name": None, "avatar": None,
                "flags": 0}

    def dm_of(self, user_id):
        for channel in self.channels.values():
            if channel["kind"] == "dm" and channel["user"] == user_id:
                return channel
        channel = self.add_channel("", kind="dm")
        channel["user"] = user_id
        return channel

    def channel_object(self, channel):
        out = {"id": channel["id"], "type": KINDS[channel["kind"]],
               "flags": 0}
        if channel["kind"] == "dm":
            out["recipients"] = [self.users[channel["user"]]]
            return out
        out.update(guild_id=channel["guild"]["id"], name=channel["name"],
                   parent_id=channel["parent"], permission_overwrites=[],
                   position=0)
        if channel["kind"] == "thread":
            out.update(owner_id=self.bot_id, message_count=0, member_count=1,
                       thread_metadata={
                           "archived": False, "auto_archive_duration": 1440,
                           "locked": False,
                           "archive_timestamp": stamp(time.time())})
        return out

    def guilds_of(self, shard):
        return [g for g in self.guilds.values()
                if (int(g["id"]) >> 22) % shard[1] == shard[0]]

    def guild_create(self, guild):
        own = [c for c in self.channels.values() if c["guild"] is guild]
        return {"id": guild["id"], "name": guild["name"],
                "roles": guild["roles"], "emojis": [], "stickers": [],
                "members": [], "presences": [], "voice_states": [],
                "stage_instances": [], "guild_scheduled_events": [],
                "soundboard_sounds": [],
                "owner_id": self.bot_id, "member_count": 2, "large": False,
                "unavailable": False, "features": [], "premium_tier": 0,
                "joined_at": guild["joined_at"],
                "system_channel_id": guild["system_channel_id"],
                "preferred_locale": "en-US",
                "verification_level": 0, "default_message_notifications": 0,
                "explicit_content_filter": 0, "mfa_level": 0,
                "nsfw_level": 0, "system_channel_flags": 0,
                "afk_timeout": 60, "premium_progress_bar_enabled": False,
                "channels": [self.channel_object(c) for c in own
                             if c["kind"] == "text"],
                "threads": [self.channel_object(c) for c in own
                            if c["kind"] == "thread"]}

    def ready_of(self, session):
        return {"v": 10, "user": self.bot_user(), "session_id": session.id,
                "guilds": [{"id": g["id"], "unavailable": True}
                           for g in self.guilds_of(session.shard)],
                "resume_gateway_url": self.gateway_url + "/resume",
                "shard": list(session.shard),
                "application": {"id": self.app_id, "flags": 0}}

    def join(self, name, channels=("general",), system_channel=None):
        """Somebody adds the bot to a server."""
        guild = self.add_guild(name, channels)
        if system_channel:
            guild["system_channel_id"] = next(
                c["id"] for c in self.channels.values()
                if c["guild"] is guild and c["name"] == system_channel)
        self.dispatch("GUILD_CREATE", self.guild_create(guild),
                      {"guild": guild})
        return guild

    def leave(self, guild):
        """Somebody removes it again; what it did there is forbidden."""
        self.guilds.pop(guild["id"])
        for channel in self.channels.values():
            if channel["guild"] is guild:
                channel["is_closed"] = True
        self.dispatch("GUILD_DELETE", {"id": guild["id"]}, {"guild": guild})

    def rejoin(self, guild):
        guild["joined_at"] = stamp(time.time() + 1)
        self.guilds[guild["id"]] = guild
        for channel in self.channels.values():
            if channel["guild"] is guild:
                channel["is_closed"] = False
        self.dispatch("GUILD_CREATE", self.guild_create(guild),
                      {"guild": guild})

    def outage(self, guild):
        """Discord cannot serve a server for a while."""
        self.dispatch("GUILD_DELETE", {
            "id": guild["id"], "unavailable": True}, {"guild": guild})

    def attach(self, name, data, **more):
        """An attachment as a message brings it; more replaces what is true
        of it."""
        file_id = self.snowflake()
        path = f"/attachments/{APP_ID}/{file_id}/{name}"
        self.files[path] = data
        return {"id": file_id, "filename": name, "size": len(data),
                "url": self.api_url.removesuffix(discord_rest.BASE) + path +
                "?ex=1&hm=2", "proxy_url": "https://media.discordapp.net" +
                path, **more}

    # -- what people see ------------------------------------------------

    def message_object(self, channel, author, content, **more):
        message = {"id": self.snowflake(), "channel_id": channel["id"],
                   "author": author, "content": content, "type": 0,
                   "timestamp": stamp(time.time()), "edited_timestamp": None,
                   "tts": False, "mention_everyone": False, "mentions": [],
                   "mention_roles": [], "attachments": [], "embeds": [],
                   "pinned": False, "flags": 0, "components": [], **more}
        if channel["guild"]:
            message["guild_id"] = channel["guild"]["id"]
        self.known[message["id"]] = message
        return message

    def post(self, channel, body):
        """The bot's message: kept, seen, and echoed to it."""
        content = body.get("content") or ""
        message = self.message_object(
            channel, self.bot_user(), content, flags=body.get("flags", 0),
            components=body.get("components") or [])
        message["pings"] = rules.pings(content, body.get("allowed_mentions"))
        if body.get("message_reference"):
            message["type"] = 19
            message["message_reference"] = body["message_reference"]
        if body.get("nonce") is not None:
            message["nonce"] = body["nonce"]
        with self.changed:
            self.messages.append(message)
            self.changed.notify_all()
        self.dispatch("MESSAGE_CREATE", message, channel)
        return message

    def post_interaction(self, interaction, data):
        channel = self.channels[interaction["channel"]]
        message = self.message_object(
            channel, self.bot_user(), data.get("content") or "",
            flags=data.get("flags", 0),
            interaction_metadata={
                "id": interaction["id"], "type": interaction["type"],
                "user": interaction["user"],
                "authorizing_integration_owners": {}})
        message["pings"] = rules.pings(message["content"],
                                       data.get("allowed_mentions"))
        with self.changed:
            self.messages.append(message)
            self.changed.notify_all()
        return message

    def texts(self, channel=None):
        with self.changed:
            return [m["content"] for m in self.messages if channel is None or
                    m["channel_id"] == self.channel(channel)["id"]]

    def violation(self, text):
        with self.changed:
            self.violations.append(text)
            self.changed.notify_all()

    def announce(self, _what):
        with self.changed:
            self.changed.notify_all()

    # -- events ---------------------------------------------------------

    def intent_of(self, name, channel):
        if name.startswith("MESSAGE_"):
            return 1 << 9 if channel["guild"] else 1 << 12
        return 1 if name != "INTERACTION_CREATE" else 0

    def seen_by(self, session, name, data, channel):
        """The event as this session gets it, or None."""
        need = self.intent_of(name, channel)
        if need and not session.intents & need:
            return None
        guild = channel["guild"]
        if name.startswith("MESSAGE_"):
            data = {**data, "channel_type": KINDS[channel["kind"]]}
        home = (int(guild["id"]) >> 22) % session.shard[1] if guild else 0
        if home != session.shard[0]:
            return None
        hidden = (name.startswith("MESSAGE_") and guild and
                  not session.intents & rules.MESSAGE_CONTENT and
                  data["author"]["id"] != self.bot_id and
                  not any(m["id"] == self.bot_id for m in data["mentions"]))
        if hidden:
            data = {**data, "content": "", "attachments": [], "embeds": [],
                    "components": []}
        return data

    def dispatch(self, name, data, channel):
        def go():
            for session in list(self.sessions.values()):
                got = self.seen_by(session, name, data, channel)
                if session.is_dead or got is None:
                    continue
                event = session.add(name, got)
                if session.connection:
                    asyncio.ensure_future(session.connection.send(event))
        self.on_loop(go)

    def say(self, channel, user, text, **more):
        """A person's message; its id. mention=True mentions the bot."""
        channel = self.channel(channel)
        author = more.pop("author", None) or self.user(user)
        if more.pop("mention", False):
            text = f"<@{self.bot_id}> {text}"
        mentions = [self.bot_user()] if f"<@{self.bot_id}>" in text or \
            f"<@!{self.bot_id}>" in text else []
        for other in self.users.values():
            if f"<@{other['id']}>" in text:
                mentions.append(other)
        reply_to = more.pop("reply_to", None)
        if reply_to:
            more.update(type=19, referenced_message=self.known[reply_to],
                        message_reference={"message_id": reply_to, "type": 0,
                                           "channel_id": channel["id"]})
        if channel["guild"]:
            more.setdefault("member", {"nick": None, "roles": []})
        message = self.message_object(channel, author, text,
                                      **{"mentions": mentions, **more})
        self.dispatch("MESSAGE_CREATE", message, channel)
        return message["id"]

    def whisper(self, user, text, **more):
        return self.say(self.dm_of(self.user(user)["id"])["id"], user, text,
                        **more)

    def edit(self, message_id, text):
        message = {**self.known[message_id], "content": text,
                   "edited_timestamp": stamp(time.time())}
        self.known[message_id] = message
        self.dispatch("MESSAGE_UPDATE", message,
                      self.channels[message["channel_id"]])

    def interact(self, channel, user, kind, data, **more):
        channel = self.channel(channel)
        interaction = {"id": self.snowflake(), "type": kind,
                       "application_id": self.app_id, "version": 1,
                       "token": secrets.token_urlsafe(48),
                       "channel_id": channel["id"], "data": data,
                       "locale": "en-US", "entitlements": [], "context": 0,
                       "authorizing_integration_owners": {
                           "0": channel["guild"]["id"] if channel["guild"]
                           else "0"}, "app_permissions": "0",
                       "attachment_size_limit": 10485760,
                       "channel": self.channel_object(channel), **more}
        who = self.user(user)
        if channel["guild"]:
            interaction["guild_id"] = channel["guild"]["id"]
            interaction["member"] = {"user": who, "nick": None, "roles": [],
                                     "permissions": "0"}
        else:
            interaction["user"] = who
        self.interactions[interaction["token"]] = kept = {
            "id": interaction["id"], "type": kind, "at": time.monotonic(),
            "response": None, "original": None, "n_edits": 0, "user": who,
            "channel": channel["id"], "message": more.get("message")}
        self.dispatch("INTERACTION_CREATE", interaction, channel)
        return kept

    def command(self, channel, user, name, **options):
        """A slash command; what becomes of it."""
        return self.interact(channel, user, 2, {
            "id": self.snowflake(), "name": name, "type": 1,
            "options": [{"name": n, "type": 3, "value": v}
                        for n, v in options.items()]})

    def typing_in(self, channel, user, name, option, typed):
        """The argument of a slash command while it is typed."""
        return self.interact(channel, user, 4, {
            "id": self.snowflake(), "name": name, "type": 1,
            "options": [{"name": option, "type": 3, "value": typed,
                         "focused": True}]})

    def press(self, message, user, label):
        """A button under a message; what becomes of the press."""
        button = next(b for row in message["components"]
                      for b in row["components"] if b["label"] == label)
        return self.interact(message["channel_id"], user, 3, {
            "custom_id": button["custom_id"], "component_type": 2},
            message=message)

    # -- trouble --------------------------------------------------------

    def fault(self, kind, method="*", path="", times=1, retry_after=0.5):
        self.rest.faults.append(discord_rest.Fault(
            method, path, kind, times, retry_after))

    def each_connection(self, fn):
        def go():
            for connection in list(self.connections):
                got = fn(connection)
                if asyncio.iscoroutine(got):
                    asyncio.ensure_future(got)
        self.on_loop(go)

    def cut(self):
        self.each_connection(lambda c: c.cut())

    def close(self, code, text=""):
        self.each_connection(lambda c: c.close(code, text))

    def reconnect(self):
        self.each_connection(lambda c: c.send(
            {"op": discord_gateway.RECONNECT, "d": None}))

    def invalidate(self, resumable):
        def go(connection):
            if connection.session and not resumable:
                connection.session.is_dead = True
            connection.was_refused = not resumable
            connection.detach()
            return connection.send(
                {"op": discord_gateway.INVALID, "d": resumable})
        self.each_connection(go)

    def ask_beat(self):
        def go(connection):
            connection.is_beat_asked = True
            return connection.send({"op": discord_gateway.BEAT, "d": None})
        self.each_connection(go)

    def expire_sessions(self):
        for session in self.sessions.values():
            session.is_dead = True

    # -- running --------------------------------------------------------

    @property
    def gateway_url(self):
        scheme = "wss" if self.tls else "ws"
        return f"{scheme}://127.0.0.1:{self.port}/gw"

    @property
    def api_url(self):
        scheme = "https" if self.tls else "http"
        return f"{scheme}://127.0.0.1:{self.port}{discord_rest.BASE}"

    def is_ready(self):
        return any(c.session for c in self.connections)

    def wait(self, what, check, timeout=20.0):
        with self.changed:
            assert self.changed.wait_for(check, timeout), \
                f"waited {timeout:g} s in vain for {what}"

    def on_loop(self, fn):
        if threading.current_thread() is self.thread:
            fn()
        else:
            self.loop.call_soon_threadsafe(fn)

    async def on_control(self, request):
        if request.method == "POST":
            wants = await request.json()
            got = getattr(self, wants["do"])(**wants.get("with", {}))
            return web.json_response({"got": got}, dumps=lambda v: json.dumps(
                v, default=str))
        return web.json_response({name: getattr(self, name)
                                  for name in STATE})

    async def on_file(self, request):
        """Discord's CDN: no token, a signed address."""
        self.file_calls.append(request.path)
        if "Authorization" in request.headers:
            self.violation("CDN: a token was sent")
        if request.query.get("hm") != "2":
            self.violation("CDN: the address is not whole")
        fault = self.file_faults.pop(0) if self.file_faults else None
        if fault == "hang":
            await asyncio.sleep(3600)
        if isinstance(fault, int):
            return web.Response(status=fault)
        data = self.files.get(request.path)
        if data is None:
            return web.Response(status=404)
        response = web.StreamResponse()
        await response.prepare(request)
        for at in range(0, len(data), 65536):
            await response.write(data[at:at + 65536])
            self.n_file_bytes += len(data[at:at + 65536])
        return response

    def app(self):
        app = web.Application(client_max_size=4 * 1024 * 1024)

        async def on_gateway(request):
            return await discord_gateway.serve(self, request)

        for path in ("/gw", "/gw/", "/gw/resume", "/gw/resume/"):
            app.router.add_get(path, on_gateway)
        app.router.add_route("*", "/control", self.on_control)
        app.router.add_get("/attachments/{path:.*}", self.on_file)
        self.rest.add_routes(app)
        return app

    def let_go(self):
        for connection in self.connections:
            connection.cut()


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + \
        f".{int(seconds % 1 * 1000):03d}000+00:00"


async def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default="double-token")
    options = parser.parse_args()
    discord = Discord(options.token, options.port)
    await discord.listen()
    print(f"listening {discord.port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
