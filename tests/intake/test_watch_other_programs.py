"""Watching while other people's programs write: each has its own way to put a file there, none is read half-way."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest
import watchfiles
from intake_taker import Events, Taker, is_told_of, project, watching
from support.ssh_server import ssh_server

from store.errors import NotFound
from store.intake import reach, settle
from store.intake.guard import StillWriting
from store.intake.inbox import Drop, Root, read_drop, scan
from store.ledger.mounts import file_system_of

DATA = b'{"big": "' + b"x" * 3_000_000 + b'"}'


def settled(taker: Taker, name: str, *versions: bytes) -> None:
    taker.until(lambda: taker.taken.get(name, [])[-1:] == [versions[-1]])
    assert taker.taken[name] == list(versions)


def test_scp_from_another_machine(tmp_path: Path) -> None:
    folder = project(tmp_path)
    (tmp_path / "export.json").write_bytes(DATA)
    with ssh_server(tmp_path / "ssh") as server, watching(tmp_path / "inbox") as taker:
        options = server.command()[1:-3]
        for legacy in ([], ["-O"]):  # by sftp, and by scp's own protocol
            name = f"flows{len(legacy)}.json"
            to = f"{getpass.getuser()}@127.0.0.1:{folder / name}"
            words = [
                "scp",
                *legacy,
                "-q",
                "-l",
                "60000",
                "-P",
                str(server.port),
                *options,
                tmp_path / "export.json",
                to,
            ]
            subprocess.run(words, check=True, timeout=60)
            settled(taker, name, DATA)


@pytest.mark.parametrize("options", [(), ("--inplace",), ("--append",), ("-t", "--partial")])
def test_rsync_by_its_temporary_names_and_in_place(tmp_path: Path, options: tuple[str, ...]) -> None:
    if shutil.which("rsync") is None:
        pytest.skip("rsync is not installed (tests/tools.sh installs it)")
    folder = project(tmp_path)
    source = tmp_path / "export.json"
    source.write_bytes(DATA)
    os.utime(source, (0, 0))  # `-t` gives the copy an old time: not the sign of a finished file
    with watching(tmp_path / "inbox") as taker:
        slowly = ["rsync", "--no-whole-file", "--bwlimit=4000", *options]
        subprocess.run([*slowly, source, folder / "flows.json"], check=True, timeout=60)
        settled(taker, "flows.json", DATA)
    assert set(taker.taken) == {"flows.json"}


def test_vim_saves_by_backup_and_rename(tmp_path: Path) -> None:
    if shutil.which("vim") is None:
        pytest.skip("vim is not installed (tests/tools.sh installs it)")
    folder = project(tmp_path)
    with watching(tmp_path / "inbox") as taker:
        (folder / "flows.json").write_bytes(b'{"a": 1}\n')
        settled(taker, "flows.json", b'{"a": 1}\n')
        for count, way in enumerate(("no", "yes"), 2):
            commands = [f"set backup writebackup backupcopy={way} swapfile", "s/[0-9]/2&/", "wq"]
            options = [part for command in commands for part in ("-c", command)]
            words = ["vim", "-u", "NONE", "-N", "-es", *options, folder / "flows.json"]
            subprocess.run(words, check=True, stdin=subprocess.DEVNULL, timeout=30)
            taker.until(lambda count=count: len(taker.taken["flows.json"]) == count)
    assert taker.taken == {"flows.json": [b'{"a": 1}\n', b'{"a": 21}\n', b'{"a": 221}\n']}


def test_an_editor_that_moves_the_old_file_away_first(tmp_path: Path) -> None:
    folder = project(tmp_path)
    with watching(tmp_path / "inbox", poll_interval=60) as taker:
        (folder / "flows.json").write_bytes(b"old")
        settled(taker, "flows.json", b"old")
        (folder / "flows.json").rename(folder / "flows.json~")
        (folder / "#flows.json#").write_bytes(b"new but not saved")
        time.sleep(0.3)
        (folder / "flows.json").write_bytes(b"new")
        settled(taker, "flows.json", b"old", b"new")
    assert set(taker.taken) == {"flows.json"}


def test_a_writer_that_closes_the_file_after_every_piece(tmp_path: Path) -> None:
    folder = project(tmp_path)
    with watching(tmp_path / "inbox", poll_interval=0.1) as taker:
        for number in range(20):
            path, longest, before = folder / f"{number}.json", 0.0, time.monotonic()
            for _ in range(12):
                with path.open("ab") as file:
                    file.write(b"x" * 100)
                now = time.monotonic()
                longest, before = max(longest, now - before), now
                time.sleep(0.08)  # shorter than the settling window
            taker.until(lambda name=path.name: taker.taken.get(name, [])[-1:] == [b"x" * 1200])
            if longest < 0.15:  # else this machine did something else for longer than the window
                break
        assert taker.taken[path.name] == [b"x" * 1200]


def test_what_changed_after_it_had_settled_is_not_read(tmp_path: Path) -> None:
    folder = project(tmp_path)
    for change in ("append", "replace", "touch"):
        path = folder / "flows.json"
        path.write_bytes(b"half")
        (drop,) = [item for item in scan(Root(kind="inbox", path=tmp_path / "inbox")) if isinstance(item, Drop)]
        match change:
            case "append":
                path.write_bytes(b"half and half")
            case "replace":
                (folder / ".new").write_bytes(b"half")
                (folder / ".new").replace(path)
            case _:
                os.utime(path, (1, 1))
        with pytest.raises(StillWriting, match="after it had settled"):
            read_drop(drop)


def mount(*words: str | Path) -> None:
    done = subprocess.run(words, check=False, capture_output=True)
    if done.returncode != 0:
        pytest.skip(f"this user may not mount: {done.stderr.decode(errors='replace').strip()}")


@pytest.mark.parametrize("way", ["renamed over", "deleted and made again", "mounted over"])
def test_an_inbox_that_becomes_another_folder_is_watched_as_that(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, events = project(tmp_path), Events(monkeypatch)
    other = tmp_path / "other"
    (other / "prod" / "orders").mkdir(parents=True)
    with watching(tmp_path / "inbox", poll_interval=0.5) as taker:
        (folder / "first.json").write_bytes(b"first")
        settled(taker, "first.json", b"first")
        match way:
            case "renamed over":
                (tmp_path / "inbox").rename(tmp_path / "away")
                other.rename(tmp_path / "inbox")
            case "deleted and made again":
                shutil.rmtree(tmp_path / "inbox")
                folder.mkdir(parents=True)
            case _:
                mount("mount", "--bind", other, tmp_path / "inbox")
        try:
            is_told_of(taker, events, folder)
        finally:
            if way == "mounted over":
                subprocess.run(["umount", "-l", tmp_path / "inbox"], check=True)


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs"])
def test_on_a_network_share_only_scans_count_and_a_file_must_be_seen_to_stand_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    folder = project(tmp_path)
    device = tmp_path.stat().st_dev
    numbers = f"{os.major(device)}:{os.minor(device)}"
    table = tmp_path / "mountinfo"  # as proc(5) has it where a server's folder is mounted on the inbox
    table.write_text(
        f"31 1 {numbers} / / rw - ext4 /dev/vda rw\n32 31 {numbers} / {tmp_path / 'inbox'} rw - {kind} s:/x rw\n"
    )
    monkeypatch.setattr(reach, "file_system_of", partial(file_system_of, mounts=table))
    monkeypatch.setattr(settle, "REMOTE_WINDOW", 0.8)
    reach._share.cache_clear()
    assert reach.share_of(tmp_path / "inbox") == kind

    def never(*_folders: object, **_options: object) -> None:
        raise AssertionError("a share is not watched for events")

    monkeypatch.setattr(watchfiles, "watch", never)
    (folder / "old.json").write_bytes(b"old")
    os.utime(folder / "old.json", (0, 0))  # another machine's clock
    began = time.monotonic()
    with watching(tmp_path / "inbox", poll_interval=0.2) as taker:
        settled(taker, "old.json", b"old")
        assert time.monotonic() - began >= 0.8
        (folder / "new.json").write_bytes(b"new")
        settled(taker, "new.json", b"new")
    reach._share.cache_clear()


def test_events_lost_in_an_overflow_are_made_up_for_by_the_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overflown(*_folders: object, stop_event, **_options: object):
        yield {(watchfiles.Change.added, "whatever came before the queue was full")}
        while not stop_event.wait(0.1):
            yield set()

    monkeypatch.setattr(watchfiles, "watch", overflown)
    folder = project(tmp_path)
    with watching(tmp_path / "inbox", poll_interval=0.5) as taker:
        for number in range(300):
            (folder / f"{number}.json").write_bytes(b"x")
        taker.until(lambda: len(taker.taken) == 300)


def test_names_that_differ_in_case_only_and_names_of_one_file_are_all_taken(tmp_path: Path) -> None:
    folder = project(tmp_path)
    for name in ("flows.json", "Flows.json", "FLOWS.JSON", "n" * 255):
        (folder / name).write_bytes(name.encode())
    (folder / "hard.json").hardlink_to(folder / "flows.json")
    with watching(tmp_path / "inbox") as taker:
        taker.until(lambda: len(taker.taken) == 5)
    assert taker.taken["hard.json"] == [b"flows.json"]
    assert taker.taken["Flows.json"] == [b"Flows.json"]


def test_what_is_gone_between_scan_and_opening_is_said_to_be_gone(tmp_path: Path) -> None:
    folder = project(tmp_path)
    (folder / "gone.json").write_bytes(b"gone")
    (drop,) = [item for item in scan(Root(kind="inbox", path=tmp_path / "inbox")) if isinstance(item, Drop)]
    (folder / "gone.json").unlink()
    with pytest.raises(NotFound):
        read_drop(drop)
