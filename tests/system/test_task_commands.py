"""The commands about tasks, and who is told of a task's end. Each stands
beside what the predecessor asserted, with the exceptions that were decided."""

import pytest

from community import INDEXER, KEY, ROOM, Community, ModelStub, with_model
from conftest import wait_for
from door import Listener, Refused, place  # noqa: F401
from engine_alone import credential

ADMINS = "-900"
ISSUE = "the deploy fails since noon"


@pytest.fixture
def stub():
    with ModelStub(key=KEY) as s:
        s.reply = "Here you are."
        yield s


@pytest.fixture
def community(place, stub):  # noqa: F811
    with Community(place, with_model(stub)) as c:
        c.admin_room(ADMINS)
        for account, role in (("7", "admin"), ("8", "operator"),
                              ("9", "member")):
            c.role(account, role)
        yield c


def open_issue(c, **more):
    c.say(ISSUE, **more)
    return c.sql("SELECT id FROM tasks ORDER BY created_ms DESC,"
                 " source_message_seq DESC")[0][0]


def row(c, task, columns):
    return c.sql(f"SELECT {columns} FROM tasks WHERE id = ?", task)[0]


# /route

@pytest.mark.parametrize("words, wanted", [
    ("moderation", ("moderation", "p1", "moderation", 2)),
    ("ISSUE high", ("issue", "p1", "operations", 8)),
    ("task low 90m", ("task", "p3", "operations", 1.5)),
    ("question 2d", ("question", "p3", "support", 48)),
    ("question urgent 1h30m", ("question", "p1", "support", 1.5)),
    # The predecessor too: noise has neither.
    ("noise", ("noise", "p3", "backlog", None)),
])
def test_route_writes_what_it_says(community, words, wanted):
    task = open_issue(community)
    got = community.reply(f"/route {task} {words}", "7")
    assert got.startswith(f"Routing updated for `{task}`:")
    for value in wanted[:3]:
        assert value in got
    assert row(community, task, "route_class, priority, assigned_lane,"
               " status") == (*wanted[:3], "open")
    due, updated = row(community, task, "due_at_unix, updated_at_unix")
    if wanted[3] is None:
        assert due is None and "due: (none)" in got
    else:
        assert abs(due - updated - 3600 * wanted[3]) <= 1
    assert community.sql("SELECT actor, subject FROM audit WHERE operation ="
                         " 'command.route'") == [("telegram:7", task)]


@pytest.mark.parametrize("words", [
    "", "x", "ffffffff", "{id}", "{id} chore", "{id} issue p9",
    # G-25: a third word that is neither is refused, not ignored.
    "{id} issue soon", "{id} issue p1 p2", "{id} issue 0h",
    "{id} issue 99999999999999999999d", "{id} issue p1 2h run now"])
def test_route_refuses_what_it_does_not_understand(community, words):
    task = open_issue(community)
    before = row(community, task, "*")
    got = community.reply("/route " + words.format(id=task), "7")
    assert got and not got.startswith("Routing updated")
    assert "`" in got or "Usage" in got
    assert row(community, task, "*") == before


def test_who_may_route(community):
    """Exception to the predecessor, as decided: it is the admin of the task's
    workspace, who need not type it in an admin channel, nor there at all."""
    task = open_issue(community)
    for account, why in (("8", "admin role required"), ("42", None),
                         ("9", None)):
        got = community.reply(f"/route {task} noise", account)
        assert got.startswith("Access denied") or "There is no task" in got
        if why:
            assert why in got
    # From another workspace, where they are nobody.
    community.inbound("m:e", "hi", chat="-500", space_id="elsewhere")
    community.role("66", "admin", community.workspace("-500"))
    got = community.reply(f"/route {task} noise", "66", chat="-500",
                          space="elsewhere")
    # The predecessor said "different workspace"; ours does not say it exists.
    assert "There is no task" in got
    assert row(community, task, "route_class")[0] == "issue"
    got = community.reply(f"/route {task} noise", "7", chat="-500",
                          space="elsewhere")
    assert got.startswith("Routing updated")
    assert community.dm(f"/route {task} question", "7")
    assert row(community, task, "route_class")[0] == "question"
    refused = community.sql("SELECT count(*) FROM audit WHERE outcome ="
                            " 'refused' AND operation = 'command.route'")
    wait_for("the refusal in the audit", lambda: refused[0][0] >= 1)


def test_a_changed_role_counts_from_the_next_message(community):
    task = open_issue(community)
    assert community.reply(f"/route {task} noise", "7").startswith("Routing")
    community.role("7", "operator")
    assert "admin role required" in community.reply(
        f"/route {task} issue", "7")
    community.role("7", None)
    assert "Access denied" in community.reply(f"/route {task} issue", "7")
    assert row(community, task, "route_class")[0] == "noise"


def test_route_runs_an_open_row_once(community, stub):
    task = open_issue(community)
    got = community.reply(f"/route {task[:8]} issue p1 run", "7")
    assert "queued to run now" in got and "draft" in got
    assert community.ended(task) == "succeeded"
    # Nobody asked it of us there: it is a draft, also when an admin runs it.
    assert community.texts(ROOM) == [got]
    assert any(stub.reply in t for t in community.texts(ADMINS))
    # By the authority of whoever wrote it, which is less.
    assert row(community, task, "asked_by, asked_as, priority") == (
        "telegram:42", "guest", "p1")
    again = community.reply(f"/route {task} issue run", "7")
    assert "only an open task waits" in again
    assert stub.calls == 1
    assert [r[0] for r in community.sql(
        "SELECT operation FROM audit WHERE subject = ? ORDER BY seq",
        task)] == ["task.create", "task.run", "command.route",
                   "task.succeeded"]


def test_an_issue_that_was_addressed_is_run_for_who_asked(community, stub):
    assert community.answered(community.ask(ISSUE)) == stub.reply
    task = community.task()
    community.reply(f"/route {task} issue run", "7")
    assert community.ended(task) == "succeeded"
    wait_for("the result", lambda: any(
        f"Task `{task}` is done" in t for t in community.texts(ROOM)))


def test_a_queued_task_moves_in_the_order_of_work(place, stub):  # noqa: F811
    """P-27: priority was a word in a row."""
    stub.fault("hang")
    with Community(place, with_model(
            stub, AGENT_RUNTIME_DEFAULT_CONCURRENCY="1")) as c:
        c.role("7", "admin")
        c.reply("/task one")
        wait_for("the model's call", lambda: stub.calls == 1)
        c.reply("/task two")
        task = c.task("queued")
        c.reply(f"/route {task} moderation p1 1h", "7")
        turn, due = c.sql("SELECT priority, due_unix FROM turns WHERE task_id"
                          " = ?", task)[0]
        assert turn == 1 and due == row(c, task, "due_at_unix")[0]


# /done, /cancel, /tasks

def test_done_closes_an_open_row(community):
    task = open_issue(community)
    for account in ("9", "42"):
        got = community.reply(f"/done {task} it works", account)
        assert got.startswith("Access denied") or "There is no task" in got
    got = community.reply(f"/done {task[:4]} it works again", "8")
    assert got.startswith(f"Task `{task}` is closed") and "works again" in got
    assert row(community, task, "status, result_summary") == (
        "succeeded", "it works again")
    again = community.reply(f"/done {task}", "8")
    assert "That cannot be done" in again and "succeeded" in again
    assert community.sql("SELECT actor, detail FROM audit WHERE operation ="
                         " 'command.done' AND outcome = 'done'") == [
        ("telegram:8", "it works again")]


def test_who_may_cancel(community, stub):
    """G-26: one's own, or an operator's; who asked is told once."""
    stub.fault("hang")
    community.reply("/task write it")
    task = community.task("running")
    assert "There is no task" in community.reply(f"/cancel {task}", "9")
    got = community.reply(f"/cancel {task[:6]}", chat="-101")
    assert got == f"Task `{task}` is cancelled."
    assert community.sql("SELECT state FROM turns") == [("cancelled",)]
    n = len(community.texts(ROOM))
    community.reply("/task write more")
    second = community.task("running")
    community.reply(f"/cancel {second}", "8", chat=ADMINS)
    told = [t for t in community.texts(ROOM) if "was cancelled by" in t]
    assert told == [f"Task `{second}` was cancelled by `telegram:8`."]
    assert len(community.texts(ROOM)) == n + 3
    assert "ended already" in community.reply(f"/cancel {second}", "8")


def test_cancelling_an_open_row_leaves_the_answer_alone(community, stub):
    stub.latency_ms = 500
    seq = community.ask(ISSUE)
    task = community.task()
    community.reply(f"/cancel {task}", "8")
    assert community.answered(seq) == stub.reply
    assert row(community, task, "status") == ("cancelled",)


def test_a_short_id_of_several_lists_them(community):
    for i in range(2):
        open_issue(community, user="42")
    for i, (task,) in enumerate(community.sql("SELECT id FROM tasks")):
        community.write("DELETE FROM routing_notices")
        community.write("UPDATE tasks SET id = ? WHERE id = ?",
                        f"abcd{i}" + task[5:], task)
    ids = [r[0] for r in community.sql("SELECT id FROM tasks")]
    got = community.reply("/done abcd", "8")
    assert "more than one" in got and all(i in got for i in ids)
    assert "There is no task" not in community.reply("/done abcd0", "8")
    # Fewer than four characters are no id.
    assert "Usage" in community.reply("/done abc", "8")
    # What one may not see is not among them, nor said to be there.
    assert "There is no task" in community.reply("/cancel abcd", "9")


def test_an_objectives_task_goes_by_its_random_part(community):
    task = open_issue(community)
    community.write("DELETE FROM routing_notices")
    community.write("UPDATE tasks SET id = 'task-' || id")
    for typed in (task[:4], "task-" + task[:4]):
        got = community.reply(f"/route {typed} issue", "7")
        assert got.startswith(f"Routing updated for `task-{task}`")
    assert "Usage" in community.reply("/cancel task-", "7")


def test_tasks_shows_what_the_asker_may_see(community, stub):
    stub.fault("hang")
    community.reply("/task mine to write")
    community.say("the mail fails too", user="9", chat="-101")
    community.dm("/task private to me", "42")

    def listed(user, chat=ROOM, state="", **more):
        return community.reply(f"/tasks {state}", user, chat=chat, **more)
    assert "mine to write" in listed("42")
    assert "private" not in listed("42") and "mail" not in listed("42")
    # An operator sees all where admins are, and in a room what is of it.
    assert "mail" in listed("8", ADMINS) and "mine" in listed("8", ADMINS)
    assert "mine" in listed("8") and "mail" not in listed("8")
    assert "No unfinished tasks" in listed("10")
    assert "mail" in listed("9") and "mine" not in listed("9")
    assert "mail" in listed("8", ADMINS, "open")
    assert "mine" not in listed("8", ADMINS, "open")
    assert "Usage" in listed("8", ADMINS, "sideways")
    assert "private" not in listed("8", ADMINS, "all")


def test_task_as_the_predecessor_stored_it(community):
    got = community.reply("/task write the report")
    task = community.sql("SELECT id FROM tasks")[0][0]
    assert got.startswith(f"Task queued: `{task}`")
    assert row(community, task, "kind, title, prompt, route_class, priority,"
               " assigned_lane, source_connector, source_external_id,"
               " source_user_id") == (
        "general", "write the report", "write the report", "task", "p2",
        "operations", "telegram", ROOM, "42")
    assert community.reply("/task").startswith("Usage: /task")
    # G-23: a line break ends the command as a space does.
    assert community.reply("/task\nin two lines").startswith("Task queued")
    assert community.answer(community.ask(
        "please create a task to write release notes")).startswith(
            "Task queued")
    assert ("write release notes",) in community.sql(
        "SELECT prompt FROM tasks")


# /monitor

def test_monitor_is_stored_and_says_that_it_does_not_run(community):
    community.role("42", "member")
    got = community.reply("/monitor the tide tables")
    assert "not run yet" in got
    assert community.sql(
        "SELECT trigger_type, cron_expr, timezone, active, title, asked_by,"
        " asked_as, ends_at_unix FROM objectives") == [
        ("schedule", "0 */6 * * *", "UTC", 1, "Monitor: the tide tables",
         "telegram:42", "member", None)]
    assert "the tide tables" in community.sql(
        "SELECT prompt FROM objectives")[0][0]
    # Others than guests have no limit of their number.
    assert "Monitor stored" in community.reply("/monitor the harbour")
    assert community.reply("/monitor").startswith("Usage: /monitor")
    assert "Monitor stored" in community.answer(
        community.ask("set an alert for price changes"))


def test_a_guest_has_one_monitor_for_seven_days(community):
    """P-59. G-05: nobody without an account schedules work for ever."""
    got = community.reply("/monitor the tide tables")
    assert "It ends at" in got
    ends, created = community.sql(
        "SELECT ends_at_unix, created_at_unix FROM objectives")[0]
    assert ends - created == 7 * 86400
    refused = community.reply("/monitor the harbour")
    assert "pair" in refused and "AGENT_RUNTIME_GUEST_MONITORS" in refused
    assert "Monitor stored" in community.reply("/monitor it", "43")
    community.write("UPDATE objectives SET ends_at_unix = 1")
    assert "Monitor stored" in community.reply("/monitor the harbour")


# Who is told

@pytest.mark.parametrize("policy, success, failure, works, fails", [
    ("both", "", "", "OA", "OA"),
    ("origin", "", "", "O", "O"),
    ("admin", "", "", "A", "OA"),
    ("both", "origin", "admin", "O", "OA"),
    ("origin", "admin", "both", "A", "OA"),
])
def test_notices_of_tasks(place, stub, policy, success,  # noqa: F811
                          failure, works, fails):
    """P-29, P-33: through the outbox; a failure always reaches who asked.
    Predecessor: failures went to admins alone."""
    with Community(place, with_model(
            stub, AGENT_RUNTIME_TASK_NOTIFY_POLICY=policy,
            AGENT_RUNTIME_TASK_NOTIFY_SUCCESS_POLICY=success,
            AGENT_RUNTIME_TASK_NOTIFY_FAILURE_POLICY=failure)) as c:
        c.admin_room(ADMINS)

        def told(mark):
            return "".join(w for w, room in (("O", ROOM), ("A", ADMINS))
                           if sum(mark in t for t in c.texts(room)) == 1)
        c.reply("/task write it")
        assert c.ended(c.sql("SELECT id FROM tasks")[0][0]) == "succeeded"
        assert told("is done: ") == works
        # Begun is said like success, and never to admins.
        assert told("I have begun") == ("O" if "O" in works else "")
        stub.fault("401")
        c.reply("/task write more")
        wait_for("its end", lambda: c.sql(
            "SELECT 1 FROM tasks WHERE status = 'failed'"))
        assert told("failed: ") == fails
        assert "private" not in " ".join(c.texts(ADMINS))


def test_an_admin_room_is_not_told_twice(community, stub):
    community.reply("/task write it", "7", chat=ADMINS)
    assert community.ended(community.sql(
        "SELECT id FROM tasks")[0][0]) == "succeeded"
    told = community.texts(ADMINS)
    assert len(told) == 2 and stub.reply in told[1]
    seq = community.ask("please write the release notes", "7", chat=ADMINS)
    assert community.answered(seq) == stub.reply
    assert len(community.texts(ADMINS)) == 3


def test_a_hub_reads_nothing_private(community, stub):
    community.admin_room("-999", space="elsewhere", hub=True)
    stub.reply = "the secret of the DM"
    seq = community.dm("please tell me a secret now")
    assert community.answered(seq) == stub.reply
    told = community.texts("-999")
    assert len(told) == 1 and "is done" in told[0]
    assert stub.reply not in told[0]
    assert community.texts(ADMINS) == []


def test_what_stands_for_a_failed_answer_stays_in_its_place(
        place, stub):  # noqa: F811
    """Without its model a direct message is answered with passages of a
    private place: who asked gets them, the hub hears why alone."""
    stub.fault("500", times=99)
    with Community(place, {**with_model(stub),
                           "AGENT_RUNTIME_AGENT_GROUNDING_FIRST_STEP":
                           "true"}) as c:
        c.admin_room("-999", space="elsewhere", hub=True)
        indexer = Listener(c, INDEXER)
        seq = c.dm("please tell me the secret of the harbour")
        asked, reply = indexer.take()
        assert asked["type"] == "search.query"
        reply({"hits": [{
            "path": "notes.md", "short_id": "#a1b2c3", "title": "t",
            "heading": "h", "score": 0.9, "line": 1,
            "snippet": "the secret of the harbour: CANARY-PRIVATE",
            "text": "the secret of the harbour: CANARY-PRIVATE"}]})
        assert "CANARY-PRIVATE" in c.answered(seq)
        assert c.tasks("route_class, status") == [("task", "failed")]
        told = wait_for("the hub", lambda: c.texts("-999"))
        assert len(told) == 1 and "failed" in told[0]
        assert "CANARY" not in told[0] and "CANARY" not in c.log()
        assert "500" in told[0] or "model" in told[0]


def test_a_beginning_is_said_once_however_often_it_begins(place):  # noqa: F811
    with Community(place) as c:
        c.reply("/task write it")
        wait_for("the beginning", lambda: len(c.texts(ROOM)) == 2)
        for _ in range(2):
            c.restart()
            wait_for("another attempt", lambda: c.sql(
                "SELECT 1 FROM tasks WHERE status = 'running'"))
        assert sum("I have begun" in t for t in c.texts(ROOM)) == 1
        assert c.sql("SELECT attempts FROM tasks")[0][0] == 3


# Over HTTP the same controls stand before a model call

def tool_of(c, name="ci"):
    return credential(c.api.ask("token.add", {
        "credential": c.local, "name": name, "connector": "codex",
        "external_id": name})["token"])


def make(c, who, key, **more):
    return c.api.ask("task.create", {
        "credential": who, "key": key, "title": "t", "prompt": "p",
        **more})["task"]


def test_requests_count_in_the_rate_window(place):  # noqa: F811
    """Tasks, repeats of failed ones and chat of one person share a window; a
    repeat of the same request is none; what is refused leaves nothing."""
    with ModelStub(key=KEY) as stub, Community(place, with_model(
            stub, AGENT_RUNTIME_LLM_RATE_LIMIT_PER_WINDOW="3")) as c:
        tool = tool_of(c)
        first = make(c, tool, "k1")
        c.ended(first["id"])
        c.write("UPDATE tasks SET status = 'failed'")

        def again(key):
            return c.api.ask("task.retry", {
                "credential": tool, "key": key, "task_id": first["id"]})

        retried = again("r1")["task"]
        c.chat("hello!", "c1", who=tool)
        n = c.sql("SELECT count(*) FROM tasks, turns")
        for ask in (lambda: make(c, tool, "k2"), lambda: again("r2")):
            with pytest.raises(Refused) as refused:
                ask()
            assert refused.value.code == "busy"
            assert "Rate limit" in refused.value.text
        assert "Rate limit" in c.chat("hello!", "c2", who=tool)["reply"]
        assert make(c, tool, "k1")["id"] == first["id"]
        assert again("r1")["task"]["id"] == retried["id"]
        assert c.sql("SELECT count(*) FROM tasks, turns") == n
        # Another tool has a window of its own; the limit binds no admin.
        make(c, tool_of(c, "other"), "k1")
        for key in ("a", "b", "c", "d"):
            make(c, c.local, key, connector="codex", external_id="ci")


@pytest.mark.parametrize("name, value", [
    ("ENABLED", "false"), ("ALLOWED_ROLES", "admin"),
    ("ALLOWED_CONTEXT_IDS", "another")])
def test_requests_pass_the_controls(place, name, value):  # noqa: F811
    with Community(place, {"AGENT_RUNTIME_LLM_" + name: value}) as c:
        tool = tool_of(c)
        with pytest.raises(Refused) as refused:
            make(c, tool, "k")
        assert refused.value.code == "refused"
        assert c.sql("SELECT count(*) FROM tasks, turns") == [(0,)]
        # Replies are another matter: those rules are not about work.
    with Community(place, {"AGENT_RUNTIME_LLM_ALLOW_DM": "false"}) as c:
        assert make(c, tool_of(c, "second"), "k")["status"] == "queued"
