"""When the outside fails: a locked ledger, a full disk, a folder that may not be written. Nothing by halves."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cli_desk import COMMAND, Desk

from store.demo.samples import orders

INCIDENT = ("incident", "open", "--title", "x")


def big(megabytes: float) -> bytes:
    """An export that does not compress."""
    nodes = [
        {"id": f"{n:x}", "type": "comment", "z": "t", "info": os.urandom(512).hex()}
        for n in range(int(megabytes * 1024))
    ]
    return json.dumps([{"id": "t", "type": "tab", "label": "L"}, *nodes]).encode()


def test_a_ledger_that_somebody_else_holds_is_waited_for_then_given_up_and_works_again(live: Desk) -> None:
    live.drop(orders(3))
    before = live.json("log")
    with closing(sqlite3.connect(live.ws / "ledger.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        (act, watched, read) = concurrently(
            live, ("--key", "alice", *INCIDENT), ("watch", "--once", "--json"), ("log", "--json")
        )
        assert time.monotonic() - begun > 4, "it was waited for"
        other.execute("ROLLBACK")
    for status, out, err in (act, watched):
        assert (status, out) == (3, b"")
        assert b"locked" in err
        assert err.count(b"\n") == 1
    assert read[0] == 0, "reading goes on"
    assert live.json("log") == before
    assert live.json("watch", "--once")["ingested"] == 1
    live.run(*INCIDENT, key="alice", status=0)
    assert live.json("verify")["ok"] is True


def concurrently(desk: Desk, *commands: tuple[str, ...]) -> list[tuple[int, bytes, bytes]]:
    pipe = subprocess.PIPE
    children = [
        subprocess.Popen([COMMAND, *command], cwd=desk.root, env=desk.environment(), stdout=pipe, stderr=pipe)
        for command in commands
    ]
    ended = [child.communicate(timeout=60) for child in children]
    return [(child.returncode, *output) for child, output in zip(children, ended, strict=True)]


def test_a_file_that_may_not_grow_ends_an_ingest_whole_or_not_at_all(live: Desk) -> None:
    if shutil.which("prlimit") is None:
        pytest.skip("prlimit (util-linux) is not installed")
    live.drop(big(2))
    size = (live.ws / "ledger.db").stat().st_size
    before = live.json("log")
    for limit in (size + 65_536, 2_000):
        live.prefix = ("prlimit", f"--fsize={limit}")
        ran = live.run("watch", "--once")
        assert ran.status == 3, (limit, ran)
        assert ran.complaint.count("\n") == 1
        live.prefix = ()
        assert live.json("log") == before
        assert live.json("verify")["ok"] is True
    assert live.json("watch", "--once")["ingested"] == 1
    assert live.json("verify")["ok"] is True


def test_a_delivery_that_does_not_fit_leaves_what_was_there(live: Desk) -> None:
    if shutil.which("prlimit") is None:
        pytest.skip("prlimit (util-linux) is not installed")
    live.drop(big(2))
    alice, bo = ("--key", "alice"), ("--key", "bo")
    stated = ("--success", "s", "--risk", "low", "--rollback-plan", "r")
    opened = ("request", "open", "--project", "orders", "--env", "prod", "--title", "Big", "--why", "w", *stated)
    steps = [(*alice, "watch", "--once"), (*alice, *opened), (*alice, "request", "submit", "CR-0003")]
    assert [ran.status for ran in live.runs([*steps, (*bo, "approve", "CR-0003")])] == [0] * 4
    delivered = live.delivered()
    size = (live.ws / "ledger.db").stat().st_size
    assert size < 1_800_000, "hexadecimal digits are stored in half their size"
    live.prefix = ("prlimit", f"--fsize={size + 100_000}")
    ran = live.run("deploy", "CR-0003", key="bo")
    live.prefix = ()
    assert ran.status == 3, ran
    assert live.delivered() == delivered
    assert [path.name for path in (live.ws / "out/prod/orders").iterdir()] == ["flows.json"]
    assert live.json("verify")["ok"] is True
    live.run("deploy", "CR-0003", key="bo", status=0)
    assert live.delivered() != delivered


def mounted(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if os.geteuid() != 0 or shutil.which("mount") is None or not mounted(mount):
        pytest.skip("a small disk cannot be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_changes_nothing_and_space_heals_it(desk: Desk, small_disk: Path) -> None:
    desk.new_key("alice")
    desk.run("init", small_disk / "ws", "--name", "alice", key="alice", status=0)
    desk.env["QUARTERDECK_WORKSPACE"] = str(small_disk / "ws")
    folder = small_disk / "ws" / "inbox" / "prod" / "orders"
    folder.mkdir(parents=True)
    (folder / "flows.json").write_bytes(orders(1))
    filler = small_disk / "filler"
    fill(filler, leave=0)
    for ran in (desk.run("watch", "--once"), desk.run(*INCIDENT, key="alice")):
        assert ran.status == 3, ran
        assert ran.complaint.count("\n") == 1
        assert "full" in ran.complaint or "space" in ran.complaint
    assert desk.json("verify")["entries"] == 2
    other = desk.run("init", small_disk / "other", "--name", "alice", key="alice", status=3)
    assert other.complaint.count("\n") == 1
    fill(filler, leave=60_000)
    desk.run("init", small_disk / "other", "--name", "alice", key="alice", status=3)
    filler.unlink()
    assert desk.json("watch", "--once")["ingested"] == 1
    desk.run(*INCIDENT, key="alice", status=0)
    assert desk.json("verify")["ok"] is True
    desk.run("init", small_disk / "other", "--name", "alice", key="alice", status=0)


def fill(path: Path, *, leave: int) -> None:
    path.unlink(missing_ok=True)
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096) == 4096:
                pass
        except OSError:
            pass
    if leave:
        os.truncate(path, path.stat().st_size - leave)


def test_a_workspace_that_may_not_be_written_still_answers(live: Desk) -> None:
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may write everything, and setpriv is not here to take that away")
        live.prefix = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
    live.ws.chmod(0o500)
    (live.ws / "ledger.db").chmod(0o400)
    try:
        assert live.run("log", "--json").json
        assert live.run("verify", "--json", status=0).json["ok"] is True
        refused = live.run(*INCIDENT, key="alice", status=3)
        assert "cannot be written" in refused.complaint
    finally:
        live.ws.chmod(0o700)
