"""A thousand messages in fifty chats, while Telegram misbehaves in every way it
can and each daemon is killed in turn: each message is answered, in the order of
its chat, and doubled only where an answer of Telegram was lost."""

import collections
import sys
import time

import pytest

from conftest import ROOT, SLOW, wait_for

sys.path.insert(0, str(ROOT / "tests" / "fakes"))

from telegram import Telegram  # noqa: E402

CHATS, EACH = 50, 20
KILLED = ("gateway-telegram", "task-engine", "api", "indexer", "scheduler",
          "gateway-telegram", "task-engine")
TROUBLE = (
    ("getUpdates", "cut", "before"), ("sendMessage", "429", "before"),
    ("sendMessage", "500", "before"), ("getUpdates", "html502", "before"),
    ("sendMessage", "cut", "after"), ("getUpdates", "half", "before"),
    ("sendMessage", "html502", "after"), ("getUpdates", "429", "before"),
    ("getUpdates", "cut", "after"), ("sendMessage", "half", "after"),
)


@pytest.fixture
def tg():
    with Telegram() as double:
        yield double
        assert not double.problems


def replies(tg):
    """{chat: [message that was answered, in the order of the answers]}"""
    found = collections.defaultdict(list)
    for sent in list(tg.sent):
        found[sent["chat_id"]].append(sent["reply_to"])
    return found


def is_complete(tg, said):
    got = replies(tg)
    return all(set(ids) <= set(got[chat]) for chat, ids in said.items())


def count(s, name):
    return s.http("GET", "/api/v1/status").json["counts"].get(name, 0)


def test_a_thousand_messages_through_all_trouble(suite, tg):
    s = suite(AGENT_RUNTIME_TELEGRAM_TOKEN=tg.token,
              AGENT_RUNTIME_TELEGRAM_API_BASE=tg.url,
              AGENT_RUNTIME_TELEGRAM_POLL_SECONDS="2")
    wait_for("the first poll", lambda: tg.called("getUpdates"), 20)
    said = collections.defaultdict(list)
    kills = iter(KILLED)
    for i in range(EACH):
        for chat in range(100, 100 + CHATS):
            message = tg.say(chat, "/help")
            said[chat].append(message["message_id"])
            if (chat + i) % 17 == 0:
                # The same again, as Telegram does after an outage.
                tg.on_loop(tg.push, "message", message)
        method, kind, when = TROUBLE[i % len(TROUBLE)]
        tg.fault(method, kind, times=2, when=when)
        if i % 3 == 1:
            s.kill(next(kills))
        # Some of it goes out before the next blow, if not all of it has. A
        # lease that died with its gateway ends after a minute.
        n = len(tg.sent)
        wait_for("some answers", lambda: len(tg.sent) > n + CHATS // 4
                 or is_complete(tg, said), 150)
    wait_for("all answers", lambda: is_complete(tg, said), 200, 0.1)
    s.wait_ready()
    wait_for("an outbox at rest", lambda: sum(
        count(s, f"outbox.{state}") for state in ("queued", "sending")) == 0,
        100)
    n_doubled = 0
    for chat, got in replies(tg).items():
        first = list(dict.fromkeys(got))
        assert first == said[chat], f"chat {chat} is out of order"
        # One whose answer was lost twice came three times, and counts once.
        n_doubled += sum(n > 1 for n in collections.Counter(got).values())
    assert n_doubled <= count(s, "outbox.maybe_doubled")
    assert count(s, "outbox.failed") == 0
    assert n_doubled <= 6 + 2 * 32  # of faults, and of two kills


def test_one_chat_holds_up_no_other(suite, tg):
    """P-61: a chat that Telegram limits for long, and one that is gone."""
    s = suite(AGENT_RUNTIME_TELEGRAM_TOKEN=tg.token,
              AGENT_RUNTIME_TELEGRAM_API_BASE=tg.url,
              AGENT_RUNTIME_TELEGRAM_POLL_SECONDS="2")
    wait_for("the first poll", lambda: tg.called("getUpdates"), 20)
    tg.group_a_minute = 1
    tg.group(-5)
    tg.group(-6, gone="kicked")
    for _ in range(3):
        tg.say(-5, "/help@harbour_bot", user=7)
        tg.say(-6, "/help@harbour_bot", user=7)
    wait_for("the limit", lambda: len(
        [c for c in tg.called("sendMessage") if c["chat_id"] == -5]) == 2, 20)
    start = time.monotonic()
    tg.say(8, "/help")
    tg.wait_sent(lambda m: m["chat_id"] == 8, 10 * SLOW)
    assert time.monotonic() - start < 5 * SLOW
    # Not asked again before its time.
    assert len([c for c in tg.called("sendMessage")
                if c["chat_id"] == -5]) == 2
    wait_for("three that are refused for good",
             lambda: count(s, "outbox.failed") == 3, 20)
