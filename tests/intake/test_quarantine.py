from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from store.errors import BadInput, Conflict, NotFound, StorageFailure
from store.intake.inbox import Drop, Problem, Root, label_fault, scan
from store.intake.quarantine import quarantine

NOW = datetime(2026, 11, 23, 16, 0, 1, 234_000, tzinfo=UTC)


def workspace(tmp_path: Path) -> Path:
    (tmp_path / "inbox" / "prod" / "orders").mkdir(parents=True)
    return tmp_path


def only(home: Path) -> Drop | Problem:
    (item,) = scan(Root(kind="inbox", path=home / "inbox"))
    return item


def test_a_bad_file_moves_with_the_reason_beside_it(tmp_path: Path) -> None:
    home = workspace(tmp_path)
    (home / "inbox" / "prod" / "orders" / "flows.json").write_text("{")
    moved = quarantine(home, only(home), "not JSON:\n line 1", now=NOW)
    assert moved == home / "quarantine" / "prod" / "orders" / "flows.json-20261123T160001.234Z"
    assert moved.read_text() == "{"
    assert Path(f"{moved}.reason.txt").read_text() == "not JSON: line 1\n"
    assert list(scan(Root(kind="inbox", path=home / "inbox"))) == []
    assert (home / "quarantine").stat().st_mode & 0o777 == 0o700


def test_two_of_a_name_in_one_instant_are_both_kept(tmp_path: Path) -> None:
    home = workspace(tmp_path)
    moved = []
    for text in "abc":
        (home / "inbox" / "prod" / "orders" / "x").write_text(text)
        moved.append(quarantine(home, only(home), "bad", now=NOW))
    assert [path.read_text() for path in moved] == ["a", "b", "c"]
    assert moved[2].name.endswith("Z-3")


def test_links_pipes_unreadable_files_and_folders_move_unopened(tmp_path: Path) -> None:
    home = workspace(tmp_path)
    folder = home / "inbox" / "prod" / "orders"
    (home / "precious").write_text("precious")
    (folder / "link").symlink_to(home / "precious")
    assert quarantine(home, only(home), "link", now=NOW).is_symlink()
    os.mkfifo(folder / "pipe")
    assert quarantine(home, only(home), "pipe", now=NOW).is_fifo()
    (folder / "private").write_text("x")
    (folder / "private").chmod(0)
    assert quarantine(home, only(home), "private", now=NOW).stat().st_mode & 0o777 == 0
    (folder / "bad\nfolder").mkdir()
    (folder / "bad\nfolder" / "x").write_text("x")
    assert (quarantine(home, only(home), "folder", now=NOW) / "x").read_text() == "x"
    assert (home / "precious").read_text() == "precious"


@pytest.mark.parametrize(
    "raw",
    [b"a\x1b[2Jb", b"\xff\xfe", "a\u202eb".encode(), b"back\\slash", b"x" * 255, "ü".encode() * 127, b"\n" * 250],
)
def test_a_hostile_name_is_spelt_so_that_it_can_be_shown(tmp_path: Path, raw: bytes) -> None:
    home = workspace(tmp_path)
    (home / "inbox" / "prod" / "orders" / os.fsdecode(raw)).write_text("x")
    moved = quarantine(home, only(home), "bad name", now=NOW)
    assert moved.read_text() == "x"
    assert label_fault(moved.name) is None
    assert Path(f"{moved}.reason.txt").exists()


def test_a_root_of_one_environment_keeps_its_place(tmp_path: Path) -> None:
    home = workspace(tmp_path)
    (home / "live" / "orders").mkdir(parents=True)
    (home / "live" / "orders" / "x").write_text("x")
    (item,) = scan(Root(kind="observed", path=home / "live", environment="prod"))
    assert quarantine(home, item, "bad", now=NOW).parent == home / "quarantine" / "prod" / "orders"


def test_a_file_written_anew_meanwhile_stays(tmp_path: Path) -> None:
    home = workspace(tmp_path)
    path = home / "inbox" / "prod" / "orders" / "x"
    path.write_text("bad")
    item = only(home)
    path.write_text("now it is good")
    with pytest.raises(Conflict):
        quarantine(home, item, "bad", now=NOW)
    path.unlink()
    with pytest.raises(NotFound):
        quarantine(home, item, "bad", now=NOW)
    assert list((home / "quarantine" / "prod" / "orders").iterdir()) == []


def test_a_quarantine_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    home = workspace(tmp_path)
    (home / "inbox" / "prod" / "orders" / "x").write_text("x")
    (tmp_path / "elsewhere").mkdir()
    (home / "quarantine").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadInput, match="symbolic link"):
        quarantine(home, only(home), "bad", now=NOW)
    assert (home / "inbox" / "prod" / "orders" / "x").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = workspace(tmp_path)
    (home / "inbox" / "prod" / "orders" / "flows.json").write_text("{")
    (home / "quarantine").mkdir()
    made = os.mkdir

    def closed(name: str, mode: int, *, dir_fd: int) -> None:
        if name == "prod":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return made(name, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "mkdir", closed)
    with pytest.raises(StorageFailure, match="quarantine/prod: the folder cannot be made: Permission denied"):
        quarantine(home, only(home), "not JSON", now=NOW)
