"""Where the system's events cannot be trusted: a queue that really ran over, another machine's folder, a mount."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import watchfiles
from intake_taker import Events, is_told_of, project, watching
from support.ssh_server import ssh_server

from store.intake import reach

QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")
SMALL = "8"


@pytest.fixture
def short_queues(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let the watches of this test have queues of eight events; return how many have begun so.

    The whole machine's new watches have them for as long as one is being set up, so that is kept short.
    """
    try:
        usual = QUEUE.read_text()
        QUEUE.write_text(usual)
    except OSError as error:
        pytest.skip(f"this user may not shorten the queues of inotify: {error.strerror}")
    genuine, begun = watchfiles.watch, list[int]()

    def watch(*folders: Path, **options: Any) -> Iterator[set[tuple[watchfiles.Change, str]]]:
        found = genuine(*folders, **options)
        QUEUE.write_text(SMALL)
        try:
            first = next(found)  # the first step sets the watch up
        finally:
            QUEUE.write_text(usual)
        begun.append(len(folders))
        yield first
        yield from found

    monkeypatch.setattr(watchfiles, "watch", watch)
    return begun


def test_a_queue_that_really_runs_over_loses_no_file(tmp_path: Path, short_queues: list[int]) -> None:
    folder = project(tmp_path)
    with watching(tmp_path / "inbox", poll_interval=1.0) as taker:
        (folder / "first.json").write_bytes(b"x")
        taker.until(lambda: "first.json" in taker.taken and bool(short_queues))
        for number in range(2_000):
            (folder / f"{number}.json").write_bytes(b"%d" % number)
        taker.until(lambda: len(taker.taken) == 2_001)
    assert all(taker.taken[f"{number}.json"] == [b"%d" % number] for number in range(2_000))


@contextmanager
def mounted_by_ssh(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Yield (the folder as the other machine has it, the same folder mounted here)."""
    if shutil.which("sshfs") is None or not os.access("/dev/fuse", os.W_OK):
        pytest.skip("sshfs is not installed, or this user may not mount with it")
    there, here = tmp_path / "there", tmp_path / "inbox"
    (there / "prod" / "orders").mkdir(parents=True)
    here.mkdir()
    with ssh_server(tmp_path / "sshd") as server:
        login = " ".join(server.command()[:-1])
        who = server.command()[-1]
        done = subprocess.run(
            ["sshfs", "-o", f"ssh_command={login}", f"{who}:{there}", here], capture_output=True, check=False
        )
        if done.returncode != 0:
            pytest.skip(f"sshfs cannot mount here: {done.stderr.decode(errors='replace').strip()}")
        try:
            yield there, here
        finally:
            subprocess.run(["umount", "-l", here], check=True)


def test_a_real_share_of_another_machine_is_scanned_and_needs_no_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_folders: object, **_options: object) -> None:
        raise AssertionError("a share is not watched for events")

    monkeypatch.setattr(watchfiles, "watch", never)
    with mounted_by_ssh(tmp_path) as (there, here):
        assert reach.share_of(here) == "fuse.sshfs"
        with watching(here, poll_interval=0.5) as taker:
            began = time.monotonic()
            (there / "prod" / "orders" / "flows.json").write_bytes(b"from afar")
            taker.until(lambda: "flows.json" in taker.taken)
            assert time.monotonic() - began >= reach.REMOTE_WINDOW
    assert taker.taken == {"flows.json": [b"from afar"]}


def test_a_file_system_mounted_on_a_project_is_watched_by_its_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, events = project(tmp_path), Events(monkeypatch)
    with watching(tmp_path / "inbox", poll_interval=0.5) as taker:
        (folder / "first.json").write_bytes(b"first")
        taker.until(lambda: "first.json" in taker.taken)
        done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"this user may not mount: {done.stderr.decode(errors='replace').strip()}")
        try:
            is_told_of(taker, events, folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)
