"""Several instances of one gateway: each has its own door, so what one claims
no other does; and what one hears is answered through it."""

import collections
import subprocess
import sys

import pytest

from conftest import ROOT, SLOW, program, wait_for

sys.path.insert(0, str(ROOT / "tests/fakes"))
from discord import Discord  # noqa: E402
from telegram import Telegram  # noqa: E402

N_CHATS, N_ROUNDS = 6, 8


class Instances:
    """Gateways that nobody supervises, as docs/channels/ shows them."""

    def __init__(self, suite, gateway, names, **settings):
        self.gateway, self.settings, self.running = gateway, settings, {}
        self.s = suite(
            args=["--door-keys", "keys"],
            AGENT_RUNTIME_CONNECTOR_INSTANCES=",".join(
                f"{gateway}.{n}!" for n in names))

    def start(self, name, **more):
        env = {**self.s.environment(), **self.settings, **more,
               "AGENT_RUNTIME_INSTANCE": name,
               "AGENT_RUNTIME_DOOR_KEY_FILE": str(
                   self.s.tmp / "keys" / f"{self.gateway}.{name}.keys")}
        log = open(self.s.tmp / f"{self.gateway}.{name}.log", "ab")
        with log:
            self.running[name] = subprocess.Popen(
                [program(self.gateway)], env=env, stderr=log, cwd=self.s.tmp)
        self.more = {**getattr(self, "more", {}), name: more}

    def kill(self, name):
        self.running[name].kill()
        self.running[name].wait()
        self.start(name, **self.more[name])

    def close(self):
        for one in self.running.values():
            one.terminate()
        for one in self.running.values():
            assert one.wait(10) == 0


@pytest.fixture
def several(suite):
    made = []

    def make(*args, **settings):
        made.append(Instances(suite, *args, **settings))
        return made[-1]
    yield make
    for one in made:
        one.close()


def test_two_shards_of_discord(several):
    with Discord() as discord:
        discord.shards_required = discord.shards_recommended = 2
        discord.max_concurrency = 2
        # One of the other shard: of the next millisecond.
        first, = discord.guilds
        discord.add_guild("reef", ["reef"],
                          guild_id=str(int(first) + (1 << 22) + (1 << 21)))
        for guild in list(discord.guilds.values()):
            for i in range(N_CHATS):
                discord.add_channel(f"{guild['id']}-{i}", guild)
        shards = several("gateway-discord", ["s0", "s1"],
                         AGENT_RUNTIME_DISCORD_TOKEN=discord.token,
                         AGENT_RUNTIME_DISCORD_API_BASE=discord.api_url)
        for i in range(2):
            shards.start(f"s{i}", AGENT_RUNTIME_DISCORD_SHARD=f"{i}/2")
        discord.wait("both sessions", lambda: {
            c.session.shard for c in discord.connections if c.session} == {
                (0, 2), (1, 2)}, 30 * SLOW)
        for i in range(2):
            shards.s.wait_cursor(f"discord.s{i}")
        channels = [c["id"] for c in discord.channels.values()
                    if c["kind"] == "text"]
        heard = []
        for turn in range(N_ROUNDS):
            heard += [discord.say(c, "alice", "/help", mention=True)
                      for c in channels]
            if turn in (2, 5):
                shards.kill(f"s{turn % 2}")

        def answered():
            return collections.Counter(
                m["message_reference"]["message_id"]
                for m in list(discord.messages))
        discord.wait("all answers", lambda: set(heard) <= set(answered()),
                     120 * SLOW)
        assert answered() == {m: 1 for m in heard}
        # The commands are one shard's to keep.
        assert discord.n_command_writes == len(discord.commands[""])
        assert discord.violations == []


def test_two_bots_on_telegram(several):
    with Telegram(token="11:" + "a" * 35) as one, \
            Telegram(token="12:" + "b" * 35) as two:
        bots = several("gateway-telegram", ["one", "two"],
                       AGENT_RUNTIME_TELEGRAM_POLL_SECONDS="2")
        for name, double in (("one", one), ("two", two)):
            bots.start(name, AGENT_RUNTIME_TELEGRAM_TOKEN=double.token,
                       AGENT_RUNTIME_TELEGRAM_API_BASE=double.url)
        # The same people talk to both.
        for _ in range(N_ROUNDS):
            for chat in range(7, 7 + N_CHATS):
                one.say(chat, "/cancel aaaa1111")
                two.say(chat, "/cancel bbbb2222")
        for double in (one, two):
            wait_for("all answers", lambda d=double: len(d.sent) >=
                     N_ROUNDS * N_CHATS, 120)
        assert len(one.sent) == len(two.sent) == N_ROUNDS * N_CHATS
        assert all("aaaa1111" in m["text"] for m in one.sent)
        assert all("bbbb2222" in m["text"] for m in two.sent)
        assert not one.problems and not two.problems
