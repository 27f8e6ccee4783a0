#!/usr/bin/python3
"""A qmd that obeys orders, and misbehaves when they say so.

The lock-down lets it read nothing of a test but itself, so its orders are the
last line of its own copy; install() writes that. Each call is appended, with
its environment, to the file `calls` in the folder that it was started in.

    install(path, {"version": "2.8.3", "search": {"hits": ["a.md"]},
                   "update": {"status": 1}})

An order's keys: hits (what search prints), text (printed as it is), repeat
(how often), noise (on stderr), status, signal, hang (seconds without an end;
with "children" a child that holds the output open).
"""
import errno
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

COMMANDS = ("--version", "search", "update", "embed")


def install(path, orders):
    """Written in place: the lock-down knows the file that was there first."""
    if not path.exists():
        shutil.copy(__file__, path)
    mine = [line for line in path.read_text().splitlines(True)
            if not line.startswith("# orders: ")]
    text = "".join(mine) + f"# orders: {json.dumps(orders)}\n"
    deadline = time.monotonic() + 10
    while True:
        try:
            path.write_text(text)
            return
        except OSError as e:
            # It is being started at this moment.
            if e.errno != errno.ETXTBSY or time.monotonic() > deadline:
                raise


def orders():
    last = pathlib.Path(__file__).read_text().splitlines()[-1]
    return json.loads(last.removeprefix("# orders: "))


def record(command):
    call = {"command": command, "argv": sys.argv[1:], "cwd": os.getcwd(),
            "env": dict(os.environ), "pid": os.getpid()}
    with open("calls", "a", encoding="utf-8") as out:
        out.write(json.dumps(call) + "\n")


def hit(path, **more):
    return {"docid": "#abcdef", "score": 0.5, "line": 1, "title": "T",
            "file": f"qmd://workspace/{path}?index=agent-runtime",
            "snippet": "@@ -1,2 @@ (0 before, 0 after)\n# it\n", **more}


def act(order):
    sys.stderr.write(order.get("noise", ""))
    if "hits" in order:
        print(json.dumps([hit(h) if isinstance(h, str) else hit(**h)
                          for h in order["hits"]]))
    for _ in range(order.get("repeat", 1)):
        sys.stdout.write(order.get("text", ""))
    sys.stdout.flush()
    if order.get("children"):
        subprocess.Popen(["/bin/sleep", "600"])
    time.sleep(order.get("hang", 0))
    if "signal" in order:
        os.kill(os.getpid(), signal.Signals[order["signal"]])
    sys.exit(order.get("status", 0))


def main():
    command = next((a for a in sys.argv[1:] if a in COMMANDS), "?")
    record(command)
    told = orders()
    if command == "update":
        pathlib.Path("cache/qmd/agent-runtime.sqlite").touch()
    if command == "--version" and "version" in told:
        print(f"qmd {told['version']} (facd35e)")
        return
    act(told.get(command, {}))


if __name__ == "__main__":
    main()
