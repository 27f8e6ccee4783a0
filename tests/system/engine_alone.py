"""The task-engine alone, its doors played by the tests."""

import contextlib
import hashlib
import sqlite3

import pytest

from door import Daemon, place  # noqa: F401

TELEGRAM = "task-engine/gateway-telegram.main"
DISCORD = "task-engine/gateway-discord.main"
API = "task-engine/api.main"
SCHEDULER = "task-engine/scheduler.main"
INDEXER = "indexer/task-engine.main"
CHANGES = "task-engine/indexer.main"
BEATS = "scheduler/task-engine.main"
NOW = 1700000000000


class Engine(Daemon):
    def __init__(self, tmp, env=None, start=True):
        super().__init__("task-engine", tmp,
                         [TELEGRAM, DISCORD, API, SCHEDULER, INDEXER, CHANGES,
                          BEATS], env, start)
        self.db = self.data / "agent-runtime" / "meta.sqlite"

    def connect(self):
        self.gateway = self.dial(TELEGRAM)
        self.api = self.dial(API)
        return self

    def restart(self):
        self.kill()
        return self.start().connect()

    @property
    def local(self):
        token = (self.data / "run" / "admin.token").read_text().strip()
        return credential(token)

    def inbound(self, event, text="hello", chat="-100", **more):
        return self.gateway.ask("message.inbound", message(
            event, text, chat, **more))

    def chat(self, text, key, who=None, **more):
        return self.api.ask("chat.turn", {
            "credential": who or self.local, "key": key, "text": text,
            **more})

    def sql_write(self, text, *args):
        with contextlib.closing(sqlite3.connect(self.db, timeout=10)) as db:
            db.execute(text, args)
            db.commit()

    def sql(self, text, *args):
        with contextlib.closing(sqlite3.connect(self.db)) as db:
            return db.execute(text, args).fetchall()

    def counts(self):
        got = self.api.ask("engine.status", {"credential": self.local})
        return {c["name"]: c["value"] for c in got["counts"]}

    def log_of(self, connector, name):
        found = list((self.data / "workspaces").glob(
            f"*/logs/chats/{connector}/{name}.md"))
        return found[0].read_text() if found else ""


def credential(token):
    return {"listener": "local", "peer_uid": -1,
            "token_sha256": hashlib.sha256(token.encode()).hexdigest()}


def message(event, text, chat="-100", **more):
    return {"event_id": event, "chat_id": chat, "space_id": chat,
            "space_name": "Harbour", "message_id": event, "user_id": "42",
            "user_name": "Ann", "text": text, "sent_unix_ms": NOW, **more}


@pytest.fixture
def engine(place):
    with Engine(place) as e:
        yield e.connect()
