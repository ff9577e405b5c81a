"""What honest people and programs do to a ledger's file never makes its read tables look edited."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copyfile, copytree

import pytest
from support.exports import V1, V2
from support.scene import Scene
from support.tampering import plain_sql

from store.errors import StorageFailure
from store.ledger.binding import stamped
from store.ledger.schema import SCHEMA_VERSION
from store.ledger.writer import Writer
from store.services import following
from store.services.context import Context
from store.workspace import open_workspace


@pytest.fixture
def waiting(scene: Scene) -> Scene:
    """CR-0001 is live, CR-0002 waits for its approval."""
    scene.live(V1)
    scene.ingest(V2)
    scene.submitted()
    return scene


def is_trusted(context: Context) -> bool:
    """Say whether nothing has to be compared, let alone differs."""
    quiet = context.ledger.touched() is None
    following.check(context)
    return quiet and context.ledger.writable


def _with_a_tiny_cache(writer: Writer) -> None:
    """Have pages reach the file before the commit, as a group does that outgrows the cache."""
    writer.connection.set_authorizer(None)
    writer.connection.execute("PRAGMA cache_size = 10")


def _die_half_way(root: Path) -> None:
    """Leave a hot journal: pages are in the file already that no commit made count."""
    with open_workspace(root).context.ledger.writing() as writer:
        _with_a_tiny_cache(writer)
        for table in ("request", "environment", "principal", "gate", "artifact"):
            writer.connection.execute(f"DELETE FROM {table}")
        _append(writer, 400)
        os._exit(0)


def _append(writer: Writer, many: int) -> None:
    first = writer.entry(1).statement
    for number in range(many):
        writer.append(replace(first, kind="thing.happened", on={}, data={"number": number}))


def _read_with_plain_sqlite(path: Path) -> None:
    with plain_sql(path) as connection:
        connection.execute("SELECT name FROM sqlite_schema").fetchall()


def _nothing(_: Path) -> None:
    """Our own next look is what recovers it."""


@pytest.mark.parametrize("recover", [_nothing, _read_with_plain_sqlite])
def test_a_commit_that_died_is_rolled_back_without_an_alarm(waiting: Scene, recover: Callable[[Path], None]) -> None:
    root, path = waiting.context.root, waiting.context.ledger.path
    waiting.workspace.close()
    before = path.read_bytes()
    child = multiprocessing.get_context("fork").Process(target=_die_half_way, args=(root,))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert path.read_bytes()[: len(before)] != before
    assert path.with_name(path.name + "-journal").stat().st_size > 0
    recover(path)
    again = open_workspace(root, clock=waiting.clock)
    try:
        assert is_trusted(again.context)
        theirs = replace(waiting, workspace=again)
        theirs.fill(theirs.size + 1)
        assert is_trusted(again.context)
    finally:
        again.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM request",
        "PRAGMA integrity_check",
        "BEGIN; SELECT * FROM entry; COMMIT",
        "BEGIN IMMEDIATE; UPDATE request SET title = 'x'; ROLLBACK",
        "SAVEPOINT dump; SELECT sql FROM sqlite_schema; RELEASE dump",
    ],
)
def test_whoever_only_looks_leaves_nothing_to_compare(waiting: Scene, sql: str) -> None:
    with plain_sql(waiting.context.ledger.path) as connection:
        connection.executescript(sql)
    assert is_trusted(waiting.context)


def test_copying_the_file_away_by_any_way_leaves_nothing_to_compare(waiting: Scene, tmp_path: Path) -> None:
    with plain_sql(waiting.context.ledger.path) as connection:
        connection.execute("VACUUM INTO ?", (str(tmp_path / "vacuum.db"),))
        with sqlite3.connect(tmp_path / "backup.db") as target:
            connection.backup(target)
        target.close()
    assert is_trusted(waiting.context)


@pytest.mark.parametrize("way", ["bytes", "backup", "vacuum"])
def test_a_copy_that_is_put_back_is_trusted_at_once_or_after_one_comparison(
    waiting: Scene, tmp_path: Path, way: str
) -> None:
    root, path, copy = waiting.context.root, waiting.context.ledger.path, tmp_path / "copy.db"
    waiting.workspace.close()
    if way == "bytes":
        copyfile(path, copy)
    else:
        with plain_sql(path) as connection:
            if way == "vacuum":
                connection.execute("VACUUM INTO ?", (str(copy),))
            else:
                with sqlite3.connect(copy) as target:
                    connection.backup(target)
                target.close()
    path.unlink()
    copyfile(copy, path)
    again = open_workspace(root, clock=waiting.clock)
    try:
        following.check(again.context)
        assert is_trusted(again.context)
    finally:
        again.close()


def test_a_workspace_that_was_copied_or_moved_is_trusted(waiting: Scene, tmp_path: Path) -> None:
    waiting.workspace.close()
    copytree(waiting.context.root, tmp_path / "copied")
    (tmp_path / "copied").rename(tmp_path / "moved")
    again = open_workspace(tmp_path / "moved", clock=waiting.clock)
    try:
        assert again.ledger.touched() is None
        following.check(again.context)
        assert not again.ledger.tables_edited
    finally:
        again.close()


def test_a_commit_that_failed_on_a_full_disk_and_a_good_one_after_it(waiting: Scene) -> None:
    root = waiting.context.root
    full = _full(waiting.context.ledger.path)
    with pytest.raises(StorageFailure, match="full"):
        _change_and_fail(waiting.context, full)
    assert waiting.context.ledger.touched() is None
    waiting.workspace.close()
    again = open_workspace(root, clock=waiting.clock)
    try:
        theirs = replace(waiting, workspace=again)
        theirs.fill(theirs.size + 1)
        assert is_trusted(again.context)
    finally:
        again.close()


def _change_and_fail(context: Context, error: sqlite3.Error) -> None:
    with context.ledger.writing() as writer:
        writer.connection.execute("UPDATE request SET title = title")
        raise error


def _full(path: Path) -> sqlite3.Error:
    """Return the error that SQLite raises where a file may not grow: asked of a copy that may not."""
    copy = path.with_name("full.db")
    copyfile(path, copy)
    try:
        with plain_sql(copy) as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")
            connection.execute("CREATE TABLE filler(x)")
            connection.execute("INSERT INTO filler VALUES (zeroblob(1000000))")
    except sqlite3.OperationalError as error:
        return error
    finally:
        copy.unlink()
    raise AssertionError("it grew")


@pytest.mark.parametrize("last", [2**32 - 2, 2**23 - 2, 2**23 * 5 - 3])
def test_a_change_counter_that_wraps_around_is_followed(waiting: Scene, last: int) -> None:
    path = waiting.context.ledger.path
    waiting.workspace.close()
    with path.open("r+b") as file:  # the counter, who vouches for it, and the version-valid-for number
        file.seek(24)
        file.write(last.to_bytes(4, "big"))
        file.seek(60)
        file.write(stamped(SCHEMA_VERSION, last).to_bytes(4, "big"))
        file.seek(92)
        file.write(last.to_bytes(4, "big"))
    again = open_workspace(waiting.context.root, clock=waiting.clock)
    try:
        theirs = replace(waiting, workspace=again)
        for _ in range(5):
            assert is_trusted(again.context)
            theirs.fill(theirs.size + 1)
        assert is_trusted(again.context)
    finally:
        again.close()


def test_a_group_that_outgrows_the_page_cache_is_bound_as_any_other(waiting: Scene) -> None:
    with waiting.context.ledger.writing() as writer:
        _with_a_tiny_cache(writer)
        _append(writer, 400)
    assert is_trusted(waiting.context)
