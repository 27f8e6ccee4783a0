"""The REST half of the Discord double: who may call what how often, and what
it does."""

import asyncio
import json
import secrets
import time

from aiohttp import web

import discord_rules as rules

BASE = "/api/v10"
UNDER_WAY = 0.25


def error(status, code, message, headers=None, **more):
    return web.json_response({"code": code, "message": message, **more},
                             status=status, headers=headers)


class Bucket:
    def __init__(self, limit, window):
        self.limit, self.window = limit, window
        self.name = secrets.token_hex(8)
        self.remaining = limit
        self.reset_at = 0.0
        self.blocked_until = 0.0

    def take(self, now):
        """False: nothing is left."""
        if now >= self.reset_at:
            self.remaining, self.reset_at = self.limit, now + self.window
        if self.remaining == 0:
            return False
        self.remaining -= 1
        return True

    def headers(self, now):
        after = max(0.0, self.reset_at - now)
        return {"X-RateLimit-Limit": str(self.limit),
                "X-RateLimit-Remaining": str(self.remaining),
                "X-RateLimit-Reset": f"{time.time() + after:.3f}",
                "X-RateLimit-Reset-After": f"{after:.3f}",
                "X-RateLimit-Bucket": self.name}


class Fault:
    """What happens to the next calls of a route instead of the answer."""

    def __init__(self, method, path, kind, times, retry_after):
        self.method, self.path, self.kind = method, path, kind
        self.times, self.retry_after = times, retry_after

    def takes(self, method, path):
        return (self.times > 0 and self.method in ("*", method) and
                self.path in path)


def cut(request):
    request.transport.abort()
    return web.Response(status=500)


class Rest:
    def __init__(self, discord):
        self.discord = discord
        self.buckets = {}
        self.global_times = []
        self.global_blocked_at = self.global_blocked_until = 0.0
        self.faults = []
        self.calls = []
        self.nonces = {}
        self.n_rate_limited = 0
        self.is_token_dead = False
        self.default_limit = (5, 1.0)
        self.untold_until = 0.0

    # -- limits ---------------------------------------------------------

    def untold(self, seconds=2.0):
        """An answer was lost, or the client begins anew: for a while it may
        not know what is left, and one call too many is no fault."""
        self.untold_until = time.monotonic() + seconds

    def limited(self, scope, retry_after, bucket=None, now=0.0):
        self.n_rate_limited += 1
        headers = {"Retry-After": str(int(retry_after + 0.999)),
                   "X-RateLimit-Scope": scope}
        if scope == "global":
            headers["X-RateLimit-Global"] = "true"
        elif bucket:
            headers.update(bucket.headers(now))
        return web.json_response(
            {"message": "You are being rate limited.",
             "retry_after": retry_after, "global": scope == "global"},
            status=429, headers=headers)

    def block_globally(self, now, seconds):
        self.global_blocked_at = now
        self.global_blocked_until = now + seconds

    def check_limits(self, key, is_exempt):
        """(bucket, answer): the answer when it is too much."""
        now = time.monotonic()
        bucket = self.buckets.setdefault(key, Bucket(*self.default_limit))
        early = 0.01
        if now < self.global_blocked_until - early and not is_exempt:
            # What was on its way when the limit was told could not know it.
            if now > self.global_blocked_at + UNDER_WAY:
                self.discord.violation(f"REST: {key} during a global limit")
            return bucket, self.limited(
                "global", self.global_blocked_until - now)
        if now < bucket.blocked_until - early:
            self.discord.violation(f"REST: {key} came back too early")
            return bucket, self.limited(
                "user", bucket.blocked_until - now, bucket, now)
        if is_exempt:
            return bucket, None
        self.global_times = [t for t in self.global_times if now - t < 1]
        if len(self.global_times) >= 50:
            self.discord.violation("REST: more than 50 calls in a second")
            self.block_globally(now, 1.0)
            return bucket, self.limited("global", 1.0)
        self.global_times.append(now)
        was_known = bucket.reset_at > 0
        if not bucket.take(now):
            if was_known and now > self.untold_until:
                self.discord.violation(f"REST: {key} with nothing remaining")
            bucket.blocked_until = bucket.reset_at
            return bucket, self.limited(
                "user", bucket.reset_at - now, bucket, now)
        return bucket, None

    # -- one call -------------------------------------------------------

    def check_head(self, request, needs_token):
        agent = request.headers.get("User-Agent", "")
        if not rules.USER_AGENT.match(agent):
            self.discord.violation(f"REST: User-Agent {agent!r}")
        if not needs_token:
            return None
        sent = request.headers.get("Authorization", "")
        if sent != f"Bot {self.discord.token}" or self.is_token_dead:
            self.discord.n_unauthorized += 1
            return error(401, 0, "401: Unauthorized")
        return None

    async def read_body(self, request):
        if request.method in ("GET", "DELETE"):
            return None
        data = await request.read()
        if not data:
            return None
        if request.content_type != "application/json":
            raise ValueError("Content-Type is not application/json")
        return json.loads(data)

    async def fault(self, request, fault, bucket, go_on):
        fault.times -= 1
        now = time.monotonic()
        if fault.kind.startswith("429-"):
            scope = fault.kind[4:]
            if scope == "global":
                self.block_globally(now, fault.retry_after)
            else:
                bucket.blocked_until = now + fault.retry_after
            return self.limited(scope, fault.retry_after, bucket, now)
        if fault.kind.isdigit():
            return error(int(fault.kind), 0, "upstream")
        if fault.kind == "502-html":
            return web.Response(status=502, content_type="text/html",
                                text="<html>Bad Gateway</html>")
        if fault.kind == "hang":
            await asyncio.sleep(3600)
        if fault.kind == "slow":
            await asyncio.sleep(fault.retry_after)
            return await go_on()
        if fault.kind == "cut-after":
            await go_on()
        self.untold()
        return cut(request)

    def handle(self, key_of, needs_token, fn):
        async def on_call(request):
            is_exempt = not needs_token
            path = request.path[len(BASE):]
            self.calls.append((request.method, path))
            if self.discord.token in path:
                self.discord.violation("REST: the token is in the URL")
            refused = self.check_head(request, needs_token)
            if refused is not None:
                return refused
            key = f"{request.method} {key_of(request)}"
            bucket, refused = self.check_limits(key, is_exempt)
            if refused is not None:
                return refused
            try:
                body = await self.read_body(request)
            except ValueError as e:
                self.discord.violation(f"REST: {key}: {e}")
                return error(400, 50109, "The request body contains invalid "
                             "JSON.")

            async def go_on():
                answer = await fn(request, body)
                answer.headers.update(bucket.headers(time.monotonic()))
                return answer

            for fault in self.faults:
                if fault.takes(request.method, path):
                    return await self.fault(request, fault, bucket, go_on)
            return await go_on()
        return on_call

    def invalid(self, what, problem):
        self.discord.violation(f"REST: {what}: {problem}")
        return error(400, 50035, "Invalid Form Body",
                     errors={"_errors": [{"message": problem}]})

    # -- messages -------------------------------------------------------

    def channel(self, request):
        return self.discord.channels.get(request.match_info["channel"])

    async def create_message(self, request, body):
        channel = self.channel(request)
        if channel is None:
            return error(404, 10003, "Unknown Channel")
        if channel.get("is_closed"):
            return error(403, 50001, "Missing Access")
        problem = rules.of_message(body or {})
        if problem:
            return self.invalid("message", problem)
        nonce = body.get("nonce")
        seen = (channel["id"], str(nonce))
        if nonce is not None and body.get("enforce_nonce") and \
                seen in self.nonces:
            self.discord.n_recognised += 1
            return web.json_response(self.nonces[seen])
        reference = body.get("message_reference")
        if reference and reference["message_id"] not in self.discord.known:
            if reference.get("fail_if_not_exists", True):
                return error(400, 50035, "Invalid Form Body",
                             errors={"message_reference": {
                                 "_errors": [{"message": "Unknown message"}]}})
            body.pop("message_reference")
        message = self.discord.post(channel, body)
        if nonce is not None:
            self.nonces[seen] = message
        return web.json_response(message)

    async def edit_message(self, request, body):
        message = self.discord.known.get(request.match_info["message"])
        if message is None:
            return error(404, 10008, "Unknown Message")
        problem = rules.of_edit(body or {})
        if problem:
            return self.invalid("edit", problem)
        self.discord.edits.append((message["id"], body.get("content"),
                                   time.monotonic()))
        message.update({k: v for k, v in body.items()
                        if k in ("content", "components")})
        return web.json_response(message)

    async def typing(self, request, body):
        if self.channel(request) is None:
            return error(404, 10003, "Unknown Channel")
        self.discord.typing.append(
            (request.match_info["channel"], time.monotonic()))
        return web.Response(status=204)

    async def get_channel(self, request, _):
        channel = self.channel(request)
        if channel is None:
            return error(404, 10003, "Unknown Channel")
        return web.json_response(self.discord.channel_object(channel))

    async def get_guild(self, request, _):
        guild = self.discord.guilds.get(request.match_info["guild"])
        if guild is None:
            return error(404, 10004, "Unknown Guild")
        return web.json_response({"id": guild["id"], "name": guild["name"],
                                  "roles": guild["roles"]})

    async def open_dm(self, request, body):
        if not rules.SNOWFLAKE.match(str((body or {}).get(
                "recipient_id", ""))):
            return self.invalid("recipient_id", "not a snowflake")
        return web.json_response(self.discord.channel_object(
            self.discord.dm_of(body["recipient_id"])))

    # -- the application ------------------------------------------------

    async def gateway_bot(self, _request, _body):
        d = self.discord
        return web.json_response({
            "url": d.gateway_url, "shards": d.shards_recommended,
            "session_start_limit": {
                "total": 1000, "remaining": d.start_remaining,
                "reset_after": d.start_reset_ms,
                "max_concurrency": d.max_concurrency}})

    async def me(self, _request, _body):
        return web.json_response(self.discord.bot_user())

    async def my_guilds(self, request, _body):
        try:
            limit = int(request.query.get("limit", "200"))
        except ValueError:
            limit = 0
        if not 1 <= limit <= 200 or set(request.query) - {
                "before", "after", "limit", "with_counts"}:
            return self.invalid("my guilds", f"asked for {request.query}")
        after = int(request.query.get("after", "0"))
        ids = sorted((int(i) for i in self.discord.guilds if int(i) > after))
        return web.json_response([
            {"id": str(i), "name": self.discord.guilds[str(i)]["name"],
             "icon": None, "banner": None, "owner": False,
             "permissions": "0", "features": []} for i in ids[:limit]])

    async def application(self, _request, _body):
        return web.json_response({
            "id": self.discord.app_id, "name": "double", "flags": 0,
            "bot": self.discord.bot_user()})

    def commands(self, request):
        return self.discord.commands.setdefault(
            request.match_info.get("guild", ""), {})

    async def list_commands(self, request, _):
        return web.json_response(list(self.commands(request).values()))

    def keep_command(self, request, command):
        if command.get("id") is None:
            command = {**command, "id": self.discord.snowflake()}
        command = {"type": 1, "application_id": self.discord.app_id,
                   "version": self.discord.snowflake(), "options": [],
                   **command}
        self.commands(request)[command["id"]] = command
        self.discord.n_command_writes += 1
        return command

    async def put_commands(self, request, body):
        problem = rules.of_commands(body)
        if problem:
            return self.invalid("commands", problem)
        by_name = {c["name"]: c for c in self.commands(request).values()}
        self.commands(request).clear()
        made = []
        for command in body:
            old = by_name.get(command["name"])
            if old:
                command = {**command, "id": old["id"]}
            made.append(self.keep_command(request, command))
        return web.json_response(made)

    async def create_command(self, request, body):
        problem = rules.of_command(body or {})
        if problem:
            return self.invalid("command", problem)
        for old in self.commands(request).values():
            if old["name"] == body["name"]:
                body = {**body, "id": old["id"]}
        return web.json_response(self.keep_command(request, body), status=201)

    async def edit_command(self, request, body):
        old = self.commands(request).get(request.match_info["command"])
        if old is None:
            return error(404, 10063, "Unknown application command")
        return web.json_response(
            self.keep_command(request, {**old, **(body or {})}))

    async def delete_command(self, request, _):
        if not self.commands(request).pop(
                request.match_info["command"], None):
            return error(404, 10063, "Unknown application command")
        self.discord.n_command_writes += 1
        return web.Response(status=204)

    # -- interactions ---------------------------------------------------

    async def callback(self, request, body):
        interaction = self.discord.interactions.get(
            request.match_info["token"])
        if interaction is None or \
                interaction["id"] != request.match_info["interaction"]:
            return error(404, 10062, "Unknown interaction")
        if interaction["response"] is not None:
            return error(400, 40060,
                         "Interaction has already been acknowledged.")
        if time.monotonic() - interaction["at"] > 3:
            self.discord.violation("interaction answered after 3 s")
            return error(404, 10062, "Unknown interaction")
        problem = rules.of_callback(body or {}, interaction["type"])
        if problem:
            return self.invalid("callback", problem)
        interaction["response"] = body
        data = body.get("data") or {}
        if body["type"] == 4:
            interaction["original"] = self.discord.post_interaction(
                interaction, data)
        if body["type"] == 6:
            interaction["original"] = interaction["message"]
        if body["type"] == 7 and interaction.get("message"):
            interaction["message"].update(data)
        return web.Response(status=204)

    def followed(self, request):
        interaction = self.discord.interactions.get(
            request.match_info["token"])
        if interaction is None or interaction["response"] is None:
            return None, error(404, 10015, "Unknown Webhook")
        if time.monotonic() - interaction["at"] > \
                self.discord.interaction_life:
            return None, error(401, 50027, "Invalid Webhook Token")
        return interaction, None

    async def edit_original(self, request, body):
        interaction, refused = self.followed(request)
        if refused is not None:
            return refused
        problem = rules.of_edit(body or {})
        if problem:
            return self.invalid("edit", problem)
        if interaction["original"] is None:
            interaction["original"] = self.discord.post_interaction(
                interaction, {**(interaction["response"].get("data") or {}),
                              **body})
        else:
            interaction["original"].update(body)
            interaction["n_edits"] += 1
        return web.json_response(interaction["original"])

    async def follow_up(self, request, body):
        interaction, refused = self.followed(request)
        if refused is not None:
            return refused
        problem = rules.of_webhook(body or {})
        if problem:
            return self.invalid("follow-up", problem)
        return web.json_response(
            self.discord.post_interaction(interaction, body))

    # -- routes ---------------------------------------------------------

    def add_routes(self, app):
        def per(name):
            return lambda r: r.match_info.route.resource.canonical + \
                f" of {r.match_info[name]}"

        def alone(request):
            return request.match_info.route.resource.canonical

        def add(method, path, key_of, fn, needs_token=True):
            app.router.add_route(method, BASE + path,
                                 self.handle(key_of, needs_token, fn))

        channel = per("channel")
        add("GET", "/gateway/bot", alone, self.gateway_bot)
        add("GET", "/users/@me", alone, self.me)
        add("GET", "/users/@me/guilds", alone, self.my_guilds)
        add("POST", "/users/@me/channels", alone, self.open_dm)
        add("GET", "/applications/@me", alone, self.application)
        add("GET", "/oauth2/applications/@me", alone, self.application)
        add("GET", "/guilds/{guild}", per("guild"), self.get_guild)
        add("GET", "/channels/{channel}", channel, self.get_channel)
        add("POST", "/channels/{channel}/messages", channel,
            self.create_message)
        add("PATCH", "/channels/{channel}/messages/{message}", channel,
            self.edit_message)
        add("POST", "/channels/{channel}/typing", channel, self.typing)
        for scope in ("", "/guilds/{guild}"):
            path = "/applications/{app}" + scope + "/commands"
            add("GET", path, alone, self.list_commands)
            add("PUT", path, alone, self.put_commands)
            add("POST", path, alone, self.create_command)
            add("PATCH", path + "/{command}", alone, self.edit_command)
            add("DELETE", path + "/{command}", alone, self.delete_command)
        add("POST", "/interactions/{interaction}/{token}/callback",
            per("token"), self.callback, False)
        add("PATCH", "/webhooks/{app}/{token}/messages/{which}",
            per("token"), self.edit_original, False)
        add("POST", "/webhooks/{app}/{token}", per("token"), self.follow_up,
            False)

        async def unknown(request):
            self.discord.violation(
                f"REST: no such route: {request.method} {request.path}")
            return error(404, 0, "404: Not Found")

        app.router.add_route("*", "/{rest:.*}", unknown)
