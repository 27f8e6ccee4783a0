"""The indexer alone: real files, real doors, a hostile engine."""

import os
import shutil
import subprocess
import time

import pytest

from conftest import SLOW, program, wait_for
from door import Daemon, Refused, place  # noqa: F401

DOOR = "indexer/task-engine.main"
BEATS = "scheduler/indexer.main"
WS = "0c8a1b1e-2b1c-4d6c-8f0e-1a2b3c4d5e6f"
EVERYTHING = {"allow": [""]}


class Indexer(Daemon):
    def __init__(self, tmp, env=None, start=True, doors=(DOOR, BEATS)):
        super().__init__("indexer", tmp, doors, env, start)
        self.folder = self.data / "workspaces" / WS

    def write(self, path, text):
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, str):
            text = text.encode()
        target.write_bytes(text)

    def connect(self):
        self.engine = self.dial(DOOR)
        return self

    def query(self, text, scope=None, limit=10, workspace=WS):
        return self.engine.ask("search.query", {
            "workspace_id": workspace, "query": text, "limit": limit,
            "scope": scope or EVERYTHING})

    def read(self, text, text_bytes, **more):
        return self.engine.ask("search.query", {
            "workspace_id": WS, "query": text, "limit": 50,
            "text_bytes": text_bytes, "scope": EVERYTHING, **more})["hits"]

    def find(self, text, scope=None):
        """The hits once everything is indexed."""
        def settled():
            got = self.query(text, scope)
            return None if got.get("is_stale") else [got["hits"]]
        return wait_for(f"an answer about {text}", settled, 30)[0]

    def paths(self, text, scope=None):
        return [h["path"] for h in self.find(text, scope)]

    def open(self, target, max_bytes=1600, scope=None, workspace=WS):
        return self.engine.ask("search.open", {
            "workspace_id": workspace, "target": target,
            "max_bytes": max_bytes, "scope": scope or EVERYTHING})

    def status(self, type_="search.status", workspace=WS):
        return self.engine.ask(type_, {"workspace_id": workspace})


@pytest.fixture
def indexer(place):
    with Indexer(place) as d:
        d.connect()
        yield d


def test_a_document_is_found_and_opened(indexer):
    """P-45: what a search showed could not be opened."""
    indexer.write("docs/setup.md",
                  "# Setup\n\n## Telegram\n\nAsk BotFather for a token.\n")
    hit, = indexer.find("botfather")
    assert hit["path"] == "docs/setup.md"
    assert hit["title"] == "Setup"
    assert hit["heading"] == "Setup > Telegram"
    assert hit["line"] == 3
    assert hit["snippet"] == "Ask BotFather for a token."
    assert 0 < hit["score"] < 1
    for target in (hit["short_id"], hit["short_id"].upper(),
                   "docs/setup.md", "./docs/setup.md", "docs/setup.md:1"):
        got = indexer.open(target)
        assert got["path"] == "docs/setup.md"
        assert got["short_id"] == hit["short_id"]
        assert got["text"].startswith("# Setup")
        assert not got.get("is_truncated")
    assert indexer.open("docs/setup.md:3")["text"].startswith("## Telegram")
    cut = indexer.open("docs/setup.md", max_bytes=7)
    assert (cut["text"], cut["is_truncated"]) == ("# Setup", True)


def test_workspaces_are_apart(indexer):
    indexer.write("a.md", "zebra\n")
    other = "1c8a1b1e-2b1c-4d6c-8f0e-1a2b3c4d5e6f"
    (indexer.data / "workspaces" / other).mkdir(parents=True)
    assert indexer.paths("zebra") == ["a.md"]
    assert indexer.query("zebra", workspace=other)["hits"] == []
    with pytest.raises(Refused) as e:
        indexer.open("a.md", workspace=other)
    assert e.value.code == "not_found"


@pytest.mark.parametrize("workspace", [
    "none", "..", ".", "../..", "a/b", "x" * 128, "%2e%2e", "a\\b"])
def test_no_such_workspace_is_empty(indexer, workspace):
    assert indexer.query("x", workspace=workspace)["hits"] == []
    assert not indexer.status(workspace=workspace).get("folder_exists")
    with pytest.raises(Refused) as e:
        indexer.open("a.md", workspace=workspace)
    assert e.value.code == "not_found"


def test_the_scope_holds(indexer):
    indexer.write("a.md", "zebra\n")
    indexer.write("memory/mine.md", "zebra zebra\n")
    indexer.write("memory/yours.md", "zebra zebra zebra\n")
    indexer.write("memory/mine.md.theirs.md", "zebra\n")
    scope = {"allow": [""], "deny": ["memory/"], "extra": ["memory/mine.md"]}
    assert set(indexer.paths("zebra", scope)) == {"a.md", "memory/mine.md"}
    yours = next(h for h in indexer.find("zebra")
                 if h["path"] == "memory/yours.md")
    for target in ("memory/yours.md", yours["short_id"]):
        with pytest.raises(Refused) as hidden:
            indexer.open(target, scope=scope)
        with pytest.raises(Refused) as absent:
            indexer.open("memory/nobodys.md", scope=scope)
        assert str(hidden.value) == str(absent.value)
    assert indexer.open("memory/mine.md", scope=scope)["text"]
    assert indexer.paths("zebra", {"allow": []}) == []


@pytest.mark.parametrize("target", [
    "../secret.md", "a/../../secret.md", "/etc/passwd", "/etc/x.md", ".git/x.md",
    "link.md", "out/secret.md", "fifo.md", "folder.md", "a.txt", "", "#", "#zzzzzz",
    "#a1b2c3", "a.md/", "a.md\n", "nul.md", "binary.md"])
def test_nothing_else_is_opened(indexer, target):
    """P-46: links led out of the workspace."""
    indexer.write("a.txt", "x")
    indexer.write(".git/x.md", "x")
    indexer.write("nul.md", b"a\0b")
    indexer.write("binary.md", b"\xff\xfe")
    indexer.write("folder.md/x.md", "x")
    (indexer.data / "secret.md").write_text("secret")
    (indexer.data / "workspaces" / "secret.md").write_text("secret")
    os.symlink("../../secret.md", indexer.folder / "link.md")
    os.symlink("../..", indexer.folder / "out")
    os.mkfifo(indexer.folder / "fifo.md")
    with pytest.raises(Refused) as e:
        indexer.open(target)
    assert e.value.code in ("not_found", "invalid", "conflict")
    assert "secret" not in e.value.text.replace("secret.md", "")
    assert str(indexer.data) not in e.value.text


def test_a_hard_link_is_a_document_like_any(indexer):
    """Whoever could make it could have copied the file: see indexer(8)."""
    outside = indexer.data / "outside.md"
    outside.write_text("zebra\n")
    indexer.write("b.md", "lion\n")
    os.link(outside, indexer.folder / "a.md")
    assert indexer.paths("zebra") == ["a.md"]
    assert indexer.open("a.md")["text"] == "zebra\n"


def test_records_are_opened_and_not_found(indexer):
    """A context reads its own log; the scope says which."""
    indexer.write("logs/chats/x.md", "zebra\n")
    indexer.write("a.md", "lion\n")
    assert indexer.paths("zebra") == []
    own = {"allow": [], "extra": ["logs/chats/x.md"]}
    got = indexer.open("logs/chats/x.md", scope=own)
    assert (got["text"], got.get("short_id", "")) == ("zebra\n", "")


def test_a_large_document_fits_the_envelope(indexer):
    indexer.write("a.md", '"\\\n' * 100000)
    got = indexer.open("a.md", max_bytes=192 * 1024)
    assert got["is_truncated"]
    assert len(got["text"]) > 40000


def test_texts_come_with_the_hits(indexer):
    indexer.write("docs/setup.md",
                  "# Setup\n\n## Telegram\n\nAsk BotFather for a tökén.\n")
    hit, = indexer.find("botfather")
    assert not hit.get("text")
    whole = "## Telegram\n\nAsk BotFather for a tökén.\n"
    hit, = indexer.read("botfather", 1000)
    assert hit["text"] == whole
    size = len(whole[:-6].encode()) + 1  # in the middle of the ö
    hit, = indexer.read("botfather", size)
    assert hit["text"] == whole[:-6]


def test_a_file_that_is_gone_leaves_its_snippet(place):
    with Indexer(place, {"AGENT_RUNTIME_QMD_DEBOUNCE_SECONDS": "60"}) as d:
        d.write("a.md", "zebra\n")
        d.connect()
        d.find("zebra")
        (d.folder / "a.md").unlink()
        (d.folder / "a.md").symlink_to("/etc/hostname")
        for hit in d.read("zebra", 1000):
            assert not hit.get("text")


def test_many_large_texts_fit_the_envelope(indexer):
    for i in range(20):
        indexer.write(f"{i}.md", f"zebra {i}\n" + '"\\\n' * 20000)
    assert len(indexer.find("zebra")) == 10
    hits = indexer.read("zebra", 192 * 1024)
    assert len(hits) == 20
    assert all(len(h["text"]) > 1000 for h in hits)


def test_what_is_skipped_is_said(indexer):
    assert not indexer.status().get("folder_exists")
    indexer.write("a.md", "zebra\n")
    indexer.write("large.md", b"z" * (1024 * 1024 + 1))
    indexer.write("binary.md", b"zebra \xff\n")
    assert indexer.paths("zebra") == ["a.md"]
    got = indexer.status()
    assert got["folder_exists"] and got["is_indexed"]
    assert got["n_documents"] == 1 and got["backend"] == "fts5"
    assert abs(got["last_indexed_unix"] - time.time()) < 60
    assert got["detail"] == ("1 not indexed: larger than 1 MiB; "
                             "1 not indexed: not UTF-8")
    assert indexer.status("search.reindex")["is_pending"]
    assert indexer.paths("zebra") == ["a.md"]


def test_changes_are_indexed_without_a_search(place):
    env = {"AGENT_RUNTIME_QMD_DEBOUNCE_SECONDS": "0"}
    with Indexer(place, env) as d:
        d.connect()
        d.write("a.md", "zebra\n")
        wait_for("one document",
                 lambda: d.status().get("n_documents") == 1)


def test_the_debounce_time_is_kept(place):
    """And a search does not wait for it."""
    env = {"AGENT_RUNTIME_QMD_DEBOUNCE_SECONDS": "3600"}
    with Indexer(place, env) as d:
        d.connect()
        d.write("a.md", "zebra\n")
        assert d.paths("zebra") == ["a.md"]
        d.write("b.md", "zebra\n")
        assert wait_for("the change",
                        lambda: d.status().get("is_pending"))
        assert d.status()["n_documents"] == 1
        assert set(d.paths("zebra")) == {"a.md", "b.md"}


def test_killed_while_indexing_it_finds_all_again(place):
    d = Indexer(place, start=False)
    for i in range(1500):
        d.write(f"{i % 30}/{i}.md", f"# Number {i}\n\nzebra number{i}\n" * 20)
    for _ in range(5):
        d.start()
        d.connect()
        d.query("zebra")
        d.kill()
    with d.start() as d:
        d.connect()
        for i in (0, 777, 1499):
            assert d.paths(f"number{i}")[0] == f"{i % 30}/{i}.md"
        assert d.status()["n_documents"] == 1500


def damage(path):
    with open(path, "r+b") as f:
        f.seek(4096)
        f.write(os.urandom(max(0, path.stat().st_size - 4096)))


@pytest.mark.parametrize("harm", [
    lambda p: shutil.rmtree(p.parent),
    lambda p: p.unlink(),
    lambda p: p.write_bytes(b""),
    lambda p: p.write_bytes(b"rubbish" * 1000),
    damage])
@pytest.mark.parametrize("while_up", [True, False])
def test_a_harmed_index_is_made_again(place, harm, while_up):
    with Indexer(place) as d:
        d.connect()
        for i in range(300):
            d.write(f"{i}.md", f"zebra number{i} " * 30)
        assert d.paths("number7")[:1] == ["7.md"]
        if not while_up:
            d.kill()
        harm(d.data / "index" / WS / "index.sqlite")
        if not while_up:
            d.start()
            d.connect()

        def healed():
            try:
                return d.paths("number7")[:1] == ["7.md"]
            except Refused:
                return False
        d.write("7.md", "zebra number7\n")
        wait_for("the index", healed, 30)
        wait_for("all documents",
                 lambda: d.status().get("n_documents") == 300, 30)


def test_orphans_and_vanished_workspaces_leave_no_index(place):
    with Indexer(place) as d:
        d.connect()
        d.write("a.md", "zebra\n")
        assert d.paths("zebra") == ["a.md"]
        shutil.rmtree(d.folder)
        assert d.paths("zebra") == []
        wait_for("the index to go",
                 lambda: not (d.data / "index" / WS).exists())


def test_searches_are_answered_while_it_indexes(place):
    with Indexer(place) as d:
        d.connect()
        d.write("a.md", "zebra\n")
        assert d.paths("zebra") == ["a.md"]
        other = d.data / "workspaces" / "busy"
        other.mkdir()
        for i in range(2000):
            (other / f"{i}.md").write_text(f"word{i} lion " * 150)
        d.query("lion", workspace="busy")
        took = []
        while d.status(workspace="busy").get("is_pending"):
            began = time.monotonic()
            assert [h["path"] for h in d.query("zebra")["hits"]] == ["a.md"]
            took.append(time.monotonic() - began)
        assert len(took) > 3
        assert sorted(took)[len(took) // 2] < 0.2


def test_bad_bodies_are_refused(indexer):
    for body in ({}, {"workspace_id": 7}, {
            "workspace_id": WS, "query": "x", "limit": 0,
            "scope": EVERYTHING}, {
            "workspace_id": WS, "query": "x", "limit": 51,
            "scope": EVERYTHING}, {
            "workspace_id": WS, "query": "x", "limit": 5}):
        with pytest.raises(Refused) as e:
            indexer.engine.ask("search.query", body)
        assert e.value.code == "invalid"


def test_without_a_place_for_its_files_it_says_so(place):
    data = place / "data"
    data.mkdir()
    (data / "index").write_text("in the way")
    d = Indexer(place, start=False)
    got = subprocess.run(
        [program("indexer")], env={"AGENT_RUNTIME_DATA_DIR": str(data),
                                   "AGENT_RUNTIME_DOOR_KEY_FILE":
                                   str(d.key_file)},
        capture_output=True, text=True, timeout=20, check=False)
    assert got.returncode == 1
    assert str(data / "index") in got.stderr


def test_the_workspaces_may_be_elsewhere(place):
    root = place / "else" / "where"
    with Indexer(place, {"AGENT_RUNTIME_WORKSPACE_ROOT": str(root)}) as d:
        d.connect()
        d.folder = root / WS
        d.write("a.md", "zebra\n")
        assert d.paths("zebra") == ["a.md"]
        assert d.open("a.md")["text"] == "zebra\n"
        assert not (d.data / "workspaces").exists()


def test_without_the_folder_of_its_indexes_it_ends(place):
    with Indexer(place) as d:
        d.connect()
        d.write("a.md", "zebra\n")
        assert d.paths("zebra") == ["a.md"]
        shutil.rmtree(d.data / "index")
        # Whoever used it first found that it is gone: this, or what is told
        # of changes just then, and nobody is there to be asked.
        with pytest.raises((Refused, EOFError, OSError)):
            d.query("zebra")
        assert d.process.wait(20 * SLOW) == 1
        d.wait_log('error indexer index-folder-lost .*path=".*/index" '
                   "effect=restart")
        d.start()
        d.connect()
        assert d.paths("zebra") == ["a.md"]
