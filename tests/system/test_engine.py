"""The task-engine alone: its doors are played by the test."""

import json
import os
import pathlib
import re
import stat
import struct
import time

import pytest

from conftest import wait_for
from door import Listener, Refused, envelope, place  # noqa: F401
from engine_alone import (DISCORD, INDEXER, TELEGRAM, Engine,  # noqa: F401
                          engine, message)


# The first start

def test_first_start_makes_what_is_needed_and_no_more(engine):
    run = engine.data / "run"
    token = run / "admin.token"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert stat.S_IMODE(engine.db.stat().st_mode) == 0o600
    assert stat.S_IMODE(engine.db.parent.stat().st_mode) == 0o700
    assert engine.api.ask("engine.ready", {}) == {"schema_version": "4"}
    got = engine.api.ask("engine.status", {"credential": engine.local})
    folder = pathlib.Path(got["command_line_folder"])
    wait_for("the guide", lambda: (folder / "guide/pairing.md").exists())
    assert "What can you do?" in (folder / "welcome.md").read_text()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750
    assert stat.S_IMODE((folder / "welcome.md").stat().st_mode) == 0o640
    assert got["model"] == "none (extractive)"
    first = token.read_text()
    # What people delete stays deleted, and the credential stays.
    wait_for("the files' rows", lambda: not engine.counts()["files.waiting"])
    (folder / "welcome.md").unlink()
    engine.restart()
    assert engine.api.ask("engine.ready", {})
    assert not (folder / "welcome.md").exists()
    assert token.read_text() == first


# Inbound and outbound

def test_a_message_is_taken_once(engine):
    first = engine.inbound("m:1", "/help")
    assert first["outcome"] == "accepted"
    again = engine.inbound("m:1", "another text")
    assert again == {"outcome": "duplicate",
                     "message_id": first["message_id"]}
    other = engine.inbound("m:1", "/help", chat="-200")
    assert other["outcome"] == "accepted"
    assert engine.sql("SELECT count(*) FROM outbox") == [(2,)]


def test_a_delivery_from_claim_to_sent(engine):
    engine.inbound("m:1", "/help")
    batch = engine.gateway.ask("delivery.claim", {"max": 5})["deliveries"]
    assert len(batch) == 1
    row = batch[0]
    assert row["chat_id"] == "-100" and row["reply_to_id"] == "m:1"
    assert "/task <prompt>" in row["text"]
    assert not engine.gateway.ask("delivery.claim",
                                  {"max": 5})["deliveries"]

    def report(outcome, part=0, lease=row["lease"], **more):
        return engine.gateway.ask("delivery.result", {
            "delivery_id": row["delivery_id"], "lease": lease,
            "outcome": outcome, "part": part, **more})["state"]
    assert report("begun") == "sending"
    assert report("sent", lease="no-such-lease", platform_id="7") == "stale"
    assert report("sent", platform_id="7", is_last=True) == "sent"
    assert engine.counts()["outbox.sent"] == 1
    assert engine.sql("SELECT part, state, platform_id FROM outbox_parts") == [
        (0, "sent", "7")]
    with pytest.raises(Refused) as refused:
        engine.dial(DISCORD).ask("delivery.result", {
            "delivery_id": row["delivery_id"], "lease": row["lease"],
            "outcome": "sent", "part": 0})
    assert refused.value.code == "not_found"


def test_cursor_and_clean_stop_are_remembered(engine):
    def hello():
        return engine.gateway.ask("gateway.hello", {"version": "1"})
    assert hello() == {"was_clean_stop": True}
    engine.inbound("m:1", cursor="c1")
    assert hello() == {"cursor": "c1", "was_clean_stop": False} or \
        hello()["cursor"] == "c1"
    engine.gateway.ask("gateway.cursor", {"cursor": "c2", "is_goodbye": True})
    engine.restart()
    assert hello() == {"cursor": "c2", "was_clean_stop": True}
    assert not hello().get("was_clean_stop")


def test_only_what_is_addressed_is_answered(engine):
    engine.inbound("m:1", "open source is great")
    engine.inbound("m:2", "status")
    engine.inbound("e:1:2", "/help", is_edit=True)
    engine.inbound("m:3", "/help@another_bot")
    assert engine.sql("SELECT count(*) FROM outbox") == [(0,)]
    assert engine.sql("SELECT count(*) FROM turns") == [(0,)]
    engine.inbound("m:4", "/frobnicate", is_addressed=True)
    engine.inbound("m:5", "/frobnicate")
    assert engine.sql("SELECT count(*) FROM outbox") == [(1,)]


def test_places_are_what_the_platform_says(engine):
    engine.inbound("m:1", chat="c1", space_id="guild")
    engine.inbound("m:2", chat="c2", space_id="guild", parent_chat_id="c1")
    engine.inbound("m:3", chat="42", space_id="", is_direct=True)
    got = engine.api.ask("context.list", {"credential": engine.local})
    by_id = {c["external_id"]: c for c in got["items"]}
    assert by_id["c1"]["workspace_id"] == by_id["c2"]["workspace_id"]
    assert by_id["42"]["workspace_id"] != by_id["c1"]["workspace_id"]
    assert by_id["42"]["is_direct"]
    assert by_id["c1"]["chat_log"] == "logs/chats/telegram/c1.md"
    spaces = engine.api.ask("workspace.list", {"credential": engine.local})
    kinds = sorted(w["kind"] for w in spaces["items"])
    assert kinds == ["community", "private", "session"]


def test_one_place_is_found_by_what_people_know_of_it(engine):
    """P-85."""
    def ask(type_, **body):
        return engine.api.ask(type_, {"credential": engine.local, **body})

    engine.inbound("m:1", chat="c1", space_id="guild", space_name="Harbour")
    engine.inbound("m:2", chat="c2", space_id="twin", space_name="Twins")
    engine.inbound("m:3", chat="c3", space_id="t2", space_name="Twins")
    context, space = ask("context.list")["items"][1], None
    for w in ask("workspace.list")["items"]:
        space = w if w["name"] == "Harbour" else space
    for body in ({"id": space["id"]}, {"id": space["id"][:8]},
                 {"name": "Harbour"},
                 {"connector": "telegram", "kind": "community",
                  "space_id": "guild"}):
        assert ask("workspace.get", **body) == space, body
    for body in ({"id": context["id"]}, {"id": context["id"][:8]},
                 {"connector": "telegram",
                  "external_id": context["external_id"]}):
        assert ask("context.get", **body) == context, body
    engine.sql_write("UPDATE contexts SET id = 'abcd' || substr(id, 5)"
                     " WHERE external_id <> 'c1'")
    for code, word, type_, body in (
            ("not_found", "/api/v1/workspaces lists", "workspace.get",
             {"id": "zzzz"}),
            ("not_found", "/api/v1/workspaces lists", "workspace.get",
             {"name": "harbour"}),
            ("not_found", "/api/v1/workspaces lists", "workspace.get",
             {"connector": "discord", "kind": "community",
              "space_id": "guild"}),
            ("not_found", "/api/v1/contexts lists", "context.get",
             {"connector": "telegram", "external_id": "c9"}),
            ("conflict", "more than one", "workspace.get", {"name": "Twins"}),
            ("conflict", "more than one", "context.get", {"id": "abcd"}),
            ("invalid", "first 4", "context.get", {"id": context["id"][:3]}),
            ("invalid", "first 4", "workspace.get", {"id": space["id"][:3]}),
            ("invalid", "give id", "workspace.get", {}),
            ("invalid", "give id", "workspace.get",
             {"id": space["id"], "name": "Harbour"}),
            ("invalid", "give id", "workspace.get",
             {"connector": "telegram", "space_id": "guild"}),
            ("invalid", "give id", "context.get", {"external_id": "c1"})):
        with pytest.raises(Refused) as refused:
            ask(type_, **body)
        assert refused.value.code == code, (type_, body)
        assert word in str(refused.value), refused.value


def test_long_lists_of_places_fit_an_answer(engine):
    for i in range(220):
        chat = f"{i:03}" + "c" * 250
        engine.inbound(f"m:{i}", chat=chat, space_id=chat,
                       space_name='"' * 250)
    for type_ in ("context.list", "workspace.list"):
        got = engine.api.ask(type_, {"credential": engine.local,
                                     "limit": 500})
        assert 50 < len(got["items"]) <= 221, type_


def test_an_operators_shell_takes_nothing_away(engine):
    for i in range(3):
        engine.inbound(f"m:{i}")
        # The last one to close a database removes its log: not the shell.
        assert engine.sql("SELECT count(*) FROM messages") == [(i + 1,)]
        assert pathlib.Path(f"{engine.db}-wal").exists()
    engine.restart()
    assert engine.sql("SELECT count(*) FROM messages") == [(3,)]


# Requests

def raw(peer, message_):
    number = 0x80000001
    peer.pipe.send(struct.pack(">I", number) + json.dumps(message_).encode())
    return peer.pipe.receive()


def test_a_repeated_id_gets_the_same_bytes_also_after_a_restart(engine):
    def ask():
        return raw(engine.gateway, asked)
    asked = envelope("message.inbound", engine.gateway.name,
                     engine.gateway.key, message("m:1", "/help"),
                     deadline=int(time.time() * 1000) + 60000)
    first = ask()
    assert b'"accepted"' in first
    assert ask() == first
    engine.restart()
    assert ask() == first
    assert engine.sql("SELECT count(*) FROM messages WHERE direction ="
                      " 'inbound'") == [(1,)]


def test_a_repeated_id_leaves_the_cursor_where_later_ones_moved_it(engine):
    def ask(event, cursor):
        return envelope("message.inbound", engine.gateway.name,
                        engine.gateway.key,
                        message(event, "hm", cursor=cursor),
                        deadline=int(time.time() * 1000) + 60000)
    asked = ask("m:1", "1")
    first = raw(engine.gateway, asked)
    raw(engine.gateway, ask("m:2", "2"))
    assert raw(engine.gateway, asked) == first
    assert engine.sql("SELECT cursor FROM cursors") == [("2",)]
    # Under another id it is the gateway that begins anew from there.
    known = raw(engine.gateway, ask("m:1", "1"))
    assert json.loads(known[4:])["body"] == {
        **json.loads(first[4:])["body"], "outcome": "duplicate"}
    assert engine.sql("SELECT cursor FROM cursors") == [("1",)]


def test_a_new_token_is_repeated_and_not_stored(engine):
    asked = envelope("token.add", engine.api.name, engine.api.key,
                     {"credential": engine.local, "name": "ci",
                      "connector": "codex"},
                     deadline=int(time.time() * 1000) + 60000)
    first = raw(engine.api, asked)
    token = json.loads(first[4:])["body"]["token"]
    assert raw(engine.api, asked) == first
    for file in engine.db.parent.iterdir():
        assert token.encode() not in file.read_bytes()
    engine.restart()
    assert json.loads(raw(engine.api, asked)[4:])["error"]["code"] == \
        "conflict"


def count_commits(wal):
    """Frames of the write-ahead log that end a transaction."""
    data = wal.read_bytes()
    page = struct.unpack(">I", data[8:12])[0]
    salt = data[16:24]
    n = 0
    for at in range(32, len(data) - page - 23, 24 + page):
        head = data[at:at + 24]
        if head[8:16] == salt and struct.unpack(">I", head[4:8])[0]:
            n += 1
    return n


def test_64_waiting_requests_are_one_commit(engine):
    engine.inbound("m:0")
    wait_for("the first chat log",
             lambda: engine.log_of("telegram", "-100"))
    wait_for("its row", lambda: engine.sql("SELECT * FROM log_files"))
    peers = [engine.gateway] + [engine.dial(TELEGRAM) for _ in range(3)]
    wal = pathlib.Path(f"{engine.db}-wal")
    before = count_commits(wal)
    os.kill(engine.process.pid, 19)
    try:
        sent = [(p, p.send("message.inbound", message(f"m:{i}-{j}", "x")))
                for j, p in enumerate(peers) for i in range(16)]
    finally:
        os.kill(engine.process.pid, 18)
    # They come back in any order.
    for peer, _ in sent:
        answer = json.loads(peer.pipe.receive()[4:])
        assert answer["body"]["outcome"] == "accepted"
    # One for the batch; the pipes may deliver it in two or three pieces,
    # and the chat log's row follows.
    assert count_commits(wal) - before <= 6


def test_a_batch_of_several_gateways_leaves_each_at_its_own_cursor(engine):
    other = engine.dial(DISCORD)
    sent = [(engine.gateway, "m:1", "t1"), (other, "m:1", "d1"),
            (engine.gateway, "", "t2"), (other, "", "d2")]
    os.kill(engine.process.pid, 19)
    try:
        for peer, event, cursor in sent:
            peer.send("message.inbound", message(event, "x", cursor=cursor))
    finally:
        os.kill(engine.process.pid, 18)
    # An event without an id is refused, and moves nothing.
    answers = [json.loads(peer.pipe.receive()[4:])["ok"]
               for peer, _, _ in sent]
    assert sorted(answers) == [False, False, True, True]
    assert engine.sql("SELECT instance, cursor FROM cursors WHERE cursor <> ''"
                      " ORDER BY instance") == [
        ("discord.main", "d1"), ("telegram.main", "t1")]


def test_bad_input_changes_nothing_and_says_why(engine):
    cases = [
        ("message.inbound", {"event_id": "m:1"}, "chat_id"),
        ("message.inbound", message("m:1", 7), "text"),
        ("message.inbound", message("", "x"), "event_id"),
        ("delivery.claim", {"max": 0}, "max"),
        ("delivery.result", {"delivery_id": "x", "lease": "x",
                             "outcome": "lost", "part": 0}, "outcome"),
    ]
    for type_, body, where in cases:
        with pytest.raises(Refused) as refused:
            engine.gateway.ask(type_, body)
        assert refused.value.code == "invalid"
        assert where in refused.value.text
    assert engine.sql("SELECT count(*) FROM messages") == [(0,)]


# Tasks

def test_tasks_over_http(place):
    # Nobody runs them: the indexer is asked first and never answers.
    with Engine(place) as engine:
        engine.connect()
        Listener(engine, INDEXER)

        def create(key, **more):
            return engine.api.ask("task.create", {
                "credential": engine.local, "key": key, "title": "A title",
                "prompt": "A prompt", "connector": "codex",
                "external_id": "codex-cli", **more})["task"]
        task = create("t1", priority="p1", due_at_unix=1800000000)
        assert task["kind"] == "general" and task["status"] == "queued"
        assert create("t1", priority="p1", due_at_unix=1800000000)["id"] == \
            task["id"]
        for other in ({"priority": "p2"}, {"due_at_unix": 0}):
            with pytest.raises(Refused) as refused:
                create("t1", **{"priority": "p1",
                                "due_at_unix": 1800000000, **other})
            assert refused.value.code == "conflict"
        for bad in ({"priority": "p9"}, {"kind": "reindex"}):
            with pytest.raises(Refused) as refused:
                create("t2", **bad)
            assert refused.value.code == "invalid"
        by_ids = create("t3", connector="", external_id="",
                        workspace_id=task["workspace_id"],
                        context_id=task["context_id"])
        with pytest.raises(Refused) as refused:
            create("t4", workspace_id="x", context_id=task["context_id"])
        assert refused.value.code == "not_found"
        ref = {"credential": engine.local, "task_id": task["id"]}
        done = engine.api.ask("task.cancel", ref)["task"]
        assert done["status"] == "cancelled"
        with pytest.raises(Refused) as refused:
            engine.api.ask("task.cancel", ref)
        assert refused.value.code == "conflict"
        with pytest.raises(Refused) as refused:
            engine.api.ask("task.retry", {**ref, "key": "r1"})
        assert "only failed tasks" in refused.value.text
        listed = engine.api.ask("task.list", {
            "credential": engine.local, "status": "cancelled"})["items"]
        assert [t["id"] for t in listed] == [task["id"]]
        assert by_ids["context_id"] == task["context_id"]
        assert engine.sql("SELECT operation, actor, subject FROM audit"
                          " WHERE subject = ? ORDER BY seq", task["id"]) == [
            ("task.create", "local", task["id"]),
            ("task.cancel", "local", task["id"])]
        columns = [c[1] for c in engine.sql("PRAGMA table_info(tasks)")]
        assert columns[:26] == [
            "id", "workspace_id", "context_id", "kind", "title", "prompt",
            "status", "run_key", "route_class", "priority", "assigned_lane",
            "due_at_unix", "source_connector", "source_external_id",
            "source_user_id", "source_text", "attempts", "worker_id",
            "started_at_unix", "finished_at_unix", "result_summary",
            "result_path", "error_message", "created_at", "updated_at_unix",
            "created_ms"]


def test_a_task_ends_in_word_and_file(place):
    with Engine(place) as engine:
        engine.connect()
        indexer = Listener(engine, INDEXER)
        engine.inbound("m:1", "/task summarise the tide tables")
        for begins in ("Task queued: `", "I have begun with task `"):
            got = wait_for("it", lambda: engine.gateway.ask(
                "delivery.claim", {"max": 1})["deliveries"])[0]
            assert got["text"].startswith(begins)
            engine.gateway.ask("delivery.result", {
                "delivery_id": got["delivery_id"], "lease": got["lease"],
                "outcome": "sent", "part": 0, "is_last": True})
        _, answer = indexer.take()
        answer({"hits": [{"path": "tides.md", "short_id": "#abc123",
                          "title": "Tides", "heading": "Tides", "line": 1,
                          "snippet": "High water at noon.", "score": 0.5,
                          "text": "# Tides\n\nHigh water at noon.\n"}]})
        got = wait_for("the result", lambda: engine.gateway.ask(
            "delivery.claim", {"max": 1})["deliveries"])[0]
        row = engine.sql("SELECT id, status, result_path, route_class,"
                         " priority, assigned_lane, source_user_id FROM"
                         " tasks")[0]
        assert row[1] == "succeeded", row
        assert row[3:] == ("task", "p2", "operations", "42")
        assert f"Task `{row[0]}` is done" in got["text"]
        assert engine.sql(
            "SELECT operation, actor, speaks_as, detail FROM audit"
            " WHERE subject = ? ORDER BY seq", row[0]) == [
                ("task.create", "telegram:42", "", "general p2 queued"),
                ("task.succeeded", "engine", "telegram:42", row[2])]
        file = next((engine.data / "workspaces").glob("*")).parent
        path = wait_for("the artifact", lambda: list(file.glob(
            "*/" + row[2])))[0]
        text = path.read_text()
        assert text.startswith("# Task Result\n\n- ID: `" + row[0])
        assert "## Prompt\n\nsummarise the tide tables\n" in text


# Kills

def as_said(text):
    """An entry's text without the escapes before its HTML."""
    if not text.endswith("\t"):
        return text
    return re.sub(r"\\+(?=<[A-Za-z/!?])",
                  lambda m: m[0][:len(m[0]) // 2], text[:-1])


def entries(text):
    return [(direction, as_said(said)) for direction, said in re.findall(
        r"^## \S+ `(\w+)`\n- direction: `\w+`\n- actor: "
        r"`[^`]*`\n\n(.*?)\n\n(?=## |\Z)", text, re.M | re.S)]


def test_kill_9_loses_nothing_and_doubles_nothing(place):
    """G-07, P-20: a row before its turn, in one transaction."""
    with Engine(place) as engine:
        engine.connect()
        acknowledged = 0
        for round_ in range(12):
            for i in range(20):
                engine.inbound(f"m:{round_}-{i}", f"/help {round_}-{i}")
                acknowledged += 1
            # In flight when it dies, and sent again with the same event.
            engine.gateway.send("message.inbound",
                                message(f"m:{round_}-x", "/help x"))
            engine.restart()
            engine.inbound(f"m:{round_}-x", "/help x")
            acknowledged += 1
        rows = engine.sql("SELECT direction, text FROM messages WHERE"
                          " chat_id = '-100' ORDER BY seq")
        assert len(rows) == 2 * acknowledged
        assert engine.sql("SELECT count(*) FROM outbox") == [(acknowledged,)]
        assert engine.sql("PRAGMA integrity_check") == [("ok",)]
        wanted = [(d.upper(), t) for d, t in rows]
        wait_for("the whole chat log", lambda: entries(
            engine.log_of("telegram", "-100") + "\n") == wanted or
            entries(engine.log_of("telegram", "-100")) == wanted)


def test_the_third_crash_sets_a_turn_aside(place):
    with Engine(place) as engine:
        engine.connect()
        indexer = Listener(engine, INDEXER)
        engine.inbound("m:1", "/search one", chat="1")
        for _ in range(3):
            indexer.take()
            turn = engine.sql("SELECT seq FROM turns WHERE state ="
                              " 'running'")[0][0]
            engine.kill()
            (engine.data / "agent-runtime" / "current").write_bytes(
                struct.pack("=q", turn))
            engine.start().connect()
        assert engine.sql("SELECT state, crash_count FROM turns") == [
            ("failed", 3)]
        got = engine.gateway.ask("delivery.claim", {"max": 1})["deliveries"]
        assert "set aside" in got[0]["text"]
        # And it starts as usual afterwards.
        engine.restart()
        assert engine.sql("SELECT state FROM turns") == [("failed",)]
