"""What would become of a message: told, and nothing else happens."""

import hashlib
import json
import time

import pytest

from community import KEY, ROOM, Community, ModelStub, with_model
from conftest import wait_for
from door import Refused, place  # noqa: F401


@pytest.fixture
def stub():
    with ModelStub(key=KEY) as s:
        s.reply = "Here you are."
        yield s


@pytest.fixture
def town(place, stub):  # noqa: F811
    with Community(place, with_model(
            stub, AGENT_RUNTIME_GUEST_MODEL_TURNS_PER_DAY="1")) as c:
        c.role("9", "member")
        c.answered(c.ask("we meet on Thursdays", user="9"))
        wait_for("all that was said before in the files", lambda:
                 c.sql("SELECT 1 FROM files WHERE state = 'pending'") == []
                 and "Here you are" in c.log_of("telegram", ROOM)
                 and settled(c))
        yield c


def settled(c):
    """Whether nothing of it is still on its way."""
    before = state(c)
    time.sleep(0.3)
    return state(c) == before


def simulate(c, text, user="telegram:9", **more):
    return c.api.ask("trace.simulate", {
        "credential": c.local, "as": user, "in": "telegram:" + ROOM,
        "text": text, **more})


def state(c):
    """All rows of all tables but the day's tokens, and all files of the
    workspaces."""
    tables = [r[0] for r in c.sql(
        "SELECT name FROM sqlite_schema WHERE type = 'table'"
        " AND name <> 'usage_of_days'")]
    rows = {t: c.sql(f'SELECT * FROM "{t}"') for t in tables}
    files = {str(p): hashlib.sha256(p.read_bytes()).hexdigest()
             for p in (c.data / "workspaces").rglob("*") if p.is_file()}
    return rows, files


def used(c):
    """Tokens of today, by scope and whose they are."""
    return {(scope, key): n for scope, key, n in c.sql(
        "SELECT scope, key, tokens_in + tokens_out FROM usage_of_days")}


CASES = [
    ("words", "as you said, when do we meet?", {},
     "answered by a turn of the agent"),
    ("overheard", "we had fish", {"is_overheard": True},
     "would not be answered"),
    ("overheard issue", "the deploy is broken and it fails",
     {"is_overheard": True}, "take it for issue"),
    ("a command", "/task count the boats", {}, "command.task"),
    ("not theirs", "/prompt set x", {}, "refused"),
    ("no such one", "/nonsense", {}, "answered at once"),
]


@pytest.mark.parametrize("text, more, said", [r[1:] for r in CASES],
                         ids=[r[0] for r in CASES])
def test_it_says_what_would_be_and_nothing_happens(town, stub, text, more,
                                                   said):
    town.log_of("telegram", ROOM)
    before, n = (state(town), used(town)), len(stub.requests)
    got = simulate(town, text, **more)
    assert said in got["text"], got
    assert (got["as"], got["role"]) == ("telegram:9", "member")
    assert (state(town), used(town)) == before and len(stub.requests) == n


def test_without_a_model_the_prompt_is_told(town, stub):
    got = simulate(town, "as you said, when do we meet?")
    turn = got["turn"]
    assert turn["strategy"].startswith("tail") and "search_knowledge" in got[
        "tools"]
    parts = {(p["section"], p["origin"]) for p in turn["parts"]}
    assert {("rules", "program"), ("tail", "member"),
            ("message", "member")} <= parts, turn
    assert got.get("reply", "") == "" and len(stub.requests) == 1


def test_with_a_model_its_wants_are_shown_and_not_done(town, stub):
    stub.script = [[("create_task", {"title": "t", "description": "d"})]]
    before, charged = state(town), used(town)
    got = simulate(town, "as you said, make a task", use_model=True)
    assert [w["name"] for w in got["wants"]] == ["create_task"], got
    assert got["turn"]["calls"] == 1
    assert state(town) == before
    stub.reply = "On Thursdays."
    got = simulate(town, "as you said, when do we meet?", use_model=True)
    assert got["reply"] == "On Thursdays." and state(town) == before
    # What it took is the operator's, and nobody's who is simulated.
    more = {key: n - charged.get(key, 0) for key, n in used(town).items()
            if n != charged.get(key)}
    workspace, = [key for key in charged if key[0] == "workspace"]
    assert more == {("person", "local"): 36, workspace: 36, ("all", ""): 36}


def test_a_guests_day_is_looked_at_and_not_used(town):
    for _ in range(3):
        got = simulate(town, "what is a tide?", user="telegram:42")
        assert "by a turn" in got["text"], got
    town.answered(town.ask("what is a tide?", user="42"))
    got = simulate(town, "what is an ebb?", user="telegram:42")
    assert "AGENT_RUNTIME_GUEST_MODEL_TURNS_PER_DAY" in got["text"], got


@pytest.mark.parametrize("more, code", [
    ({"as": "nobody"}, "invalid"), ({"in": "telegram:-4711"}, "not_found")])
def test_what_makes_no_sense_is_said(town, more, code):
    with pytest.raises(Refused) as refused:
        simulate(town, "hello", **more)
    assert refused.value.code == code


def test_the_command_prints_it(suite):
    s = suite()
    s.chat("/help")
    out = s.run("simulate", "--as", "local", "--in", "codex:codex-cli",
                "--no-model", "where", "is", "the", "harbour?")
    assert "by a turn of the agent" in out.stdout, out
    got = json.loads(s.run("simulate", "--as", "local", "--in",
                           "codex:codex-cli", "--json", "/help").stdout)
    assert got["heard"]["command"] == "command.help"
    s.run("token", "add", "ci")
    where = "--in", "codex:codex-cli", "--no-model", "where is the harbour?"
    as_tool = s.run("simulate", "--as", "tool:ci", *where)
    assert "tool:ci as guest" in as_tool.stdout, as_tool
    nobody = s.run("simulate", "--as", "nobody:1", *where)
    assert nobody.returncode == 2 and "telegram, discord" in nobody.stderr
    assert s.run("simulate", "hello").returncode == 2
