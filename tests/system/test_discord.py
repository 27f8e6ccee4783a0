"""The Discord gateway with the whole suite, against a Discord that is strict
(tests/fakes/discord.py): what people say and see, and what happens to it when
the platform, the network or a daemon fails."""

import collections
import pathlib
import re
import ssl
import subprocess
import sys
import tempfile
import time

import pytest

from conftest import ROOT, SLOW, wait_for

sys.path.insert(0, str(ROOT / "tests/fakes"))
from discord import Discord  # noqa: E402
from model_stub import ModelStub  # noqa: E402

TOKEN = "MTEw.canary-discord.4f1d0123456789"
KEY = "sk-canary-of-the-model"


@pytest.fixture
def discord():
    with Discord(token=TOKEN) as d:
        yield d
        assert d.violations == []


def settings(discord, **more):
    return {"AGENT_RUNTIME_DISCORD_TOKEN": discord.token,
            "AGENT_RUNTIME_DISCORD_API_BASE": discord.api_url, **more}


@pytest.fixture
def joined(suite, discord):
    """A suite whose gateway is ready."""
    s = suite(settings(discord))
    discord.wait("a session", discord.is_ready, 20 * SLOW)
    s.wait_cursor("discord.main")
    return s


@pytest.fixture
def model(suite, discord):
    """(suite, stub): with a model that says what the test wants."""
    with ModelStub(key=KEY) as stub:
        s = suite(settings(discord, AGENT_RUNTIME_LLM_BASE_URL=stub.url,
                           AGENT_RUNTIME_LLM_API_KEY=KEY))
        discord.wait("a session", discord.is_ready, 20 * SLOW)
        yield s, stub


def answers(discord):
    """{message id: how often it was answered}"""
    return collections.Counter(
        m["message_reference"]["message_id"] for m in discord.messages
        if "message_reference" in m)


def wait_answered(discord, ids, timeout=20):
    ids = list(ids)
    discord.wait(f"answers to {len(ids)} messages", lambda: all(
        answers(discord)[i] for i in ids), timeout * SLOW)
    assert {i: answers(discord)[i] for i in ids} == {i: 1 for i in ids}


def state_of(s):
    for component in s.heartbeat()["components"]:
        if component["name"].startswith("gateway-discord"):
            return component
    return None


def wait_state(s, state, text=""):
    return wait_for(f"gateway-discord {state} {text!r}", lambda: (
        lambda c: c if c and c["state"] == state and text in c.get("message", "")
        else None)(state_of(s)), 20, 0.1)


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


# -- slash commands ---------------------------------------------------------

def names(discord, guild=""):
    return {c["name"] for c in discord.commands.get(guild, {}).values()}


def looked_at(discord):
    return {p for m, p in discord.rest.calls
            if m == "GET" and p.endswith("/commands")}


def command_paths(discord):
    """Where commands may stand: for all, and in each server."""
    app = f"/applications/{discord.app_id}"
    return {f"{app}/commands"} | {
        f"{app}/guilds/{guild}/commands" for guild in discord.guilds}


def wait_looked(discord):
    wait_for("a look everywhere", lambda: looked_at(discord) ==
             command_paths(discord), 20)


def test_commands_are_registered_once(suite, discord):
    s = suite(settings(discord))
    wait_looked(discord)
    assert {"task", "search", "status"} <= names(discord)
    task = next(c for c in discord.commands[""].values()
                if c["name"] == "task")
    assert task["options"][0]["required"]
    n = discord.n_command_writes
    # All that the session told is stored: it is not told again.
    session = next(iter(discord.sessions.values()))
    wait_for("the acknowledgement", lambda: not session.events, 20)
    discord.rest.calls.clear()
    s.kill("gateway-discord")
    wait_looked(discord)
    assert session.n_resumes == 1
    assert discord.n_command_writes == n


def test_commands_of_the_other_way_are_removed(suite, discord):
    """P-76: stale commands remained."""
    guild = next(iter(discord.guilds))
    old = {"id": "1", "name": "old", "description": "x", "type": 1}
    discord.commands[""] = {"1": dict(old)}
    s = suite(settings(discord, AGENT_RUNTIME_DISCORD_COMMAND_GUILD_IDS=guild))
    wait_for("those of the guild", lambda: "task" in names(discord, guild), 20)
    wait_for("none elsewhere", lambda: not names(discord), 10)
    s.stop()
    s.sets.pop("AGENT_RUNTIME_DISCORD_COMMAND_GUILD_IDS")
    s.start()
    wait_for("those of all", lambda: "task" in names(discord), 20)
    wait_for("none in the guild", lambda: not names(discord, guild), 10)


def test_commands_may_be_left_alone(suite, discord):
    suite(settings(discord, AGENT_RUNTIME_COMMAND_SYNC_ENABLED="false"))
    discord.wait("a session", discord.is_ready, 20 * SLOW)
    heard = discord.say("general", "alice", "/help", mention=True)
    wait_answered(discord, [heard])
    assert not [p for _, p in discord.rest.calls if p.endswith("/commands")]


@pytest.fixture
def registered(joined, discord):
    wait_for("the commands", lambda: names(discord), 20)
    return joined


def test_a_command_is_deferred_and_answered_in_place(discord, registered):
    kept = discord.command("general", "alice", "help")
    wait_for("the answer", lambda: kept["original"], 20)
    assert kept["response"] == {"type": 5, "data": {"flags": 0}}
    assert "/search" in kept["original"]["content"]
    assert not kept["original"]["flags"] & 64
    assert len(discord.messages) == 1


def test_a_command_in_private_and_one_with_words(discord, registered):
    dm = discord.dm_of(discord.user("alice")["id"])
    kept = discord.command(dm["id"], "alice", "task", prompt="dig a hole")
    wait_for("the answer", lambda: kept["original"], 20)
    assert "ask" in kept["original"]["content"]


def test_a_slow_answer_to_a_command_comes_in_place(discord, registered):
    """P-70: what took over three seconds failed."""
    kept = discord.command("general", "alice", "search", query="harbour")
    wait_for("the deferral", lambda: kept["response"], 3)
    wait_for("the answer", lambda: kept["original"], 20)


def test_what_an_admin_asks_is_answered_to_the_admin_alone(
        discord, registered):
    """P-71: replies to admins were public."""
    private = sorted(names(discord) & {"prompt", "approve", "route",
                                       "admin-channel", "pending-actions"})
    if not private:
        pytest.skip("no command is for admins alone")
    kept = discord.command("general", "alice", private[0], text="x")
    wait_for("the answer", lambda: kept["original"], 20)
    assert kept["response"]["data"]["flags"] & 64
    assert discord.texts("general") == [kept["original"]["content"]]


def test_a_command_outlives_a_killed_gateway(discord, registered):
    discord.fault("hang", "PATCH", "/webhooks/")
    kept = discord.command("general", "alice", "help")
    wait_for("the deferral", lambda: kept["response"], 5)
    wait_for("the try", lambda: any(
        m == "PATCH" for m, _ in discord.rest.calls), 10)
    registered.kill("gateway-discord")
    # Its token died with the process: the answer is for everybody.
    discord.wait("the answer", lambda: discord.messages, 30 * SLOW)
    assert kept["original"] is None
    assert "/search" in discord.messages[0]["content"]


def test_an_interaction_that_came_too_late_is_answered_openly(
        discord, registered):
    discord.fault("404", "POST", "/callback")
    kept = discord.command("general", "alice", "help")
    discord.wait("the answer", lambda: discord.messages, 20 * SLOW)
    assert kept["original"] is None
    assert len(discord.messages) == 1


# -- buttons ----------------------------------------------------------------

@pytest.fixture
def notice(discord, model):
    """(suite, message): an action that waits, shown with its buttons; ada may
    decide it."""
    s, stub = model
    begun = s.http("POST", "/api/v1/pairings/start", {
        "connector": "discord", "connector_user_id": discord.user("ada")["id"],
        "display_name": "ada"})
    assert begun.status == 201, begun
    approved = s.http("POST", "/api/v1/pairings/approve", {
        "token": begun.json["token"], "role": "admin"})
    assert approved.status == 200, approved
    stub.reply = 'I would:\n\n```action\n{"type": "run_command", ' \
        '"target": "ls", "args": ["-l"]}\n```'
    discord.say("general", "alice", "list it", mention=True)
    discord.wait("the notice", lambda: any(
        m["components"] for m in discord.messages), 20 * SLOW)
    return s, next(m for m in discord.messages if m["components"])


def test_a_notice_has_buttons(discord, notice):
    _, message = notice
    assert [b["label"] for b in message["components"][0]["components"]] == [
        "Approve", "Deny"]
    assert "run_command" in message["content"].replace("\\", "")


@pytest.mark.parametrize("label, status", [
    ("Approve", "approved"), ("Deny", "denied")])
def test_a_press_turns_the_notice_into_its_outcome(
        discord, notice, label, status):
    s, message = notice
    shown = message["content"]
    discord.press(message, "ada", label)
    wait_for("the outcome", lambda: not message["components"], 20)
    assert message["content"].startswith(shown + "\n\n")
    got = s.http("GET", "/api/v1/actions?status=" + status).json["items"]
    assert len(got) == 1


@pytest.mark.parametrize("way", ["press", "http"])
@pytest.mark.parametrize("size", [0, 4000])
def test_every_card_turns_into_the_outcome(discord, notice, model, way, size):
    """Whoever decides, and wherever: no card keeps buttons that decide
    nothing, and none is posted anew."""
    s, first = notice
    _, stub = model
    stub.reply = stub.reply.replace("-l", "-l" + "x" * size)
    wait_answered(discord, [
        discord.say(place, "ada", "/admin-channel enable", mention=True)
        for place in ("general", "random")])
    discord.say("general", "alice", "list it again", mention=True)

    def cards():
        return [m for m in discord.messages
                if m["components"] and m is not first]

    wait_for("two more cards", lambda: len(cards()) == 2, 20)
    both = cards()
    assert {discord.channels[c["channel_id"]]["name"] for c in both} == {
        "general", "random"}
    shown, n = [c["content"] for c in both], len(discord.messages)
    action = both[0]["components"][0]["components"][0]["custom_id"][2:]
    if way == "press":
        discord.press(both[1], "ada", "Deny")
    else:
        got = s.http("POST", "/api/v1/actions/deny", {"id": action})
        assert got.status == 200, got
    wait_for("the outcome", lambda: not cards(), 20)
    for card, text in zip(both, shown):
        assert card["content"].startswith(text + "\n\n"), card
        assert card["content"].count("Nothing ran") == 1
    assert first["components"]
    # Only whoever asked hears of it anew.
    new = [m["content"] for m in discord.messages[n:]]
    assert [action in x for x in new] in ([], [True]), new


def test_an_outcome_without_room_follows_its_card(discord, notice, model):
    s, first = notice
    model[1].reply = model[1].reply.replace("-l", "-l" + "x" * 1000)
    discord.say("general", "alice", "list it again", mention=True)
    card = wait_for("the card", lambda: [
        m for m in discord.messages if m["components"] and m is not first],
        20)[0]
    shown = card["content"]
    got = s.http("POST", "/api/v1/actions/deny", {
        "id": card["components"][0]["components"][0]["custom_id"][2:],
        "reason": "no " * 130})
    assert got.status == 200, got
    # Once behind the card, and once for whoever asked.
    discord.wait("the outcome", lambda: not card["components"] and sum(
        "no no no" in m["content"] for m in discord.messages) == 2, 20 * SLOW)
    assert card["content"].startswith(shown[:1000])


def test_a_press_by_somebody_else_is_refused_to_them_alone(discord, notice):
    s, message = notice
    n = len(discord.messages)
    discord.press(message, "mallory", "Approve")
    discord.wait("the refusal", lambda: len(discord.messages) > n, 20 * SLOW)
    assert discord.messages[-1]["flags"] & 64
    assert message["components"]
    assert s.http("GET", "/api/v1/actions?status=pending").json["items"]


def test_a_second_press_decides_nothing(discord, notice):
    s, message = notice
    old = {**message, "components": [*message["components"]]}
    discord.press(message, "ada", "Deny")
    wait_for("the outcome", lambda: not message["components"], 20)
    late = discord.press(old, "ada", "Approve")
    wait_for("an answer", lambda: late["n_edits"], 20)
    assert not s.http("GET", "/api/v1/actions?status=approved").json["items"]


@pytest.mark.parametrize("daemon", ["gateway-discord", "task-engine"])
def test_a_press_outlives_a_killed_daemon(discord, notice, daemon):
    s, message = notice
    s.kill(daemon)
    discord.press(message, "ada", "Approve")
    wait_for("the outcome", lambda: not message["components"], 30)
    assert len(s.http("GET", "/api/v1/actions?status=approved").json[
        "items"]) == 1


def test_a_button_that_is_not_ours_decides_nothing(discord, notice):
    s, message = notice
    pressed = discord.interact(message["channel_id"], "ada", 3, {
        "custom_id": "x:1", "component_type": 2}, message=message)
    heard = discord.say("general", "bob", "/help", mention=True)
    wait_answered(discord, [heard])
    assert pressed["response"] is None and message["components"]
    assert s.http("GET", "/api/v1/actions?status=pending").json["items"]
