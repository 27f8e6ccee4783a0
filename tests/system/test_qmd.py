"""The backend qmd, with a qmd that does as it is told (tests/fakes/qmd.py)
and, where scripts/deps --qmd installed it, with the real one."""

import contextlib
import json
import os
import shutil
import sys
import time

import pytest

from conftest import ROOT, SLOW, wait_for
from door import place  # noqa: F401
from test_indexer import WS, Indexer

sys.path.insert(0, str(ROOT / "tests/fakes"))
import qmd as fake  # noqa: E402

GOOD = {"version": "2.8.3", "search": {"hits": ["a.md"]}}
REAL = ROOT / "build-qmd/node_modules/.bin/qmd"


class WithQmd(Indexer):
    def __init__(self, tmp, orders=None, env=None, binary=None, start=True):
        self.binary = binary or tmp / "qmd"
        if not binary:
            fake.install(self.binary, orders or GOOD)
        super().__init__(tmp, {
            "AGENT_RUNTIME_SEARCH_BACKEND": "qmd",
            "AGENT_RUNTIME_QMD_BINARY": self.binary,
            "AGENT_RUNTIME_QMD_DEBOUNCE_SECONDS": 0,
            "SECRET_OF_OURS": "canary", **(env or {})}, start=False)
        self.place = self.data / "index" / WS / "qmd"
        self.write("a.md", "# Own\n\nzebra in the own index\n")
        if start:
            self.start()
            self.connect()

    def order(self, **more):
        fake.install(self.binary, {**GOOD, **more})

    def calls(self, command="search"):
        try:
            lines = (self.place / "calls").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [c for c in map(json.loads, lines) if c["command"] == command]

    def detail(self):
        return self.status()["detail"]

    def wait_ready(self, detail="2.8.3"):
        """Once qmd's index says what the files say."""
        def is_ready():
            got = self.status()
            return got["detail"] == detail and not got.get("is_pending")
        wait_for("qmd's index", is_ready, 60)
        return self

    def titles(self, text="zebra", **more):
        return [h["title"] for h in self.query(text, **more)["hits"]]


@pytest.fixture
def indexer(place):
    with WithQmd(place) as d:
        yield d.wait_ready()


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def running(indexer):
    """What qmd started and left, and itself: known by where they stand."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if (os.readlink(f"/proc/{pid}/cwd") == str(indexer.place)
                    and is_alive(pid)):
                found.append(pid)
    return found


def test_what_qmd_finds_is_told_as_the_own_index_tells_it(indexer):
    indexer.order(search={"hits": [{
        "path": "a.md", "score": 0.75, "line": 3, "title": "By\n qmd",
        "snippet": "@@ -2,3 @@ (1 before, 0 after)\n\nzebra  of\n qmd\n"}]})
    hit, = indexer.query("zebra")["hits"]
    short = hit.pop("short_id")
    assert hit == {"path": "a.md", "title": "By qmd", "line": 3,
                   "score": 0.75, "snippet": "zebra of qmd"}
    assert indexer.open(short)["path"] == "a.md"
    assert indexer.read("zebra", 100)[0]["text"].startswith("zebra in the own")
    assert indexer.status()["backend"] == "qmd"


def test_each_workspace_has_places_of_its_own(indexer):
    """G-58: what it started inherited all secrets of its own environment."""
    indexer.query("zebra")
    call, = indexer.calls()
    env = dict(call["env"])
    assert env.pop("PATH").split(":")[0] == str(indexer.tmp)
    assert env == {
        "HOME": str(indexer.place), "LANG": "C.UTF-8", "NO_COLOR": "1",
        "XDG_CACHE_HOME": str(indexer.place / "cache"),
        "XDG_CONFIG_HOME": str(indexer.place / "config"),
        "TMPDIR": str(indexer.place / "tmp"), "OPENSSL_CONF": "/dev/null"}
    assert call["cwd"] == str(indexer.place)
    config = indexer.place / "config/qmd/agent-runtime.yml"
    assert json.loads(config.read_text()) == {"collections": {"workspace": {
        "path": str(indexer.folder), "pattern": "**/*.{md,MD,Md,mD}",
        "ignore": ["logs/**", "tasks/**"]}}}
    assert os.readlink(indexer.place / "cache/qmd/models") == str(
        indexer.data / "qmd-models")


@pytest.mark.parametrize("query, said", [
    ("-rf", "-rf"), ("--index other", "--index other"), ("-- x", "-- x"),
    ('say "it" \'now\'', 'say "it" \'now\''),
    ("$(touch owned) `id` ; | &", "$(touch owned) `id` ; | &"),
    ("two\nlines\r\n\tand\x1b\x7f more", "two lines and more"),
    ("  wide   space  ", "wide space"), ("ÄÖ 日本語 🦜", "ÄÖ 日本語 🦜"),
    ("x" * 4096, "x" * 4096)])
def test_a_query_is_one_argument_and_no_option(indexer, query, said):
    """P-46: one that began with a hyphen was an option."""
    assert indexer.titles(query) == ["T"]
    call, = indexer.calls()
    assert call["argv"] == [
        "--index", "agent-runtime", "search", "--format", "json", "-n", "400",
        "-c", "workspace", "--", said]


@pytest.mark.parametrize("query", [" ", "\n\t", "\x01"])
def test_a_query_without_words_starts_nothing(indexer, query):
    assert indexer.query(query)["hits"] == []
    assert indexer.calls() == []


def test_only_what_may_be_read_is_told(indexer):
    for path in ("memory/yours.md", "memory/mine.md", "logs/chats/x.md",
                 "tasks/t.md", ".hidden/h.md", "inbox/i.md", "b.txt"):
        indexer.write(path, "zebra\n")
    outside = indexer.data / "workspaces/other"
    outside.mkdir()
    (outside / "o.md").write_text("zebra\n")
    indexer.wait_ready()
    indexer.order(search={"hits": [
        "../other/o.md", "/etc/passwd", "other/o.md", "logs/chats/x.md",
        "tasks/t.md", ".hidden/h.md", "b.txt", "gone.md", "", "a.md/",
        "memory/yours.md", "inbox/i.md", "memory/mine.md", "./a.md",
        "a.md", "a.md"]})
    got = indexer.query("zebra", {
        "allow": [""], "deny": ["memory/", "inbox/"],
        "extra": ["memory/mine.md"]})["hits"]
    assert [h["path"] for h in got] == ["memory/mine.md", "a.md"]
    assert [h["path"] for h in indexer.query("zebra", limit=1)["hits"]] == [
        "memory/yours.md"]


@pytest.mark.parametrize("order, why", [
    ({"text": "No results found.\n"}, "no JSON"),
    ({"text": ""}, "no JSON"),
    ({"text": '[{"file":"qmd://workspace/a.md"}'}, "no JSON"),
    ({"text": '[] []'}, "no JSON"),
    ({"text": '[{"file":"qmd://workspace/\\u00ff'}, "no JSON"),
    ({"text": '{"results":[]}'}, "no list"),
    ({"text": '["a.md"]'}, "no object"),
    ({"text": '[{"path":"a.md"}]'}, "not of the collection"),
    ({"text": '[{"file":"qmd://other/a.md"}]'}, "not of the collection"),
    ({"text": "[" * 100000}, "no JSON"),
    ({"text": "x" * 65536, "repeat": 1000}, "more than is believable"),
    ({"status": 1, "noise": "Collection not found\nmore"},
     "status 1: Collection not found"),
    ({"status": 3, "noise": "x" * 1000000}, "status 3: xxx"),
    ({"signal": "SIGSEGV"}, "signal|status 139"),
    ({"hang": 600}, "in time"),
    ({"hang": 600, "children": True}, "in time")])
def test_when_qmd_fails_the_own_index_answers(place, order, why):
    """P-46: it kept all that came, and only the child itself was killed."""
    with WithQmd(place, env={
            "AGENT_RUNTIME_QMD_QUERY_TIMEOUT_SECONDS":
            1 if why == "in time" else 20}) as indexer:
        indexer.wait_ready().order(search=order)
        hit, = indexer.query("zebra")["hits"]
        assert (hit["title"], hit["heading"]) == ("Own", "Own")
        indexer.wait_log(f'qmd-search-failed workspace="?{WS}"? why=.*{why}')
        wait_for("the end of all of it", lambda: not running(indexer))


def test_noise_and_halves_of_characters_do_no_harm(indexer):
    """P-46: a warning of qmd made search silently empty."""
    indexer.order(search={
        "noise": "warning: something\n" * 50000,
        "hits": [{"path": "a.md", "score": 7, "line": -3,
                  "snippet": "\0half \ud83d", "title": "\udc00 \ud83e\udd9c"}]})
    hit, = indexer.query("zebra")["hits"]
    assert (hit["snippet"], hit["title"]) == ("\ufffdhalf \ufffd", "\ufffd 🦜")
    assert (hit["score"], hit["line"]) == (1, 1)


def test_after_three_failures_it_is_left_alone_until_it_works(indexer):
    indexer.order(search={"status": 1, "noise": "out of luck"})
    for _ in range(3):
        assert indexer.titles() == ["Own"]
    indexer.wait_log("state now=degraded why=.qmd fails: .*out of luck")
    assert indexer.detail() == "fails; the own index answers"
    n = len(indexer.calls())
    assert indexer.titles() == ["Own"]
    assert len(indexer.calls()) == n
    indexer.order()
    indexer.wait_ready()
    assert indexer.titles() == ["T"]
    indexer.wait_log("state now=healthy")


@pytest.mark.parametrize("orders, detail, why", [
    (None, "is not installed", "there is no program"),
    ({"version": "2.7.9"}, "is not of a version that is known",
     "version 2.7.9; 2.8 or a later 2.x is needed"),
    ({"version": "3.0.0"}, "is not of a version that is known", "3.0.0"),
    ({"--version": {"text": "bun 1.2\n"}},
     "is not of a version that is known", "does not say its version"),
    ({"--version": {"text": "qmd 2.8.3\n", "repeat": 10000}},
     "does not start", "more than is believable"),
    ({"--version": {"status": 13, "noise": "no node"}},
     "does not start", "status 13: no node")])
def test_a_qmd_that_is_of_no_use(place, orders, detail, why):
    with WithQmd(place, orders) as indexer:
        if orders is None:
            away = indexer.binary.rename(place / "away")
            indexer.stop()
            indexer.start()
            indexer.connect()
        indexer.wait_log(f"state now=degraded why=.qmd {detail}: .*{why}")
        assert indexer.detail() == f"{detail}; the own index answers"
        assert indexer.titles() == ["Own"]
        assert indexer.calls("update") == []
        if orders is None:
            # The lock-down knows no file that was not there.
            away.rename(indexer.binary)
            indexer.stop()
            indexer.start()
            indexer.connect()
        else:
            indexer.order()
        # What did not change is brought to its index when it is searched.
        assert indexer.titles() == ["Own"]
        indexer.wait_ready()
        assert indexer.titles() == ["T"]


def test_a_change_is_brought_to_its_index_once_it_has_settled(indexer):
    before = len(indexer.calls("update"))
    for i in range(20):
        indexer.write(f"new/{i}.md", "zebra\n")
    indexer.wait_ready()
    after = len(indexer.calls("update"))
    assert before < after <= before + 20
    assert indexer.calls("update")[-1]["argv"] == [
        "--index", "agent-runtime", "update"]
    (indexer.folder / "new/0.md").unlink()
    wait_for("another update",
             lambda: len(indexer.calls("update")) > after, 20)
    indexer.wait_ready()


def test_nothing_is_updated_when_nothing_changed(indexer):
    n = len(indexer.calls("update"))
    indexer.stop()
    indexer.start()
    indexer.connect()
    indexer.wait_ready()
    assert indexer.titles() == ["T"]
    assert len(indexer.calls("update")) == n
    # An index of another collection is none of ours.
    indexer.stop()
    indexer.start(AGENT_RUNTIME_QMD_COLLECTION="other")
    indexer.connect()
    assert indexer.titles() == ["Own"]
    indexer.wait_ready()
    assert len(indexer.calls("update")) == n + 1
    n += 2
    indexer.stop()
    indexer.start()
    indexer.connect()
    assert indexer.titles() == ["Own"]
    indexer.wait_ready()
    # What changed while nobody watched is found all the same.
    indexer.stop()
    indexer.write("late.md", "zebra\n")
    indexer.start()
    indexer.connect()
    wait_for("the update", lambda: len(indexer.calls("update")) > n, 20)
    indexer.wait_ready()


@pytest.mark.parametrize("lost", [
    "config/qmd/agent-runtime.yml", "cache/qmd/agent-runtime.sqlite", "current",
    "config", "cache", "."])
def test_what_qmd_lost_is_made_again(indexer, lost):
    """P-44: whether there was an index was looked up under a wrong name, and
    a collection whose configuration was lost was never registered again."""
    assert indexer.titles() == ["T"]
    indexer.stop()
    path = indexer.place / lost
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    indexer.start()
    indexer.connect()
    assert indexer.titles() == ["Own"]
    indexer.wait_ready()
    assert (indexer.place / "config/qmd/agent-runtime.yml").exists()
    assert indexer.titles() == ["T"]


def test_an_index_that_cannot_be_made_is_tried_again(place):
    with WithQmd(place, {**GOOD, "update": {
            "status": 1, "noise": "disk on fire"}}) as indexer:
        indexer.wait_log("state now=degraded why=.*cannot be indexed.*fire")
        assert indexer.detail() == (
            "cannot index this workspace; the own index answers")
        assert indexer.titles() == ["Own"]
        assert not (indexer.place / "current").exists()
        indexer.order()
        indexer.wait_ready()
        indexer.wait_log("qmd-update-works-again")
        assert indexer.titles() == ["T"]


def test_an_update_that_hangs_is_ended(place):
    with WithQmd(place, {**GOOD, "update": {"hang": 600, "children": True}},
                 {"AGENT_RUNTIME_QMD_INDEX_TIMEOUT_SECONDS": 1}) as indexer:
        indexer.wait_log("qmd-update-failed .*in time")
        # It may have begun again by now.
        assert len(running(indexer)) < 4


HINT = {"text": "Run 'qmd embed' to update embeddings (4 unique hashes)\n"}


def test_vectors_are_made_where_there_is_a_model(place):
    models = place / "models"
    models.mkdir()
    (models / "hf_some.gguf").write_text("x")
    with WithQmd(place, {**GOOD, "update": HINT}, {
            "AGENT_RUNTIME_QMD_SHARED_MODELS_DIR": models,
            "AGENT_RUNTIME_QMD_EMBED_EXCLUDE_GLOBS": "./drafts/**, *.tmp.md",
            }) as indexer:
        indexer.wait_ready()
        assert len(indexer.calls("embed")) == 1
        updates = len(indexer.calls("update"))
        for path in ("drafts/x/y.md", "z.tmp.md"):
            indexer.write(path, "zebra\n")
        wait_for("an update",
                 lambda: len(indexer.calls("update")) > updates, 20)
        indexer.wait_ready()
        assert len(indexer.calls("embed")) == 1
        indexer.order(update=HINT, embed={"status": 1, "noise": "no memory"})
        indexer.write("b.md", "zebra\n")
        indexer.wait_log("qmd-embed-failed .*no memory")
        indexer.wait_ready()
        assert indexer.titles() == ["T"]


@pytest.mark.parametrize("env", [
    {}, {"AGENT_RUNTIME_QMD_AUTO_EMBED": "false"}])
def test_without_a_model_or_wish_no_vectors_are_made(place, env):
    models = place / "models"
    models.mkdir()
    if env:
        (models / "hf_some.gguf").write_text("x")
    with WithQmd(place, {**GOOD, "update": HINT}, {
            "AGENT_RUNTIME_QMD_SHARED_MODELS_DIR": models,
            **env}) as indexer:
        indexer.wait_ready()
        assert indexer.calls("embed") == []


def test_a_workspace_that_goes_takes_its_places_along(indexer):
    assert indexer.place.exists()
    shutil.rmtree(indexer.folder)
    wait_for("its end", lambda: not indexer.place.parent.exists(), 20)


def test_two_search_at_once_and_the_rest_do_not_wait_for_ever(place):
    with WithQmd(place, env={
            "AGENT_RUNTIME_QMD_QUERY_TIMEOUT_SECONDS": 2}) as indexer:
        indexer.wait_ready().order(search={"hang": 600})
        began = time.monotonic()
        asked = [indexer.engine.send("search.query", {
            "workspace_id": WS, "query": "zebra", "limit": 10,
            "scope": {"allow": [""]}}) for _ in range(16)]
        for _ in asked:
            answer = json.loads(indexer.engine.pipe.receive()[4:])
            assert answer["body"]["hits"][0]["title"] == "Own"
        assert time.monotonic() - began < 10 * SLOW
        # Those that waited until the first two had failed were never started.
        assert len(indexer.calls()) <= 4


def test_a_short_deadline_is_kept(indexer):
    indexer.order(search={"hang": 600})
    number = indexer.engine.send("search.query", {
        "workspace_id": WS, "query": "zebra", "limit": 10,
        "scope": {"allow": [""]}}, deadline=int(time.time() * 1000) + 1500)
    assert indexer.engine.wait(number)["body"]["hits"][0]["title"] == "Own"


def hanging(indexer):
    """The pid of a search that hangs."""
    indexer.order(search={"hang": 600, "children": True})
    indexer.engine.send("search.query", {
        "workspace_id": WS, "query": "zebra", "limit": 10,
        "scope": {"allow": [""]}})
    return wait_for("the search", lambda: indexer.calls())[0]["pid"]


def test_it_stops_at_once_with_all_that_runs(indexer):
    pid = hanging(indexer)
    began = time.monotonic()
    assert indexer.stop() == 0
    assert time.monotonic() - began < 2 * SLOW
    assert not is_alive(pid)
    wait_for("its child's end", lambda: not running(indexer))


def test_what_runs_ends_even_if_the_indexer_is_killed(place):
    with WithQmd(place, env={
            "AGENT_RUNTIME_QMD_QUERY_TIMEOUT_SECONDS": 1}) as indexer:
        pid = hanging(indexer.wait_ready())
        indexer.kill()
        wait_for("its end", lambda: not running(indexer), 20)
        assert not is_alive(pid)


@pytest.mark.parametrize("name, value", [
    ("INDEX", "../x"), ("INDEX", "-x"), ("COLLECTION", "a/b"),
    ("COLLECTION", ".x"), ("INDEX", "x" * 65), ("COLLECTION", "a b")])
def test_a_name_that_could_be_a_path_is_refused(place, name, value):
    indexer = WithQmd(place, env={f"AGENT_RUNTIME_QMD_{name}": value},
                      start=False)
    indexer.start(["--check"])
    assert indexer.process.wait(30 * SLOW) == 2
    assert "are names" in indexer.log()


@pytest.mark.real_qmd
def test_the_real_qmd(place):
    env = {"AGENT_RUNTIME_QMD_QUERY_TIMEOUT_SECONDS": 300,
           "AGENT_RUNTIME_QMD_INDEX_TIMEOUT_SECONDS": 900}
    with WithQmd(place, env=env, binary=REAL, start=False) as indexer:
        indexer.write("docs/My guide.MD", "# Guide\n\n## Birds\n\nA lyrebird "
                      "sings 🦜.\n")
        for path in ("logs/l.md", "tasks/t.md", "memory/m.md", "we?ird#%20.md"):
            indexer.write(path, "# Lyrebird\n")
        indexer.start()
        indexer.connect()
        wait_for("qmd", lambda: indexer.detail().startswith("2."), 300)
        wait_for("its index", lambda: not indexer.status().get("is_pending"),
                 300)

        def search(text, **scope):
            number = indexer.engine.send("search.query", {
                "workspace_id": WS, "query": text, "limit": 10,
                "scope": {"allow": [""], **scope}},
                deadline=int(time.time() * 1000) + 300000)
            indexer.engine.pipe.sock.settimeout(300)
            return indexer.engine.wait(number)["body"]["hits"]

        hits = search("lyrebird")
        assert {h["path"] for h in hits} == {
            "docs/My guide.MD", "memory/m.md", "we?ird#%20.md"}
        guide, = [h for h in hits if h["path"] == "docs/My guide.MD"]
        assert guide["title"] == "Guide" and not guide.get("heading")
        assert "lyrebird sings 🦜" in guide["snippet"]
        assert [h["path"] for h in search(
            "lyrebird", deny=["memory/", "we?ird#%20.md"])] == [
                "docs/My guide.MD"]
        for odd in ("-lyrebird", '"lyrebird', "--help", "a\nb", "NOT AND OR (",
                    "'; DROP TABLE x", "*", "zzz nothing"):
            search(odd)
        indexer.write("late.md", "# Quinquireme\n")
        wait_for("the new document", lambda: [
            h["path"] for h in search("quinquireme")] == ["late.md"], 300)
        assert "qmd-search-failed" not in indexer.log()
        assert not (indexer.tmp / ".cache").exists()


def test_people_are_told_why_qmd_does_not_answer(suite):
    s = suite(AGENT_RUNTIME_SEARCH_BACKEND="qmd",
              AGENT_RUNTIME_QMD_BINARY="no-such-qmd")
    s.chat("/help")

    def told():
        reply = s.chat("/status")["reply"]
        return "- qmd: is not installed; the own index answers" in reply and (
            reply)
    assert " qmd status:" in wait_for("/status", told, 20)
    for command in ("status", "doctor"):
        wait_for(command, lambda c=command: "there is no program no-such-qmd"
                 in " ".join(s.run(c).stdout.split()), 20)
