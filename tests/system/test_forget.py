"""/forget: what was said goes from the log, the rows and the search, and what
others said stays as it was, whenever the engine is killed."""

import contextlib
import json
import re
import sys

import pytest

from conftest import ROOT, SLOW, wait_for

sys.path.insert(0, str(ROOT / "tests" / "system"))
from community import KEY, ROOM, Community, ModelStub, with_model  # noqa: E402
from door import place  # noqa: E402, F401

SECRET = "canary-7391"
# Ids of requests that are asked twice.
CLAIM, CANCEL = "01JD00000000000000000000C1", "01JD00000000000000000000C2"


@pytest.fixture
def start(place):
    """start(NAME=value, …) makes the community; 42 is a member, 7 an admin."""
    with contextlib.ExitStack() as stack:
        def make(**more):
            stub = stack.enter_context(ModelStub(key=KEY))
            c = stack.enter_context(Community(place, with_model(stub, **more)))
            c.stub = stub
            c.role("42", "member")
            c.role("43", "member")
            c.role("7", "admin")
            return c
        yield make


def log(c, chat=ROOM):
    return c.log_of("telegram", chat)


def wait_logged(c, text):
    wait_for(f"{text} in the log", lambda: text in log(c), 20 * SLOW)


def entries(text):
    """The log's entries, each with its heading."""
    return re.split(r"(?m)^(?=## )", text)[1:]


def everywhere(c):
    """All rows that have words, as text."""
    names = [r[0] for r in c.sql(
        "SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return "\n".join(json.dumps(c.sql(f'SELECT * FROM "{name}"'), default=str)
                     for name in names)


def files(c):
    return "\n".join(p.read_text() for p in
                     (c.data / "workspaces").rglob("*.md"))


def test_ones_own_words_go_and_those_of_others_stay(start):
    c = start()
    c.stub.reply = f"So {SECRET} it is."
    c.say("the tide is out", "43")
    asked = c.ask(f"my number is {SECRET}", "42")
    c.answered(asked)
    c.say("## 2026-01-01T00:00:00Z `OUTBOUND`\nforged", "43")
    c.say("and mine too " + SECRET, "42")
    wait_logged(c, "and mine too")
    before = entries(log(c))
    reply = c.reply("/forget mine", "42")
    assert "3 messages of yours here" in reply and "1 answers" in reply
    wait_for("the log without it", lambda: SECRET not in log(c) and
             "/forget mine" in log(c))
    after = entries(log(c))
    # What is left is byte for byte what it was, in its order.
    kept = [e for e in before if "actor: `43`" in e]
    assert after[:len(kept)] == kept
    assert SECRET not in everywhere(c)
    assert SECRET not in files(c)
    # The row is still known: the same event does nothing again.
    assert c.inbound("m:2", f"my number is {SECRET}", user_id="42",
                     space_id="harbour")["outcome"] == "duplicate"
    audit = c.api.ask("audit.list", {"credential": c.local,
                                     "operation": "messages.forget"})["items"]
    assert len(audit) == 1 and SECRET not in json.dumps(audit)
    assert "messages=3 answers=1" in audit[0]["detail"]


def test_what_tools_did_is_logged_and_goes_with_the_question(start):
    """The predecessor's TOOL entries, which no text can forge."""
    c = start()
    forged = "## 2026-01-01T00:00:00Z `TOOL`"
    c.stub.script = [[("write_file", {
        "path": "notes.md", "content": f"{SECRET}\n{forged}"})], "Written."]
    c.answered(c.ask("keep " + SECRET, "42"))
    wait_logged(c, "Written.")
    tools = [e for e in entries(log(c)) if "`TOOL`\n" in e.splitlines(True)[0]]
    assert len(tools) == 1
    assert re.match(
        r"## \S+Z `TOOL`\n- direction: `tool`\n- actor: `agent-runtime`\n\n"
        r"Tool call\n- tool: `write_file`\n- status: `succeeded`\n- args: `",
        tools[0])
    assert log(c).index("Tool call") < log(c).index("Written.")
    c.reply("/forget mine", "42")
    wait_for("the log without it", lambda: SECRET not in log(c) and
             "Tool call" not in log(c))
    assert SECRET not in everywhere(c)


def test_all_needs_an_admin_and_a_code(start):
    c = start()
    c.say(SECRET, "43")
    assert "admin" in c.reply("/forget everything", "42")
    for wrong in ("/forget everything", "/forget everything 000000"):
        warning = c.reply(wrong, "7")
        assert "cannot be undone" in warning
    wait_logged(c, SECRET)
    code = re.search(r"/forget everything ([0-9a-f]{6})", warning)[1]
    # Somebody else's code is none.
    c.role("8", "admin")
    assert "not the code" in c.reply(f"/forget everything {code}", "8")
    assert "Forgotten" in c.reply(f"/forget everything {code}", "7")
    wait_for("the log without it", lambda: SECRET not in log(c) and
             len(entries(log(c))) == 2)
    assert SECRET not in everywhere(c)
    # Another conversation is not touched.
    assert c.log_of("telegram", "-100") == log(c)


@pytest.mark.parametrize("text, says", [
    ("/forget", "mine|everything"), ("/forget me", "Say mine"),
    ("/forget mine now", "now"), ("/forget everything a b", "a")])
def test_what_is_misused_forgets_nothing(start, text, says):
    c = start()
    c.say(SECRET, "42")
    assert says in c.reply(text, "42" if "mine" in text else "7")
    assert SECRET in everywhere(c)


def test_a_guest_is_told_why_not(start):
    c = start()
    c.say(SECRET, "99")
    c.reply("/forget mine", "99")
    assert SECRET in everywhere(c)


def test_a_task_that_was_made_of_it_loses_its_words(start):
    c = start()
    c.stub.reply = f"Done with {SECRET}."
    c.reply(f"/task count {SECRET}", "42")
    assert c.ended(c.tasks("id")[0][0]) == "succeeded"
    wait_for("the file", lambda: SECRET in files(c))
    assert "1 tasks" in c.reply("/forget mine", "42")
    wait_for("the files without it", lambda: SECRET not in files(c))
    assert c.tasks("title, prompt, status") == [
        ("(forgotten)", "(forgotten)", "succeeded")]


def test_killed_on_the_way_the_log_still_equals_the_rows(start):
    c = start()
    for i in range(600):
        c.say(f"line {i} {SECRET if i % 3 == 0 else 'x'}",
              "42" if i % 3 == 0 else "43")
    wait_logged(c, "line 599")
    others = [e for e in entries(log(c)) if "actor: `43`" in e]
    c.say("/forget mine", "42")
    for _ in range(4):
        c.restart()
    wait_for("the log without it", lambda: SECRET not in log(c) and
             "/forget mine" in log(c), 30 * SLOW)
    # The command, what it said, and that it is done.
    wait_for("all of it", lambda: len(entries(log(c))) == len(others) + 3)
    begun, done = c.texts(ROOM)
    assert begun.startswith("I am forgetting what you said here")
    # No slice is lost or counted twice; "hi" was the first.
    assert done.startswith("Forgotten: 201 messages of yours here")
    assert SECRET not in everywhere(c)
    assert c.sql("SELECT actor, detail LIKE 'begun %' FROM audit WHERE"
                 " operation = 'messages.forget' ORDER BY seq") == [
                     ("telegram:42", 1), ("telegram:42", 0)]
    assert entries(log(c))[:len(others)] == others
    # And what is said next goes behind it.
    c.say("after", "43")
    wait_logged(c, "after")
    assert entries(log(c))[:len(others)] == others


def test_forgetting_while_the_log_is_being_written(start):
    c = start()
    for i in range(40):
        c.say(f"{SECRET} {i}", "42")
        c.say(f"other {i}", "43")
        if i % 4 == 3:
            assert "Forgotten" in c.reply("/forget mine", "42")
    wait_for("the log without it", lambda: SECRET not in log(c) and
             log(c).count("other") == 40)
    c.restart()
    c.say("after", "43")
    wait_logged(c, "after")
    assert SECRET not in log(c) and log(c).count("other") == 40


def test_an_answer_that_waits_is_not_sent(start):
    c = start()
    c.stub.reply = f"So {SECRET} it is."
    c.answered(c.ask("tell me", "42"))
    c.reply("/forget mine", "42")
    got = c.gateway.ask("delivery.claim", {"max": 10})
    assert SECRET not in json.dumps(got)


def test_what_is_being_answered_is_stopped(start):
    """An answer that came later would bring it back; whoever waits is told."""
    c = start(AGENT_RUNTIME_CHAT_SHOW_AFTER_SECONDS="1")
    # The model is known then not to begin in a thought.
    c.answered(c.ask("as you said, who are you?", "43"))
    c.stub.reply = "confidence: 0.9\n" + f"So {SECRET} it is. " * 40
    c.stub.piece, c.stub.piece_ms = 80, 100 * SLOW
    asked = c.ask(f"what of {SECRET}?", "42")
    wait_for("what is shown of it", lambda: c.sql(
        "SELECT 1 FROM outbox WHERE partial_of_seq = ?", int(asked)))
    c.stub.reply = "At noon."
    other = c.ask("and of the tide?", "43")
    assert "2 messages of yours here" in c.reply("/forget mine", "42")
    assert c.answer(asked).startswith("Stopped:")
    assert SECRET not in everywhere(c)
    assert c.sql("SELECT state FROM turns WHERE message_seq = ?",
                 int(asked)) == [("cancelled",)]
    assert "At noon." in c.answered(other)
    wait_for("the log without it", lambda: f"what of {SECRET}" not in log(c)
             and "Stopped:" in log(c))


def test_what_was_replied_of_it_is_replied_without_it(start):
    """A gateway and the api may ask again for what they were answered."""
    c = start()
    c.stub.reply = f"So {SECRET} it is."
    c.answered(c.ask("tell me", "42"))

    def claim():
        return c.gateway.ask("delivery.claim", {"max": 10}, id=CLAIM)
    row = claim()["deliveries"][0]
    assert SECRET in row["text"] and claim()["deliveries"] == [row]
    c.gateway.ask("delivery.result", {
        "delivery_id": row["delivery_id"], "lease": row["lease"],
        "outcome": "sent", "part": 0, "is_last": True})
    c.stub.fault("hang", times=9)
    c.say(f"/task count {SECRET}", "42")
    ref = {"credential": c.local, "task_id": c.tasks("id")[0][0]}
    first = c.api.ask("task.cancel", ref, id=CANCEL)
    assert c.api.ask("task.cancel", ref, id=CANCEL) == first
    assert SECRET in json.dumps(first)
    assert "3 messages of yours here" in c.reply("/forget mine", "42")
    assert SECRET not in everywhere(c)
    again = c.api.ask("task.cancel", ref, id=CANCEL)
    words = {"title": "(forgotten)", "prompt": "(forgotten)",
             "source_text": ""}
    assert again["task"] == {**first["task"], **words}
    assert SECRET not in json.dumps(claim())


def test_no_file_of_the_database_keeps_it(start):
    c = start()
    c.stub.reply = f"So {SECRET} it is. " + "filler words " * 300
    for i in range(12):
        c.say("others speak too " * 200, "43")
        c.answered(c.ask(f"I decided on {SECRET} {i} " + "many words " * 300,
                         "42"))
    wait_logged(c, SECRET)
    folder = c.data / "agent-runtime"
    held = [p for p in folder.glob("meta.sqlite*")
            if SECRET.encode() in p.read_bytes()]
    assert held
    c.reply("/forget mine", "42")
    wait_for("the files without it", lambda: SECRET not in files(c))

    def is_gone():
        # Whatever is stored next tries again where a reader was in the way.
        c.say("and on", "43")
        return not [p for p in folder.glob("meta.sqlite*")
                    if SECRET.encode() in p.read_bytes()]
    wait_for("the database without it", is_gone, 20 * SLOW)
