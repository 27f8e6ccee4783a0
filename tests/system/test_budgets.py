"""What models may use in a day, and which one stands in for another."""

import concurrent.futures
import json
import os
import sqlite3
import subprocess
import sys

import pytest

from community import Community, with_model
from conftest import ROOT, program, wait_for
from door import place  # noqa: F401
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


@pytest.mark.parametrize("want", [
    # It is gone on behind what a change left; what was only read, anew.
    ("write_file", {"path": "n.md", "content": "x"}), ("list_files", {})])
def test_nothing_is_counted_twice_after_a_crash(suite, stub, want):
    s = suite(model(stub))

    def kill(_call):
        s.kill("task-engine")
        return "never heard"
    stub.script = [[want], kill]
    try:
        s.chat("as you said, note it")
    except AssertionError:
        pass
    wait_for("the turn to end",
             lambda: s.all_logs().count(" message-answered ") == 1)
    # The step before the kill once, and the one after it.
    assert used(s, "all") == {"": 36}


SCOPES = ("person", "room", "workspace", "all")
LIMIT = 12000


def reserved(request):
    """What is, for a call: its text and tools, and the longest answer."""
    texts = [m["content"] for m in request["messages"]]
    for tool in (t["function"] for t in request.get("tools", ())):
        texts += [tool["name"], tool["description"], json.dumps(
            tool["parameters"], ensure_ascii=False, separators=(",", ":"))]
    return sum(len(t.encode()) for t in texts) // 4 + 1000


def count(c, words):
    return c.sql("SELECT count(*) FROM outbox WHERE text LIKE ?", words)[0][0]


def check_all_the_same(c, n_answered):
    """Each answer counts once, in the turn and in each of its scopes."""
    assert c.sql("SELECT count(*), sum(calls), sum(tokens_in + tokens_out)"
                 " FROM usage_of_turns") == [
                     (n_answered, n_answered, 18 * n_answered)]
    assert dict(c.sql("SELECT scope, sum(tokens_in + tokens_out) FROM"
                      " usage_of_days GROUP BY scope")) == {
                          scope: 18 * n_answered for scope in SCOPES}


@pytest.mark.parametrize("scope", ["PERSON", "ROOM", "WORKSPACE", "DAY"])
def test_a_budget_holds_through_a_kill(place, stub, scope):  # noqa: F811
    """Fifty turns at once, and the engine is killed in the midst of them:
    what is reserved never passes the budget, what is left of it is used, and
    nothing counts twice."""
    with Community(place, with_model(
            stub, **{BUDGET + scope + "_TOKENS": str(LIMIT), OUT: "1000",
                     "AGENT_RUNTIME_LLM_MAX_CONCURRENT": "50",
                     "AGENT_RUNTIME_GUEST_MODEL_TURNS_PER_DAY": "1000"})) as c:
        stub.latency_ms = 60000
        for i in range(50):
            c.ask(f"What is tide number {i}?",
                  user="42" if scope == "PERSON" else str(100 + i))
        wait_for("an answer or a call of each", lambda: 50 == (
            stub.at_once + count(c, "%used up%")))
        asked = [reserved(request) for request in stub.requests]
        c.kill()
        # As many as fit were asked, and not one more.
        assert sum(asked) <= LIMIT < sum(asked) + max(asked)
        stub.latency_ms = 0
        c.start().connect()
        wait_for("the end of all turns", lambda: not c.sql(
            "SELECT 1 FROM turns WHERE state IN ('queued', 'running')"), 20)
        assert count(c, "stub: %") == len(asked)
        assert count(c, "%used up%") == 50 - len(asked)
        check_all_the_same(c, len(asked))


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
