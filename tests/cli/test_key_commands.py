"""`key uses`, `log-key` and the passphrase of the log's key, through the installed command."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from pathlib import Path

from cli_desk import COMMAND, Desk


def at_terminal(desk: Desk, args: list[str], answers: list[bytes]) -> tuple[int, bytes]:
    """Run a command at a terminal and type one answer at each colon it stops at."""
    main, side = pty.openpty()
    child = subprocess.Popen(
        [COMMAND, *args], cwd=desk.root, env=desk.environment(), stdin=side, stdout=side, stderr=side, close_fds=True,
        start_new_session=True,
    )  # fmt: skip
    os.close(side)
    seen, told, deadline = b"", 0, time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([main], [], [], 0.2)[0]:
            try:
                data = os.read(main, 65_536)
            except OSError:
                break
            if not data:
                break
            seen += data
            if told < len(answers) and seen.rstrip(b" ").endswith(b":"):
                os.write(main, answers[told] + b"\n")
                told += 1
    os.close(main)
    return child.wait(60), seen


def test_all_uses_of_ones_key_are_one_command(ready: Desk) -> None:
    mine = ready.json("key", "uses", key="alice")
    assert [use["kind"] for use in mine] == ["principal.added", "principal.added", "environment.added"]
    assert {use["actor"] for use in mine} == {"alice"}
    assert ready.json("key", "uses", "bo") == []
    assert "environment.added" in ready.run("key", "uses", "alice", status=0).text
    assert "name your key" in ready.run("key", "uses", status=2).complaint
    assert "not a principal" in ready.run("key", "uses", "eve", status=2).complaint


def test_the_logs_key_is_rotated_and_everything_still_verifies(ready: Desk) -> None:
    ready.run("checkpoint", "--out", "old", status=0)
    (first,) = ready.json("log-key", "show")
    assert "may not rotate" in ready.run("log-key", "rotate", "--reason", "mine", key="bo", status=1).complaint
    done = ready.run("log-key", "rotate", "--reason", "a year has passed", key="alice", status=0)
    assert "signed by both" in done.complaint
    assert "log_key" in (ready.ws / "quarterdeck.toml").read_text()
    old, new = ready.json("log-key", "show")
    assert (old["key"], old["to_size"], new["to_size"]) == (first["key"], new["from_size"] - 1, None)
    assert new["key"] in (ready.ws / "quarterdeck.toml").read_text()
    ready.run("role", "grant", "bo", "auditor", key="alice", status=0)
    assert ready.json("verify")["ok"] is True
    assert ready.json("verify", "--from", "old")["ok"] is True
    assert len(ready.json("log", "--kind", "log.key-rotated")) == 1


def test_a_protected_log_key_is_asked_for_and_without_it_the_workspace_is_read_only(desk: Desk) -> None:
    desk.new_key("alice")
    begin = ("init", "ws", "--name", "alice", "--log-key-passphrase")
    assert "no terminal to ask" in desk.run(*begin, key="alice", status=2).complaint
    desk.run(*begin, key="alice", status=0, QUARTERDECK_LOG_PASSPHRASE="sesame")
    grant = ("role", "grant", "alice", "operator")
    refused = desk.run(*grant, key="alice", status=3)
    assert "the log's key needs its passphrase (QUARTERDECK_LOG_PASSPHRASE)" in refused.complaint
    assert desk.json("verify")["ok"] is True
    wrong = desk.run(*grant, key="alice", status=3, QUARTERDECK_LOG_PASSPHRASE="guess")
    assert "not the passphrase" in wrong.complaint
    desk.run(*grant, key="alice", status=0, QUARTERDECK_LOG_PASSPHRASE="sesame")
    status, seen = at_terminal(desk, ["--key", "alice", "role", "grant", "alice", "auditor"], [b"sesame"])
    assert status == 0, seen
    assert b"sesame" not in seen
    rotate = ("log-key", "rotate", "--reason", "new")
    desk.run(*rotate, key="alice", status=0, QUARTERDECK_LOG_PASSPHRASE="sesame")
    newest = max((desk.ws / "keys").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert b"bcrypt" in _decoded(newest), "the new key is protected like the old one"
    assert desk.json("verify")["ok"] is True


def _decoded(path: Path) -> bytes:
    import base64

    return base64.b64decode("".join(path.read_text().splitlines()[1:-1]))
