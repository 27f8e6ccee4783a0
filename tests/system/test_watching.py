"""What the indexer tells the engine of files that people change: real files,
real inotify, and an engine that listens, is away, or has forgotten."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from conftest import program, wait_for
from door import Listener, place  # noqa: F401
from test_indexer import BEATS, DOOR, WS, Indexer

TOLD = "task-engine/indexer.main"
NOW = {"AGENT_RUNTIME_QMD_DEBOUNCE_SECONDS": "0"}


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Watched(Indexer):
    """An indexer, and the engine's end of its door."""

    def __init__(self, tmp, env=None, start=True):
        super().__init__(tmp, env or NOW, False, (DOOR, BEATS, TOLD))
        self.engine_end = Listener(self, TOLD)
        self.folder.mkdir(parents=True)
        if start:
            self.start()
            self.connect()
            wait_for("the first look", lambda: self.status().get("is_indexed"))

    def write(self, path, text):
        """At once, as editors do it: without a debounce time a file that is
        made and then filled would be told of twice."""
        super().write("../../new", text)
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        os.rename(self.data / "new", self.folder / path)

    def asked(self):
        while True:
            asked, answer = self.engine_end.take()
            if asked["type"] == "document.changed":
                return asked, answer
            assert asked["type"] == "embed.request"
            answer({})

    def take(self):
        """[(path, change, sha256 or None)] of one batch, and its answer."""
        asked, answer = self.asked()
        assert asked["body"]["workspace_id"] == WS
        return [(c["path"], c["change"], c.get("sha256"))
                for c in asked["body"]["changes"]], answer

    def told(self, *wanted):
        """All that is told until the wanted was, each once, in any order."""
        got = []
        while not set(wanted) <= set(got):
            batch, answer = self.take()
            answer({"n_noted": len(batch)})
            assert 0 < len(batch) <= 32
            got += batch
        return got

    def marker(self):
        """All that was told until this moment."""
        self.write("zz-marker.md", os.urandom(8).hex())
        text = (self.folder / "zz-marker.md").read_text()
        got = []
        while not any(p == "zz-marker.md" and s == sha(text)
                      for p, _, s in got):
            batch, answer = self.take()
            answer({})
            got += batch
        return [c for c in got if c[0] != "zz-marker.md"]


@pytest.fixture(scope="module")
def shared():
    """One indexer for all that ends where it began."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="wt-", dir="/tmp"))
    with Watched(path) as w:
        yield w
    shutil.rmtree(path)


class Corner:
    """A folder of the workspace for one test alone."""

    def __init__(self, watched, name):
        self.watched, self.name = watched, name
        self.folder = watched.folder / name

    def write(self, path, text):
        self.watched.write(f"{self.name}/{path}", text)

    def beneath(self, changes):
        return [(p[len(self.name) + 1:], *more) for p, *more in changes
                if p.startswith(self.name + "/")]

    def told(self, *wanted):
        return self.beneath(self.watched.told(
            *((f"{self.name}/{p}", *more) for p, *more in wanted)))

    def marker(self):
        return self.beneath(self.watched.marker())


@pytest.fixture
def corner(shared, request):
    return Corner(shared, f"corner{len(list(shared.folder.iterdir()))}")


@pytest.fixture
def watched(place):  # noqa: F811
    with Watched(place) as w:
        yield w


def appeared(path, text):
    return path, "appeared", sha(text)


def changed(path, text):
    return path, "changed", sha(text)


def gone(path):
    return path, "vanished", None


def rename(w, old, new):
    os.rename(w.folder / old, w.folder / new)


# what people do to a.md ("one") and d/b.md ("two") -> what is told
DEEDS = {
    "a file appears": (
        lambda w: w.write("c.md", "three"), [appeared("c.md", "three")]),
    "an empty file": (
        lambda w: w.write("c.md", ""), [appeared("c.md", "")]),
    "one that is no UTF-8": (
        lambda w: w.write("c.md", b"\xff"),
        [("c.md", "appeared", hashlib.sha256(b"\xff").hexdigest())]),
    "a file is written to": (
        lambda w: (w.folder / "a.md").write_text("more"),
        [changed("a.md", "more")]),
    "a file is replaced": (
        lambda w: w.write("a.md", "more"), [changed("a.md", "more")]),
    "a hard link": (
        lambda w: os.link(w.folder / "a.md", w.folder / "c.md"),
        [appeared("c.md", "one")]),
    "a file is written again as it was": (
        lambda w: w.write("a.md", "one"), []),
    "a file goes": (
        lambda w: (w.folder / "a.md").unlink(), [gone("a.md")]),
    "a file is renamed": (
        lambda w: rename(w, "a.md", "c.md"),
        [gone("a.md"), appeared("c.md", "one")]),
    "a file is renamed over another": (
        lambda w: rename(w, "a.md", "d/b.md"),
        [gone("a.md"), changed("d/b.md", "one")]),
    "a file is no document any more": (
        lambda w: rename(w, "a.md", "a.txt"), [gone("a.md")]),
    "a file outgrows the index": (
        lambda w: w.write("a.md", "z" * (1024 * 1024 + 1)),
        [("a.md", "changed", None)]),
    "a folder appears": (
        lambda w: w.write("e/f/g/c.md", "three"),
        [appeared("e/f/g/c.md", "three")]),
    "a folder is renamed": (
        lambda w: rename(w, "d", "e"),
        [gone("d/b.md"), appeared("e/b.md", "two")]),
    "a folder vanishes": (
        lambda w: shutil.rmtree(w.folder / "d"), [gone("d/b.md")]),
    "a folder is moved in": (
        lambda w: (w.write("../../../out/c.md", "three"),
                   rename(w, "../../../out", "in")),
        [appeared("in/c.md", "three")]),
    "a folder is moved out": (
        lambda w: rename(w, "d", "../../../away"), [gone("d/b.md")]),
    "a folder is hidden": (
        lambda w: rename(w, "d", ".d"), [gone("d/b.md")]),
    "a burst of writes": (
        lambda w: [w.write("a.md", str(i)) for i in range(500)],
        [changed("a.md", "499")]),
    "a burst of files": (
        lambda w: [w.write(f"n/{i}.md", str(i)) for i in range(200)],
        [appeared(f"n/{i}.md", str(i)) for i in range(200)]),
}

KEPT_OUT = ["logs/chats/telegram/1.md", "logs/a.md", "tasks/2026/01/01/t.md",
            ".hidden/a.md", "d/.git/a.md", ".a.md", "d/a.txt", "d/a.md.tmp",
            ".qmd/index.md"]


def ended(got):
    """By path, what it comes to: a burst may be told in steps."""
    return {(p, s) for p, s in {p: s for p, _, s in got}.items()}


@pytest.mark.parametrize("deed", DEEDS, ids=lambda d: d.replace(" ", "-"))
def test_what_people_do_is_told(corner, deed):
    """P-35, P-42, P-43."""
    do, wanted = DEEDS[deed]
    corner.write("a.md", "one")
    corner.write("d/b.md", "two")
    corner.told(appeared("a.md", "one"), appeared("d/b.md", "two"))
    do(corner)
    # The marker may overtake what happened in a folder that was new.
    got = [c for c in corner.told(*wanted)] if wanted else []
    got += corner.marker()
    if deed == "a burst of writes":
        assert ended(got) == ended(wanted)
    else:
        assert sorted(got, key=str) == sorted(wanted, key=str)


def test_a_file_that_comes_back_is_there(corner):
    for text in ("one", "one", "two"):
        corner.write("a.md", text)
        assert ended(corner.marker()) <= {("a.md", sha(text))}
        (corner.folder / "a.md").unlink()
    corner.write("a.md", "three")
    assert ended(corner.marker()) == {("a.md", sha("three"))}


def test_what_is_kept_out_is_not_told(watched):
    """P-59."""
    for text in ("secret", "changed"):
        for path in KEPT_OUT:
            watched.write(path, text)
    os.symlink("/etc/hostname", watched.folder / "link.md")
    shutil.rmtree(watched.folder / "logs")
    assert watched.marker() == []


def test_it_waits_for_the_debounce_time(place):  # noqa: F811
    env = {"AGENT_RUNTIME_QMD_DEBOUNCE_SECONDS": "1"}
    with Watched(place, env) as w:
        for i in range(20):
            w.write("a.md", str(i))
        assert w.told(appeared("a.md", "19")) == [appeared("a.md", "19")]


def test_unanswered_it_is_told_again(place):  # noqa: F811
    """Also by the next process, when the first was killed."""
    with Watched(place) as w:
        w.write("a.md", "one")
        first, _ = w.take()
        assert first == [appeared("a.md", "one")]
        # Nothing waits for the answer.
        assert w.paths("one") == ["a.md"]
        w.kill()
        w.write("b.md", "two")
        (w.folder / "a.md").unlink()
        w.start()
        w.connect()
        # The engine may have heard of a.md, though it did not say so.
        assert w.told(appeared("b.md", "two")) == [
            gone("a.md"), appeared("b.md", "two")]
        w.write("a.md", "three")
        w.told(appeared("a.md", "three"))
        w.kill()
        (w.folder / "a.md").unlink()
        w.start()
        w.connect()
        assert w.told(gone("a.md")) == [gone("a.md")]
        assert w.marker() == []


def test_a_refusal_is_not_the_end(watched):
    watched.write("a.md", "one")
    _, answer = watched.asked()
    answer(None, {"code": "unavailable", "text": "the disk is full"})
    watched.wait_log('changes-not-told why="the disk is full"')
    watched.told(appeared("a.md", "one"))
    watched.wait_log("changes-told-again")


@pytest.mark.parametrize("how", ["deleted", "damaged"])
def test_an_index_made_anew_is_no_news(place, how):  # noqa: F811
    """Else each upgrade would look as if somebody had written everything."""
    with Watched(place) as w:
        w.write("a.md", "one")
        w.told(appeared("a.md", "one"))
        w.stop()
        index = w.data / "index" / WS
        if how == "deleted":
            shutil.rmtree(index)
        else:
            (index / "index.sqlite").write_bytes(b"no database")
        w.start()
        w.connect()
        # What the first look finds is no news either.
        wait_for("the index", lambda: w.status().items() >= {
            "n_documents": 1, "is_indexed": True}.items())
        assert w.marker() == []
        w.write("a.md", "two")
        assert w.told(changed("a.md", "two")) == [changed("a.md", "two")]


def test_a_workspace_that_appears_is_news(watched):
    other = watched.folder.parent / "another"
    watched.write("../../out/a.md", "one")
    os.rename(watched.data / "out", other)
    asked, answer = watched.asked()
    answer({})
    assert asked["body"] == {"workspace_id": "another", "changes": [
        {"path": "a.md", "change": "appeared", "sha256": sha("one")}]}


def test_an_overflow_loses_nothing(place):  # noqa: F811
    """More happens while it is held than the kernel keeps."""
    most = int(open("/proc/sys/fs/inotify/max_queued_events").read())
    if most > 20000:
        pytest.skip(f"the kernel keeps {most} events")
    with Watched(place) as w:
        os.kill(w.process.pid, 19)
        for i in range(most // 2 + 200):
            w.write("busy.md", "x")
            (w.folder / "busy.md").unlink()
        w.write("a.md", "one")
        w.write("new/b.md", "two")
        os.kill(w.process.pid, 18)
        w.told(appeared("a.md", "one"), appeared("new/b.md", "two"))
        w.wait_log("watch-overflow")


def test_thousands_of_folders_are_watched(place):  # noqa: F811
    n = 2000
    with Watched(place, start=False) as w:
        for i in range(n):
            w.write(f"{i % 50}/{i}/{i}.md", str(i))
        w.start()
        w.connect()
        wait_for("all of them", lambda: w.status().get("is_indexed"), 120)
        assert w.status()["n_documents"] == n
        w.write("49/1999/1999.md", "changed")
        w.told(changed("49/1999/1999.md", "changed"))
        w.write("7/7/new/a.md", "new")
        w.told(appeared("7/7/new/a.md", "new"))
        assert "unwatched" not in w.log()


def test_a_limit_of_watches_is_said(place):  # noqa: F811
    """The kernel's limit holds for each namespace of users."""
    limited = ["unshare", "--user", "--map-root-user", "sh", "-c",
               "echo 20 >/proc/sys/user/max_inotify_watches && exec \"$@\"",
               "sh"]
    if subprocess.run([*limited, "true"], capture_output=True).returncode:
        pytest.skip("no namespace of users can be made here")
    w = Watched(place, start=False)
    for i in range(60):
        w.write(f"{i}/{i}.md", f"word{i}")
    log = open(w.log_path, "ab")
    w.process = subprocess.Popen(
        [*limited, str(program("indexer"))], stdin=subprocess.DEVNULL,
        stdout=log, stderr=log,
        env={"PATH": "/usr/bin:/bin", "AGENT_RUNTIME_DATA_DIR": str(w.data),
             "AGENT_RUNTIME_DOOR_KEY_FILE": str(w.key_file), **NOW})
    with w:
        w.wait_log("unwatched .*watch")
        w.connect()
        # What is there is found; only its changes come late.
        wait_for("all of them", lambda: w.status().get("n_documents") == 60)
        assert w.paths("word59") == ["59/59.md"]
        w.wait_log("[0-9]+ folders cannot be watched.*max_user_watches")

