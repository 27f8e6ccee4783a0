"""What a gateway dies of, each time that it looks at it or sends it: after the
third time it is left alone, admins are told, and everybody else is answered.

The gateways here are the real ones, built with a fault: they abort when they
hear the word hemlock, or are to send nightshade (tests/tools/poison*.c)."""

import os
import sys

import pytest

from conftest import DAEMONS, ROOT, SLOW, build_dir, wait_for

sys.path.insert(0, str(ROOT / "tests/fakes"))
from discord import Discord  # noqa: E402
from telegram import Telegram  # noqa: E402


class OnTelegram:
    connector = "telegram"

    def __init__(self):
        self.double = Telegram()

    def settings(self):
        return {"AGENT_RUNTIME_TELEGRAM_TOKEN": self.double.token,
                "AGENT_RUNTIME_TELEGRAM_API_BASE": self.double.url,
                "AGENT_RUNTIME_TELEGRAM_POLL_SECONDS": "2"}

    def wait_session(self):
        wait_for("a poll", lambda: self.double.called("getUpdates"), 20)

    def account(self, who):
        return str(who)

    def say(self, who, text):
        self.double.say(who, text)

    def texts(self, who):
        return [m["text"] for m in list(self.double.sent)
                if m["chat_id"] == who]

    def problems(self):
        return self.double.problems


class OnDiscord:
    connector = "discord"

    def __init__(self):
        self.double = Discord()

    def settings(self):
        return {"AGENT_RUNTIME_DISCORD_TOKEN": self.double.token,
                "AGENT_RUNTIME_DISCORD_API_BASE": self.double.api_url}

    def wait_session(self):
        self.double.wait("a session", self.double.is_ready, 20 * SLOW)

    def account(self, who):
        return self.double.user(f"user{who}")["id"]

    def say(self, who, text):
        self.double.whisper(f"user{who}", text)

    def texts(self, who):
        return self.double.texts(self.double.dm_of(self.account(who))["id"])

    def problems(self):
        return self.double.violations


@pytest.fixture(params=[OnTelegram, OnDiscord], ids=["telegram", "discord"])
def platform(request):
    on = request.param()
    with on.double:
        yield on
        assert not on.problems()


@pytest.fixture
def poisoned(tmp_path, monkeypatch, platform):
    """A build whose gateway has the fault: serve finds its daemons beside it,
    so it lies there itself."""
    built = build_dir()
    for name in DAEMONS + ("agent-runtime", "mail-parser", "action-runner"):
        real = built / "services" / name / name
        if not real.exists():
            continue
        if name == "gateway-" + platform.connector:
            real = built / "tests/tools" / ("poisoned-" + name)
        there = tmp_path / "services" / name / name
        there.parent.mkdir(parents=True)
        try:
            os.link(real, there)
        except OSError:
            there.write_bytes(real.read_bytes())
            there.chmod(0o755)
    tmp_path.chmod(0o755)
    monkeypatch.setenv("AGENT_RUNTIME_BUILD", str(tmp_path))


ADMIN, VICTIM, OTHER, THIRD, FOURTH = range(7, 12)


@pytest.fixture
def up(poisoned, suite, platform):
    """A suite with an admin who hears what concerns all."""
    s = suite(platform.settings())
    platform.wait_session()
    begun = s.http("POST", "/api/v1/pairings/start", {
        "connector": platform.connector,
        "connector_user_id": platform.account(ADMIN), "display_name": "ada"})
    s.http("POST", "/api/v1/pairings/approve", {
        "token": begun.json["token"], "role": "overlord"})
    platform.say(ADMIN, "/admin-channel enable global")
    wait_for("the hub", lambda: platform.texts(ADMIN), 20)
    return s


def deaths(s, name):
    return len([line for line in s.log().splitlines()
                if "daemon-died" in line and name in line])


def wait_deaths(s, platform, n):
    name = "gateway-" + platform.connector
    wait_for(f"death {n}", lambda: deaths(s, name) >= n, 60)


def notices(platform):
    return [t for t in platform.texts(ADMIN) if "set aside" in t]


def blamed(s, platform):
    """How many updates and how many messages were set aside."""
    def of(operation):
        got = s.http("GET", "/api/v1/audit?operation=" + operation).json
        actors = {i["actor"] for i in got["items"]}
        assert actors <= {platform.connector + ".main"}
        return len(got["items"])
    return of("update.suspect"), of("delivery.claim")


def answered_once(platform, *people):
    for who in people:
        wait_for(f"an answer to {who}", lambda: platform.texts(who), 60)
    for who in people:
        assert len(platform.texts(who)) == 1, who


def test_what_kills_three_times_is_left_alone(up, platform):
    platform.say(VICTIM, "/help")
    wait_for("an answer before", lambda: platform.texts(VICTIM), 20)
    platform.say(VICTIM, "a cup of hemlock, please")
    platform.say(OTHER, "/help")
    wait_deaths(up, platform, 1)
    platform.say(THIRD, "/help")
    wait_deaths(up, platform, 2)
    platform.say(FOURTH, "/help")
    answered_once(platform, OTHER, THIRD, FOURTH)
    told = wait_for("the notice", lambda: notices(platform), 20)
    assert len(told) == 1 and platform.connector in told[0]
    # The next word of the same person is heard.
    platform.say(VICTIM, "/help")
    wait_for("an answer after", lambda: len(platform.texts(VICTIM)) == 2, 20)
    answered_once(platform, OTHER, THIRD, FOURTH)
    assert deaths(up, "gateway-" + platform.connector) == 3
    assert blamed(up, platform) == (1, 0)


def test_what_cannot_be_sent_without_a_death_is_set_aside(up, platform):
    platform.say(VICTIM, "/help")
    wait_for("an answer before", lambda: platform.texts(VICTIM), 20)
    # The answer repeats the word.
    platform.say(VICTIM, "/cancel nightshade")
    wait_deaths(up, platform, 1)
    platform.say(OTHER, "/help")
    wait_deaths(up, platform, 2)
    platform.say(THIRD, "/help")
    answered_once(platform, OTHER, THIRD)
    told = wait_for("the notice", lambda: notices(platform), 60)
    assert len(told) == 1 and "nightshade" not in told[0]
    # The next word to the same person gets through, and others'.
    platform.say(FOURTH, "/help")
    platform.say(VICTIM, "/help")
    wait_for("an answer after", lambda: len(platform.texts(VICTIM)) == 2, 20)
    answered_once(platform, OTHER, THIRD, FOURTH)
    assert deaths(up, "gateway-" + platform.connector) == 3
    counts = up.http("GET", "/api/v1/status").json["counts"]
    assert counts["outbox.failed"] == 1
    assert blamed(up, platform) == (0, 1)
