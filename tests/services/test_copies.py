from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from support.scene import Scene
from support.tampering import plain_sql

from store.errors import BadInput, IntegrityFailure, NotFound, StorageFailure
from store.ledger.compare import Relation
from store.ledger.report import Verdict
from store.services.audit import backing_up, copies
from store.services.identity import log_key
from store.workspace import create, open_workspace


def log_of(scene: Scene) -> copies.Log:
    return copies.log_of(scene.context.ledger.verifier.vkey)


def file_of(scene: Scene, to: Path) -> Path:
    return backing_up.backup(scene.context, to).path


def test_a_backup_is_one_verified_file(scene: Scene, tmp_path: Path) -> None:
    made = backing_up.backup(scene.context, tmp_path / "b.db")
    assert (made.report.entries, made.report.ok) == (scene.size, True)
    assert made.path.stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(("b.db", ".b.db"))] == ["b.db"]
    assert copies.verify_copy(made.path, log_of(scene)).verdict is Verdict.SELF_CONSISTENT


def test_a_backup_holds_the_archive_too(scene: Scene, tmp_path: Path) -> None:
    scene.live()
    made = file_of(scene, tmp_path / "b.db")
    shutil.copy(made, scene.workspace.root / "ledger.db")
    opened = open_workspace(scene.workspace.root)
    assert opened.ledger.writable
    opened.close()


def test_a_backup_never_replaces_anything(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "b.db").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("b.db", "link"):
        with pytest.raises(BadInput, match="something is there already"):
            backing_up.backup(scene.context, tmp_path / name)
    with pytest.raises(BadInput, match="folder does not exist"):
        backing_up.backup(scene.context, tmp_path / "no" / "b.db")
    assert (tmp_path / "b.db").read_text() == "mine"
    assert not os.path.lexists(tmp_path / "nowhere")


def test_a_damaged_ledger_makes_no_backup(scene: Scene, tmp_path: Path) -> None:
    scene.live()
    with plain_sql(scene.context.ledger.path) as connection:
        connection.execute("DROP TRIGGER blob_no_update")
        connection.execute("UPDATE blob SET data = zeroblob(length(data)) WHERE id = 1")
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(IntegrityFailure, match="no backup was made"):
        backing_up.backup(scene.context, tmp_path / "b.db")
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_backup_is_whole_while_others_write(scene: Scene, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            scene.enrol(f"p-{number}", "auditor")
            number += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        made = [backing_up.backup(scene.context, tmp_path / f"{n}.db") for n in range(5)]
    finally:
        stop.set()
        thread.join()
    assert all(one.report.ok for one in made)
    assert made[-1].report.entries > made[0].report.entries


def test_a_full_disk_leaves_no_backup(scene: Scene, tmp_path: Path, monkeypatch) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("store.ledger.backup.os.fsync", full)
    with pytest.raises(StorageFailure, match="No space left"):
        backing_up.backup(scene.context, tmp_path / "b.db")
    assert not [path for path in tmp_path.iterdir() if "b.db" in path.name]


def test_copies_of_one_ledger_are_compared(scene: Scene, tmp_path: Path) -> None:
    old = file_of(scene, tmp_path / "old.db")
    size = scene.size
    same = copies.compare_copies(scene.workspace.root, old)
    assert (same.comparison.relation, same.comparison.common) == (Relation.SAME, size)
    for number in range(5):
        scene.enrol(f"p-{number}", "auditor")
    new = file_of(scene, tmp_path / "new.db")
    longer = copies.compare_copies(new, old, log_of(scene)).comparison
    assert (longer.relation, longer.common, longer.first.size) == (Relation.FIRST_LONGER, size, size + 5)
    shorter = copies.compare_copies(old, scene.workspace.root).comparison
    assert (shorter.relation, shorter.common) == (Relation.SECOND_LONGER, size)
    with pytest.raises(BadInput, match="which log"):
        copies.compare_copies(old, new)


@pytest.mark.parametrize("common", [0, 1, 2, 3, 5])
def test_where_two_copies_fork_is_found(scene: Scene, tmp_path: Path, common: int, state_home: Path) -> None:
    for number in range(common):
        scene.enrol(f"p-{number}", "auditor")
    size = scene.size
    shutil.copytree(scene.workspace.root, tmp_path / "fork")
    for number in range(4):
        scene.enrol(f"q-{number}", "auditor")
    shutil.rmtree(state_home)
    shutil.copy(tmp_path / "fork/heads/head.note", tmp_path / "head.note")
    other = open_workspace(tmp_path / "fork", clock=scene.clock)
    scene_of_fork = Scene(**{**vars(scene), "workspace": other})
    for number in range(2):
        scene_of_fork.enrol(f"r-{number}", "auditor")
    found = copies.compare_copies(scene.workspace.root, tmp_path / "fork").comparison
    assert (found.relation, found.common) == (Relation.FORKED, size)
    assert (found.first.size, found.second.size) == (size + 4, size + 2)
    assert found.first_note != found.second_note
    other.close()


def test_a_copy_is_held_against_kept_heads(scene: Scene, tmp_path: Path) -> None:
    old = file_of(scene, tmp_path / "old.db")
    early = tmp_path / "early.note"
    early.write_bytes(scene.context.ledger.checkpoint())
    scene.enrol("gus", "auditor")
    late = tmp_path / "late.note"
    late.write_bytes(scene.context.ledger.checkpoint())
    assert copies.verify_copy(old, log_of(scene), heads=[early]).verdict is Verdict.ANCHORED
    report = copies.verify_copy(old, log_of(scene), heads=[early, late])
    assert (report.verdict, len(report.contradictions)) == (Verdict.SHORTER, 1)
    with pytest.raises(NotFound):
        copies.verify_copy(old, log_of(scene), heads=[tmp_path / "never"])


def test_a_copy_of_another_log_is_not_ours(scene: Scene, tmp_path: Path) -> None:
    from support.made_log import MadeLog

    old = file_of(scene, tmp_path / "old.db")
    report = copies.verify_copy(old, copies.log_of(MadeLog().vkey))
    assert (report.verdict, report.ok) == (Verdict.INVALID, False)


def test_what_is_no_ledger_is_named(scene: Scene, tmp_path: Path) -> None:
    log = log_of(scene)
    text = tmp_path / "text"
    text.write_text("hello " * 100)
    (tmp_path / "empty").touch()
    (tmp_path / "link").symlink_to(scene.context.ledger.path)
    os.mkfifo(tmp_path / "pipe")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE t(x)")
    for name, said in (
        ("text", "not an SQLite database"),
        ("empty", "not an SQLite database"),
        ("link", "cannot be opened"),
        ("pipe", "not a regular file"),
        ("other.db", "not one of quarterdeck's"),
        ("nothing", "cannot be opened"),
        (".", "not a regular file"),
    ):
        with pytest.raises(BadInput, match=said):
            copies.verify_copy(tmp_path / name, log)


def test_a_copy_with_its_journal_beside_it_is_not_opened(scene: Scene, tmp_path: Path) -> None:
    """A journal names files to delete and pages to change: that of somebody else is never played."""
    old = file_of(scene, tmp_path / "old.db")
    for suffix in ("-journal", "-wal"):
        beside = tmp_path / f"old.db{suffix}"
        beside.write_bytes(b"x")
        with pytest.raises(BadInput, match="quarterdeck backup"):
            copies.verify_copy(old, log_of(scene))
        assert beside.read_bytes() == b"x"
        beside.unlink()


def test_verifying_a_copy_leaves_it_and_its_folder_as_they_were(scene: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    folder.mkdir()
    old = file_of(scene, folder / "old.db")
    old.chmod(0o444)
    folder.chmod(0o555)
    before = (old.read_bytes(), old.stat().st_mtime_ns, old.stat().st_mode)
    assert copies.verify_copy(old, log_of(scene)).ok
    assert (old.read_bytes(), old.stat().st_mtime_ns, old.stat().st_mode) == before
    assert [path.name for path in folder.iterdir()] == ["old.db"]
    folder.chmod(0o755)


def test_a_copy_made_where_the_journal_is_a_wal_is_read_as_well(scene: Scene, tmp_path: Path) -> None:
    old = file_of(scene, tmp_path / "old.db")
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    assert copies.verify_copy(old, log_of(scene)).ok
    assert [path.name for path in tmp_path.glob("old.db*")] == ["old.db"]


def test_a_backup_from_before_a_rotation_is_good_by_the_key_that_the_log_had_then_and_by_no_other(
    scene: Scene, tmp_path: Path
) -> None:
    before = log_of(scene)
    old = backing_up.backup(scene.context, tmp_path / "old.db").path
    log_key.rotate(scene.context, scene.alice, reason="a year has passed")
    assert copies.verify_copy(old, before).verdict is Verdict.SELF_CONSISTENT
    assert copies.verify_copy(old, copies.log_at(scene.workspace.root)).verdict is Verdict.INVALID


@pytest.mark.parametrize("hands_over", [False, True], ids=["keeps it", "hands over"])
def test_a_history_that_somebody_made_with_a_key_the_log_gave_up_is_not_good(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hands_over: bool
) -> None:
    """They go on from a copy with the old key."""
    theirs = tmp_path / "theirs"
    shutil.copytree(scene.workspace.root, theirs)
    log_key.rotate(scene.context, scene.alice, reason="the old one was stolen")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "their-state"))
    stolen = open_workspace(theirs, clock=scene.clock)
    if hands_over:
        log_key.rotate(stolen.context, scene.alice, reason="mine now")
    else:
        backing_up.backup(stolen.context, tmp_path / "copy.db")
    stolen.close()
    report = copies.verify_copy(theirs / "ledger.db", copies.log_at(scene.workspace.root))
    assert report.verdict is Verdict.INVALID


def test_two_ledgers_that_have_nothing_in_common_are_two_logs_and_no_fork(scene: Scene, tmp_path: Path) -> None:
    other = create(tmp_path / "other", signer=scene.alice.signer, handle="alice", clock=scene.clock)
    other.close()
    found = copies.compare_copies(scene.workspace.root, other.root).comparison
    assert found.relation is Relation.UNRELATED
    assert found.first_log is not None
    assert found.second_log is not None
    assert found.first_log.origin == scene.context.ledger.origin != found.second_log.origin


def test_what_a_backup_that_was_killed_left_goes_with_the_next_one_to_that_place(scene: Scene, tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as ended:
        pass
    left = tmp_path / f".b.db.{ended.pid}.new"
    ours = tmp_path / f".b.db.{os.getpid()}.new"
    gone = left, left.with_name(f"{left.name}-journal"), ours, ours.with_name(f"{ours.name}-journal")
    others = tmp_path / f".other.db.{ended.pid}.new", tmp_path / f".b.db.{os.getppid()}.new", tmp_path / ".b.db.x.new"
    for path in (*gone, *others):
        path.write_bytes(b"half")
    for path in (*gone[:2], *others):
        os.utime(path, (0, 0))
    backing_up.backup(scene.context, tmp_path / "b.db")
    assert sorted(tmp_path.iterdir()) == sorted((tmp_path / "b.db", *others)), "nobody else's, and none that is at work"


def test_a_half_made_backup_of_a_process_that_cannot_be_seen_from_here_stays(scene: Scene, tmp_path: Path) -> None:
    """In another container its number may be nobody's here: it was written to just now, so somebody is at it."""
    with subprocess.Popen(["true"]) as ended:
        pass
    theirs = tmp_path / f".b.db.{ended.pid}.new"
    theirs.write_bytes(b"half")
    backing_up.backup(scene.context, tmp_path / "b.db")
    assert theirs.read_bytes() == b"half"


def test_a_backup_goes_into_a_folder_that_may_be_written_to_and_not_listed(tmp_path: Path) -> None:
    prefix: tuple[str, ...] = ()
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may list everything, and setpriv is not here to take that away")
        prefix = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
    put = """
import sys
from pathlib import Path
from store.ledger.backup import new_file

with new_file(Path(sys.argv[1])) as building:
    building.write_text("whole")
"""
    drop = tmp_path / "drop"
    drop.mkdir()
    drop.chmod(0o333)
    root = Path(__file__).parents[2]
    command = (*prefix, sys.executable, "-c", put, str(drop / "b.db"))
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(root)}, capture_output=True, text=True, check=False, timeout=60
    )
    drop.chmod(0o700)
    assert (done.returncode, done.stderr) == (0, "")
    assert [path.name for path in drop.iterdir()] == ["b.db"]
