"""Turns in which the model uses tools, through the whole suite."""

import json
import re
import sys

import pytest

from conftest import ROOT, wait_for
from test_model import KEY, model, write_and_wait

sys.path.insert(0, str(ROOT / "tests" / "fakes"))
from model_stub import ModelStub  # noqa: E402

PROVIDERS = ("openai", "anthropic")


@pytest.fixture
def stub():
    with ModelStub(key=KEY) as s:
        yield s


def results(stub, request=-1):
    """What the model was shown of its tools, oldest first."""
    found = []
    for message in stub.requests[request]["messages"]:
        if message["role"] == "tool":
            found.append(message["content"])
        elif isinstance(message["content"], list):
            found += [b["content"] for b in message["content"]
                      if b["type"] == "tool_result"]
    return [json.loads(text) for text in found]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_model_searches_and_reads(suite, stub, provider):
    s = suite(model(stub, provider))
    write_and_wait(s, "docs/policy.md",
                   "# Deployment policy\n\nShips go out on Thursdays.\n",
                   "thursdays")
    stub.script = [[("search_knowledge", {"query": "deployment"}),
                    ("open_knowledge", {"target": "docs/policy.md"})],
                   "On Thursdays, says `docs/policy.md:1`."]
    reply = s.chat("as you said, when do we ship?")["reply"]
    assert reply == "On Thursdays, says `docs/policy.md:1`."
    found, opened = results(stub)
    assert found["sections"][0]["path"] == "docs/policy.md"
    assert "Thursdays" in found["sections"][0]["text"]
    assert "Thursdays" in opened["text"]
    assert stub.problems == []
    assert stub.calls == 2


def test_a_model_without_tools_gets_them_in_words(suite, stub):
    s = suite(model(stub))
    stub.fault("no-tools")
    stub.script = ['Let me see.\n```tool\n{"tool":"search_knowledge",'
                   '"args":{"query":"pairing"}}\n```', "There you are."]
    assert s.chat("as you said, how is it?")["reply"] == "There you are."
    assert stub.calls == 3  # one was refused
    shown = stub.requests[-1]["messages"]
    assert [m["role"] for m in shown] == ["system", "user", "assistant",
                                          "user"]
    assert '{"sections":' in shown[-1]["content"]
    # From then on it is not asked in vain.
    assert s.chat("thanks for that, and as you said?")["reply"]
    assert stub.calls == 4
    assert "tools" not in stub.requests[-1]
    assert "model-without-tools" in s.all_logs()
    assert stub.problems == []


def test_a_brace_in_prose_runs_nothing(suite, stub):
    """G-36"""
    s = suite(model(stub, AGENT_RUNTIME_LLM_TOOLS="text"))
    words = ('Say {"tool":"search_knowledge","args":{"query":"x"}} and the '
             'rest {"type":"run_command"} too.')
    stub.script = [words]
    assert s.chat("as you said, how is it done?")["reply"] == words
    assert stub.calls == 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_cut_answer_is_continued(suite, stub, provider):
    s = suite(model(stub, provider))
    stub.script = [("Half of an ans", "length"), ("wer, and ", "length"),
                   "the rest."]
    assert s.chat("What is new?")["reply"] == \
        "Half of an answer, and the rest."
    assert stub.problems == []


def test_tools_can_be_switched_off(suite, stub):
    s = suite(model(stub, AGENT_RUNTIME_LLM_TOOLS="none"))
    s.chat("What is new?")
    assert "tools" not in stub.requests[-1]


def test_a_long_message_is_not_asked(suite, stub):
    s = suite(model(stub, AGENT_RUNTIME_AGENT_MAX_INPUT_CHARS="100"))
    assert "at most 100 characters" in s.chat("Grüße! " * 20)["reply"]
    assert stub.calls == 0
    assert s.chat("ü" * 99)["reply"]
    assert stub.calls == 1


# -- a model that babbles --------------------------------------------------

BABBLE = [
    ("a tool that is not there", [("launch_missiles", {"at": "once"})]),
    ("arguments of the wrong type", [("search_knowledge", {"query": [1]})]),
    ("arguments that are no JSON", [("search_knowledge", "{query: x")]),
    ("arguments that are a list", [("search_knowledge", "[]")]),
    ("deep arguments", [("search_knowledge", "[" * 5000)]),
    ("no name", [("", {})]),
    ("a hundred at once", [("search_knowledge", {"query": str(i)})
                           for i in range(100)]),
    ("braces everywhere", "{{{{{ }}}} {\"tool\" {{ ```action {"),
    ("fences everywhere", "```" * 2000),
    ("a huge argument", [("search_knowledge", {"query": "x" * 200000})]),
]


@pytest.mark.parametrize("name, said", BABBLE, ids=[b[0] for b in BABBLE])
def test_babble_ends_in_words(suite, stub, name, said):
    s = suite(model(stub))
    stub.script = [said] + ["Well."] * 5
    reply = s.chat("as you said, go on")["reply"]
    assert reply, name
    assert stub.problems == []
    assert s.chat("/help")["handled"]


def test_an_endless_loop_ends(suite, stub):
    s = suite(model(stub))
    stub.script = [lambda _call: [("search_knowledge", {"query": "again"})]
                   for _ in range(100)]
    reply = s.chat("as you said, go on")["reply"]
    assert "could not finish" in reply
    assert stub.calls <= 6
    wait_for("the turn's end", lambda: "turn-exhausted" in s.all_logs())


def test_tools_are_in_the_document():
    table = (ROOT / "services/task-engine/turn/tools.c").read_text()
    names = re.findall(r'^\t\{ "([a-z_]+)", "tool\.', table, re.M)
    told = re.findall(r"^\| `([a-z_]+)` \|",
                      (ROOT / "docs/tools.md").read_text(), re.M)
    assert len(names) >= 2 and names == told
