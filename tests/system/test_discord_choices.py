"""What Discord offers while the id of a task or an action is typed: what the
asker may do that to, and nothing that they may not see."""

import signal
import sys

import pytest

from conftest import ROOT, SLOW, wait_for

sys.path.insert(0, str(ROOT / "tests/fakes"))
from discord import Discord  # noqa: E402
from model_stub import ModelStub  # noqa: E402

KEY = "sk-canary-of-the-model"


@pytest.fixture
def discord():
    with Discord() as d:
        yield d
        assert d.violations == []


@pytest.fixture
def up(suite, discord):
    """(suite, stub): its commands are registered, and ada is an admin."""
    with ModelStub(key=KEY) as stub:
        s = suite({"AGENT_RUNTIME_DISCORD_TOKEN": discord.token,
                   "AGENT_RUNTIME_DISCORD_API_BASE": discord.api_url,
                   "AGENT_RUNTIME_LLM_BASE_URL": stub.url,
                   "AGENT_RUNTIME_LLM_API_KEY": KEY})
        wait_for("the commands", lambda: discord.commands.get(""), 20)
        begun = s.http("POST", "/api/v1/pairings/start", {
            "connector": "discord",
            "connector_user_id": discord.user("ada")["id"],
            "display_name": "ada"})
        s.http("POST", "/api/v1/pairings/approve", {
            "token": begun.json["token"], "role": "admin"})
        yield s, stub


def offered(discord, user, command, typed="", channel="general"):
    registered = next(c for c in discord.commands[""].values()
                      if c["name"] == command)
    option = registered["options"][0]
    assert option["autocomplete"]
    kept = discord.typing_in(channel, user, command, option["name"], typed)
    wait_for("choices", lambda: kept["response"], 3 * SLOW)
    assert kept["response"]["type"] == 8
    return kept["response"]["data"]["choices"]


@pytest.fixture
def tasks(discord, up):
    """Two tasks that run: {who asked: its id}."""
    s, stub = up
    stub.latency_ms = 60000
    for who, what in (("alice", "dig a hole"), ("bob", "fill the hole")):
        kept = discord.command("general", who, "task", prompt=what)
        wait_for("an answer", lambda k=kept: k["original"], 20)
    items = s.http("GET", "/api/v1/tasks").json["items"]
    assert len(items) == 2
    return {"alice" if "dig" in i["title"] else "bob": i["id"] for i in items}


def values(choices):
    return {c["value"] for c in choices}


def test_everybody_is_offered_what_they_may_end(discord, tasks):
    own = offered(discord, "alice", "cancel")
    assert values(own) == {tasks["alice"]}
    assert "dig a hole" in own[0]["name"]
    assert values(offered(discord, "ada", "cancel")) == set(tasks.values())
    assert offered(discord, "mallory", "cancel") == []
    assert offered(discord, "alice", "route") == []
    # Nobody spoke there; and an account's own room is another workspace.
    assert offered(discord, "ada", "cancel", channel="random") == []
    assert offered(discord, "ada", "cancel", channel=discord.dm_of(
        discord.user("ada")["id"])["id"]) == []


def test_what_is_typed_narrows_it(discord, tasks):
    one = tasks["bob"]
    for typed in (one[:4], one[:4].upper(), one, "FILL"):
        assert values(offered(discord, "ada", "cancel", typed)) == {one}
    assert values(offered(discord, "ada", "cancel", "hole")) == \
        set(tasks.values())
    assert offered(discord, "ada", "cancel", "zzzz") == []
    # What is said behind the id stays.
    assert values(offered(discord, "ada", "done", one[:6] + " was easy")) == {
        one + " was easy"}
    # A value that Discord would refuse is not offered.
    assert offered(discord, "ada", "done", one[:6] + " x" * 40) == []


def test_what_was_chosen_can_be_done(discord, tasks):
    value, = values(offered(discord, "alice", "cancel"))
    kept = discord.command("general", "alice", "cancel", task_id=value)
    wait_for("an answer", lambda: kept["original"], 20)
    assert "cancelled" in kept["original"]["content"]
    assert offered(discord, "alice", "cancel") == []


def test_actions_are_offered_to_whom_may_decide_them(discord, up):
    s, stub = up
    stub.reply = 'I would:\n\n```action\n{"type": "run_command", ' \
        '"target": "ls", "args": ["-l"]}\n```'
    discord.say("general", "alice", "list it", mention=True)
    action, = wait_for("an action", lambda: s.http(
        "GET", "/api/v1/actions?status=pending").json["items"], 20)
    for command in ("approve", "deny", "approve-action", "deny-action"):
        choice, = offered(discord, "ada", command)
        assert choice["value"] == action["id"]
        assert "run_command" in choice["name"]
        assert offered(discord, "alice", command) == []
    assert values(offered(discord, "ada", "approve-action",
                          action["id"][4:8])) == {action["id"]}


def test_without_the_engine_there_is_nothing_to_choose(discord, tasks, up):
    s, _ = up
    s.kill("task-engine", signal.SIGSTOP)
    try:
        assert offered(discord, "ada", "cancel") == []
    finally:
        s.kill("task-engine", signal.SIGCONT)
