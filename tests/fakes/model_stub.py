#!/usr/bin/python3
"""A model endpoint that speaks OpenAI's and Anthropic's protocols, is strict
about what it is asked, and misbehaves on demand.

    python3 tests/fakes/model_stub.py [--port 0] [--key KEY]
    with ModelStub(key="k") as stub: stub.url, stub.fault("hang", times=1)

As a program it prints `listening <port>` and runs until it is ended. A
request with a missing, unknown or wrong field gets 400, is kept in `problems`,
and fails the test that asks for them.

What it does is told by the model's name (`fault-500`) or, for the next calls,
by the control endpoint: POST /control {"fault":…, "times":…, "reply":…,
"latency_ms":…, "retry_after":…, "piece":…, "piece_ms":…}; GET /control gives calls, most_at_once,
requests and problems; DELETE /control forgets all of it.
"""

import argparse
import asyncio
import json
import time

from aiohttp import web

from serving import Served

HUGE = 16 * 1024 * 1024

OPENAI_KEYS = {"model", "messages", "max_tokens", "max_completion_tokens",
               "tools", "tool_choice", "stream", "stream_options"}
ANTHROPIC_KEYS = {"model", "messages", "max_tokens", "system", "tools",
                  "tool_choice", "stream"}


def problem_of_schema(schema):
    if not isinstance(schema, dict) or schema.get("type") != "object" or \
            not isinstance(schema.get("properties"), dict):
        return "must be an object's schema"
    for name in schema.get("required", []):
        if name not in schema["properties"]:
            return f"requires {name}, which it does not describe"
    return None


def is_text(value):
    return isinstance(value, str) and bool(value.strip())


class Talk:
    """Checks that each result answers exactly what was wanted before it."""

    def __init__(self):
        self.wanted = []

    def want(self, ids):
        self.wanted = list(ids)
        if len(set(ids)) != len(ids) or not all(map(is_text, ids)):
            return "ids of what is wanted must be there, and differ"
        return None

    def result(self, id_):
        if id_ not in self.wanted:
            return f"{id_} was not wanted"
        self.wanted.remove(id_)
        return None

    def missing(self):
        return f"no result for {self.wanted}" if self.wanted else None


def problem_of_openai_message(message, talk):
    role, content = message.get("role"), message.get("content")
    if role == "tool":
        if set(message) != {"role", "content", "tool_call_id"} or \
                not isinstance(content, str):
            return "a tool's message has content and tool_call_id"
        return talk.result(message["tool_call_id"])
    if talk.missing():
        return talk.missing()
    if role not in {"system", "user", "assistant"}:
        return "role is unknown"
    calls = message.get("tool_calls")
    if set(message) - {"role", "content"} - \
            ({"tool_calls"} if role == "assistant" else set()):
        return "there is an unknown key"
    if calls is None:
        return None if is_text(content) else "content must be text"
    if content is not None and not is_text(content):
        return "content must be text or null"
    for call in calls:
        if set(call) != {"id", "type", "function"} or \
                set(call["function"]) != {"name", "arguments"} or \
                not isinstance(call["function"]["arguments"], str):
            return "tool_calls is malformed"
    return talk.want([c["id"] for c in calls])


def problem_of_anthropic_block(block, role, talk):
    kind = block.get("type") if isinstance(block, dict) else None
    if kind == "text":
        return None if is_text(block["text"]) else "text must be text"
    if kind == "tool_result" and role == "user":
        if not isinstance(block.get("content"), str):
            return "a result's content must be text"
        return talk.result(block["tool_use_id"])
    if kind == "tool_use" and role == "assistant":
        return None if isinstance(block.get("input"), dict) else \
            "input must be an object"
    return "block of an unknown type"


def problem_of_anthropic_message(message, talk):
    role, content = message.get("role"), message.get("content")
    if set(message) != {"role", "content"} or \
            role not in {"user", "assistant"}:
        return "must have role and content, nothing else"
    if isinstance(content, str):
        return talk.missing() or \
            (None if is_text(content) else "content must be text")
    if not isinstance(content, list) or not content:
        return "content must be text or blocks"
    for block in content:
        problem = problem_of_anthropic_block(block, role, talk)
        if problem:
            return problem
    if role == "user":
        return talk.missing()
    return talk.want([b["id"] for b in content if b["type"] == "tool_use"])


def problem_of_messages(messages, check):
    if not isinstance(messages, list) or not messages:
        return "messages must be a list that is not empty"
    talk = Talk()
    for i, message in enumerate(messages):
        problem = check(message, talk) if isinstance(message, dict) else \
            "must be an object"
        if problem:
            return f"messages[{i}]: {problem}"
    if messages[-1]["role"] not in ("user", "tool"):
        return "the last message must be the user's or a tool's"
    return talk.missing()


def problem_of_tools(body, schemas):
    tools = body.get("tools")
    if tools is None:
        return "tool_choice without tools" if "tool_choice" in body else None
    if not isinstance(tools, list) or not tools:
        return "tools must be a list that is not empty"
    for schema in map(schemas, tools):
        problem = problem_of_schema(schema)
        if problem:
            return "tools: a schema " + problem
    return None


def problem_of_limit(body, name):
    limit = body.get(name)
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        return f"{name} must be a whole number from 1"
    return None


def problem_of_body(body, known, check, schemas):
    if not isinstance(body, dict):
        return "the body must be an object"
    unknown = set(body) - known
    if unknown:
        return f"unknown: {sorted(unknown)}"
    if not isinstance(body.get("model"), str) or not body["model"]:
        return "model must be text"
    if body.get("stream", True) is not True:
        return "stream must be true, or not there"
    return problem_of_messages(body.get("messages"), check) or \
        problem_of_tools(body, schemas)


def problem_of_openai(body):
    problem = problem_of_body(
        body, OPENAI_KEYS, problem_of_openai_message,
        lambda tool: tool["function"]["parameters"])
    if problem:
        return problem
    limits = [k for k in ("max_tokens", "max_completion_tokens") if k in body]
    if len(limits) != 1:
        return "exactly one of max_tokens, max_completion_tokens"
    wish = {"include_usage": True} if "stream" in body else None
    if body.get("stream_options") != wish:
        return "stream_options belongs to stream, and asks for the usage"
    return problem_of_limit(body, limits[0])


def problem_of_anthropic(body):
    problem = problem_of_body(body, ANTHROPIC_KEYS,
                              problem_of_anthropic_message,
                              lambda tool: tool["input_schema"])
    if problem:
        return problem
    if "system" in body and not isinstance(body["system"], str):
        return "system must be text"
    if body["messages"][0]["role"] != "user":
        return "the first message must be the user's"
    return problem_of_limit(body, "max_tokens")


def openai_answer(model, text, finish="stop"):
    return {"id": "chatcmpl-1", "object": "chat.completion",
            "created": 1790000000, "model": model,
            "choices": [{"index": 0, "logprobs": None,
                         "message": {"role": "assistant", "content": text,
                                     "refusal": None},
                         "finish_reason": finish}],
            "usage": {"prompt_tokens": 11, "completion_tokens": 7,
                      "total_tokens": 18}}


def anthropic_answer(model, text, finish="stop"):
    words = {"stop": "end_turn", "length": "max_tokens",
             "content_filter": "refusal"}
    half = len(text) // 2
    blocks = [{"type": "thinking", "thinking": "hm", "signature": "x"}]
    blocks += [{"type": "text", "text": part}
               for part in (text[:half], text[half:]) if part]
    return {"id": "msg_1", "type": "message", "role": "assistant",
            "model": model, "content": blocks,
            "stop_reason": words[finish], "stop_sequence": None,
            "usage": {"input_tokens": 11, "output_tokens": 7}}


def openai_wants(model, wants, text):
    answer = openai_answer(model, text, "tool_calls")
    answer["choices"][0]["message"]["tool_calls"] = [
        {"id": f"call_{i}", "type": "function",
         "function": {"name": name, "arguments": arguments
                      if isinstance(arguments, str)
                      else json.dumps(arguments)}}
        for i, (name, arguments) in enumerate(wants)]
    return answer


def anthropic_wants(model, wants, text):
    answer = anthropic_answer(model, text)
    answer["stop_reason"] = "tool_use"
    answer["content"] += [
        {"type": "tool_use", "id": f"toolu_{i}", "name": name,
         "input": arguments}
        for i, (name, arguments) in enumerate(wants)]
    return answer


def cut_up(text, size):
    return [text[i:i + size] for i in range(0, len(text), size)]


def openai_events(answer, size):
    """The same answer in pieces, as OpenAI sends them."""
    def chunk(choices, usage=None):
        return {"id": answer["id"], "object": "chat.completion.chunk",
                "created": answer["created"], "model": answer["model"],
                "choices": choices, "usage": usage}

    def delta(delta, finish=None):
        return chunk([{"index": 0, "delta": delta, "logprobs": None,
                       "finish_reason": finish}])

    choice = answer["choices"][0]
    message = choice["message"]
    yield delta({"role": "assistant", "content": "", "refusal": None})
    for piece in cut_up(message["content"], size):
        yield delta({"content": piece})
    for i, call in enumerate(message.get("tool_calls", [])):
        function = call["function"]
        yield delta({"tool_calls": [
            {"index": i, "id": call["id"], "type": "function",
             "function": {"name": function["name"], "arguments": ""}}]})
        for piece in cut_up(function["arguments"], size):
            yield delta({"tool_calls": [
                {"index": i, "function": {"arguments": piece}}]})
    yield delta({}, choice["finish_reason"])
    yield chunk([], answer["usage"])
    yield "[DONE]"


def anthropic_block_events(i, block, size):
    kind = block["type"]
    begun = {"text": {"text": ""}, "thinking": {"thinking": ""},
             "tool_use": {"input": {}}}[kind]
    delta, key, text = {
        "text": ("text_delta", "text", block.get("text")),
        "thinking": ("thinking_delta", "thinking", block.get("thinking")),
        "tool_use": ("input_json_delta", "partial_json",
                     json.dumps(block.get("input"))),
    }[kind]
    yield {"type": "content_block_start", "index": i,
           "content_block": {**block, **begun}}
    for piece in cut_up(text, size):
        yield {"type": "content_block_delta", "index": i,
               "delta": {"type": delta, key: piece}}
    yield {"type": "content_block_stop", "index": i}


def anthropic_events(answer, size):
    """The same as Anthropic sends it."""
    usage = answer["usage"]
    yield {"type": "message_start", "message": {
        **answer, "content": [], "stop_reason": None,
        "usage": {**usage, "output_tokens": 1}}}
    yield {"type": "ping"}
    for i, block in enumerate(answer["content"]):
        yield from anthropic_block_events(i, block, size)
    yield {"type": "message_delta",
           "delta": {"stop_reason": answer["stop_reason"],
                     "stop_sequence": None},
           "usage": {"output_tokens": usage["output_tokens"]}}
    yield {"type": "message_stop"}


def as_event(event):
    if isinstance(event, str):
        return f"data: {event}\n\n"
    name = f"event: {event['type']}\n" if "type" in event else ""
    return f"{name}data: {json.dumps(event)}\n\n"


class Call:
    """One request, and the ways to answer it."""

    def __init__(self, stub, request, body, is_openai):
        self.stub = stub
        self.request = request
        self.body = body
        self.is_openai = is_openai
        self.events = []  # of an answer in pieces
        self.n_cut = stub.n_cut

    def text_of(self, message):
        content = message["content"]
        if isinstance(content, list):
            return "\n".join(b.get("text", b.get("content", ""))
                             for b in content)
        return content or ""

    def question(self):
        return self.text_of(self.body["messages"][-1])

    def wants(self, wants, text=""):
        make = openai_wants if self.is_openai else anthropic_wants
        return self.send(make(self.body["model"], wants, text))

    def answer(self, text, finish="stop"):
        make = openai_answer if self.is_openai else anthropic_answer
        return self.send(make(self.body["model"], text, finish))

    def send(self, answer):
        if "stream" not in self.body:
            return web.json_response(answer)
        events = openai_events if self.is_openai else anthropic_events
        self.events = [as_event(e) for e in events(answer, self.stub.piece)]
        return web.Response(text="".join(self.events),
                            content_type="text/event-stream")

    async def begin(self):
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream"})
        await response.prepare(self.request)
        return response

    async def slowly(self, events=None):
        """The same, a piece at a time."""
        response = await self.begin()
        for event in self.events if events is None else events:
            if self.stub.n_cut != self.n_cut:
                self.request.transport.close()
            await response.write(event.encode())
            if self.stub.piece_ms:
                await asyncio.sleep(self.stub.piece_ms / 1000)
        return response

    async def half(self):
        """Of an answer in pieces the first half, and no end."""
        self.ok()
        return await self.slowly(self.events[:len(self.events) // 2])

    def error(self, status, kind, headers=None):
        # The request is quoted, as careless endpoints do: none of it may
        # reach a log.
        return web.json_response(
            {"error": {"type": kind, "code": kind,
                       "message": "you sent: " + json.dumps(self.body)}},
            status=status, headers=headers)

    async def raw(self, data, content_length=None):
        """Bytes as they are, then the connection is cut."""
        response = web.StreamResponse(
            headers={"Content-Type": "application/json"})
        if content_length is not None:
            response.content_length = content_length
        await response.prepare(self.request)
        await response.write(data)
        self.request.transport.close()
        return response

    def ok(self):
        if self.stub.script:
            step = self.stub.script.pop(0)
            if callable(step):
                step = step(self)
            if isinstance(step, list):
                return self.wants(step)
            return self.answer(*step) if isinstance(step, tuple) else \
                self.answer(step)
        reply = self.stub.reply
        if reply is None:
            reply = "stub: " + self.question().rsplit("\n", 1)[-1]
        return self.answer(reply)


async def fault_hang(_call):
    await asyncio.sleep(3600)


async def fault_late(call):
    """An answer, and three seconds before it: of this call alone."""
    await asyncio.sleep(3)
    return call.ok()


async def fault_drip(call):
    """One byte every 100 ms, for ever."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(call.request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.1)


async def fault_429(call):
    return call.error(429, "rate_limit_exceeded",
                      {"Retry-After": str(call.stub.retry_after)})


async def fault_500(call):
    return call.error(500, "server_error")


async def fault_401(call):
    return call.error(401, "invalid_api_key")


async def fault_404(call):
    return call.error(404, "model_not_found")


async def fault_redirect(call):
    return web.Response(status=307, headers={"Location": "/elsewhere"})


async def fault_huge(call):
    call.stub.piece = 65536
    return call.answer("x" * HUGE)


async def fault_huge_chunked(call):
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.enable_chunked_encoding()
    await response.prepare(call.request)
    for _ in range(HUGE // 65536):
        await response.write(b"[" * 65536)
    return response


async def fault_not_json(_call):
    return web.Response(text='{"choices": [', content_type="application/json")


async def fault_html(_call):
    return web.Response(text="<html>Bad gateway</html>",
                        content_type="text/html")


async def fault_cut(call):
    return await call.raw(b'{"choices": [{"mess', content_length=5000)


async def fault_close(call):
    call.request.transport.close()
    return web.Response()


async def fault_empty_choices(call):
    if call.is_openai:
        return web.json_response({"choices": []})
    return web.json_response({"content": []})


async def fault_empty_content(call):
    return call.answer("")


async def fault_wrong_type(call):
    """Valid, but called something else: must not matter."""
    return web.Response(text=call.ok().text, content_type="text/plain")


async def fault_deep(_call):
    return web.Response(text="[" * 100000, content_type="application/json")


async def fault_control_characters(call):
    return call.answer("a\x1b[2Jb\x07c")


async def fault_think(call):
    return call.answer("<think>\nsecret thought\n</think>\n\nThe answer.")


async def fault_stream_cut(call):
    """As whatever stands between ends it: cleanly, in the middle."""
    return await call.half() if "stream" in call.body else call.ok()


async def fault_stream_close(call):
    response = await call.half()
    call.request.transport.close()
    return response


async def fault_stream_silent(call):
    await call.half()
    await asyncio.sleep(3600)


async def fault_stream_lingers(call):
    """All is said, and the connection stays."""
    call.ok()
    await call.slowly()
    await asyncio.sleep(3600)


async def fault_stream_comments(call):
    """Alive for a while before it says anything."""
    call.ok()
    call.events[:0] = [": keep-alive\n\n"] * 12
    return await call.slowly()


async def fault_stream_overloaded(call):
    """Found out in the middle of the answer."""
    response = await call.half()
    error = {"error": {"type": "overloaded_error", "message": "secret"}}
    if not call.is_openai:
        error["type"] = "error"
    await response.write(as_event(error).encode())
    return response


async def fault_stream_limit(call):
    response = await call.half()
    error = {"error": {"code": 429, "type": "rate_limit_error"}}
    if not call.is_openai:
        error["type"] = "error"
    await response.write(as_event(error).encode())
    return response


async def fault_stream_refused(call):
    """A server that knows no pieces."""
    if "stream" in call.body:
        return call.error(400, "invalid_request_error")
    return call.ok()


async def fault_stream_ignored(call):
    call.body.pop("stream", None)
    return call.ok()


async def fault_stream_garbage(call):
    return await call.slowly(["data: {\"choices\": [{\n\n"])


async def fault_stream_endless(call):
    """One line that never ends."""
    return await call.slowly(["data: "] + ["x" * 65536] * 256)


async def fault_old_server(call):
    """One that knows neither tools nor pieces."""
    if "stream" in call.body or "tools" in call.body:
        return call.error(400, "invalid_request_error")
    return call.ok()


async def fault_length(call):
    return call.answer("Half of an ans", "length")


async def fault_filter(call):
    return call.answer("", "content_filter")


async def fault_no_tools(call):
    """A model that knows none."""
    if "tools" in call.body:
        return call.error(400, "invalid_request_error")
    return call.ok()


async def fault_obey(call):
    """A model that falls for it: says whatever OBEY: in its prompt wants."""
    said = [line.split("OBEY:", 1)[1].strip()
            for m in call.body["messages"]
            for line in call.text_of(m).split("\n") if "OBEY:" in line]
    return call.answer("\n".join(said) or "nothing to obey")


FAULTS = {name[len("fault_"):].replace("_", "-"): fn
          for name, fn in list(globals().items())
          if name.startswith("fault_")}


class ModelStub(Served):
    def __init__(self, port=0, key="stub-key", tls=None):
        self.port = port
        self.key = key
        self.tls = tls  # an ssl.SSLContext
        self.forget()

    def forget(self):
        self.calls = 0
        self.at_once = 0
        self.most_at_once = 0
        self.requests = []
        self.problems = []
        self.reply = None
        # What the next calls get: a list of (tool, arguments), a text, a
        # (text, finish), or a function of the call that returns one.
        self.script = []
        self.piece = 5  # characters of an answer in pieces
        self.piece_ms = 0  # between them
        self.n_cut = 0
        self.latency_ms = 0
        self.retry_after = 1
        self.next_fault = None
        self.next_times = 0

    @property
    def url(self):
        scheme, host = ("https", "localhost") if self.tls else \
            ("http", "127.0.0.1")
        return f"{scheme}://{host}:{self.port}/v1"

    def fault(self, name, times=1000000, **more):
        assert name in FAULTS, name
        self.next_fault, self.next_times = name, times
        for key, value in more.items():
            assert hasattr(self, key), key
            setattr(self, key, value)

    def cut_all(self):
        """Answers in pieces that are under way end here."""
        self.n_cut += 1

    # -- answering ------------------------------------------------------

    def refuse(self, problem, status=400):
        self.problems.append(problem)
        return web.json_response(
            {"error": {"type": "invalid_request_error", "message": problem}},
            status=status)

    def credential_problem(self, request, is_openai):
        if is_openai:
            sent = request.headers.get("Authorization", "")
            return sent != (f"Bearer {self.key}" if self.key else "")
        if request.headers.get("anthropic-version") != "2023-06-01":
            return True
        return request.headers.get("x-api-key", "") != self.key

    def fault_of(self, body):
        if self.next_times > 0:
            self.next_times -= 1
            return FAULTS[self.next_fault]
        model = body["model"]
        if model.startswith("fault-"):
            return FAULTS.get(model[len("fault-"):])
        return None

    async def serve(self, request, is_openai):
        self.calls += 1
        if request.content_type != "application/json":
            return self.refuse("Content-Type must be application/json", 415)
        if self.credential_problem(request, is_openai):
            return self.refuse("wrong or missing credential", 401)
        try:
            body = json.loads(await request.text())
        except (ValueError, UnicodeDecodeError):
            return self.refuse("no JSON")
        check = problem_of_openai if is_openai else problem_of_anthropic
        problem = check(body)
        if problem:
            return self.refuse(problem)
        self.requests.append(body)
        call = Call(self, request, body, is_openai)
        fault = self.fault_of(body)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.think()
            response = await fault(call) if fault else call.ok()
            return await call.slowly() if self.piece_ms and call.events and \
                not response.prepared else response
        finally:
            self.at_once -= 1

    async def think(self):
        """For latency_ms, which may be made shorter meanwhile."""
        began = time.monotonic()
        while (left := began + self.latency_ms / 1000 - time.monotonic()) > 0:
            await asyncio.sleep(min(left, 0.05))

    async def on_openai(self, request):
        return await self.serve(request, True)

    async def on_anthropic(self, request):
        return await self.serve(request, False)

    async def on_control(self, request):
        if request.method == "DELETE":
            self.forget()
        elif request.method == "POST":
            wants = await request.json()
            for key in ("reply", "latency_ms", "retry_after", "script",
                        "piece", "piece_ms"):
                if key in wants:
                    setattr(self, key, wants[key])
            if "fault" in wants:
                self.fault(wants["fault"], wants.get("times", 1000000))
        return web.json_response(
            {"calls": self.calls, "most_at_once": self.most_at_once,
             "requests": self.requests, "problems": self.problems})

    def app(self):
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_post("/v1/chat/completions", self.on_openai)
        app.router.add_post("/v1/messages", self.on_anthropic)
        app.router.add_route("*", "/control", self.on_control)
        return app


async def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default="stub-key")
    options = parser.parse_args()
    stub = ModelStub(options.port, options.key)
    await stub.listen()
    print(f"listening {stub.port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
