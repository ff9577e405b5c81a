from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path
from typing import NoReturn

import watchfiles
from intake_taker import NEVER, project, watching

from store.intake.inbox import Drop, Problem, Root
from store.intake.settle import Settler
from store.intake.watch import BATCH, sweep


def test_what_lay_there_before_the_start_comes_first(tmp_path: Path) -> None:
    folder = project(tmp_path)
    (folder / "old.json").write_text("old")
    os.utime(folder / "old.json", (0, 0))
    with watching(tmp_path / "inbox", poll_interval=NEVER, window=NEVER) as taker:
        taker.until(lambda: bool(taker.items))
        assert taker.taken == {"old.json": [b"old"]}


def test_a_new_file_comes_by_event_long_before_the_next_poll(tmp_path: Path) -> None:
    folder = project(tmp_path)
    with watching(tmp_path / "inbox", poll_interval=NEVER) as taker:
        time.sleep(0.5)
        (folder / "new.json").write_text("new")
        taker.until(lambda: "new.json" in taker.taken)


def test_a_whole_folder_moved_or_built_comes_file_by_file(tmp_path: Path) -> None:
    project(tmp_path)
    ready = tmp_path / "ready"
    (ready / "sub").mkdir(parents=True)
    for number in range(50):
        (ready / f"{number}.json").write_text(str(number))
        (ready / "sub" / f"{number}.json").write_text(str(number))
    with watching(tmp_path / "inbox", poll_interval=NEVER) as taker:
        time.sleep(0.4)
        ready.rename(tmp_path / "inbox" / "prod" / "billing")
        taker.until(lambda: len(taker.items) == 100)
        for number in range(20):
            late = tmp_path / "inbox" / "staging" / "new" / f"{number}"
            late.mkdir(parents=True)
            (late / "x.json").write_text("x")
        taker.until(lambda: len(taker.items) == 120)


def test_a_file_renamed_into_place_replaces_the_one_before(tmp_path: Path) -> None:
    folder = project(tmp_path)
    with watching(tmp_path / "inbox", poll_interval=NEVER) as taker:
        for number in range(3):
            (folder / ".part").write_text(str(number))
            (folder / ".part").replace(folder / "flows.json")
            taker.until(lambda number=number: len(taker.items) == number + 1)
    assert taker.taken == {"flows.json": [b"0", b"1", b"2"]}


def test_a_slow_writer_is_never_read_half_way(tmp_path: Path) -> None:
    folder = project(tmp_path)
    with watching(tmp_path / "inbox", poll_interval=0.2) as taker:
        with (folder / "slow.json").open("wb") as writer:
            for _ in range(4):
                writer.write(b"x" * 100)
                writer.flush()
                time.sleep(0.5)  # longer than the settling window
        taker.until(lambda: "slow.json" in taker.taken)
    assert taker.taken == {"slow.json": [b"x" * 400]}


def test_five_thousand_files_at_once_all_arrive_once(tmp_path: Path) -> None:
    folder = project(tmp_path)
    with watching(tmp_path / "inbox") as taker:
        time.sleep(0.3)
        for number in range(5_000):
            (folder / f"{number:04}.json").write_text(str(number))
        taker.until(lambda: len(taker.items) >= 5_000)
        time.sleep(0.5)
    assert len(taker.taken) == 5_000
    assert set(Counter(item.path for item in taker.items).values()) == {1}
    assert all(taker.taken[f"{number:04}.json"] == [b"%d" % number] for number in range(5_000))
    assert taker.largest <= BATCH


def test_without_any_events_the_scan_finds_everything(tmp_path: Path, monkeypatch) -> None:
    def broken(*_folders: object, **_options: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(watchfiles, "watch", broken)
    folder = project(tmp_path)
    with watching(tmp_path / "inbox", poll_interval=0.3) as taker:
        time.sleep(0.3)
        (folder / "x.json").write_text("x")
        taker.until(lambda: "x.json" in taker.taken)


def test_a_link_to_everything_is_a_problem_and_nobody_follows_it(tmp_path: Path) -> None:
    folder = project(tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    with watching(tmp_path / "inbox", poll_interval=NEVER) as taker:
        (folder / "root").symlink_to("/")
        (folder / "out").symlink_to(outside)
        os.mkfifo(folder / "pipe")
        taker.until(lambda: len(taker.items) == 3)
        (outside / "x.json").write_text("x")
        (folder / "good.json").write_text("good")
        taker.until(lambda: "good.json" in taker.taken)
    assert Counter(type(item) for item in taker.items) == {Problem: 3, Drop: 1}


def test_the_watch_outlives_its_folders(tmp_path: Path) -> None:
    folder = project(tmp_path)
    with watching(tmp_path / "inbox", tmp_path / "later", poll_interval=0.3) as taker:
        time.sleep(0.3)
        (tmp_path / "inbox").rename(tmp_path / "gone")
        time.sleep(0.5)
        folder.mkdir(parents=True)
        (folder / "x.json").write_text("x")
        taker.until(lambda: "x.json" in taker.taken)
        (tmp_path / "later" / "test" / "billing").mkdir(parents=True)
        (tmp_path / "later" / "test" / "billing" / "y.json").write_text("y")
        taker.until(lambda: "y.json" in taker.taken)


def test_a_sweep_waits_for_what_was_written_a_moment_ago_and_ends(tmp_path: Path) -> None:
    folder = project(tmp_path)
    (folder / "x.json").write_text("x")
    os.mkfifo(folder / "pipe")
    root = Root(kind="inbox", path=tmp_path / "inbox")
    found = [item for batch in sweep([root], patience=NEVER) for item in batch]  # it ends before that
    assert sorted(item.path.name for item in found) == ["pipe", "x.json"]


def test_a_sweep_does_not_wait_for_ever_for_a_writer(tmp_path: Path) -> None:
    folder = project(tmp_path)
    root = Root(kind="inbox", path=tmp_path / "inbox")
    settler = Settler(0.1)
    with (folder / "x.json").open("wb") as writer:
        writer.write(b"half")
        writer.flush()
        for batch in sweep([root], settler=settler, patience=0.6):
            for item in batch:
                settler.again(item)
        assert settler.waiting == 1


def test_a_root_that_cannot_be_read_is_told_once_by_a_sweep_that_takes_in_the_others(tmp_path: Path) -> None:
    folder = project(tmp_path)
    (folder / "x.json").write_text("x")
    (tmp_path / "observed").write_text("no folder")
    roots = [Root(kind="observed", path=tmp_path / "observed"), Root(kind="inbox", path=tmp_path / "inbox")]
    said: list[str] = []
    found = [item for batch in sweep(roots, patience=NEVER, complain=said.append) for item in batch]
    assert [item.path.name for item in found] == ["x.json"]
    assert said == [f"{tmp_path / 'observed'}: the folder cannot be read: Not a directory"]


def test_a_root_that_cannot_be_read_is_told_once_by_a_watch_and_taken_in_when_it_can_be(tmp_path: Path) -> None:
    folder = project(tmp_path)
    blocked = tmp_path / "observed"
    blocked.write_text("no folder")
    with watching(tmp_path / "inbox", blocked, poll_interval=0.05) as taker:
        for name in ("1.json", "2.json"):
            (folder / name).write_text(name)
            taker.until(lambda name=name: name in taker.taken)
        assert len(taker.complaints) == 1
        blocked.unlink()
        (blocked / "prod" / "orders").mkdir(parents=True)
        (blocked / "prod" / "orders" / "3.json").write_text("3")
        taker.until(lambda: "3.json" in taker.taken)
        assert len(taker.complaints) == 1
