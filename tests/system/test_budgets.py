"""What models may use in a day, and which one stands in for another."""

import concurrent.futures
import os
import sqlite3
import subprocess
import sys

import pytest

from conftest import ROOT, program, wait_for
from test_model import KEY, model

sys.path.insert(0, str(ROOT / "tests" / "fakes"))
from model_stub import ModelStub  # noqa: E402

BUDGET = "AGENT_RUNTIME_LLM_BUDGET_"
OUT = "AGENT_RUNTIME_LLM_MAX_OUTPUT_TOKENS"


@pytest.fixture
def stub():
    with ModelStub(key=KEY) as s:
        yield s


def used(s, scope):
    """Tokens of today by that scope, from the database."""
    path = s.data / "agent-runtime" / "meta.sqlite"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return dict(db.execute(
            "SELECT key, tokens_in + tokens_out FROM usage_of_days"
            " WHERE scope = ?", (scope,)))


def test_each_turn_is_counted(suite, stub):
    s = suite(model(stub))
    for i in range(3):
        s.chat(f"What is new, number {i}?")
    # 11 in and 7 out, says the stub.
    assert used(s, "all") == {"": 54}
    assert used(s, "person") == {"local": 54}
    assert list(used(s, "room").values()) == [54]
    assert list(used(s, "workspace").values()) == [54]


@pytest.mark.parametrize("scope", ["PERSON", "ROOM", "WORKSPACE", "DAY"])
def test_at_the_cap_it_says_so(suite, stub, scope):
    s = suite(model(stub, **{BUDGET + scope + "_TOKENS": "100", OUT: "16"}))
    reply = s.chat("What is new?")["reply"]
    assert stub.calls == 0
    assert "used up" in reply and BUDGET + scope + "_TOKENS" in reply
    assert s.chat("/help")["handled"]


def test_a_budget_holds_under_parallel_turns(suite, stub):
    s = suite(model(stub, **{BUDGET + "DAY_TOKENS": "12000", OUT: "1000",
                             "AGENT_RUNTIME_LLM_MAX_CONCURRENT": "50"}))
    stub.latency_ms = 300
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        replies = list(pool.map(
            lambda i: s.chat(f"Question number {i} please")["reply"],
            range(50)))
    refused = [r for r in replies if "used up" in r]
    answered = [r for r in replies if r.startswith("stub: ")]
    assert len(refused) + len(answered) == 50
    assert refused and answered
    # Each reserves 1000 and its prompt: no more than that fit at once.
    assert stub.most_at_once <= 11
    assert used(s, "all") == {"": 18 * len(answered)}


def test_nothing_is_counted_twice_after_a_crash(suite, stub):
    s = suite(model(stub))

    def kill(_call):
        s.kill("task-engine")
        return "never heard"
    stub.script = [[("write_file", {"path": "n.md", "content": "x"})], kill]
    try:
        s.chat("as you said, note it")
    except AssertionError:
        pass
    wait_for("the turn to end",
             lambda: s.all_logs().count(" message-answered ") == 1)
    # The step before the kill once, and the one after it.
    assert used(s, "all") == {"": 36}


def test_another_model_stands_in(suite, stub):
    with ModelStub(key="other-key") as other:
        s = suite(model(
            stub, AGENT_RUNTIME_LLM_FALLBACKS=f"openai/small@{other.url}",
            AGENT_RUNTIME_LLM_FALLBACK_KEYS="other-key"))
        stub.fault("500")
        reply = s.chat("What is new?")["reply"]
        assert reply.startswith("stub: What is new?")
        assert "Answered by openai small" in reply
        assert stub.calls == 2
        assert other.requests[-1]["model"] == "small"
        # The first one rests; then it is asked first again.
        s.chat("And now?")
        assert stub.calls == 2
        assert "other-key" not in s.all_logs()
        assert stub.problems == other.problems == []


def test_a_wrong_list_is_said_at_start():
    got = subprocess.run(
        [str(program("task-engine")), "--check"], text=True,
        env={**os.environ, "AGENT_RUNTIME_LLM_FALLBACKS": "gpt-4o"},
        capture_output=True, timeout=30, check=False)
    assert got.returncode == 2
    assert "AGENT_RUNTIME_LLM_FALLBACKS: gpt-4o is not" in got.stderr
