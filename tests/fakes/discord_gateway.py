"""The gateway half of the Discord double: sessions, heartbeats, resumes, and
what each connection does against the rules."""

import asyncio
import json
import secrets
import time
import zlib

from aiohttp import WSMsgType, web

import discord_rules as rules

DISPATCH, BEAT, IDENTIFY, PRESENCE, RESUME = 0, 1, 2, 3, 6
RECONNECT, INVALID, HELLO, ACK = 7, 9, 10, 11


class Session:
    """What outlives a connection: the events not yet acknowledged."""

    def __init__(self, shard, intents):
        self.id = secrets.token_hex(16)
        self.shard = shard
        self.intents = intents
        self.seq = 0
        self.acked = 0
        self.events = []
        self.is_dead = False
        self.connection = None
        self.n_resumes = 0

    def add(self, name, data):
        self.seq += 1
        event = {"op": DISPATCH, "t": name, "s": self.seq, "d": data}
        self.events.append(event)
        return event

    def acknowledge(self, seq):
        """What the client says to have is not kept for it any longer."""
        self.acked = max(self.acked, seq)
        self.events = [e for e in self.events if e["s"] > self.acked]


class Connection:
    def __init__(self, discord, ws, path, query):
        self.discord = discord
        self.ws = ws
        self.is_resume_url = path.rstrip("/").endswith("/resume")
        self.zlib = zlib.compressobj() \
            if query.get("compress") == "zlib-stream" else None
        self.session = None
        self.n_attached = 0
        self.is_closed_by_us = False
        self.was_refused = False
        self.sent_at = []
        self.last_beat = None
        self.is_beat_asked = False
        self.began = time.monotonic()
        self.lock = asyncio.Lock()

    def violation(self, text):
        self.discord.violation("gateway: " + text)

    async def send(self, payload):
        data = json.dumps(payload).encode()
        async with self.lock:
            if self.ws.closed:
                return
            try:
                if self.zlib:
                    data = self.zlib.compress(data) + \
                        self.zlib.flush(zlib.Z_SYNC_FLUSH)
                    # As Discord may: in more than one message of WebSocket.
                    half = len(data) // 2 if len(data) > 2000 else 0
                    if half:
                        await self.ws.send_bytes(data[:half])
                    await self.ws.send_bytes(data[half:])
                else:
                    await self.ws.send_str(data.decode())
            except ConnectionError:
                pass

    async def close(self, code, text=""):
        """Only the frame: aiohttp's own close would let the handler return
        first, which says 1000."""
        self.is_closed_by_us = True
        await self.ws._writer.close(code, text.encode())

    def cut(self):
        """The line goes dead without a word of WebSocket."""
        transport = self.ws._req.transport
        if transport is not None:
            transport.abort()

    async def run(self):
        interval = self.discord.heartbeat_ms
        await self.send({"op": HELLO, "s": None, "t": None,
                         "d": {"heartbeat_interval": interval}})
        watch = asyncio.ensure_future(self.watch_beats())
        code = None
        try:
            async for message in self.ws:
                if message.type != WSMsgType.TEXT:
                    self.violation("a message that is not text")
                    await self.close(4002, "not text")
                    break
                await self.take(message.data)
        finally:
            watch.cancel()
            code = self.ws.close_code
            # Perhaps it died, and what it knew of limits with it.
            self.discord.rest.untold(10.0)
            self.leave(code)

    def leave(self, code):
        session = self.session
        if session is None or session.connection is not self:
            return
        session.connection = None
        # 1000 and 1001 from the client end the session.
        if code in (1000, 1001) and not self.is_closed_by_us:
            session.is_dead = True

    async def watch_beats(self):
        interval = self.discord.heartbeat_ms / 1000
        last = self.began
        while True:
            await asyncio.sleep(interval / 4)
            last = self.last_beat or self.began
            if time.monotonic() - last > 1.5 * interval + \
                    self.discord.patience:
                self.violation("no heartbeat in time")
                await self.close(4009, "Session timed out.")
                return

    async def take(self, text):
        now = time.monotonic()
        self.sent_at = [t for t in self.sent_at if now - t < 60] + [now]
        if len(self.sent_at) > 120:
            self.violation("more than 120 events in 60 s")
            await self.close(4008, "You are being rate limited.")
            return
        if len(text.encode()) > rules.PAYLOAD_MAX:
            self.violation("a payload over 4096 bytes")
            await self.close(4002, "Error while decoding payload.")
            return
        try:
            payload = json.loads(text)
            op = payload["op"]
        except (ValueError, KeyError, TypeError):
            self.violation("a payload that cannot be read")
            await self.close(4002, "Error while decoding payload.")
            return
        fn = {BEAT: self.on_beat, IDENTIFY: self.on_identify,
              RESUME: self.on_resume, PRESENCE: self.on_presence}.get(op)
        if fn is None:
            self.violation(f"unknown opcode {op}")
            await self.close(4001, "Unknown opcode.")
            return
        await fn(payload.get("d"))

    async def on_presence(self, _):
        if self.session is None:
            self.violation("presence before identify")
            await self.close(4003, "Not authenticated.")

    async def on_beat(self, seq):
        now = time.monotonic()
        interval = self.discord.heartbeat_ms / 1000
        since = now - (self.last_beat or self.began)
        if self.last_beat and not self.is_beat_asked and \
                since < interval * 0.5:
            self.violation(f"a heartbeat after {since:.3f} s")
        self.is_beat_asked = False
        self.last_beat = now
        self.discord.n_beats += 1
        if seq is not None:
            if not rules.is_int(seq):
                self.violation(f"heartbeat with d {seq!r}")
            elif self.session and seq > self.session.seq:
                self.violation(f"heartbeat with d {seq}, not yet sent")
            elif self.session:
                self.session.acknowledge(seq)
        if self.discord.mute_acks > 0:
            self.discord.mute_acks -= 1
            return
        await self.send({"op": ACK, "d": None, "s": None, "t": None})

    def problem_of_identify(self, d):
        if not isinstance(d, dict):
            return 4002, "identify without d"
        if self.discord.refuse_with:
            return self.discord.refuse_with
        if d.get("token", "").removeprefix("Bot ") != self.discord.token:
            return 4004, "Authentication failed."
        shard = d.get("shard", [0, 1])
        if not isinstance(shard, list) or len(shard) != 2 or \
                not all(map(rules.is_int, shard)) or \
                not 0 <= shard[0] < shard[1]:
            return 4010, "Invalid shard."
        if shard[1] < self.discord.shards_required:
            return 4011, "Sharding required."
        intents = d.get("intents")
        if not rules.is_int(intents) or intents & ~rules.INTENTS_ALL:
            return 4013, "Invalid intent(s)."
        if intents & rules.PRIVILEGED & ~self.discord.privileged:
            return 4014, "Disallowed intent(s)."
        if set(d.get("properties", {})) - {"os", "browser", "device"} or \
                not d.get("properties"):
            self.violation("identify.properties")
        return None

    async def on_identify(self, d):
        if self.session is not None:
            self.violation("identify twice")
            await self.close(4005, "Already authenticated.")
            return
        problem = self.problem_of_identify(d)
        if problem:
            self.discord.refused_identifies.append(problem[0])
            await self.close(*problem)
            return
        if self.is_resume_url and not self.was_refused:
            self.violation("identify at the resume URL")
        now = time.monotonic()
        self.discord.identifies = [
            t for t in self.discord.identifies if now - t < 86400] + [now]
        recent = [t for t in self.discord.identifies
                  if now - t < self.discord.identify_window]
        if len(recent) > self.discord.max_concurrency:
            self.violation("identified again within the window")
            await self.send({"op": INVALID, "d": False})
            return
        if self.discord.start_remaining <= 0:
            self.violation("identify with no session start left")
            await self.close(4004, "Authentication failed.")
            return
        self.discord.start_remaining -= 1
        if self.discord.refuse_identify > 0:
            self.discord.refuse_identify -= 1
            await self.send({"op": INVALID, "d": False})
            return
        session = Session(tuple(d.get("shard", [0, 1])), d["intents"])
        self.discord.sessions[session.id] = session
        self.attach(session)
        await self.send(session.add("READY", self.discord.ready_of(session)))
        for guild in self.discord.guilds_of(session.shard):
            await self.send(session.add(
                "GUILD_CREATE", self.discord.guild_create(guild)))
        self.discord.announce("ready")

    def detach(self):
        """The session ends for this connection, which may begin another."""
        if self.session is not None:
            self.session.connection = None
        self.session = None

    def attach(self, session):
        self.n_attached += 1
        old = session.connection
        session.connection = self
        self.session = session
        if old is not None and old is not self:
            asyncio.ensure_future(old.close(4000))

    async def on_resume(self, d):
        if self.session is not None:
            self.violation("resume in a session")
            await self.close(4005, "Already authenticated.")
            return
        if not isinstance(d, dict) or d.get(
                "token", "").removeprefix("Bot ") != self.discord.token:
            await self.close(4004, "Authentication failed.")
            return
        session = self.discord.sessions.get(d.get("session_id"))
        seq = d.get("seq")
        if not rules.is_int(seq):
            self.violation("resume without seq")
            await self.close(4007, "Invalid seq.")
            return
        if not self.is_resume_url and self.n_attached == 0:
            self.violation("resume not at resume_gateway_url")
        if session is None or session.is_dead:
            self.was_refused = True
            await self.send({"op": INVALID, "d": False})
            return
        if seq > session.seq:
            self.violation("resume with a seq that was not sent")
            await self.close(4007, "Invalid seq.")
            return
        if seq < session.acked:
            self.discord.n_gone += 1
            session.is_dead = self.was_refused = True
            await self.send({"op": INVALID, "d": False})
            return
        session.n_resumes += 1
        self.attach(session)
        # What was sent meanwhile comes first, then RESUMED.
        session.acknowledge(seq)
        for event in list(session.events):
            await self.send(event)
        await self.send(session.add("RESUMED", {"_trace": ["double"]}))
        self.discord.announce("resumed")


async def serve(discord, request):
    query = request.query
    ws = web.WebSocketResponse(compress=False, max_msg_size=1 << 20)
    if query.get("v") != "10" or query.get("encoding") != "json":
        discord.violation(f"gateway: asked for {dict(query)}")
    if query.get("compress") not in (None, "zlib-stream"):
        discord.violation(f"gateway: compress={query['compress']}")
    if discord.refuse_connections > 0:
        discord.refuse_connections -= 1
        return web.Response(status=503)
    await ws.prepare(request)
    connection = Connection(discord, ws, request.path, query)
    discord.connections.append(connection)
    discord.n_connections += 1
    try:
        await connection.run()
    finally:
        discord.connections.remove(connection)
    return ws
