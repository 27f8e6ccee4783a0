"""The two chat gateways between their platforms' doubles, over TLS with the
system's CA store: how long they take, what they hold out, what they need."""

import contextlib
import pathlib
import sqlite3
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

from suite import ROOT, Suite, pss_mib

sys.path.insert(0, str(ROOT / "tests/fakes"))

from discord import Discord  # noqa: E402
from model_stub import ModelStub  # noqa: E402
from telegram import Telegram  # noqa: E402

SYSTEM_CAS = "/etc/ssl/certs/ca-certificates.crt"
CHATS = 50
SECONDS = 20
# What the platforms allow a bot in all chats together.
TELEGRAM_A_SECOND, DISCORD_A_SECOND = 30, 50
QUESTION = "Which file in the workspace docs says how pairing works?"


def certificate(folder):
    """For this machine; and the system's store with it in front, which costs
    a client what the store costs."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
         folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True)
    cas = folder / "cas.pem"
    cas.write_text((folder / "cert.pem").read_text()
                   + pathlib.Path(SYSTEM_CAS).read_text())
    cas.chmod(0o644)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return tls, cas


class Platforms:
    """Both doubles, a model, and the suite between them."""

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            folder = pathlib.Path(stack.enter_context(
                tempfile.TemporaryDirectory(prefix="ar-bench-")))
            folder.chmod(0o755)
            tls, cas = certificate(folder)
            self.telegram = stack.enter_context(Telegram(tls=tls))
            self.discord = stack.enter_context(Discord(tls=tls))
            self.model = stack.enter_context(ModelStub(tls=tls))
            self.suite = stack.enter_context(Suite(
                SSL_CERT_FILE=str(cas), **self.sets()))
            self.discord.wait("a session", self.discord.is_ready)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self.stack.close()
        for trouble in (self.telegram.problems, self.discord.violations):
            if trouble:
                raise SystemExit(f"bench: a platform complains: {trouble[:3]}")

    def sets(self):
        limits = {f"AGENT_RUNTIME_LLM_RATE_LIMIT_{of}PER_WINDOW": "0"
                  for of in ("", "ROOM_", "WORKSPACE_")}
        return {
            "AGENT_RUNTIME_TELEGRAM_TOKEN": self.telegram.token,
            "AGENT_RUNTIME_TELEGRAM_API_BASE": self.telegram.url,
            "AGENT_RUNTIME_DISCORD_TOKEN": self.discord.token,
            "AGENT_RUNTIME_DISCORD_API_BASE": self.discord.api_url,
            "AGENT_RUNTIME_LLM_BASE_URL": self.model.url,
            "AGENT_RUNTIME_LLM_API_KEY": self.model.key, **limits}

    def n_stored(self, instance):
        path = self.suite.data / "agent-runtime/meta.sqlite"
        with contextlib.closing(sqlite3.connect(
                f"file:{path}?mode=ro", uri=True, timeout=20)) as db:
            return db.execute(
                "SELECT count(*) FROM messages WHERE instance = ? AND"
                " direction = 'inbound'", (instance,)).fetchone()[0]

    def wait_stored(self, instance, count):
        wait(f"{count} messages of {instance}",
             lambda: self.n_stored(instance) >= count)


def wait(what, check, seconds=120):
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            raise SystemExit(f"bench: waited in vain for {what}")
        time.sleep(0.02)


def bench_answer():
    """One asks and is answered before the next one asks; each has asked
    before, so that there is a chat, a workspace and its index."""
    people, rounds = 20, 8
    took = []
    with Platforms() as p:
        for n in range(people * rounds):
            began = time.monotonic()
            p.telegram.say(1 + n % people, QUESTION)
            wait("an answer", lambda n=n: len(p.telegram.sent) > n, 20)
            took.append((p.telegram.sent[n]["at"] - began) * 1000)
    ours = statistics.median(took[people:])
    return ("Telegram → suite → model → Telegram over TLS, p50, the doubles "
            "and the model included", "–", f"{ours:.1f} ms", "under 15 ms",
            ours < 15)


class Load:
    """People of many chats, who ask as fast as the bot may answer."""

    def __init__(self, rate, say, n_answered):
        self.rate, self.say, self.n_answered = rate, say, n_answered
        self.most_waiting = 0

    def run(self):
        began, n = time.monotonic(), 0
        while n < self.rate * SECONDS:
            spent = time.monotonic() - began
            while n < min(spent, SECONDS) * self.rate:
                self.say(n % CHATS)
                n += 1
            self.most_waiting = max(self.most_waiting, n - self.n_answered())
            time.sleep(0.01)
        wait("the last answer", lambda: self.n_answered() >= n)
        return n / (time.monotonic() - began)


def bench_crowd(name, rate, make):
    with Platforms() as p:
        load = Load(rate, *make(p))
        got = load.run()
    waiting = load.most_waiting
    return (f"{name}: {CHATS} chats at once, answers a second for "
            f"{SECONDS} s", f"{rate}, what the platform allows",
            f"{got:.1f}, at most {waiting} waiting",
            "at least 0.9× and two seconds' worth waiting",
            got >= 0.9 * rate and waiting <= 2 * rate)


def telegram_crowd():
    return bench_crowd("Telegram", TELEGRAM_A_SECOND, lambda p: (
        lambda i: p.telegram.say(1 + i, "/help"),
        lambda: len(p.telegram.sent)))


def discord_crowd():
    return bench_crowd("Discord", DISCORD_A_SECOND, lambda p: (
        lambda i: p.discord.whisper(f"user{i}", "/help"),
        lambda: len(p.discord.messages)))


def chatter(p, first, last):
    """A group talks; one message in fifty is for the bot."""
    group = p.telegram.group(-100)
    for n in range(first, last):
        text = f"And this is what I say about it, number {n}."
        if n % 50:
            p.telegram.say(group, text, user=1 + n % 40)
            p.discord.say("general", f"user{n % 40}", text)
        else:
            p.telegram.say(1 + n % 40, "/help")
            p.discord.whisper(f"user{n % 40}", "/help")
        if n % 100 == 0:
            p.wait_stored("telegram.main", n)
            p.wait_stored("discord.main", n)
    p.wait_stored("telegram.main", last)
    p.wait_stored("discord.main", last)


def bench_growth():
    names = ("gateway-telegram", "gateway-discord")
    with Platforms() as p:
        sizes = []
        for first, last in ((0, 500), (500, 10000)):
            chatter(p, first, last)
            time.sleep(2)
            sizes.append([pss_mib([p.suite.pid_of(n)]) for n in names])
    grown = [b - a for a, b in zip(*sizes)]
    return ("growth of the gateways' memory from the 500th to the 10,000th "
            "message, Telegram and Discord",
            " and ".join(f"{s:.1f}" for s in sizes[0]) + " MiB at the 500th",
            " and ".join(f"{g:.2f}" for g in grown) + " MiB",
            "under 1 MiB each", max(grown) < 1)


def bench_memory_tls():
    with Platforms() as p:
        chatter(p, 0, 500)
        for _ in range(100):
            p.suite.chat(QUESTION)
        time.sleep(10)
        ours = pss_mib(p.suite.pids())
    return ("memory with a model and both gateways on TLS with the system's "
            "CA store, after 1,100 messages (PSS; mail cannot be connected "
            "yet)", "–", f"{ours:.1f} MiB", "–", True)


BENCHES = {
    "memory-tls": bench_memory_tls, "answer": bench_answer,
    "telegram-crowd": telegram_crowd, "discord-crowd": discord_crowd,
    "growth": bench_growth,
}
