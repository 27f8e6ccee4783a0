"""The tools for objectives, through the real daemons: what is stored, when it
is due, and whose it is."""

import datetime

import pytest

from town import FIXTURES, run

NOT_RUN = "It is not run yet"
MAKE = {"title": "Tides", "prompt": "Say how the tides will be."}


SETS = {"AGENT_RUNTIME_AGENT_MAX_TASKS_PER_HOUR": "100",
        "AGENT_RUNTIME_AGENT_MAX_TASKS_PER_DAY": "100"}
PEOPLE = {"5": ("operator",), "6": ("overlord", "*"), "7": ("admin",),
          "8": ("member",), "9": ("member",)}
model, stub, town, community = FIXTURES


def create(c, stub, user="9", **more):
    got, _ = run(
        c, stub, ("create_objective", {**MAKE, **more}), user=user)
    return got[0]


def update(c, stub, made, user="9", chat="-100", **more):
    got, _ = run(c, stub, ("update_objective", {
        "objective_id": made["objective_id"], **more}), user=user, chat=chat)
    return got[0]


def row(c, made, columns):
    return c.sql(f"SELECT {columns} FROM objectives WHERE id = ?",
                 made["objective_id"])[0]


def due(c, made):
    """When it is due, in UTC; None: never."""
    at = row(c, made, "next_run_unix")[0]
    return at and datetime.datetime.fromtimestamp(at, datetime.timezone.utc)


def test_one_is_stored_with_its_askers_authority(community, stub):
    """G-05: it ran as a system user that needed no approval."""
    got = create(community, stub, cron_expr="30 * * * *")
    assert got["objective_id"].startswith("obj_")
    assert got["active"] and NOT_RUN in got["note"]
    assert row(community, got, "title, prompt, trigger_type, cron_expr,"
               " timezone, active, asked_by, asked_as, workspace_id") == (
        "Tides", MAKE["prompt"], "schedule", "30 * * * *", "UTC", 1,
        "telegram:9", "member", community.workspace())
    at = due(community, got)
    assert at.minute == 30 and got["next_due"] == f"{at:%Y-%m-%dT%H:%M:%SZ}"
    assert community.sql(
        "SELECT actor, outcome, detail FROM audit WHERE operation ="
        " 'objective.create' AND subject = ?", got["objective_id"]) == [
            ("telegram:9", "done", "30 * * * * UTC")]


def test_it_says_what_a_monitor_says(community, stub):
    """What both tell of themselves is the same: neither is run yet."""
    said = community.reply("/monitor the tide tables", user="9")
    (got,), _ = run(community, stub, ("list_objectives", {}))
    assert got["note"] in said
    assert [o["title"] for o in got["objectives"]] == [
        "Monitor: the tide tables"]
    assert got["objectives"][0]["next_due"]


def test_another_schedule_is_another_time(community, stub):
    """P-52: the old time stayed, and a resumed one fired for the past."""
    made = create(community, stub, cron_expr="0 9 * * *", timezone="UTC")
    assert due(community, made).hour == 9
    got = update(community, stub, made, timezone="Asia/Kolkata")
    assert got["timezone"] == "Asia/Kolkata"
    at = due(community, made)
    assert (at.hour, at.minute) == (3, 30)
    update(community, stub, made, cron_expr="15 10 * * *")
    at = due(community, made)
    assert (at.hour, at.minute) == (4, 45)
    got = update(community, stub, made, active=False)
    assert not got["active"] and "next_due" not in got
    assert due(community, made) is None
    got = update(community, stub, made, active=True)
    assert due(community, made) > datetime.datetime.now(datetime.timezone.utc)


def test_an_event_needs_no_time(community, stub):
    made = create(community, stub)
    got = update(community, stub, made, trigger_type="event",
                 event_key="markdown.updated")
    assert got["event_key"] == "markdown.updated" and "next_due" not in got
    assert row(community, made, "trigger_type, event_key, cron_expr,"
               " next_run_unix") == ("event", "markdown.updated", None, None)
    got = update(community, stub, made, trigger_type="schedule",
                 cron_expr="@daily")
    assert got["next_due"].endswith("T00:00:00Z") and "event_key" not in got


@pytest.mark.parametrize("wrong, says", [
    ({"cron_expr": "TZ=UTC"}, "cron_expr: the time zone has a field"),
    ({"cron_expr": "0 0 30 2 *"}, "would never be due"),
    ({"cron_expr": "0 24 * * *"}, "its hour: `24` is not within 0 to 23"),
    ({"cron_expr": ""}, "cron_expr must have 1 to 100 bytes"),
    ({"timezone": "Mars/Base"}, "there is no time zone `Mars/Base`"),
    ({"timezone": "../../../../etc/passwd"}, "there is no time zone"),
    ({"prompt": "x" * 4001}, "prompt must have 1 to 4000 bytes"),
    ({"title": "x" * 121}, "title must have 1 to 120 bytes"),
    ({"active": "yes"}, "active must be of type boolean"),
    ({"asked_by": "telegram:7"}, 'no argument "asked_by"'),
    ({"workspace_id": "other"}, 'no argument "workspace_id"')])
def test_what_is_wrong_is_told(community, stub, wrong, says):
    """P-55, P-56: one was taken and never due, another ended the process."""
    assert says in create(community, stub, **wrong)["error"]
    assert community.sql("SELECT count(*) FROM objectives") == [(0,)]
    assert community.reply("/help", user="9")


@pytest.mark.parametrize("user, change, says", [
    ("8", {"active": False}, "there is no such objective"),
    ("8", {"prompt": "evil"}, "there is no such objective"),
    ("8", {"deleted": True}, "there is no such objective"),
    ("5", {"active": False}, "admin role required"),
    ("5", {"deleted": True}, "admin role required"),
    ("5", {"prompt": "evil"}, "admin role required"),
    ("7", {"prompt": "evil"}, "only whoever asked for it"),
    ("7", {"cron_expr": "* * * * *", "active": False}, "only whoever asked"),
    ("6", {"title": "evil"}, "only whoever asked for it"),
    ("42", {"active": False}, "there is no such tool")])
def test_what_others_asked_for_is_theirs(community, stub, user, change, says):
    """G-05: with another's authority nobody has anything done."""
    made = create(community, stub)
    before = row(community, made, "*")
    assert says in update(community, stub, made, user=user, **change)["error"]
    assert row(community, made, "*") == before


def test_an_admin_pauses_and_resumes_it(community, stub):
    """And it goes on as it was, with no more than it had."""
    made = create(community, stub)
    assert not update(community, stub, made, user="7", active=False)["active"]
    assert update(community, stub, made, user="7", active=True)["active"]
    assert row(community, made, "active, asked_by, asked_as, prompt") == (
        1, "telegram:9", "member", MAKE["prompt"])
    assert community.sql("SELECT actor, detail FROM audit WHERE operation ="
                         " 'objective.update' AND subject = ? ORDER BY seq",
                         made["objective_id"]) == [
        ("telegram:7", "paused"), ("telegram:7", "resumed")]


@pytest.mark.parametrize("user", ["9", "7"])
def test_one_is_deleted_for_good(community, stub, user):
    """By whoever asked for it, or by an admin."""
    made, other = create(community, stub), create(community, stub)
    got = update(community, stub, made, user=user, deleted=True)
    assert got == {"objective_id": made["objective_id"], "title": "Tides",
                   "deleted": True}
    assert community.sql("SELECT id FROM objectives") == [
        (other["objective_id"],)]
    assert "there is no such objective" in update(
        community, stub, made, active=True)["error"]
    assert community.sql(
        "SELECT actor, detail FROM audit WHERE operation ="
        " 'objective.delete' AND subject = ?", made["objective_id"]) == [
            ("telegram:" + user, "0 */6 * * * UTC")]


def test_none_of_another_workspace(community, stub):
    """G-44: whoever knew its id changed it, from anywhere."""
    made = create(community, stub, user="6")
    before = row(community, made, "*")
    community.admin_room("-700", space="-700")
    got, _ = run(community, stub, ("update_objective", {
        "objective_id": made["objective_id"], "active": False}),
        ("list_objectives", {}), user="6", chat="-700", space="-700")
    assert "there is no such objective" in got[0]["error"]
    assert got[1]["objectives"] == []
    assert row(community, made, "*") == before


def test_a_guest_has_it_list_and_nothing_more(community, stub):
    """P-59: people without an account scheduled work."""
    assert "no such tool" in create(community, stub, user="42")["error"]
    offered = {t["function"]["name"] for t in stub.requests[0]["tools"]}
    assert "create_objective" not in offered
    assert "update_objective" not in offered
    create(community, stub, user="9")
    (got,), _ = run(community, stub, ("list_objectives", {}), user="42")
    assert got["objectives"] == []


def test_a_person_has_twenty(community, stub):
    """G-26: there was no limit, by either way."""
    for _ in range(4):
        run(community, stub, *[("create_objective", {
            **MAKE, "title": f"T{n}"}) for n in range(5)])
    assert "20 objectives of this person" in create(community, stub)["error"]
    said = community.reply("/monitor one more", user="9")
    assert said.startswith("Nothing is stored: 20 objectives of this person")
    assert "objective_id" in create(community, stub, user="8")
    assert community.sql("SELECT count(*) FROM objectives") == [(21,)]
    # An operator sees all of them, twenty at a time.
    got, _ = run(community, stub, ("list_objectives", {}),
                 ("list_objectives", {"skip": 20}), user="5")
    assert [(len(g["objectives"]), g["has_more"]) for g in got] == [
        (20, True), (1, False)]
