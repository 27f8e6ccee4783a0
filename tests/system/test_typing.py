"""The sign of life on both platforms: "is typing…" within a second of a message
that is for the agent, kept up while its answer is made, gone with it, and never
in the way of an answer."""

import sys
import time

import pytest

from conftest import ROOT, SLOW, wait_for

sys.path.insert(0, str(ROOT / "tests/fakes"))
from discord import Discord  # noqa: E402
from model_stub import ModelStub  # noqa: E402
from telegram import Telegram  # noqa: E402

KEY = "sk-canary-of-the-model"


class OnTelegram:
    daemon = "gateway-telegram"
    again = 4.5

    def __init__(self):
        self.double = Telegram()

    def settings(self):
        return {"AGENT_RUNTIME_TELEGRAM_TOKEN": self.double.token,
                "AGENT_RUNTIME_TELEGRAM_API_BASE": self.double.url,
                "AGENT_RUNTIME_TELEGRAM_POLL_SECONDS": "2"}

    def wait_session(self):
        wait_for("a poll", lambda: self.double.called("getUpdates"), 20)

    def ask(self, who, text):
        self.double.say(who + 7, text)

    def answers(self, who):
        return [m["text"] for m in list(self.double.sent)
                if m["chat_id"] == who + 7]

    def signs(self, who):
        return [at for chat, action, at in list(self.double.actions)
                if (chat, action) == (who + 7, "typing")]

    def hang(self, times):
        self.double.fault("sendChatAction", "hang", times=times)

    def problems(self):
        return self.double.problems


class OnDiscord:
    daemon = "gateway-discord"
    again = 8

    def __init__(self):
        self.double = Discord()

    def settings(self):
        return {"AGENT_RUNTIME_DISCORD_TOKEN": self.double.token,
                "AGENT_RUNTIME_DISCORD_API_BASE": self.double.api_url}

    def wait_session(self):
        self.double.wait("a session", self.double.is_ready, 20 * SLOW)

    def chat(self, who):
        return self.double.dm_of(self.double.user(f"user{who}")["id"])["id"]

    def ask(self, who, text):
        self.double.whisper(f"user{who}", text)

    def answers(self, who):
        return self.double.texts(self.chat(who))

    def signs(self, who):
        return [at for chat, at in list(self.double.typing)
                if chat == self.chat(who)]

    def hang(self, times):
        self.double.fault("hang", "POST", "/typing", times=times)

    def problems(self):
        return self.double.violations


@pytest.fixture(params=[OnTelegram, OnDiscord], ids=["telegram", "discord"])
def platform(request):
    on = request.param()
    with on.double:
        yield on
        assert not on.problems()


@pytest.fixture
def up(suite, platform):
    """(suite, stub) with a model, in session with the platform."""
    with ModelStub(key=KEY) as stub:
        s = suite({**platform.settings(),
                   "AGENT_RUNTIME_LLM_BASE_URL": stub.url,
                   "AGENT_RUNTIME_LLM_API_KEY": KEY})
        platform.wait_session()
        yield s, stub


def wait_answered(platform, who=0, timeout=20):
    wait_for("an answer", lambda: platform.answers(who), timeout)


def test_it_comes_within_a_second(platform, up):
    _, stub = up
    stub.latency_ms = 1500
    began = time.monotonic()
    platform.ask(0, "are you there?")
    wait_for("a sign", lambda: platform.signs(0), 10)
    assert platform.signs(0)[0] - began < 1.0 * SLOW
    assert not platform.answers(0)
    wait_answered(platform)
    assert len(platform.signs(0)) == 1


def test_it_is_kept_up_while_the_turn_runs(platform, up):
    _, stub = up
    stub.latency_ms = 60000
    began = time.monotonic()
    platform.ask(0, "are you there?")
    wait_for("two signs", lambda: len(platform.signs(0)) > 1, 20)
    assert not platform.answers(0)
    first, second = platform.signs(0)[:2]
    # The first may have been late in getting here.
    assert platform.again - 1.5 < second - began
    assert second - first < platform.again + 1.5 * SLOW
    stub.latency_ms = 0
    wait_answered(platform)


def test_it_comes_back_with_a_gateway_that_was_killed(platform, up):
    s, stub = up
    stub.latency_ms = 60000
    platform.ask(0, "are you there?")
    wait_for("a sign", lambda: platform.signs(0), 10)
    s.kill(platform.daemon)
    n = len(platform.signs(0))
    wait_for("a sign again", lambda: len(platform.signs(0)) > n, 8)
    assert not platform.answers(0)
    stub.latency_ms = 0
    wait_answered(platform)


def test_what_is_answered_at_once_shows_none(platform, up):
    began = time.monotonic()
    platform.ask(0, "/help")
    wait_answered(platform)
    # The first sign comes after 0.3 s: a busy machine may need longer.
    if time.monotonic() - began < 0.3:
        assert not platform.signs(0)


def test_a_platform_that_swallows_it_delays_no_answer(platform, up):
    _, stub = up
    stub.latency_ms = 1000
    platform.hang(times=20)
    for who in range(6):
        platform.ask(who, "are you there?")
    for who in range(6):
        wait_answered(platform, who, 8)
