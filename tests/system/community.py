"""A community for the engine's tests: people with roles, rooms, a model.

    with Community(place) as c:
        c.role("7", "admin")             # in the workspace of the room "-100"
        c.admin_room("-900")
        c.say("the deploy fails", user="42")
        c.texts("-900")                  # what the room was told
"""

import contextlib
import pathlib
import sqlite3
import sys
import time

from conftest import ROOT, wait_for
from engine_alone import INDEXER, SCHEDULER, Engine, message

sys.path.insert(0, str(ROOT / "tests" / "fakes"))
from model_stub import ModelStub  # noqa: E402, F401

ROOM, SPACE = "-100", "harbour"
KEY = "sk-canary-model-0123456789"


def with_model(stub, **more):
    """Answers come from the stub at once: nothing is searched before."""
    return {"AGENT_RUNTIME_LLM_BASE_URL": stub.url,
            "AGENT_RUNTIME_LLM_API_KEY": KEY,
            "AGENT_RUNTIME_AGENT_GROUNDING_FIRST_STEP": "false",
            "AGENT_RUNTIME_LLM_RATE_LIMIT_PER_WINDOW": "0",
            "AGENT_RUNTIME_LLM_RATE_LIMIT_ROOM_PER_WINDOW": "0",
            "AGENT_RUNTIME_LLM_RATE_LIMIT_WORKSPACE_PER_WINDOW": "0", **more}


class Community(Engine):
    def __init__(self, tmp, env=None):
        super().__init__(tmp, env)
        self.n = 0
        self.connect()
        self.inbound("m:first", "hi", chat=ROOM, space_id=SPACE)

    def write(self, text, *args):
        """Rows that no command makes yet, as an operator's shell would."""
        with contextlib.closing(sqlite3.connect(self.db, timeout=20)) as db:
            db.execute(text, args)
            db.commit()

    def workspace(self, chat=ROOM):
        return self.sql("SELECT workspace_id FROM contexts WHERE external_id"
                        " = ?", chat)[0][0]

    def role(self, account, role, workspace=None):
        """Links telegram's account to a person with that role; None: takes
        what it had there."""
        where = workspace or self.workspace()
        self.write("INSERT OR IGNORE INTO users (id, display_name)"
                   " VALUES (?, ?)", "u" + account, "u" + account)
        self.write("INSERT OR IGNORE INTO identities (id, user_id, connector,"
                   " connector_user_id, verified) VALUES (?, ?, 'telegram',"
                   " ?, 1)", "i" + account, "u" + account, account)
        self.write("DELETE FROM roles WHERE user_id = ? AND workspace_id = ?",
                   "u" + account, where)
        if role:
            self.write("INSERT INTO roles VALUES (?, ?, ?)",
                       "u" + account, where, role)

    def admin_room(self, chat, space=SPACE, hub=False):
        self.inbound(f"m:room{chat}", "hi", chat=chat, space_id=space)
        self.write("UPDATE contexts SET is_admin = 1, is_global_hub = ?"
                   " WHERE external_id = ?", int(hub), chat)

    def say(self, text, user="42", chat=ROOM, space=SPACE, **more):
        """The row's number of what was said."""
        self.n += 1
        return self.inbound(f"m:{self.n}", text, chat=chat, space_id=space,
                            user_id=user, **more)["message_id"]

    def ask(self, text, user="42", **more):
        return self.say(text, user, is_addressed=True, **more)

    def dm(self, text, user="42"):
        return self.say(text, user, chat=user, space="", is_direct=True)

    def answer(self, seq):
        """What answered it; None if nothing did."""
        got = self.sql("SELECT text FROM outbox WHERE in_reply_to_seq = ?",
                       int(seq))
        return got[0][0] if got else None

    def answered(self, seq):
        return wait_for(f"an answer to {seq}", lambda: self.answer(seq))

    def reply(self, text, user="42", **more):
        """A command's answer, which is there at once."""
        return self.answer(self.say(text, user, **more))

    def texts(self, chat):
        return [r[0] for r in self.sql(
            "SELECT text FROM outbox WHERE chat_id = ? ORDER BY seq", chat)]

    def tasks(self, columns="route_class, status, priority, assigned_lane"):
        return self.sql(f"SELECT {columns} FROM tasks ORDER BY created_ms,"
                        " source_message_seq")

    def task(self, state="open"):
        """The id of the only one in that state."""
        return wait_for(f"a task that is {state}", lambda: self.sql(
            "SELECT id FROM tasks WHERE status = ?", state))[0][0]

    def ended(self, task_id):
        return wait_for("its end", lambda: self.sql(
            "SELECT status FROM tasks WHERE id = ? AND status IN"
            " ('succeeded','failed','cancelled')", task_id))[0][0]

    def upkeep(self):
        return self.dial(SCHEDULER).ask("upkeep", {})

    def let_windows_end(self):
        self.write("UPDATE routing_notices SET ends_ms = ?",
                   int(time.time() * 1000) - 1)

    def artifact(self, path):
        return wait_for(f"the file {path}", lambda: list(pathlib.Path(
            self.data / "workspaces").glob("*/" + path)))[0].read_text()


__all__ = ["Community", "ModelStub", "with_model", "message", "INDEXER",
           "ROOM", "SPACE", "KEY"]
