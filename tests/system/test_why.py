"""Why a message was answered or was not, what its turn worked with, and what a
proposal is based on: asked of the engine, and once with the command."""

import json

import pytest

from community import KEY, ROOM, Community, ModelStub, with_model
from conftest import wait_for
from door import Refused, place  # noqa: F401
from engine_alone import SCHEDULER, credential

ADMINS = "-900"


@pytest.fixture
def stub():
    with ModelStub(key=KEY) as s:
        s.reply = "Here you are."
        yield s


@pytest.fixture
def town(place, stub):  # noqa: F811
    """start(**variables) -> a community whose model is the stub."""
    running = []

    def start(**more):
        running.append(Community(place, with_model(stub, **more)))
        c = running[-1]
        c.admin_room(ADMINS)
        c.role("7", "admin")
        c.role("9", "member")
        return c

    yield start
    for c in running:
        c.stop()


def why(c, what):
    return c.api.ask("trace.why", {"credential": c.local, "id": str(what)})


# What was said, how, with what configuration, and what why says of it.
UNANSWERED = [
    ("not addressed", "we had fish", "say", {},
     "not addressed to the agent", None),
    ("not addressed, an issue", "the deploy is broken and it fails", "say",
     {}, "took it for issue", ("addressed", False)),
    ("switched off", "what is a tide?", "ask",
     {"AGENT_RUNTIME_LLM_ENABLED": "false"},
     "AGENT_RUNTIME_LLM_ENABLED", ("safety", False)),
    ("no role for it", "what is a tide?", "ask",
     {"AGENT_RUNTIME_LLM_ALLOWED_ROLES": "admin"},
     "AGENT_RUNTIME_LLM_ALLOWED_ROLES", ("safety", False)),
    ("rate limit", "what is a tide?", "ask twice",
     {"AGENT_RUNTIME_LLM_RATE_LIMIT_PER_WINDOW": "1"},
     "AGENT_RUNTIME_LLM_RATE_LIMIT_PER_WINDOW", ("safety", False)),
    ("a guest's day", "what is a tide?", "ask twice",
     {"AGENT_RUNTIME_GUEST_MODEL_TURNS_PER_DAY": "1"},
     "AGENT_RUNTIME_GUEST_MODEL_TURNS_PER_DAY", ("guest-limit", False)),
    ("a command that is not theirs", "/prompt show", "say", {},
     "policy command.prompt", ("policy", False)),
]


@pytest.mark.parametrize("text, how, env, said, gate",
                         [row[1:] for row in UNANSWERED],
                         ids=[row[0] for row in UNANSWERED])
def test_what_was_not_answered_says_why(town, text, how, env, said, gate):
    c = town(**env)
    if how == "ask twice":
        c.ask("what is an ebb?")
    seq = (c.say if how == "say" else c.ask)(text)
    got = why(c, seq)
    assert said in got["text"], got
    assert got["kind"] == "message" and got["message"]["seq"] == int(seq)
    gates = got.get("heard", {}).get("gates", [])
    if gate:
        assert gate[0] in [g["gate"] for g in gates
                           if g.get("is_passed", False) == gate[1]], got
    else:
        assert "heard" not in got


def test_an_edit_and_what_the_agent_said_say_why(town):
    c = town()
    edit = c.say("what is a tide?", is_addressed=True, is_edit=True)
    assert "An edit" in why(c, edit)["text"]
    seq = c.ask("what is a tide?")
    c.answered(seq)
    own = c.sql("SELECT message_seq FROM outbox WHERE in_reply_to_seq = ?",
                int(seq))[0][0]
    got = why(c, own)
    assert f"in answer to message {seq}" in got["text"], got
    assert "answered by openai" in got["text"]


def test_a_turn_says_what_it_worked_with(town, stub):
    c = town()
    c.answered(c.ask("we meet on Thursdays", user="42"))
    seq = c.ask("as you said, when do we meet?", user="9")
    c.answered(seq)
    got = wait_for("a trace", lambda: [
        r for r in why(c, seq)["runs"] if r.get("has_trace")])[0]
    trace = got["trace"]
    assert (got["state"], got["kind"]) == ("done", "answer")
    assert (trace["asker"], trace["role"]) == ("telegram:9", "member")
    assert trace["strategy"] == "tail" and trace["search"] == "none"
    assert trace["is_answered"] and trace["calls"] == 1
    assert trace["tokens_in"] > 0 and trace["model"].startswith("openai")
    parts = {(p["section"], p["origin"], p.get("source", ""),
              p.get("is_trusted", False)) for p in trace["parts"]}
    assert {("rules", "program", "", True),
            ("tail", "guest", "telegram:42", False),
            ("tail", "agent", "", False),
            ("message", "member", "telegram:9", True)} <= parts


def test_no_words_are_kept_twice(town, stub):
    """A trace says where things came from and how long they were."""
    c = town()
    c.answered(c.ask("what is the word xylophone for?"))
    stored = c.sql("SELECT trace FROM heard_traces UNION ALL"
                   " SELECT trace FROM turn_traces")
    assert len(stored) == 2
    for word in ("xylophone", "Here you are", KEY):
        assert not any(word in row[0] for row in stored), stored


def test_a_trace_costs_no_commit_of_its_own(town):
    """Whoever sees the answer in the database sees the trace beside it."""
    c = town()
    seq = c.ask("what is a tide?")
    both = wait_for("an answer", lambda: [row for row in c.sql(
        "SELECT (SELECT count(*) FROM outbox WHERE in_reply_to_seq = ?),"
        " (SELECT count(*) FROM turn_traces)", int(seq)) if row[0]])
    assert both == [(1, 1)]


def test_without_days_nothing_is_kept(town):
    c = town(AGENT_RUNTIME_TRACE_DAYS="0")
    seq = c.ask("/help")
    assert "AGENT_RUNTIME_TRACE_DAYS is 0" in why(c, seq)["text"]
    assert c.sql("SELECT count(*) FROM heard_traces") == [(0,)]


def test_upkeep_takes_the_old_away(town):
    c = town()
    seq = c.ask("/help")
    assert why(c, seq)["heard"]["command"] == "command.help"
    c.write("UPDATE heard_traces SET at_ms = at_ms - 30 * 86400000 - 1")
    c.dial(SCHEDULER).ask("upkeep", {})
    got = why(c, seq)
    assert "heard" not in got and "Nothing is kept any more" in got["text"]


ACTION = ('Shall I?\n```action\n{"type":"http_request","target":'
          '"https://example.org/hook","summary":"s"}\n```')


def test_an_action_says_what_it_is_based_on(town, stub):
    """G-16, G-34: beside who asked stands whose words the model was shown."""
    c = town()
    c.answered(c.ask("our hook is https://example.org/hook", user="42"))
    stub.reply = ACTION
    seq = c.ask("as I said, call the hook", user="9")
    c.answered(seq)
    act = c.sql("SELECT id FROM action_approvals")[0][0]
    notice = "\n".join(c.texts(ADMINS))
    assert ('based on message of guest "telegram:42"' in notice), notice
    got = why(c, act[:12])
    assert got["kind"] == "action" and got["action"]["id"] == act
    assert got["action"]["asked_by"] == "telegram:9"
    assert "telegram:42" in got["action"]["because"]
    assert "It is pending" in got["text"]
    assert [r["kind"] for r in got["runs"]] == ["answer"]
    assert got["message"]["seq"] == int(seq)


def test_a_task_says_for_whom_it_is(town, stub):
    c = town()
    c.say("/task count the boats", user="9")
    task = c.task("succeeded")
    got = why(c, task[:8])
    assert got["task"]["asked_by"] == "telegram:9", got
    assert "It is done." in got["text"] and "then member" in got["text"]
    assert got["runs"][0]["kind"] == "task"
    assert got["runs"][0]["trace"]["parts"][-1]["section"] == "task"


@pytest.mark.parametrize("what", [
    "999999", "seq=999999", "act_nothing", "0b1c2d3e", "nobody's"])
def test_what_is_not_known_is_said(town, what):
    c = town()
    with pytest.raises(Refused) as refused:
        why(c, what)
    assert refused.value.code == "not_found"
    assert f'nothing is known of "{what}"' in refused.value.text


def test_a_message_has_its_platforms_names(town):
    c = town()
    seq = c.say("/help", message_id="31337")
    assert why(c, "31337")["message"]["seq"] == int(seq)
    c.say("/help", message_id="31337", chat=ADMINS)
    with pytest.raises(Refused) as refused:
        why(c, "31337")
    assert refused.value.code == "conflict"
    assert f"seq={seq} (telegram.main {ROOM})" in refused.value.text


def test_only_the_person_at_the_machine_may_ask(town):
    """A tool may not, whatever the role of its account."""
    c = town()
    token = c.api.ask("token.add", {"credential": c.local, "name": "ci",
                                    "connector": "codex"})["token"]
    with pytest.raises(Refused) as refused:
        c.api.ask("trace.why", {"credential": credential(token), "id": "1"})
    assert refused.value.code == "refused"


def test_the_command_prints_the_chain(suite):
    s = suite()
    s.chat("/help")
    got = json.loads(s.run("why", "--json", "seq=1").stdout)
    assert got["heard"]["command"] == "command.help"
    out = s.run("why", "seq=1").stdout
    assert "It was understood as command.help, and done at once." in out
    assert "passed policy command.help" in out, out
    lost = s.run("why", "seq=4711")
    assert lost.returncode == 1
    assert 'nothing is known of "seq=4711"' in lost.stderr
    assert s.run("why").returncode == 2
