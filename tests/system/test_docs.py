"""What the documents say is what the code does: log ids, commands, flags,
endpoints, files that are named."""

import json
import re
import subprocess

import pytest

from conftest import DAEMONS, ROOT, program

MAN = ROOT / "docs/man"
PROGRAMS = (*DAEMONS, "agent-runtime")
CONNECTORS = ("gateway-telegram", "gateway-discord", "imap-ingest")
LEVEL = r"log_(?:debug|info|warn|error)"
# One level, or "(is_bad ? log_warn : log_info)".
LOG_CALL = re.compile(
    rf'({LEVEL}(?:[\s\w!?:]+?{LEVEL})*)\)?\(\s*"([^"]+)"')
ANY_CALL = re.compile(rf"\b{LEVEL}\)?\(")
DIAGNOSTIC = re.compile(r"^\.It Ic (\S+) Pq (.+)$", re.M)


def page(name):
    return (MAN / name).read_text()


def section(text, title):
    found = re.search(rf"^\.Sh {title}\n(.*?)(?=^\.Sh |\Z)", text, re.S | re.M)
    return found[1] if found else ""


def logged(*folders, only=None):
    """{id: levels} of the calls in the C files of these folders."""
    ids = {}
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.c")):
            if path.name == "log.c" or (only and path.name not in only):
                continue
            text = path.read_text()
            found = LOG_CALL.findall(text)
            assert len(found) == len(ANY_CALL.findall(text)), \
                f"{path}: the id of a log line must stand in the call itself"
            for levels, id in found:
                ids.setdefault(id, set()).update(
                    re.findall(r"log_(\w+)", levels))
    return ids


def described(name):
    """{id: levels} of the page's DIAGNOSTICS."""
    ids = {}
    for id, levels in DIAGNOSTIC.findall(section(page(name), "DIAGNOSTICS")):
        assert id not in ids, f"{name}: {id} is there twice"
        ids[id] = set(re.split(", | or ", levels))
    return ids


@pytest.mark.parametrize("name", PROGRAMS)
def test_log_ids_of_a_program_are_in_its_page(name):
    ids = logged(f"services/{name}")
    if name in CONNECTORS:
        ids.update(logged("libcommon", only=["connector.c"]))
    assert described(f"{name}.8") == ids


def test_log_ids_of_all_daemons_are_in_the_protocol_page():
    ids = logged("libcommon", "proto")
    for id in logged("libcommon", only=["connector.c"]):
        del ids[id]
    assert described("agent-runtime-protocol.7") == ids


def help_of(name, *args):
    got = subprocess.run([program(name), *args], text=True, check=True,
                         capture_output=True, timeout=20)
    return got.stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_page_has_every_section(name):
    found = re.findall(r"^\.Sh (.+)$", page(f"{name}.8"), re.M)
    options = "COMMANDS" if name == "agent-runtime" else "OPTIONS"
    assert found == ["NAME", "SYNOPSIS", "DESCRIPTION", options, "SIGNALS",
                     "ENVIRONMENT", "FILES", "EXIT STATUS", "SECURITY",
                     "DIAGNOSTICS", "SEE ALSO", "BUGS"]


@pytest.mark.parametrize("name", DAEMONS)
def test_flags_of_a_daemon_are_in_its_page(name):
    flags = set(re.findall(r"--([a-z-]+)", help_of(name, "--help")))
    text = section(page(f"{name}.8"), "OPTIONS")
    assert set(re.findall(r"^\.It Fl -([a-z-]+)", text, re.M)) == flags


@pytest.mark.parametrize("title", ["OPTIONS", "SIGNALS", "EXIT STATUS"])
def test_daemons_have_one_shape(title):
    """What service.c does for all of them is said in the same words."""
    assert len({section(page(f"{d}.8"), title) for d in DAEMONS}) == 1


def commands():
    listed = re.findall(r"^  ([a-z]+) ", help_of("agent-runtime", "--help"),
                        re.M)
    assert "serve" in listed
    return listed


def test_commands_are_in_the_page():
    text = section(page("agent-runtime.8"), "COMMANDS")
    assert re.findall(r"^\.Ss (\w+)", text, re.M) == commands()


def test_flags_of_commands_are_in_the_page():
    text = section(page("agent-runtime.8"), "COMMANDS")
    parts = dict(re.findall(r"^\.Ss (\w+)\n(.*?)(?=^\.Ss |\Z)", text,
                            re.S | re.M))
    for command in commands():
        if command == "help":
            continue
        usage = help_of("agent-runtime", "help", command)
        flags = set(re.findall(r"(?<![\w-])--?([a-z][a-z-]*)", usage))
        shown = set(re.findall(r"\bFl -?([a-z][a-z-]*)", parts[command]))
        assert flags - {"help"} <= shown, command


def test_findings_of_doctor_are_in_the_page():
    ids = set()
    for path in (ROOT / "services/agent-runtime").glob("doctor*.c"):
        text = path.read_text()
        ids.update(re.findall(r'FINDING_\w+,\s*"([a-z-]+)"', text))
        ids.update(re.findall(r'"(connector-[a-z]+)"', text))
    assert len(ids) > 10
    doctor = re.search(r"^\.Ss doctor\n(.*?)^\.Ss ", page("agent-runtime.8"),
                       re.S | re.M)[1]
    listed = " ".join(re.findall(r"^\.Li (.*)$", doctor, re.M))
    assert set(listed.replace(",", " ").replace(" .", " ").split()) == ids


def test_endpoints_are_in_the_api_document():
    rows = re.findall(r'{ "(GET|POST)",\s+"([^"]+)"',
                      (ROOT / "services/api/routes.c").read_text())
    text = (ROOT / "docs/api.md").read_text()
    assert len(rows) > 10
    assert re.findall(r"^#+ `(GET|POST) (/[^`?]*)", text, re.M) == rows


def test_commands_are_in_the_guide_that_every_newcomer_gets():
    table = (ROOT / "docs/commands.md").read_text()
    guide = (ROOT / "services/task-engine/workspace/starter/guide/"
             "commands.md").read_text()
    names = re.findall(r"^\| `/([\w-]+)", table, re.M)
    assert len(names) > 10
    assert [n for n in names if f"`/{n}" not in guide] == []


def test_message_types_are_in_the_protocol_document():
    types = re.findall(r'^\t{ "([a-z.]+)",',
                       (ROOT / "proto/routes.c").read_text(), re.M)
    text = (ROOT / "proto/README.md").read_text()
    assert len(types) > 20
    for type in types:
        assert f"`{type}`" in text, type


def test_copying_the_example_changes_nothing():
    for line in (ROOT / ".env.example").read_text().splitlines():
        assert line == "" or line.startswith("#"), line


def test_the_example_shows_the_defaults(tmp_path):
    """With every variable uncommented nothing is another value than before."""
    text = (ROOT / ".env.example").read_text()
    (tmp_path / ".env").write_text(
        re.sub(r"^#(?=[A-Z_]+=)", "", text, flags=re.M))
    got = subprocess.run(
        [program("agent-runtime"), "config", "--json"], cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"}, text=True, check=True,
        capture_output=True, timeout=20)
    rows = [row for rows in json.loads(got.stdout).values() for row in rows]
    assert len(rows) > 40
    for row in rows:
        assert row["value"] == row["default"], row["name"]


def documents():
    return [p for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"),
                        *ROOT.glob("proto/*.md")]]


def test_links_lead_somewhere():
    for path in documents():
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)",
                                 path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_pages_refer_to_pages_that_exist():
    # Those of the system that we name.
    known = {"sqlite3 1", "curl 1", "timeout 1", "landlock 7", "seccomp 2", "systemd 1",
             "logrotate 8", "editline 7", "inotify 7", "nng 7"}
    known |= {re.sub(r"\.(\d)$", r" \1", p.name) for p in MAN.glob("*.[578]")}
    for path in MAN.glob("*.[578]"):
        for name in re.findall(r"^\.Xr (\S+ \d)", path.read_text(), re.M):
            assert name in known, f"{path.name}: {name}"


def test_a_guide_denies_only_what_the_readme_denies():
    """The agent quotes its guides to newcomers, so one that still says that a
    connector is to come turns them away."""
    missing = re.search(r"^\| not yet \| (.+) \|$", (ROOT / "README.md")
                        .read_text(), re.M)[1]
    guides = ROOT / "services/task-engine/workspace/starter/guide"
    denying = {path.stem for path in guides.glob("*.md")
               if "**This version cannot " in path.read_text()}
    assert {name for name in denying if name not in missing} == set()
