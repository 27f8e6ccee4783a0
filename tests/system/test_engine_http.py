"""The task-engine's door for the api, played by the test: chat turns, and
who may do what."""

import json
import os
import time

import pytest

from conftest import wait_for
from door import Listener, Refused, place  # noqa: F401
from engine_alone import INDEXER, Engine, credential, engine  # noqa: F401


# Over HTTP

def test_a_key_is_one_message(engine):
    first = engine.chat("/help", "k1")
    assert first["state"] == "done" and first["handled"]
    assert engine.chat("/help", "k1") == first
    for other in ({"text": "/status"}, {"external_id": "elsewhere"},
                  {"from_user_id": "ann"}, {"connector": "cline"}):
        with pytest.raises(Refused) as refused:
            engine.api.ask("chat.turn", {
                "credential": engine.local, "key": "k1", "text": "/help",
                **other})
        assert refused.value.code == "conflict"
    got = engine.api.ask("chat.result",
                         {"credential": engine.local, "key": "k1"})
    assert got == first
    with pytest.raises(Refused) as refused:
        engine.api.ask("chat.result",
                       {"credential": engine.local, "key": "k9"})
    assert refused.value.code == "not_found"
    assert engine.counts()["outbox.undelivered"] == 1
    for _ in range(2):
        engine.api.ask("chat.delivered",
                       {"delivery_ids": [first["delivery_id"]]})
    assert engine.counts()["outbox.undelivered"] == 0


def test_a_turn_outlives_the_engine_and_is_answered_once(place):
    """P-23: what ran at a crash stayed so."""
    with Engine(place) as engine:
        engine.connect()
        indexer = Listener(engine, INDEXER)
        number = engine.api.send("chat.turn", {
            "credential": engine.local, "key": "k1",
            "text": "/search pairing"})
        indexer.take()
        assert engine.api.ask("chat.result", {
            "credential": engine.local, "key": "k1"})["state"] == "working"
        engine.restart()
        numbers = [engine.api.send("chat.turn", {
            "credential": engine.local, "key": "k1",
            "text": "/search pairing"}) for _ in range(2)]
        asked, answer = indexer.take()
        assert asked["body"]["query"] == "pairing"
        answer({"hits": []})
        got = [json.loads(engine.api.pipe.receive()[4:])["body"]
               for _ in numbers]
        assert got[0]["state"] == "done" and got[0] == got[1]
        assert number
        assert engine.sql("SELECT count(*) FROM outbox") == [(1,)]


def test_who_waits_too_long_is_told_that_it_works(place):
    with Engine(place) as engine:
        engine.connect()
        indexer = Listener(engine, INDEXER)
        number = engine.api.send(
            "chat.turn", {"credential": engine.local, "key": "k1",
                          "text": "/search pairing"},
            deadline=int(time.time() * 1000) + 2500)
        _, answer = indexer.take()
        assert engine.api.wait(number)["body"]["state"] == "working"
        answer({"hits": []})
        got = wait_for("the reply", lambda: next(
            (r for r in [engine.api.ask("chat.result", {
                "credential": engine.local, "key": "k1"})]
             if r["state"] == "done"), None))
        assert got["reply"].startswith("No markdown matches found.")


def test_search_and_open_keep_to_the_scope(place):
    with Engine(place) as engine:
        engine.connect()
        indexer = Listener(engine, INDEXER)
        engine.inbound("m:1", "/search tide", chat="-100")
        asked, answer = indexer.take()
        scope = asked["body"]["scope"]
        assert scope["allow"] == [""] and "logs/" in scope["deny"]
        assert "logs/chats/telegram/-100.md" in scope["extra"]
        hit = {"short_id": "#a1b2c3", "title": "t", "heading": "h",
               "snippet": "the tide", "score": 0.5, "line": 1}
        answer({"hits": [{"path": "logs/chats/telegram/-7.md", **hit},
                         {"path": "notes.md", **hit}]})
        got = wait_for("the reply", lambda: engine.gateway.ask(
            "delivery.claim", {"max": 1})["deliveries"])[0]
        assert got["text"].startswith("Top 1 result(s):\n1. `notes.md`")
        assert "-7.md" not in got["text"]
        engine.gateway.ask("delivery.result", {
            "delivery_id": got["delivery_id"], "lease": got["lease"],
            "outcome": "sent", "part": 0, "is_last": True})
        engine.inbound("m:2", "/open logs/chats/telegram/-7.md")
        _, answer = indexer.take()
        answer({"path": "logs/chats/telegram/-7.md", "short_id": "#a1b2c3",
                "text": "secret", "size_bytes": 6})
        got = wait_for("the reply", lambda: engine.gateway.ask(
            "delivery.claim", {"max": 1})["deliveries"])[0]
        assert "not found" in got["text"]


def test_a_missing_indexer_is_said(engine):
    got = engine.chat("/status", "k1")
    assert "the indexer does not answer" in got["reply"]
    assert "model: none (extractive)" in got["reply"]


# Who may do what

def test_without_a_credential_nobody_is_known(engine):
    for who in ({"listener": "local", "peer_uid": -1},
                {"listener": "local", "peer_uid": os.geteuid() + 1},
                credential("guess"),
                {"listener": "admin", "peer_uid": -1},
                {"listener": "public", "peer_uid": os.geteuid()}):
        for ask in (lambda: engine.chat("/help", "k", who),
                    lambda: engine.api.ask("engine.status",
                                           {"credential": who}),
                    lambda: engine.api.ask("access.check", {
                        "credential": who, "operation": "heartbeat.read"})):
            with pytest.raises(Refused) as refused:
                ask()
            assert refused.value.code == "unauthenticated"


def test_a_tool_reaches_only_its_own(engine):
    made = engine.api.ask("token.add", {"credential": engine.local,
                                        "name": "ci",
                                        "connector": "codex"})
    tool = credential(made["token"])
    assert engine.chat("/help", "k1", tool)["handled"]
    for body in ({"external_id": "codex-cli"}, {"connector": "cline"},
                 {"from_user_id": "somebody"}):
        with pytest.raises(Refused) as refused:
            engine.chat("/help", "k2", tool, **body)
        assert refused.value.code == "refused"
    own = engine.api.ask("task.create", {
        "credential": tool, "key": "t1", "title": "t", "prompt": "p"})
    other = engine.api.ask("task.create", {
        "credential": engine.local, "key": "t1", "title": "t",
        "prompt": "p", "connector": "codex", "external_id": "codex-cli"})
    assert engine.api.ask("task.get", {
        "credential": tool, "task_id": own["task"]["id"]})
    listed = engine.api.ask("task.list", {"credential": tool})["items"]
    assert [t["id"] for t in listed] == [own["task"]["id"]]
    refusals = [
        ("task.get", {"task_id": other["task"]["id"]}),
        ("task.cancel", {"task_id": other["task"]["id"]}),
        ("task.retry", {"task_id": other["task"]["id"]}),
        ("task.list", {"context_id": other["task"]["context_id"]}),
        ("task.create", {"key": "t2", "title": "t", "prompt": "p",
                         "connector": "codex", "external_id": "codex-cli"}),
        ("engine.status", {}), ("workspace.list", {}), ("context.list", {}),
        ("workspace.get", {"name": "x"}), ("context.get", {"id": "abcd"}),
        ("search.find", {"query": "x"}),
        ("token.add", {"name": "x", "connector": "codex"}), ("token.list", {}),
        ("token.revoke", {"name": "ci"}),
        ("access.check", {"operation": "heartbeat.read"}),
    ]
    for type_, body in refusals:
        with pytest.raises(Refused) as refused:
            engine.api.ask(type_, {"credential": tool, **body})
        assert refused.value.code == "refused", type_
    engine.api.ask("token.revoke", {"credential": engine.local,
                                    "name": "ci"})
    with pytest.raises(Refused) as refused:
        engine.chat("/help", "k3", tool)
    assert refused.value.code == "unauthenticated"
    assert made["token"].encode() not in engine.db.read_bytes()
    done = [r[0] for r in engine.sql(
        "SELECT operation FROM audit WHERE outcome = 'done' ORDER BY seq")]
    # What it had asked for went with its token.
    assert done == ["audit.key", "token.add", "task.create", "task.create",
                    "token.revoke", "task.cancel"]
    refused = engine.sql("SELECT operation, actor, door FROM audit WHERE"
                         " outcome = 'refused' ORDER BY seq")
    operations = [r[0] for r in refused]
    for type_, body in refusals:
        assert body.get("operation", type_) in operations
    assert {r[1:] for r in refused[:-1]} == {("tool:ci", "api.main")}
    assert refused[-1] == ("chat.turn", "nobody", "api.main")


def test_nobody_speaks_for_an_account_of_a_platform(engine):
    """G-06, P-2: a spoofed actor."""
    with pytest.raises(Refused) as refused:
        engine.chat("/help", "k1", connector="telegram", external_id="42")
    assert refused.value.code == "refused"


def test_guests_use_the_commands_that_are_open_to_them(place):
    with Engine(place, {"AGENT_RUNTIME_GUEST_COMMANDS": "search"}) as e:
        e.connect()
        for event, text in (("m:1", "/task x"), ("m:2", "/help")):
            e.inbound(event, text)
        texts = [r[0] for r in e.sql("SELECT text FROM outbox ORDER BY seq")]
        assert texts[0].startswith("Access denied")
        assert texts[1].startswith("Ask me anything")
        assert e.sql("SELECT count(*) FROM tasks") == [(0,)]
        assert e.chat("/task x", "k1")["reply"].startswith("Task queued")
