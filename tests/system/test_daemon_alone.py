"""Every daemon by itself: its flags, its exit status, its signals."""

import signal
import subprocess

import pytest

from conftest import DAEMONS, SLOW, program, wait_for
from doors import place, write_keys  # noqa: F401

pytestmark = pytest.mark.parametrize("daemon", DAEMONS)
CANARIES = {
    "task-engine": "AGENT_RUNTIME_LLM_API_KEY",
    "gateway-telegram": "AGENT_RUNTIME_TELEGRAM_TOKEN",
    "gateway-discord": "AGENT_RUNTIME_DISCORD_TOKEN",
    "imap-ingest": "AGENT_RUNTIME_IMAP_PASSWORD",
}


def environment(tmp, **sets):
    return {"PATH": "/usr/bin:/bin", "AGENT_RUNTIME_HTTP_ADDR": "off",
            "AGENT_RUNTIME_DATA_DIR": str(tmp / "data"), **sets}


def run(daemon, tmp, *args, **sets):
    return subprocess.run(
        [str(program(daemon)), *args], cwd=tmp, text=True,
        env=environment(tmp, **sets), stdin=subprocess.DEVNULL,
        capture_output=True, timeout=30 * SLOW, check=False)


def test_help_and_version_are_answered_on_stdout(daemon, place):
    got = run(daemon, place, "--help")
    assert got.returncode == 0 and got.stderr == ""
    assert got.stdout.startswith(f"{daemon}: ")
    assert "AGENT_RUNTIME_DATA_DIR" in got.stdout
    got = run(daemon, place, "--version")
    assert got.returncode == 0
    assert got.stdout.split()[0] == daemon
    assert not (place / "data").exists()


def test_check_tells_good_from_bad_and_names_the_variable(daemon, place):
    assert run(daemon, place, "--check").returncode == 0
    got = run(daemon, place, "--check", AGENT_RUNTIME_LOG_LEVEL="loud")
    assert got.returncode == 2
    assert "AGENT_RUNTIME_LOG_LEVEL" in got.stderr
    assert "loud" in got.stderr and "debug, info, warn, error" in got.stderr
    assert not (place / "data").exists()


def test_the_configuration_is_printed_without_secrets(daemon, place):
    secret = CANARIES.get(daemon)
    sets = {secret: "canary-77aa"} if secret else {}
    if daemon == "imap-ingest":
        sets.update(AGENT_RUNTIME_IMAP_HOST="h",
                    AGENT_RUNTIME_IMAP_USERNAME="u")
    got = run(daemon, place, "--print-config", **sets)
    assert got.returncode == 0, got.stderr
    assert f"AGENT_RUNTIME_DATA_DIR={place}/data" in got.stdout
    assert "canary" not in got.stdout + got.stderr
    if secret:
        assert f"{secret}=(set)" in got.stdout


def test_an_empty_file_is_no_secret(daemon, place):
    rows = run(daemon, place, "--print-config-rows").stdout.splitlines()
    secrets = [row.split("\t")[0] for row in rows
               if row.split("\t")[1] == "secret"]
    assert bool(secrets) == (daemon in CANARIES)
    file = place / "secret"
    file.write_text("\n")
    for secret in secrets:
        got = run(daemon, place, **{f"{secret}_FILE": str(file)})
        assert got.returncode == 2
        assert f"{secret}_FILE: {file} is empty: put the secret" in got.stderr


def test_rows_have_nine_columns_and_help(daemon, place):
    got = run(daemon, place, "--print-config-rows")
    assert got.returncode == 0
    for line in got.stdout.splitlines():
        cells = line.split("\t")
        assert len(cells) == 9, line
        assert cells[8], f"{cells[0]} has no help"


@pytest.mark.parametrize("args", [["--no-such-flag"], ["word"],
                                  ["--door-keys-fd", "x"],
                                  ["--supervised", "-1"]])
def test_wrong_use_is_status_2(daemon, place, args):
    got = run(daemon, place, *args)
    assert got.returncode == 2
    assert got.stdout == "" and got.stderr


@pytest.mark.parametrize("args, said", [
    (["--no-such-flag"], "unknown flag --no-such-flag"),
    (["--supervised"], "--supervised needs a value")])
def test_a_wrong_flag_is_named_once(daemon, place, args, said):
    got = run(daemon, place, *args)
    assert got.stderr.count("\n") == 1
    assert f"{said}; see {daemon} --help" in got.stderr


def test_without_door_keys_it_says_what_to_do(daemon, place):
    got = run(daemon, place)
    assert got.returncode == 2
    assert "start me with `agent-runtime serve`" in got.stderr
    assert "AGENT_RUNTIME_DOOR_KEY_FILE" in got.stderr


def test_one_whose_parent_is_another_ends_at_once(daemon, place):
    write_keys(place / "keys", daemon)
    got = run(daemon, place, "--supervised", "1",
              AGENT_RUNTIME_DOOR_KEY_FILE=str(place / "keys"))
    assert got.returncode == 1
    assert " ready " not in got.stderr


def test_it_gets_ready_and_obeys_signals(daemon, place):
    write_keys(place / "keys", daemon)
    log = place / "log"
    with open(log, "wb") as out:
        process = subprocess.Popen(
            [str(program(daemon))], cwd=place, stderr=out,
            stdin=subprocess.DEVNULL, env=environment(
                place,
                AGENT_RUNTIME_DOOR_KEY_FILE=str(place / "keys")))
    try:
        wait_for("ready", lambda: f" {daemon} ready " in log.read_text())
        for level in ("debug", "info"):
            process.send_signal(signal.SIGHUP)
            wait_for(level, lambda level=level:
                     f"log-level now={level}" in log.read_text())
        process.send_signal(signal.SIGTERM)
        status = process.wait(20 * SLOW)
        assert status == 0, log.read_text()
    finally:
        process.kill()
        process.wait()
