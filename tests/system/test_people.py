"""Pairing, accounts and roles: over HTTP and by the program for people."""

import json
import re
import sqlite3

import pytest

from conftest import Suite

pytestmark = pytest.mark.xdist_group("people")


@pytest.fixture(scope="module")
def up():
    s = Suite()
    yield s
    s.close()


def start(s, user, connector="telegram", **more):
    got = s.http("POST", "/api/v1/pairings/start", {
        "connector": connector, "connector_user_id": user,
        "display_name": user, **more})
    assert got.status == 201, got
    return got.json


def approve(s, token, **more):
    return s.http("POST", "/api/v1/pairings/approve", {"token": token, **more})


def people(s):
    return {i["connector_user_id"]: p
            for p in s.http("GET", "/api/v1/identities").json["items"]
            for i in p["identities"]}


def test_the_predecessors_four_endpoints(up):
    made = start(up, "four", expires_in_sec=60)
    assert set(made) == {"id", "token", "token_hint", "connector",
                         "connector_user_id", "display_name", "status",
                         "expires_at_unix"}
    assert re.fullmatch("[A-Z2-7]{16}", made["token"])
    seen = up.http("GET", "/api/v1/pairings/lookup?token="
                   + made["token"].lower()).json
    assert seen == {
        "id": made["id"], "token_hint": made["token_hint"],
        "connector": "telegram", "connector_user_id": "four",
        "display_name": "four", "status": "pending",
        "expires_at_unix": made["expires_at_unix"], "approved_user_id": "",
        "approver_user_id": "", "denied_reason": ""}
    # The body may claim what it likes; who approves is the credential (G-).
    got = approve(up, made["token"], approver_user_id="somebody-else").json
    assert got["status"] == "approved" and got["role"] == "member"
    assert got["approver_user_id"] == "local"
    other = start(up, "denied")
    got = up.http("POST", "/api/v1/pairings/deny", {
        "token": other["token"], "approver_user_id": "x",
        "reason": "nobody knows them"})
    assert got.status == 200
    assert got.json == {"id": other["id"], "status": "denied",
                        "approver_user_id": "local",
                        "denied_reason": "nobody knows them"}


@pytest.mark.parametrize("path, body, status, says", [
    ("start", {"connector": "imap", "connector_user_id": "1",
               "display_name": "x"}, 400, "unsupported connector"),
    ("start", {"connector": "telegram", "display_name": "x"}, 400,
     "connector_user_id"),
    ("start", {"connector": "telegram", "connector_user_id": "1",
               "display_name": "x", "role": "admin"}, 400, "role"),
    ("approve", {"token": "AAAAAAAAAAAAAAAA"}, 404, "not found"),
    ("approve", {"token": "AAAAAAAAAAAAAAAA", "role": "root"}, 400, "role"),
    ("approve", {"token": "AAAAAAAAAAAAAAAA", "workspace_id": "nowhere"}, 404,
     "no workspace"),
    ("deny", {"token": "AAAAAAAAAAAAAAAA"}, 400, "reason"),
])
def test_what_is_wrong_is_said(up, path, body, status, says):
    got = up.http("POST", "/api/v1/pairings/" + path, body)
    assert got.status == status, got
    assert says in got.json["error"]


def test_a_decided_one_stays_decided(up):
    token = start(up, "once")["token"]
    assert approve(up, token).status == 200
    assert approve(up, token).status == 409
    got = up.http("POST", "/api/v1/pairings/deny",
                  {"token": token, "reason": "late"})
    assert got.status == 409
    assert up.http("POST", "/api/v1/pairings/start", {
        "connector": "telegram", "connector_user_id": "once",
        "display_name": "x"}).status == 409


def test_no_tools_token_pairs_or_changes_roles(up):
    """P-10. Whatever role its identity holds: none of it is a tool's to do."""
    token = up.run("token", "add", "pushy", "--external-id", "pushy")
    token = token.stdout.strip()
    made = start(up, "pushy", connector="codex")
    assert approve(up, made["token"], role="overlord").status == 200
    user = people(up)["pushy"]["user_id"]
    for method, path, body in [
            ("POST", "pairings/start", {
                "connector": "codex", "connector_user_id": "z",
                "display_name": "z"}),
            ("GET", "pairings/lookup?token=AAAAAAAAAAAAAAAA", None),
            ("POST", "pairings/approve", {"token": "AAAAAAAAAAAAAAAA"}),
            ("POST", "pairings/deny", {"token": "A", "reason": "x"}),
            ("GET", "identities", None),
            ("POST", "identities/role", {"user_id": user, "role": "admin"}),
            ("POST", "identities/unlink", {"identity_id": "x"})]:
        got = up.http(method, "/api/v1/" + path, body, token=token)
        assert got.status == 403, (path, got)


def test_roles_change_and_accounts_are_unlinked(up):
    made = start(up, "changing")
    assert approve(up, made["token"], role="viewer").status == 200
    person = people(up)["changing"]
    assert person["roles"] == [{"role": "viewer", "workspace_id": "*"}]
    change = {"user_id": person["user_id"], "role": "operator"}
    got = up.http("POST", "/api/v1/identities/role", change).json
    assert got["person"]["roles"][0]["role"] == "operator"
    workspace = up.http("GET", "/api/v1/workspaces").json["items"][0]["id"]
    up.http("POST", "/api/v1/identities/role",
            {**change, "role": "admin", "workspace_id": workspace})
    assert len(people(up)["changing"]["roles"]) == 2
    got = up.http("POST", "/api/v1/identities/role",
                  {**change, "role": "none"}).json
    assert got["person"]["roles"] == [
        {"role": "admin", "workspace_id": workspace}]
    identity = person["identities"][0]["id"]
    got = up.http("POST", "/api/v1/identities/unlink",
                  {"identity_id": identity})
    assert got.status == 200 and got.json["person"]["identities"] == []
    assert up.http("POST", "/api/v1/identities/unlink",
                   {"identity_id": identity}).status == 404
    # The account can be linked again, to the same person.
    made = start(up, "changing")
    got = approve(up, made["token"], target_user_id=person["user_id"]).json
    assert got["approved_user_id"] == person["user_id"]


def test_a_token_is_nowhere_but_in_its_answer(up):
    """G-74, P-11."""
    made = start(up, "secret")
    approve(up, made["token"])
    up.wait_log("scheduler")
    assert made["token"] not in up.all_logs()
    for path in up.data.rglob("*"):
        if path.is_file():
            assert made["token"].encode() not in path.read_bytes(), path


def test_each_step_is_in_the_audit_log(up):
    made = start(up, "audited")
    approve(up, made["token"], role="admin", approver_user_id="remark")
    with sqlite3.connect(f"file:{up.data}/agent-runtime/meta.sqlite?mode=ro",
                         uri=True) as db:
        rows = db.execute("SELECT actor, operation, detail FROM audit WHERE "
                          "subject = 'telegram:audited'").fetchall()
    assert [(a, o) for a, o, _ in rows] == [
        ("local", "pairing.start"), ("local", "pairing.approve")]
    assert "admin for *" in rows[1][2] and "as remark" in rows[1][2]


def test_the_commands_say_what_the_predecessors_said(suite):
    s = suite()
    got = s.run("identity", "list")
    assert got.returncode == 0 and "pair-admin" in got.stderr
    got = s.run("chat", "pairing", "pair-admin", "--role", "overlord")
    assert got.returncode == 0, got
    assert got.stdout.startswith("Admin pairing ready for codex/codex-cli\n")
    assert "Assigned role: overlord\n" in got.stdout
    assert "Pairing token hint: " in got.stdout
    again = s.run("chat", "pairing", "pair-admin")
    assert again.returncode == 1 and "already linked" in again.stderr
    made = s.run("chat", "pair", "start", "--connector", "telegram",
                 "--from-user-id", "42", "--display-name", "Ann")
    token = re.search("^Token: (.*)$", made.stdout, re.M)[1]
    assert "Display name: Ann\n" in made.stdout
    # Without a name it is the account's own, whatever connector that is.
    unnamed = s.run("chat", "pairing", "start", "--connector", "telegram",
                    "--from-user-id", "43")
    assert "Display name: 43\n" in unnamed.stdout
    seen = s.run("chat", "pairing", "lookup", token)
    assert "Status: pending\n" in seen.stdout and token not in seen.stdout
    done = s.run("chat", "pairing", "approve", token, "--approver-user-id",
                 "me", "--role", "member")
    assert done.stdout.startswith("Pairing approved: ")
    listed = json.loads(s.run("identity", "list", "--json").stdout)
    assert listed["count"] == 2
    ann = [p for p in listed["items"] if p["display_name"] == "Ann"][0]
    got = s.run("identity", "role", ann["user_id"], "admin")
    assert got.returncode == 0 and "admin in all workspaces" in got.stdout
    overlord = [p for p in listed["items"] if p is not ann][0]
    last = s.run("identity", "role", overlord["user_id"], "none")
    assert last.returncode == 1 and "last overlord" in last.stderr
    for words in (["chat", "pairing"], ["chat", "pairing", "deny", token],
                  ["identity"], ["identity", "role", "x"],
                  ["chat", "pairing", "start", "--expires-in-sec", "0"]):
        assert s.run(*words).returncode == 2, words
