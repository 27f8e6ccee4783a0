"""Telegram from end to end: the double, the gateway, the engine, and back."""

import json
import pathlib
import re
import sys
import tempfile
import time

import pytest

from conftest import ROOT, SLOW, wait_for

sys.path.insert(0, str(ROOT / "tests" / "fakes"))
sys.path.insert(0, str(ROOT / "tests" / "bench"))

import telegram_rules as rules  # noqa: E402
from gateways import certificate  # noqa: E402
from telegram import Telegram  # noqa: E402


@pytest.fixture
def tg():
    with Telegram() as double:
        yield double
        assert not double.problems


@pytest.fixture
def up(suite, tg):
    """A suite whose gateway is in session with the double."""
    def make(**sets):
        s = suite(AGENT_RUNTIME_TELEGRAM_TOKEN=tg.token,
                  AGENT_RUNTIME_TELEGRAM_API_BASE=tg.url,
                  AGENT_RUNTIME_TELEGRAM_POLL_SECONDS="2", **sets)
        wait_for("the first poll", lambda: tg.called("getUpdates"), 20)
        return s
    return make


def answer(tg, chat, match, timeout=15):
    return tg.wait_sent(lambda m: m["chat_id"] == chat and
                        re.search(match, m["text"]), timeout * SLOW)


def component(s, name="gateway-telegram"):
    for c in s.heartbeat()["components"]:
        if c["name"] == name:
            return c
    return {}


def wait_component(s, state, message=""):
    return wait_for(f"{state} {message}", lambda: (
        lambda c: c if c.get("state") == state and
        re.search(message, c.get("message", "")) else None)(component(s)),
        20)


def chat_log(s, external_id):
    found = list(s.data.glob(
        f"workspaces/*/logs/chats/telegram/{external_id}.md"))
    return found[0].read_text() if found else ""


@pytest.fixture
def open_folder():
    """One that a daemon of another uid may read, as an operator's."""
    with tempfile.TemporaryDirectory(prefix="ca-", dir="/tmp") as folder:
        path = pathlib.Path(folder)
        path.chmod(0o755)
        yield path


def test_over_tls_with_the_systems_store(suite, open_folder):
    """No CA file is configured: the store that every client here reads."""
    tls, store = certificate(open_folder)
    with Telegram(tls=tls) as tg:
        suite(AGENT_RUNTIME_TELEGRAM_TOKEN=tg.token,
              AGENT_RUNTIME_TELEGRAM_API_BASE=tg.url, SSL_CERT_FILE=store)
        tg.say(7, "/help")
        answer(tg, 7, ".")
        assert not tg.problems


def test_a_command_in_a_private_chat_is_answered(up, tg):
    s = up()
    tg.say(7, "/status")
    got = answer(tg, 7, ".")
    assert got["reply_to"] == 101 and got["is_html"]
    assert wait_component(s, "healthy")
    wait_for("the chat log", lambda: "/status" in chat_log(s, "7"))


def test_free_text_is_answered(up, tg):
    up()
    tg.say(7, "how do I connect Telegram?")
    assert answer(tg, 7, "found nothing")


def test_a_group_is_answered_only_when_it_asks(up, tg):
    """P-66: a mention was a substring, a reply was not seen."""
    s = up()
    tg.group(-5, title="Harbour")
    tg.say(-5, "nobody in particular", user=7)
    tg.say(-5, "@harbour_botany is not us", user=7)
    tg.say(-5, "/help@other_bot", user=7)
    tg.say(-5, "@harbour_bot how do I connect Telegram?", user=7)
    got = answer(tg, -5, "found nothing")
    assert got["reply_to"] == 104
    assert [m["chat_id"] for m in tg.sent] == [-5]
    wait_for("the log", lambda: "nobody in particular" in chat_log(s, "-5"))
    tg.say(-5, "/help@harbour_bot", user=7)
    assert answer(tg, -5, "/task")
    # A reply to the bot is said to it.
    tg.say(-5, "status", user=8, reply_to_message=got["message"])
    assert tg.wait_sent(lambda m: m["reply_to"] == 107 or
                        len(tg.sent) == 3, 15)


def test_topics_of_a_forum_are_places_of_their_own(up, tg):
    s = up()
    tg.group(-100, title="Forum", kind="supergroup", is_forum=True,
             topics={7})
    opened = {"message_id": 7, "date": 1, "from": tg.user(1),
              "chat": {"id": -100, "type": "supergroup"},
              "forum_topic_created": {"name": "Piers", "icon_color": 1}}
    tg.say(-100, "/status", user=7, message_thread_id=7,
           is_topic_message=True, reply_to_message=opened)
    assert answer(tg, -100, ".")["thread"] == 7
    tg.say(-100, "/help", user=7)
    assert answer(tg, -100, "/task")["thread"] is None
    wait_for("both logs", lambda: chat_log(s, "-100.7") and
             chat_log(s, "-100"))


def test_what_is_no_persons_word_is_not_a_command(up, tg):
    s = up()
    tg.group(-5)
    bot = tg.user(99, is_bot=True)
    tg.say(-5, "/help", user=bot)
    said = tg.say(-5, "an old /help", user=7)
    tg.edit(said, "/help")
    tg.say(7, "/task forwarded", forward_origin={
        "type": "user", "sender_user": tg.user(8), "date": 1})
    tg.say(7, "/task picked", via_bot=bot)
    tg.say(-5, "/help", user=7, entities=[
        {"type": "code", "offset": 0, "length": 5}])
    tg.say(8, "/help")
    answer(tg, 8, "/task")
    answer(tg, 7, ".")
    assert not [m for m in tg.sent if m["chat_id"] == -5]
    assert "Task queued" not in "".join(m["text"] for m in tg.sent)
    log = wait_for("the edit", lambda: (
        lambda t: t if "old" in t and t.count("/help") > 1 else None)(
            chat_log(s, "-5")))
    assert "99" not in re.findall(r"actor: `?(\S+)", log)


def test_an_anonymous_admin_is_nobodys_account(up, tg):
    """P-66: all anonymous admins were one person."""
    s = up()
    group = {"id": -5, "type": "supergroup", "title": "Harbour"}
    tg.say(-5, "@harbour_bot status", user=tg.user(
        1087968824, is_bot=True, username="GroupAnonymousBot"),
        sender_chat=group)
    wait_for("the log", lambda: "-5" in chat_log(s, "-5"))


def test_formatting_arrives_and_survives_a_refusal(up, tg):
    """P-63: an unbalanced mark cost the reply."""
    up()
    tg.say(7, "/help")
    first = answer(tg, 7, "/task")
    assert first["is_html"]
    tg.fault("sendMessage", "400-entities")
    tg.say(8, "/help")
    second = answer(tg, 8, "/task")
    assert not second["is_html"] and second["text"] == first["text"]


def workspace_of(s, external_id):
    """The folder of the workspace that the chat is in."""
    return wait_for("the chat's log", lambda: list(s.data.glob(
        f"workspaces/*/logs/chats/telegram/{external_id}.md")))[0].parents[3]


def test_long_answers_are_cut_and_keep_their_order(up, tg):
    """P-62: more than 4096 characters were refused and lost."""
    s = up()
    tg.say(7, "/status")
    answer(tg, 7, ".")
    page = workspace_of(s, 7) / "long.md"
    page.write_text("# Long\n\n" + "\n\n".join(
        f"Paragraph {i}: " + "word \U0001F600 " * 60 for i in range(20)))

    def parts():
        return [m for m in tg.sent if "Paragraph" in m["text"]]

    # The index finds the file within a moment.
    wait_for("the page", lambda: tg.say(7, "/open long.md") and
             parts(), 20, 0.5)
    wait_for("its second part", lambda: len(parts()) > 1)
    assert all(rules.units(m["text"]) <= 4096 for m in parts())
    numbers = [int(n) for m in parts()[:2]
               for n in re.findall(r"Paragraph (\d+)", m["text"])]
    assert numbers == sorted(numbers) and len(numbers) > 5
    assert parts()[0]["reply_to"] and not parts()[1]["reply_to"]


@pytest.mark.parametrize("kind", ["500", "html502", "half", "cut"])
def test_trouble_with_a_poll_passes(up, tg, kind):
    s = up()
    tg.fault("getUpdates", kind, times=2)
    tg.say(7, "/help")
    assert answer(tg, 7, "/task")
    assert wait_component(s, "healthy")


@pytest.mark.parametrize("kind", ["500", "html502", "half", "cut", "429"])
def test_trouble_with_a_reply_passes(up, tg, kind):
    """P-64: retry_after was not obeyed, and nothing backed off."""
    up()
    tg.fault("sendMessage", kind)
    tg.say(7, "/help")
    assert answer(tg, 7, "/task")
    time_of = [at for m, _, at in tg.calls if m == "sendMessage"]
    if kind == "429":
        assert time_of[1] - time_of[0] >= 1


def test_it_stops_with_a_reply_under_way(up, tg):
    """A sanitizer would tell what is not given back."""
    s = up()
    tg.fault("sendMessage", "hang")
    tg.say(7, "/help")
    wait_for("the call", lambda: tg.called("sendMessage"), 15)
    assert s.stop() == 0


def test_a_refusal_for_good_is_not_repeated(up, tg):
    s = up()
    tg.group(-5, gone="kicked")
    tg.say(-5, "/help", user=7)
    wait_for("the refusal", lambda: re.search(
        r"delivery-failed .*kicked", s.all_logs()), 15)
    assert len(tg.called("sendMessage")) == 1


def test_a_second_poller_is_named_with_its_cure(up, tg):
    """P-64: a conflict was tried again for ever, unexplained."""
    s = up()
    tg.webhook = "https://example.org/hook"
    tg.say(7, "/help")
    assert wait_component(s, "degraded", "webhook")
    n = len(tg.called("getUpdates"))
    tg.webhook = ""
    assert answer(tg, 7, "/task", 40)
    assert len(tg.called("getUpdates")) < n + 10


def test_a_refused_token_is_said_and_not_hammered(suite, tg):
    s = suite(AGENT_RUNTIME_TELEGRAM_TOKEN="99:AAwrong",
              AGENT_RUNTIME_TELEGRAM_API_BASE=tg.url)
    assert wait_component(s, "degraded", "refuses the bot token")
    assert "AAwrong" not in s.all_logs()


def test_the_token_is_nowhere(up, tg):
    s = up()
    secret = tg.token.split(":")[1]
    tg.fault("sendMessage", "cut")
    tg.fault("getUpdates", "html502")
    tg.say(7, "/help")
    answer(tg, 7, "/task")
    pid = s.pid("gateway-telegram")
    for name in ("cmdline", "environ"):
        with open(f"/proc/{pid}/{name}", "rb") as f:
            assert secret.encode() not in f.read()
    s.kill("gateway-telegram", 1)  # debug log
    tg.say(7, "/status")
    wait_for("two answers", lambda: len(tg.sent) > 1, 15)
    assert secret not in s.all_logs()
    assert secret not in str(s.heartbeat())


def test_a_killed_gateway_goes_on_where_it_was(up, tg):
    """P-65: a crash replayed updates."""
    s = up()
    tg.say(7, "/help")
    answer(tg, 7, "/task")
    # Before it has told the engine so, Telegram would be asked again.
    wait_for("its report", lambda: s.http(
        "GET", "/api/v1/status").json["counts"].get("outbox.sent"))
    s.kill("gateway-telegram")
    for i in range(3):
        tg.say(20 + i, "/help")
    for i in range(3):
        answer(tg, 20 + i, "/task", 30)
    assert len([m for m in tg.sent if m["chat_id"] == 7]) == 1


def test_an_update_that_cannot_be_read_holds_up_no_other(up, tg):
    s = up()
    tg.say(7, "before")
    tg.say(7, "a NUL \0 in it")
    tg.say(8, "/help")
    assert answer(tg, 8, "/task", 30)
    assert re.search(r"update-dropped update=1001 ", s.all_logs())
    wait_for("the other", lambda: "before" in chat_log(s, "7"))


@pytest.mark.parametrize("texts", [
    ["hello"] * 20 + ["a NUL \0 in it"] + ["hello"] * 20,
    ["x" * 90000] * 100], ids=["one of them", "too much at once"])
def test_a_backlog_that_cannot_be_read_comes_in_pieces(up, tg, texts):
    for text in texts:
        tg.say(-5, text, user=7)
    tg.say(8, "/help")
    s = up()
    assert answer(tg, 8, "/task", 15)
    assert re.search(r"poll-narrowed updates=\d\d", s.all_logs())


def test_history_is_not_replayed_at_the_first_start(suite, tg):
    tg.say(7, "/help", date=int(time.time()) - 2 * 86400)
    tg.say(8, "/help")
    suite(AGENT_RUNTIME_TELEGRAM_TOKEN=tg.token,
          AGENT_RUNTIME_TELEGRAM_API_BASE=tg.url)
    answer(tg, 8, "/task", 30)
    assert not [m for m in tg.sent if m["chat_id"] == 7]


def menus(tg):
    """{scope: names} as Telegram has them."""
    return {json.loads(key)[0]["type"]: [c["command"] for c in commands]
            for key, commands in dict(tg.commands).items()}


def test_the_menu_is_set_only_where_it_differs(up, tg):
    s = up()
    wait_for("three menus", lambda: len(menus(tg)) == 3)
    got = menus(tg)
    assert {"help", "task", "search", "status"} <= set(got["default"])
    assert set(got["default"]) <= set(got["all_private_chats"])
    assert got["all_private_chats"] == got["all_chat_administrators"]
    if "pair" in got["all_private_chats"]:
        assert got["all_private_chats"][-1] == "pair"
    assert len(tg.called("setMyCommands")) == 3
    s.kill("gateway-telegram")
    wait_for("the next look", lambda: len(tg.called("getMyCommands")) == 6,
             20)
    tg.say(7, "/help")
    answer(tg, 7, "/task")
    assert len(tg.called("setMyCommands")) == 3


def test_a_menu_that_is_refused_disturbs_nothing(up, tg):
    tg.fault("setMyCommands", "429", retry_after=500)
    s = up()
    s.wait_log("menu-trouble .*again_ms=600000")
    tg.say(7, "/help")
    assert answer(tg, 7, "/task")
    assert len(tg.called("setMyCommands")) == 1


def test_the_menu_is_left_alone_when_asked(up, tg):
    up(AGENT_RUNTIME_COMMAND_SYNC_ENABLED="false")
    tg.say(7, "/help")
    answer(tg, 7, "/task")
    assert not tg.called("getMyCommands")
