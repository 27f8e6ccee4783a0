"""The Discord gateway's slash commands, and the buttons of its notices."""

import pytest

from conftest import SLOW, wait_for
from discord_suite import (discord, joined, model,  # noqa: F401
                           settings, wait_answered)


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
