"""What only a person can mend is told to the admins where they can hear it: of
one platform's trouble on the other one; and so is the end of it."""

import sys

import pytest

from conftest import ROOT, SLOW, wait_for

sys.path.insert(0, str(ROOT / "tests/fakes"))
from discord import Discord  # noqa: E402
from telegram import Telegram  # noqa: E402

ADA = 7


class Town:
    """Both platforms, and ada, an admin who has an account on each."""

    def __init__(self, suite, telegram, discord):
        self.telegram, self.discord = telegram, discord
        self.suite = suite({
            "AGENT_RUNTIME_TELEGRAM_TOKEN": telegram.token,
            "AGENT_RUNTIME_TELEGRAM_API_BASE": telegram.url,
            "AGENT_RUNTIME_TELEGRAM_POLL_SECONDS": "1",
            "AGENT_RUNTIME_DISCORD_TOKEN": discord.token,
            "AGENT_RUNTIME_DISCORD_API_BASE": discord.api_url})
        wait_for("a poll", lambda: telegram.called("getUpdates"), 20)
        discord.wait("a session", discord.is_ready, 20 * SLOW)
        discord.identify_window = 0
        self.link("telegram", str(ADA))
        self.link("discord", discord.user("ada")["id"])
        telegram.say(ADA, "/help")
        discord.whisper("ada", "/help")
        for name in ("telegram", "discord"):
            wait_for("an answer", lambda name=name: self.heard(name), 20)

    def link(self, connector, account):
        begun = self.suite.http("POST", "/api/v1/pairings/start", {
            "connector": connector, "connector_user_id": account,
            "display_name": "ada"})
        self.suite.http("POST", "/api/v1/pairings/approve", {
            "token": begun.json["token"], "role": "admin"})

    def heard(self, name):
        if name == "telegram":
            return [m["text"] for m in list(self.telegram.sent)
                    if m["chat_id"] == ADA]
        dm = self.discord.dm_of(self.discord.user("ada")["id"])
        return self.discord.texts(dm["id"])

    def heard_of(self, name, word):
        return [t for t in self.heard(name) if word in t]

    def state(self, gateway):
        return next(c for c in self.suite.heartbeat()["components"]
                    if c["name"] == gateway)

    def upkeeps(self):
        return next(c["value"] for c in self.state("scheduler")["counters"]
                    if c["name"] == "upkeeps")


@pytest.fixture
def town(suite):
    with Telegram() as telegram, Discord() as discord:
        yield Town(suite, telegram, discord)
        assert not telegram.problems and not discord.violations


class TelegramRevoked:
    dead, other, why = "telegram", "discord", "refuses the bot token"

    def begin(self, town):
        self.token, town.telegram.token = town.telegram.token, "1:another"

    def end(self, town):
        town.telegram.token = self.token
        # As somebody does who sets the new one; it is asked anyway, later.
        town.suite.kill("gateway-telegram")


class TelegramTaken:
    dead, other, why = "telegram", "discord", "webhook"

    def begin(self, town):
        town.telegram.webhook = "https://example.org/hook"

    def end(self, town):
        town.telegram.webhook = ""


class DiscordRevoked:
    dead, other, why = "discord", "telegram", "token"

    def begin(self, town):
        self.token, town.discord.token = town.discord.token, "another"
        town.discord.close(4004, "Authentication failed.")

    def end(self, town):
        town.discord.token = self.token
        town.suite.kill("gateway-discord")


@pytest.mark.parametrize("trouble", [
    TelegramRevoked, TelegramTaken, DiscordRevoked],
    ids=["telegram-401", "telegram-409", "discord-4004"])
def test_admins_hear_of_it_on_the_other_platform_once(town, trouble):
    of = trouble()
    gateway = "gateway-" + of.dead
    n_before = len(town.heard(of.dead))
    of.begin(town)
    told = wait_for("the word", lambda: town.heard_of(of.other, gateway), 20)
    assert of.why in told[0] and "mends" in told[0]
    assert town.state(gateway)["needs_person"]
    # Who is told by one who remembers nothing does not tell it again.
    town.suite.kill("scheduler")
    town.suite.kill("task-engine")
    wait_for("the scheduler's word", lambda: town.suite.heartbeat() and
             town.upkeeps(), 40)
    assert len(town.heard_of(of.other, gateway)) == 1
    of.end(town)
    wait_for("the end", lambda: town.heard_of(of.other, "works again"), 60)
    assert town.state(gateway)["state"] == "healthy"
    wait_for("the same there",
             lambda: town.heard_of(of.dead, "works again"), 20)
    # Nothing was said into the dead one that came out now.
    assert len(town.heard(of.dead)) == n_before + 1
    assert len(town.heard_of(of.other, gateway)) == 2
    got = town.suite.http("GET", "/api/v1/audit?operation=health.changed").json
    assert [(i["actor"], i["subject"]) for i in got["items"]] == [
        ("scheduler", gateway)] * 2
