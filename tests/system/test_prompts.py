"""What the model is told: /prompt, prompt and SOUL files, skills; who may
change it, and that nobody else gets it out."""

import contextlib
import json
import sqlite3

import pytest

from community import KEY, ROOM, Community, ModelStub, with_model
from conftest import ROOT, wait_for
from door import place  # noqa: F401
from engine_alone import credential

OTHER_ROOM, ADMIN_ROOM = "-200", "-900"
ADMIN, MEMBER, GUEST = "7", "8", "9"
PUBLIC = "You are assisting community members."
RULES = "Rules of this program"
SKILLS = "Skill templates"


class Told(Community):
    """An admin and a member in a workspace with three rooms."""

    def __init__(self, tmp, stub, **more):
        self.context = tmp / "context"
        self.context.mkdir(exist_ok=True)
        self.stub = stub
        super().__init__(tmp, with_model(
            stub,
            AGENT_RUNTIME_TRIAGE_ENABLED="false",
            AGENT_RUNTIME_SKILLS_GLOBAL_ROOT=self.context / "skills",
            AGENT_RUNTIME_SOUL_GLOBAL_FILE=self.context / "SOUL.md",
            AGENT_RUNTIME_SYSTEM_PROMPT_GLOBAL_FILE=self.context
            / "SYSTEM_PROMPT.md", **more))
        self.say("hi", GUEST, OTHER_ROOM)
        self.admin_room(ADMIN_ROOM)
        self.role(ADMIN, "admin")
        self.role(MEMBER, "member")
        self.folder = self.data / "workspaces" / self.workspace()

    def context_id(self, chat=ROOM):
        return self.sql("SELECT id FROM contexts WHERE external_id = ?",
                        chat)[0][0]

    def told(self, chat=ROOM, user=MEMBER):
        """The system message of a turn there."""
        self.answered(self.ask("where were we?", user, chat=chat))
        assert self.stub.problems == []
        messages = self.stub.requests[-1]["messages"]
        assert [m["role"] for m in messages] == ["system", "user"]
        return messages[0]["content"]

    def put(self, path, text, beneath=None):
        path = (beneath or self.context) / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def said_in_log(self, what):
        return [line for line in self.log().splitlines() if what in line]


@pytest.fixture
def start(place):
    """start(NAME=value, …) makes the community."""
    with contextlib.ExitStack() as stack:
        def make(**more):
            stub = stack.enter_context(ModelStub(key=KEY))
            return stack.enter_context(Told(place, stub, **more))
        yield make


# -- /prompt ---------------------------------------------------------------

def test_set_show_and_clear_change_the_next_request(start):
    c = start()
    assert c.reply("/prompt show", ADMIN) == "Current context prompt:\n(empty)"
    text = "Answer as a pirate.\n\n- 100 % Ⱥhoy, %s"
    before = c.told()
    said = c.reply("/prompt set " + text, ADMIN)
    assert said == f"Context prompt updated for `{c.context_id()}`."
    assert c.reply("/prompt show", ADMIN) == "Current context prompt:\n" + text
    told = c.told()
    assert text in told and text not in before
    assert PUBLIC in told
    # A task of that conversation is told the same.
    c.reply("/task sing", MEMBER)
    wait_for("the task's call", lambda: text in json.dumps(
        c.stub.requests[-1], ensure_ascii=False).replace("\\n", "\n") and
        "sing" in c.stub.requests[-1]["messages"][-1]["content"])
    assert c.reply("/prompt clear", ADMIN) == "Context prompt cleared."
    assert c.reply("/prompt show", ADMIN) == "Current context prompt:\n(empty)"
    assert text not in c.told()


def test_a_thread_has_its_channels_prompt_until_it_has_its_own(start):
    c = start()
    thread, alien = {"chat": "-101"}, {"chat": "-102"}
    c.say("hi", GUEST, parent_chat_id=ROOM, **thread)
    # Of another workspace nothing comes, whatever its parent is said to be.
    c.say("hi", GUEST, space="elsewhere", parent_chat_id=ROOM, **alien)
    c.reply("/prompt set CANARY-CHANNEL", ADMIN)
    assert "CANARY-CHANNEL" in c.told(**thread)
    c.answered(c.say("where were we?", MEMBER, space="elsewhere",
                     is_addressed=True, **alien))
    assert "CANARY" not in c.stub.requests[-1]["messages"][0]["content"]
    shown = c.reply("/prompt show", ADMIN, parent_chat_id=ROOM, **thread)
    assert shown.endswith("CANARY-CHANNEL") and "channel" in shown
    c.reply("/prompt set CANARY-THREAD", ADMIN, parent_chat_id=ROOM, **thread)
    told = c.told(**thread)
    assert "CANARY-THREAD" in told and "CANARY-CHANNEL" not in told
    assert c.reply("/prompt show", ADMIN, parent_chat_id=ROOM, **thread) == \
        "Current context prompt:\nCANARY-THREAD"
    told = c.told()
    assert "CANARY-CHANNEL" in told and "CANARY-THREAD" not in told
    c.reply("/prompt clear", ADMIN, parent_chat_id=ROOM, **thread)
    assert "CANARY-CHANNEL" in c.told(**thread)


def test_plain_words_do_too(start):
    c = start()
    said = c.reply("set prompt to Speak plainly.", ADMIN, is_addressed=True)
    assert "Context prompt updated" in said
    assert c.reply("show prompt", ADMIN, is_addressed=True).endswith(
        ":\nSpeak plainly.")
    assert "admin role required" in c.reply("clear prompt", MEMBER,
                                            is_addressed=True)
    assert "Speak plainly." in c.told()


def test_a_prompt_counts_in_its_own_conversation_alone(start):
    c = start()
    c.reply("/prompt set CANARY-ROOM", ADMIN)
    assert "CANARY-ROOM" in c.told()
    assert "CANARY-ROOM" not in c.told(OTHER_ROOM)
    assert "CANARY-ROOM" not in c.told(ADMIN_ROOM, ADMIN)
    # What a member may say elsewhere does not show it either.
    for text in ("/prompt show", "/status", "/help"):
        assert "CANARY-ROOM" not in (c.reply(text, MEMBER, chat=OTHER_ROOM) or "")


@pytest.mark.parametrize("text", ["/prompt show", "/prompt set Obey me.",
                                  "/prompt clear", "/prompt"])
def test_only_admins_may(start, text):
    c = start()
    c.reply("/prompt set Be kind.", ADMIN)
    assert "link your admin identity" in c.reply(text, GUEST)
    assert "admin role required" in c.reply(text, MEMBER)
    # An admin of this workspace is none in another.
    c.inbound("m:else", text, chat="-555", space_id="else", user_id=ADMIN)
    got = c.sql("SELECT o.text FROM outbox o JOIN messages m ON m.seq ="
                " o.in_reply_to_seq WHERE m.event_id = 'm:else'")
    assert "admin role required" in got[0][0]
    token = c.api.ask("token.add", {
        "credential": c.local, "name": "ci", "connector": "codex",
        "external_id": "s1"})["token"]
    got = c.chat(text, "k1", credential(token))
    assert "a tool's token" in (got.get("reply") or c.sql(
        "SELECT text FROM outbox ORDER BY seq DESC LIMIT 1")[0][0])
    assert c.reply("/prompt show", ADMIN).endswith("Be kind.")
    rows = c.api.ask("audit.list", {"credential": c.local,
                                    "operation": "command.prompt"})["items"]
    assert [r["actor"] for r in rows] == [
        "telegram:" + GUEST, "telegram:" + MEMBER, "telegram:" + ADMIN,
        "tool:ci"]


def test_each_change_is_in_the_audit_log(start):
    """G-31."""
    c = start()
    c.reply("/prompt set Be kind.", ADMIN)
    c.reply("/prompt show", ADMIN)
    c.reply("/prompt clear", ADMIN)
    rows = c.api.ask("audit.list", {"credential": c.local,
                                    "operation": "prompt."})["items"]
    assert [(r["operation"], r["actor"], r["subject"]) for r in rows] == [
        ("prompt.set", "telegram:" + ADMIN, c.context_id()),
        ("prompt.clear", "telegram:" + ADMIN, c.context_id())]
    assert rows[0]["detail"].startswith("bytes=8 sha256=")
    assert "kind" not in json.dumps(rows)


@pytest.mark.parametrize("argument, says", [
    ("", "Usage: /prompt show|set <text>|clear"),
    ("set", "Say what it is set to."),
    ("set  \n", "Say what it is set to."),
    ("delete", "Say show, clear, or set and the text."),
    ("show me", "`me`"),
    ("set " + "x" * 3001, "at most 3000 fit beside the rest"),
    ("set " + "x" * 8001, "at most 8000 fit."),
])
def test_what_is_wrong_is_said_and_changes_nothing(start, argument, says):
    """G-31: its length too."""
    c = start(AGENT_RUNTIME_LLM_SYSTEM_PROMPT_MAX_BYTES="6000")
    c.reply("/prompt set Be kind.", ADMIN)
    assert says in c.reply("/prompt " + argument, ADMIN)
    assert c.reply("/prompt show", ADMIN).endswith(":\nBe kind.")


def test_it_survives_the_engines_death(start):
    c = start()
    assert "updated" in c.reply("/prompt set Be kind.", ADMIN)
    c.restart()
    assert "Be kind." in c.told()


# -- files -----------------------------------------------------------------

def test_everything_stands_in_the_documented_order(start):
    """G-01: the prompt replaces none of the rules."""
    c = start()
    agents = f"context/agents/{c.context_id()}"
    c.put("SYSTEM_PROMPT.md", "prompt-global")
    c.put("SOUL.md", "soul-global")
    c.put("context/SYSTEM_PROMPT.md", "prompt-workspace", c.folder)
    c.put("context/SOUL.md", "soul-workspace", c.folder)
    c.put(agents + "/SYSTEM_PROMPT.md", "prompt-context", c.folder)
    c.put(agents + "/SOUL.md", "soul-context", c.folder)
    c.reply("/prompt set prompt-set", ADMIN)
    c.put(f"skills/contexts/{c.context_id()}/z.md", "skill-1", c.folder)
    c.put("skills/public/y.md", "skill-2", c.folder)
    c.put("skills/common/x.md", "skill-3", c.folder)
    c.put(f"skills/contexts/{c.context_id()}/c.md", "skill-4")
    c.put("skills/public/b.md", "skill-5")
    c.put("skills/common/a.md", "skill-6")
    c.put("skills/common/X.md", "hidden by the workspace's")
    c.put("skills/admin/a.md", "for admins")
    told = c.told()
    order = [PUBLIC, "System prompt directives", "For everybody",
             "prompt-global", "Override of this workspace",
             "prompt-workspace", "Override of this conversation",
             "prompt-context", "prompt-set", "SOUL behavior directives",
             "soul-global", "soul-workspace", "soul-context", RULES, SKILLS,
             *(f"skill-{n}" for n in range(1, 7))]
    at = [told.find(part) for part in order]
    assert -1 not in at and at == sorted(at), told
    assert "hidden by" not in told and "for admins" not in told
    told = c.told(ADMIN_ROOM, ADMIN)
    assert told.startswith("You are assisting admin operators.")
    assert "for admins" in told and "skill-6" not in told
    assert "skill-2" not in told and "skill-3" in told
    assert "prompt-context" not in told and "prompt-workspace" in told


def test_a_file_edited_between_two_turns_counts(start):
    c = start()
    assert "Be kind." not in c.told()
    path = c.put("SOUL.md", "Be kind.")
    c.put("skills/common/tea.md", "Brew it.")
    assert "Be kind." in c.told() and "Brew it." in c.told()
    # As editors do: a new file in its place.
    path.with_suffix(".new").write_text("Be brief.")
    path.with_suffix(".new").rename(path)
    told = c.told()
    assert "Be brief." in told and "Be kind." not in told
    path.unlink()
    assert "Be brief." not in c.told()


def test_a_budget_cuts_skills_first_and_whole(start):
    """G-70, G-71."""
    c = start(AGENT_RUNTIME_LLM_SYSTEM_PROMPT_MAX_BYTES="6000")
    c.put("SYSTEM_PROMPT.md", "prompt " * 100 + "end-of-prompt")
    c.put("SOUL.md", "soul " * 380 + "end-of-soul")
    for name in "abc":
        c.put(f"skills/common/{name}.md",
              f"skill-{name} " * 150 + f"end-of-{name}")
    told = c.told()
    assert len(told.encode()) <= 6000
    assert "end-of-prompt" in told and "end-of-soul" in told
    assert "end-of-a" in told and "skill-c" not in told
    assert told.count("skill-b") == (150 if "end-of-b" in told else 0)
    c.reply("/prompt set " + "set " * 700 + "end-of-set", ADMIN)
    told = c.told()
    assert "end-of-set" in told and RULES in told and PUBLIC in told
    assert "skill-" not in told and SKILLS not in told
    assert "soul " not in told and "SOUL" not in told
    assert told.count("prompt ") < 5 or "end-of-prompt" in told
    lines = c.said_in_log("prompt-left-out")
    assert 1 <= len(lines) <= 2 and "skill c.md" in lines[0]
    c.told()
    assert c.said_in_log("prompt-left-out") == lines


def test_what_cannot_be_used_is_skipped_and_said_once(start, place):
    c = start()
    outside = c.put("secret.md", "CANARY-OUTSIDE", place)
    c.put("skills/common/good.md", "a good skill")
    c.put("skills/common/latin.md", b"caf\xe9 CANARY-LATIN")
    c.put("skills/common/huge.md", "CANARY-HUGE " * 6000)
    (c.context / "skills/common/link.md").symlink_to(outside)
    c.put("skills/public/x.md", "CANARY-FOLDER", place)
    (c.context / "skills/public").symlink_to(place / "skills/public")
    (c.folder / "context").mkdir(parents=True)
    (c.folder / "context/SOUL.md").symlink_to(outside)
    for _ in range(3):
        told = c.told()
        assert "a good skill" in told and "CANARY" not in told
    lines = c.said_in_log("prompt-file-skipped")
    assert len(lines) == 5, lines
    for name in ("latin.md", "huge.md", "link.md", "skills/public",
                 "context/SOUL.md"):
        assert len([n for n in lines if name in n]) == 1, lines
    assert "CANARY" not in c.log()
    # Well again, and broken again: that is news.
    c.put("skills/common/latin.md", "café")
    assert "café" in c.told()
    c.put("skills/common/latin.md", b"caf\xe9")
    c.told()
    assert len(c.said_in_log("prompt-file-skipped")) == 6


def test_the_starter_files_are_told(start):
    c = start()
    starter = ROOT / "context"
    for path in starter.rglob("*.md"):
        c.put(path.relative_to(starter), path.read_text())
    for room, user, skills in ((ROOM, MEMBER, ["common"]),
                               (ADMIN_ROOM, ADMIN, ["common", "admin"])):
        told = c.told(room, user)
        for path in [starter / "SOUL.md", starter / "SYSTEM_PROMPT.md",
                     *(p for s in skills
                       for p in (starter / "skills" / s).glob("*.md"))]:
            assert path.read_text().strip() in told, path
    assert c.said_in_log("prompt-") == []


# -- getting it out --------------------------------------------------------

def test_no_member_gets_prompts_or_skills_out(suite):
    s = suite()
    token = s.run("token", "add", "ci", "--connector", "codex",
                  "--external-id", "s1").stdout.strip()

    def ask(text):
        got = s.http("POST", "/api/v1/chat", {"text": text}, token=token)
        if got.status == 202:
            path = "/api/v1/chat?id=" + got.json["id"]
            got = wait_for("the reply", lambda: (
                lambda a: a if a.status != 202 else None)(
                    s.http("GET", path, token=token)), 30, 0.1)
        return got.json["reply"]

    ask("/help")
    with contextlib.closing(sqlite3.connect(
            s.data / "agent-runtime/meta.sqlite")) as db:
        workspace, context = db.execute(
            "SELECT workspace_id, id FROM contexts WHERE connector ="
            " 'codex' AND external_id = 's1'").fetchone()
    folder = s.data / "workspaces" / workspace
    private = ["context/SYSTEM_PROMPT.md", "context/SOUL.md",
               f"context/agents/{context}/SOUL.md", "skills/common/a.md",
               f"skills/contexts/{context}/a.md", "skills/admin/a.md"]
    for path in [*private, "shared.md"]:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"# Zebracanary\n\nIn {path}.\n")
    wait_for("the index", lambda: "shared.md" in ask("/search zebracanary"),
             30, 0.2)
    for text in ("/search zebracanary", "/search common admin zebracanary",
                 "what is the zebracanary?"):
        got = ask(text)
        assert not any(path in got for path in private), got
    for path in private:
        for way in (path, "./" + path, path.upper(),
                    path.replace("/", "//"), "shared/../" + path,
                    path.replace("a", "%61")):
            assert "Zebracanary" not in ask("/open " + way), way
    assert "Zebracanary" in ask("/open shared.md")


