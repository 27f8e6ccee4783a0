"""The Discord gateway with the whole suite, against a Discord that is strict
(tests/fakes/discord.py): what people say and see, and what happens to it when
the platform, the network or a daemon fails."""

import pathlib
import re
import signal
import ssl
import subprocess
import tempfile
import time

import pytest

from conftest import SLOW, wait_for
from discord_suite import (TOKEN, Discord, answers, discord,  # noqa: F401
                           joined, model, settings, state_of, wait_answered,
                           wait_state)


# -- what people say and see ------------------------------------------------

def test_a_mention_is_answered_where_it_stands(discord, joined):
    heard = discord.say("general", "alice", "/help", mention=True)
    wait_answered(discord, [heard])
    got = discord.messages[0]
    assert got["channel_id"] == discord.channel("general")["id"]
    assert "/search" in got["content"]
    assert got["pings"] == []
    wait_state(joined, "healthy")


@pytest.mark.parametrize("how", ["dm", "reply", "role", "nickname form",
                                 "thread"])
def test_what_is_addressed_is_answered(discord, joined, how):
    say = {
        "dm": lambda: discord.whisper("alice", "/help"),
        "reply": lambda: discord.say(
            "general", "alice", "status", reply_to=discord.post(
                discord.channel("general"), {"content": "hm"})["id"]),
        "role": lambda: discord.say(
            "general", "alice", f"<@&{discord.role_id}> status",
            mention_roles=[discord.role_id]),
        "nickname form": lambda: discord.say(
            "general", "alice", f"<@!{discord.bot_id}> status"),
        "thread": lambda: discord.say(
            discord.add_thread("plans", "general")["id"], "alice", "status",
            mention=True),
    }[how]
    discord.messages.clear()
    heard = say()
    wait_answered(discord, [heard])


def test_what_nobody_said_to_it_is_not_answered(discord, joined):
    bot = {"id": discord.snowflake(), "username": "other", "bot": True,
           "discriminator": "0", "global_name": None, "avatar": None}
    discord.say("general", "alice", "somebody else, help me")
    discord.say("general", "alice", "/help", mention=True, author=bot)
    discord.say("general", "alice", "/help", mention=True,
                webhook_id=discord.snowflake())
    discord.say("general", "alice", "/help", mention=True, type=7)
    edited = discord.say("general", "alice", "good morning")
    discord.edit(edited, f"<@{discord.bot_id}> /help")
    last = discord.say("general", "bob", "/help", mention=True)
    wait_answered(discord, [last])
    # In order within a chat: what came before it is through.
    assert list(answers(discord)) == [last]
    assert len(discord.messages) == 1


def test_places_have_names_and_threads_their_parents(discord, joined):
    """P-76: names were never fetched."""
    thread = discord.add_thread("plans", "general")
    heard = [discord.say("general", "alice", "status", mention=True),
             discord.say(thread["id"], "alice", "status", mention=True),
             discord.whisper("alice", "status")]
    wait_answered(discord, heard)
    contexts = {c["external_id"]: c for c in joined.http(
        "GET", "/api/v1/contexts").json["items"]}
    general, inner = (contexts[discord.channel("general")["id"]],
                      contexts[thread["id"]])
    assert general["name"] == "general"
    assert inner["name"] == "plans"
    assert general["workspace_id"] == inner["workspace_id"]


def test_names_are_fetched_after_a_resumed_session(discord, joined):
    first = discord.say("general", "alice", "status", mention=True)
    wait_answered(discord, [first])
    joined.kill("gateway-discord")
    heard = discord.say("random", "alice", "status", mention=True)
    wait_answered(discord, [heard])
    assert ("GET", "/channels/" + discord.channel("random")["id"]) in \
        discord.rest.calls


def test_a_long_answer_is_cut_at_lines_with_its_fences(discord, model):
    """P-71: more than 2000 characters were lost."""
    _, stub = model
    lines = "\n".join(f"line {i:04d} = {'x' * 40};" for i in range(150))
    stub.reply = f"Here it is:\n\n```c\n{lines}\n```\n\nThat was all."
    heard = discord.say("general", "alice", "show me", mention=True)
    discord.wait("the end", lambda: "That was all" in "".join(
        discord.texts("general")), 20 * SLOW)
    parts = discord.texts("general")
    assert len(parts) > 2
    for part in parts:
        assert len(part) <= 2000
        assert part.count("```") % 2 == 0
    assert re.findall(r"line (\d{4})", "".join(parts)) == [
        f"{i:04d}" for i in range(150)]
    assert answers(discord)[heard] == 1


@pytest.mark.parametrize("reply", [
    "@everyone look", "@here <@&{role}> <@{user}>", "<@{user}> **hi**",
    "`@everyone`", "[x](https://example.org/?q=@everyone)"])
def test_a_model_cannot_ring_anybody(discord, model, reply):
    """P-71: a model could ring everybody."""
    _, stub = model
    stub.reply = reply.format(role=discord.role_id,
                              user=discord.user("bob")["id"])
    heard = discord.say("general", "alice", "say it", mention=True)
    wait_answered(discord, [heard])
    assert [m["pings"] for m in discord.messages] == [[]]
    assert [m["flags"] & 4 for m in discord.messages] == [4]


# -- trouble with the gateway -----------------------------------------------

def lost_and_resumed(discord, joined, lose):
    before = discord.say("general", "alice", "/help", mention=True)
    wait_answered(discord, [before])
    lose()
    during = discord.say("general", "alice", "/help", mention=True)
    wait_for("a second connection", lambda: discord.n_connections > 1,
             30 * SLOW)
    discord.wait("a session", discord.is_ready, 30 * SLOW)
    after = discord.say("random", "bob", "/help", mention=True)
    wait_answered(discord, [before, during, after])
    assert len(discord.sessions) == 1
    assert [s.n_resumes for s in discord.sessions.values()] == [1]


@pytest.mark.parametrize("trouble", ["cut", "reconnect", "close 4000",
                                     "close 1001", "resumable", "silence"])
def test_a_lost_connection_is_resumed(discord, joined, trouble):
    """P-68: what came during a reconnect was lost."""
    def silence():
        discord.mute_acks = 2

    lost_and_resumed(discord, joined, {
        "cut": discord.cut,
        "reconnect": discord.reconnect,
        "close 4000": lambda: discord.close(4000),
        "close 1001": lambda: discord.close(1001),
        "resumable": lambda: discord.invalidate(resumable=True),
        "silence": silence}[trouble])


def test_an_event_that_cannot_be_read_costs_nobody_else(discord, joined):
    """The nonce is the sender's to choose, and comes with each resuming."""
    discord.say("general", "alice", "/help", mention=True,
                nonce=1181234567890123456)
    heard = discord.say("general", "bob", "/help", mention=True)
    wait_answered(discord, [heard])
    assert " event-unreadable " in joined.log()
    assert "cannot be read" not in joined.log()


@pytest.mark.parametrize("trouble", ["invalid", "close 4009", "close 4007"])
def test_a_lost_session_is_begun_anew(discord, joined, trouble):
    discord.identify_window = 0
    if trouble == "invalid":
        discord.invalidate(resumable=False)
    else:
        discord.close(int(trouble.split()[1]))
    discord.wait("a new session", lambda: len(discord.sessions) == 2,
                 30 * SLOW)
    discord.wait("its connection", discord.is_ready, 20 * SLOW)
    heard = discord.say("general", "alice", "/help", mention=True)
    wait_answered(discord, [heard])


@pytest.mark.parametrize("code, text", [
    (4004, "token"), (4010, "shard"), (4011, "shards"), (4013, "intents")])
def test_what_is_fatal_is_said_and_not_tried_again(
        suite, discord, code, text):
    """P-73: fatal closes were tried again for ever."""
    {4004: lambda: setattr(discord, "token", "another"),
     4010: lambda: setattr(discord, "refuse_with", (4010, "Invalid shard.")),
     4011: lambda: setattr(discord, "shards_required", 2),
     4013: lambda: setattr(discord, "refuse_with", (4013, "Intents."))}[code]()
    s = suite(settings(discord, AGENT_RUNTIME_DISCORD_TOKEN=TOKEN))
    wait_state(s, "degraded", text)
    n = len(discord.rest.calls), discord.n_connections
    # Longer than any first wait: there is no storm.
    deadline = time.monotonic() + 3
    wait_for("time", lambda: time.monotonic() > deadline, 10, 0.1)
    assert (len(discord.rest.calls), discord.n_connections) == n
    assert s.chat("/status")["handled"]


def test_it_works_without_message_content_and_says_so(suite, discord):
    discord.privileged = 0
    s = suite(settings(discord))
    discord.wait("a session", discord.is_ready, 30 * SLOW)
    discord.say("general", "alice", "not for you")
    heard = discord.say("general", "alice", "/help", mention=True)
    wait_answered(discord, [heard])
    wait_state(s, "degraded", "Message Content")
    assert discord.refused_identifies == [4014]


def test_a_heartbeat_that_is_asked_for_comes_at_once(discord, joined):
    """P-75: a turn held up heartbeats."""
    wait_for("the first", lambda: discord.n_beats, 20)
    n = discord.n_beats
    discord.ask_beat()
    wait_for("one more", lambda: discord.n_beats > n, 1.0)
    wait_for("the proof in a beat",
             lambda: state_of(joined)["proof_age_ms"] >= 0, 10)


# -- trouble with REST ------------------------------------------------------

@pytest.mark.parametrize("kind", ["429-user", "429-global", "429-shared",
                                  "500", "502-html", "503", "cut",
                                  "cut-after", "slow"])
def test_a_reply_is_shown_once_whatever_rest_does(discord, joined, kind):
    """P-74: limits of REST were not handled."""
    discord.fault(kind, "POST", "/messages", times=2, retry_after=0.4)
    heard = discord.say("general", "alice", "/help", mention=True)
    wait_answered(discord, [heard])
    assert len(discord.messages) == 1
    if kind == "cut-after":
        wait_for("the second try", lambda: discord.n_recognised, 10)
        assert len(discord.messages) == 1


def test_limits_are_kept_without_being_told(discord, joined):
    heard = [discord.say("general", "alice", "/help", mention=True)
             for _ in range(12)]
    wait_answered(discord, heard, 30)
    assert discord.rest.n_rate_limited == 0


def test_a_channel_that_is_closed_holds_up_no_other(discord, joined):
    """P-75: one channel held up all."""
    discord.channel("random")["is_closed"] = True
    discord.say("random", "alice", "/help", mention=True)
    heard = discord.say("general", "alice", "/help", mention=True)
    wait_answered(discord, [heard])
    wait_for("the refusal", lambda: "Missing Access" in joined.all_logs(), 10)


def test_a_refused_token_stops_all_calls(discord, joined):
    discord.rest.is_token_dead = True
    discord.say("general", "alice", "/help", mention=True)
    wait_state(joined, "degraded", "refuses the token")
    for i in range(5):
        discord.say("general", "alice", f"/help {i}", mention=True)
    deadline = time.monotonic() + 2
    wait_for("time", lambda: time.monotonic() > deadline, 10, 0.1)
    # What was under way together may have met it together.
    assert discord.n_unauthorized <= 2


# -- trouble at home --------------------------------------------------------

@pytest.mark.parametrize("daemon", ["gateway-discord", "task-engine"])
def test_a_killed_daemon_loses_and_doubles_nothing(discord, joined, daemon):
    ids = []
    for i in range(30):
        ids.append(discord.say("general" if i % 2 else "random",
                               f"user{i % 5}", "/help", mention=True))
        if i % 10 == 5:
            joined.kill(daemon)
            joined.pid(daemon)
    wait_answered(discord, ids, 60)
    assert len(discord.sessions) == 1


def test_everything_fails_in_turn_and_each_is_answered_once(discord, joined):
    for i in range(10):
        discord.add_channel(f"room{i}", guild=next(iter(
            discord.guilds.values())))
    ids = []
    troubles = [
        discord.cut, discord.reconnect, lambda: discord.close(4000),
        lambda: joined.kill("gateway-discord"),
        lambda: joined.kill("task-engine"),
        lambda: discord.fault("429-user", "POST", "/messages"),
        lambda: discord.fault("500", "POST", "/messages"),
        lambda: discord.fault("cut-after", "POST", "/messages"),
        lambda: joined.kill("scheduler")]
    for i in range(200):
        ids.append(discord.say(f"room{i % 10}", f"user{i % 7}", "/help",
                               mention=True))
        if i % 20 == 10:
            troubles[i // 20 % len(troubles)]()
            # At the pace of people.
            wait_for("half of them", lambda: len(answers(discord)) >=
                     len(ids) // 2, 60)
    wait_answered(discord, ids, 120)


def test_what_is_not_stored_outlives_a_resume_and_a_death(discord, joined):
    """A resume told Discord of events that the engine did not have yet."""
    joined.kill("task-engine", signal.SIGSTOP)
    heard = [discord.say("general", f"user{i}", "/help", mention=True)
             for i in range(5)]
    discord.reconnect()
    wait_for("a resume", lambda: [
        s.n_resumes for s in discord.sessions.values()] == [1], 20)
    joined.kill("gateway-discord")
    joined.kill("task-engine", signal.SIGCONT)
    wait_answered(discord, heard, 60)
    assert all(n == 1 for n in answers(discord).values())
    assert discord.n_gone == 0 and len(discord.sessions) == 1


def test_an_orderly_stop_is_resumed(suite, discord, joined):
    """P-69: a stop waited for the server."""
    heard = discord.say("general", "alice", "/help", mention=True)
    wait_answered(discord, [heard])
    joined.stop()
    wait_for("the end of the connection", lambda: not discord.connections, 10)
    meanwhile = discord.say("general", "alice", "/help", mention=True)
    joined.start()
    wait_answered(discord, [heard, meanwhile])
    assert [s.n_resumes for s in discord.sessions.values()] == [1]


# -- secrets and TLS --------------------------------------------------------

def test_the_token_appears_nowhere(discord, joined):
    discord.fault("500", "POST", "/messages", times=1)
    heard = discord.say("general", "alice", "/help", mention=True)
    wait_answered(discord, [heard])
    pid = joined.pid("gateway-discord")
    for name in ("cmdline", "environ"):
        assert TOKEN.encode() not in pathlib.Path(
            f"/proc/{pid}/{name}").read_bytes()
    assert TOKEN not in str(joined.http("GET", "/api/v1/heartbeat").body)
    joined.kill("gateway-discord", 1)  # SIGHUP: debug lines as well
    heard = discord.say("general", "alice", "/help", mention=True)
    wait_answered(discord, [heard])
    assert TOKEN not in joined.all_logs()


@pytest.fixture
def certificate():
    """In a folder that a daemon of another uid may read, as an operator's."""
    with tempfile.TemporaryDirectory(prefix="ca-", dir="/tmp") as folder:
        path = pathlib.Path(folder)
        path.chmod(0o755)
        yield make_certificate(path)


def make_certificate(path):
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
         "2", "-subj", "/CN=127.0.0.1", "-addext",
         "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout",
         path / "key.pem", "-out", path / "cert.pem"],
        capture_output=True, check=False)
    assert made.returncode == 0, made.stderr
    (path / "cert.pem").chmod(0o644)
    return path


def test_over_tls_with_a_ca_of_its_own(suite, certificate):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with Discord(token=TOKEN, tls=tls) as discord:
        suite(settings(discord, AGENT_RUNTIME_DISCORD_CA_FILE=certificate /
                       "cert.pem"))
        discord.wait("a session", discord.is_ready, 20 * SLOW)
        heard = discord.say("general", "alice", "/help", mention=True)
        wait_answered(discord, [heard])
        assert not discord.violations


def test_an_unknown_certificate_is_refused(suite, certificate):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with Discord(token=TOKEN, tls=tls) as discord:
        s = suite(settings(discord))
        wait_state(s, "degraded", "ertificate")
        assert not discord.rest.calls and not discord.n_connections
