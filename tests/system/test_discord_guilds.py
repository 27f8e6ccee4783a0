"""Servers that somebody adds the bot to and removes it from."""

import contextlib
import signal
import sys

import pytest

from conftest import ROOT, SLOW, wait_for

sys.path.insert(0, str(ROOT / "tests/fakes"))
from discord import Discord  # noqa: E402


@pytest.fixture
def discord():
    with Discord() as d:
        yield d
        assert d.violations == []


@pytest.fixture
def up(suite, discord):
    """A suite whose overlord hears in private what concerns all."""
    s = suite({"AGENT_RUNTIME_DISCORD_TOKEN": discord.token,
               "AGENT_RUNTIME_DISCORD_API_BASE": discord.api_url})
    discord.wait("a session", discord.is_ready, 20 * SLOW)
    begun = s.http("POST", "/api/v1/pairings/start", {
        "connector": "discord", "connector_user_id": discord.user("ada")["id"],
        "display_name": "ada"})
    s.http("POST", "/api/v1/pairings/approve", {
        "token": begun.json["token"], "role": "overlord"})
    discord.whisper("ada", "/admin-channel enable global")
    wait_for("the hub", lambda: hub(discord), 20)
    discord.messages.clear()
    return s


def hub(discord):
    return discord.texts(discord.dm_of(discord.user("ada")["id"])["id"])


def wait_told(discord, *words):
    return wait_for(f"{words} at the hub", lambda: next(
        (t for t in hub(discord) if all(w in t for w in words)), None), 20)


def audited(s):
    got = s.http("GET", "/api/v1/audit").json["items"]
    return sorted(i["operation"] for i in got
                  if i["operation"].startswith("membership."))


def test_a_new_server_is_greeted_once_and_told(discord, up):
    guild = discord.join("reef", ["lobby", "talk"], system_channel="lobby")
    wait_told(discord, "added to", "reef")
    wait_for("a hello", lambda: discord.texts("lobby"), 20)
    assert "/help" in discord.texts("lobby")[0]
    assert discord.texts("talk") == []
    # Discord lists it again at each start: no news.
    up.kill("gateway-discord")
    discord.expire_sessions()
    discord.identify_window = 0
    discord.say("talk", "alice", "/help", mention=True)
    before = len(discord.identifies)
    wait_for("another session", lambda: len(discord.identifies) > before, 40)
    discord.wait("a session", discord.is_ready, 20 * SLOW)
    heard = discord.say("talk", "bob", "/help", mention=True)
    wait_for("an answer", lambda: any(
        m.get("message_reference", {}).get("message_id") == heard
        for m in discord.messages), 20)
    assert len(discord.texts("lobby")) == 1 and len(hub(discord)) == 1
    # Those that were there at the first start had no hub to be told at.
    assert audited(up) == ["membership.added", "membership.added"]
    names = {w["name"] for w in up.http(
        "GET", "/api/v1/workspaces").json["items"]}
    assert {"harbour", "reef"} <= names
    assert guild["name"] == "reef"


def test_leaving_ends_deliveries_and_coming_back_goes_on(discord, up):
    guild = discord.join("reef", ["lobby"], system_channel="lobby")
    wait_for("a hello", lambda: discord.texts("lobby"), 20)
    discord.leave(guild)
    wait_told(discord, "removed from", "reef")
    discord.rejoin(guild)
    wait_for("both arrivals", lambda: len(
        [t for t in hub(discord) if "added to" in t]) == 2, 20)
    discord.say("lobby", "alice", "/help", mention=True)
    wait_for("an answer", lambda: len(discord.texts("lobby")) > 1, 20)
    # One hello a day is enough.
    assert len([t for t in discord.texts("lobby") if "Hello" in t]) == 1


def test_an_outage_is_no_leaving(discord, up):
    guild = discord.join("reef", ["lobby"], system_channel="lobby")
    wait_for("a hello", lambda: discord.texts("lobby"), 20)
    discord.outage(guild)
    discord.say("lobby", "alice", "/help", mention=True)
    wait_for("an answer", lambda: len(discord.texts("lobby")) > 1, 20)
    assert not [t for t in hub(discord) if "removed" in t]
    assert "membership.removed" not in audited(up)


def test_what_was_left_while_nobody_listened_is_noticed(discord, up):
    guild = discord.join("reef", ["lobby"], system_channel="lobby")
    kept = discord.join("quay", ["pier"], system_channel="pier")
    wait_for("both hellos", lambda: discord.texts("lobby")
             and discord.texts("pier"), 20)
    # The session is lost, and what it would have told with it.
    discord.expire_sessions()
    discord.identify_window = 0
    discord.close(4000)
    discord.leave(guild)
    wait_told(discord, "removed from", "reef")
    discord.wait("a session", discord.is_ready, 20 * SLOW)
    assert not any("quay" in t for t in hub(discord) if "removed" in t)
    # It is asked at each beginning, and is news once.
    discord.expire_sessions()
    before = len(discord.identifies)
    up.kill("gateway-discord")
    wait_for("another session", lambda: len(discord.identifies) > before, 40)
    discord.say("pier", "alice", "/help", mention=True)
    wait_for("an answer", lambda: len(discord.texts("pier")) > 1, 20)
    assert len([t for t in hub(discord) if "removed from" in t]) == 1
    discord.rejoin(guild)
    wait_for("the return", lambda: len(
        [t for t in hub(discord) if "added to" in t and "reef" in t]) == 2, 20)
    assert kept["name"] == "quay"


@contextlib.contextmanager
def killed_untold(discord, s, resumes):
    """The gateway dies having heard what is done in here, and the engine has
    not acknowledged it by then."""
    s.kill("task-engine", signal.SIGSTOP)
    try:
        yield
        # Acknowledged beats came behind it on the same connection.
        begun = discord.n_beats
        wait_for("two beats", lambda: discord.n_beats >= begun + 2, 20)
        if not resumes:
            discord.expire_sessions()
            discord.identify_window = 0
        s.kill("gateway-discord")
    finally:
        s.kill("task-engine", signal.SIGCONT)


@pytest.mark.parametrize("resumes", [True, False])
def test_what_was_untold_at_a_kill_is_told_once(discord, up, resumes):
    with killed_untold(discord, up, resumes):
        guild = discord.join("reef", ["lobby"], system_channel="lobby")
    wait_told(discord, "added to", "reef")
    discord.say("lobby", "alice", "/help", mention=True)
    wait_for("hello and answer", lambda: len(discord.texts("lobby")) > 1, 20)
    with killed_untold(discord, up, resumes):
        discord.leave(guild)
    wait_told(discord, "removed from", "reef")
    discord.whisper("ada", "/help")
    wait_for("an answer", lambda: "/task" in hub(discord)[-1], 20)
    assert len(discord.texts("lobby")) == 2
    assert ["added" in t for t in hub(discord) if "reef" in t] == [True, False]
