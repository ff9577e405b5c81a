from __future__ import annotations

import random
import sqlite3
import subprocess
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from shutil import which

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import archive
from store.archive import blobs, codec
from store.domain.component import Component, Connector
from store.errors import BadInput, IntegrityFailure, NotFound


def versions(count: int, size: int = 20_000) -> list[bytes]:
    """A text of which every version changes one word somewhere."""
    dice = random.Random(7)
    words = [dice.randbytes(6).hex() for _ in range(size // 13)]
    made = []
    for number in range(count):
        words[dice.randrange(len(words))] = f"changed-{number}"
        made.append("\n".join(words).encode())
    return made


def put_line(connection: sqlite3.Connection, line: list[bytes]) -> list[str]:
    digests: list[str] = []
    for data in line:
        digests.append(archive.put(connection, data, previous=digests[-1] if digests else None))
    return digests


@contextmanager
def stored_as_one_by_one(
    connection: sqlite3.Connection, path: Path, *, count: int
) -> Iterator[tuple[sqlite3.Connection, list[bytes]]]:
    """Lend a line of versions and a file to put them into; they are to stand there as they do put one by one."""
    line = versions(count)
    line[20:20] = [line[7]]  # an old state again
    put_line(connection, line)
    other = sqlite3.connect(path / "other.db", isolation_level=None)
    for sql in archive.TABLES:
        other.execute(sql)
    yield other, line
    everything = "SELECT * FROM blob ORDER BY id"
    assert other.execute(everything).fetchall() == connection.execute(everything).fetchall()
    other.close()


def test_versions_put_in_one_transaction_are_stored_as_they_would_be_one_by_one(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    with stored_as_one_by_one(connection, tmp_path, count=blobs.MAX_DEPTH * 3) as (other, line):
        recent, before = archive.Recent(), None
        for data in line:
            before = archive.put(other, data, previous=before, recent=recent)


def test_versions_whose_differences_were_expected_are_stored_as_all_others(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    with (
        stored_as_one_by_one(connection, tmp_path, count=blobs.MAX_DEPTH * 2) as (other, line),
        archive.Ahead() as ahead,
    ):
        recent, before = archive.Recent(), None
        for base, data in pairwise(line):
            ahead.expect(data, base)
        for data in line:
            before = archive.put(other, data, previous=before, recent=recent, ahead=ahead)


def test_nothing_is_built_on_what_was_rolled_back(connection: sqlite3.Connection) -> None:
    recent, line = archive.Recent(), versions(4)
    first = archive.put(connection, line[0], recent=recent)
    connection.execute("BEGIN")
    second = archive.put(connection, line[1], previous=first, recent=recent)
    connection.execute("ROLLBACK")
    archive.put(connection, b"something else in its place", recent=recent)
    with pytest.raises(NotFound):
        archive.put(connection, line[2], previous=second, recent=recent)
    archive.put(connection, line[1], previous=first, recent=recent)  # here again, in another place
    third = archive.put(connection, line[2], previous=second, recent=recent)
    assert archive.get(connection, third) == line[2]
    assert archive.verify_blobs(connection) == ()


@pytest.mark.parametrize("damaged", [1, 3, 6])
def test_a_chain_that_was_damaged_on_the_disk_is_not_built_upon_by_a_later_transaction(
    connection: sqlite3.Connection, damaged: int
) -> None:
    recent, line, digests = archive.Recent(), versions(8), []
    for data in line[:6]:
        digests.append(archive.put(connection, data, previous=digests[-1] if digests else None, recent=recent))
    strip_triggers(connection)
    frame = bytearray(connection.execute("SELECT data FROM blob WHERE id = ?", (damaged,)).fetchone()[0])
    frame[len(frame) // 2] ^= 1
    connection.execute("UPDATE blob SET data = ? WHERE id = ?", (bytes(frame), damaged))
    recent.began()
    for data in line[6:]:  # whoever goes on after the first failure is told again
        with pytest.raises(IntegrityFailure, match=digests[-1][:12]):
            archive.put(connection, data, previous=digests[-1], recent=recent)
    assert connection.execute("SELECT count(*) FROM blob").fetchone() == (6,)
    for number, digest in enumerate(digests, 1):
        if number < damaged:
            assert archive.get(connection, digest) == line[number - 1]
        else:
            with pytest.raises(IntegrityFailure, match=digest[:12]):
                archive.get(connection, digest)
    assert len(archive.verify_blobs(connection)) == 7 - damaged


def test_a_later_transaction_goes_on_from_a_chain_that_is_whole(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    recent, line = archive.Recent(), versions(9)
    before = archive.put(connection, line[0], recent=recent)
    monkeypatch.setattr(blobs, "_expanded", None)  # nothing is decoded
    for data in line[1:]:
        recent.began()
        before = archive.put(connection, data, previous=before, recent=recent)
    monkeypatch.undo()
    assert archive.get(connection, before) == line[-1]


def test_what_is_kept_of_recent_versions_is_bounded(connection: sqlite3.Connection) -> None:
    recent = archive.Recent()
    tracemalloc.start()
    for number in range(40):
        archive.put(connection, bytes([number]) * 1024 * 1024, recent=recent)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 20 * 1024 * 1024


def test_no_component_stays_in_memory_because_its_manifest_was_put(connection: sqlite3.Connection) -> None:
    recent = archive.Recent()
    tracemalloc.start()
    for number in range(40):
        canonical = b'{"number":%d,"text":"%s"}' % (number, b"x" * 1024 * 1024)
        digest = sha256(canonical).hexdigest()
        part = Component(id="flow", name="Flow", kind="flow", content=None, canonical=canonical, digest=digest)
        archive.put_manifest(connection, [part], recent=recent)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 3 * 1024 * 1024


def test_what_is_kept_of_rows_and_lists_of_connectors_is_bounded_in_bytes(connection: sqlite3.Connection) -> None:
    recent = archive.Recent()
    name = "n" * 256 * 1024
    parts = []
    tracemalloc.start()
    for number in range(60):
        canonical = b"%d" % number
        digest = sha256(canonical).hexdigest()
        part = Component(id="flow", name=name, kind="flow", content=None, canonical=canonical, digest=digest)
        parts.append(part)
        recent.row(part)
        recent.keep_list((Connector(kind="host", name=f"{number}{name}"),), "0" * 64, weight=len(name))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 7 * 1024 * 1024


def strip_triggers(connection: sqlite3.Connection) -> None:
    for name in ("blob_no_update", "blob_no_delete", "blob_next"):
        connection.execute(f"DROP TRIGGER {name}")


def test_what_was_put_comes_back_under_its_sha256(connection: sqlite3.Connection) -> None:
    digest = archive.put(connection, b"hello")
    assert digest == sha256(b"hello").hexdigest()
    assert archive.get(connection, digest) == b"hello"
    assert archive.contains(connection, digest)


def test_putting_the_same_bytes_twice_stores_them_once(connection: sqlite3.Connection) -> None:
    first = archive.put(connection, b"same")
    assert archive.put(connection, b"same", previous=first) == first
    assert archive.sizes(connection).blobs == 1


def test_a_version_costs_its_difference(connection: sqlite3.Connection) -> None:
    one, two = versions(2)
    put_line(connection, [one])
    before = archive.sizes(connection).stored_bytes
    archive.put(connection, two, previous=sha256(one).hexdigest())
    assert archive.sizes(connection).stored_bytes - before < 100
    assert archive.sizes(connection).raw_bytes == len(one) + len(two)


def test_a_long_line_of_versions_never_rests_on_more_than_32_deltas(connection: sqlite3.Connection) -> None:
    line = versions(700, size=4_000)
    digests = put_line(connection, line)
    deepest, wholes = connection.execute("SELECT max(depth), sum(depth = 0) FROM blob").fetchone()
    assert deepest == blobs.MAX_DEPTH
    assert wholes < 4
    assert [archive.get(connection, digest) for digest in digests] == line
    assert archive.verify_blobs(connection) == ()


def test_a_version_unlike_its_predecessor_is_stored_whole(connection: sqlite3.Connection) -> None:
    dice = random.Random(1)
    put_line(connection, [dice.randbytes(5_000), dice.randbytes(5_000)])
    assert connection.execute("SELECT max(depth) FROM blob").fetchone() == (0,)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(line=st.lists(st.binary(max_size=300), max_size=6))
def test_any_bytes_in_any_order_come_back(connection: sqlite3.Connection, line: list[bytes]) -> None:
    digests = put_line(connection, line)
    assert [archive.get(connection, digest) for digest in digests] == line


@pytest.mark.parametrize("start", [b"", b"\x37\xa4\x30\xec", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"\0" * 9])
def test_bytes_that_look_like_a_dictionary_or_a_frame_are_only_bytes(
    connection: sqlite3.Connection, start: bytes
) -> None:
    line = [start + b"x" * length for length in (0, 1, 7, 8, 9, 500)]
    assert [archive.get(connection, digest) for digest in put_line(connection, line)] == line


def test_a_large_export_is_kept_as_a_difference_too(connection: sqlite3.Connection) -> None:
    data = random.Random(3).randbytes(3_000_000).hex().encode()
    changed = data[:2_000_000] + b"a line more" + data[2_000_000:]
    digests = put_line(connection, [data, changed])
    assert archive.get(connection, digests[1]) == changed
    assert connection.execute("SELECT length(data) FROM blob WHERE depth = 1").fetchone()[0] < 5_000


@pytest.mark.parametrize("digest", ["", "abc", "Z" * 64, "A" * 64, "a" * 63, "a" * 65, "é" * 64, "a" * 63 + "\n"])
def test_what_is_no_digest_is_bad_input(connection: sqlite3.Connection, digest: str) -> None:
    with pytest.raises(BadInput, match="64 lower-case hex digits"):
        archive.get(connection, digest)
    with pytest.raises(BadInput):
        archive.contains(connection, digest)


def test_a_digest_that_is_not_there_is_not_found(connection: sqlite3.Connection) -> None:
    assert not archive.contains(connection, "0" * 64)
    with pytest.raises(NotFound, match="000000000000"):
        archive.get(connection, "0" * 64)
    with pytest.raises(NotFound):
        archive.put(connection, b"x", previous="0" * 64)


def test_what_is_too_large_is_refused(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "MAX_SIZE", 10)
    with pytest.raises(BadInput, match="11 bytes are more"):
        archive.put(connection, b"x" * 11)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE blob SET size = 1",
        "DELETE FROM blob",
        "INSERT OR REPLACE INTO blob SELECT * FROM blob",
        "REPLACE INTO blob SELECT id + 1, digest, size, depth, turns, base, data FROM blob",
        "INSERT OR IGNORE INTO blob SELECT id + 5, zeroblob(32), size, depth, turns, base, data FROM blob",
        "INSERT INTO blob SELECT -1, zeroblob(32), size, depth, turns, base, data FROM blob",
        "INSERT INTO blob SELECT NULL, zeroblob(32), size, depth, turns, base, data FROM blob",
        "INSERT INTO blob SELECT id + 1, zeroblob(31), size, depth, turns, base, data FROM blob",
        "INSERT INTO blob SELECT id + 1, zeroblob(32), size, 1, 0, id + 1, data FROM blob",
        "INSERT INTO blob SELECT id + 1, zeroblob(32), size, 33, 0, id, data FROM blob",
        "INSERT INTO blob SELECT id + 1, zeroblob(32), size, 0, 0, id, data FROM blob",
    ],
)
def test_the_table_only_grows_by_the_next_blob(connection: sqlite3.Connection, statement: str) -> None:
    digest = archive.put(connection, b"kept")
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    assert archive.get(connection, digest) == b"kept"
    assert archive.sizes(connection).blobs == 1


def test_every_changed_byte_of_a_stored_frame_is_noticed(connection: sqlite3.Connection) -> None:
    digests = put_line(connection, versions(3, size=400))
    strip_triggers(connection)
    for number, frame in connection.execute("SELECT id, data FROM blob").fetchall():
        for position in range(len(frame)):
            changed = bytearray(frame)
            changed[position] ^= 0x10
            connection.execute("UPDATE blob SET data = ? WHERE id = ?", (bytes(changed), number))
            try:
                got = archive.get(connection, digests[number - 1])
            except IntegrityFailure:
                assert archive.verify_blobs(connection)
            else:
                # zstd has bits without meaning (an unused flag): the content is what counts
                assert sha256(got).hexdigest() == digests[number - 1]
        connection.execute("UPDATE blob SET data = ? WHERE id = ?", (frame, number))
    assert archive.verify_blobs(connection) == ()


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE blob SET size = size + 1 WHERE id = 2",
        "UPDATE blob SET size = 0 WHERE id = 2",
        "UPDATE blob SET size = 1099511627776 WHERE id = 2",
        "UPDATE blob SET base = 1 WHERE id = 3",
        "UPDATE blob SET base = 3 WHERE id = 2",
        "UPDATE blob SET base = 99 WHERE id = 2",
        "UPDATE blob SET base = NULL WHERE id = 2",
        "UPDATE blob SET depth = 0 WHERE id = 3",
        "UPDATE blob SET depth = 40 WHERE id = 3",
        "UPDATE blob SET turns = 9 WHERE id = 3",
        "UPDATE blob SET data = x'' WHERE id = 3",
        "UPDATE blob SET data = zeroblob(1000000) WHERE id = 3",
        "UPDATE blob SET data = CAST(data || x'00' AS BLOB) WHERE id = 1",
        "DELETE FROM blob WHERE id = 1",
        "UPDATE blob SET digest = zeroblob(32) WHERE id = 3",
    ],
)
def test_an_edited_row_is_an_integrity_failure_and_never_a_hang(connection: sqlite3.Connection, edit: str) -> None:
    digests = put_line(connection, versions(3, size=400))
    strip_triggers(connection)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute(edit)
    assert archive.verify_blobs(connection) != ()
    for digest, data in zip(digests, versions(3, size=400), strict=True):
        with suppress(IntegrityFailure, NotFound):
            assert archive.get(connection, digest) == data


def test_a_frame_that_blows_up_is_refused_before_memory_is_taken(connection: sqlite3.Connection) -> None:
    bomb = zstandard.ZstdCompressor().compress(b"\0" * (200 * 1024 * 1024))
    digest = archive.put(connection, b"0123456789")
    strip_triggers(connection)
    connection.execute("UPDATE blob SET data = ?", (bomb[:70],))
    tracemalloc.start()
    try:
        with pytest.raises(IntegrityFailure):
            archive.get(connection, digest)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_frame_without_a_size_is_refused() -> None:
    silent = zstandard.ZstdCompressor(write_content_size=False).compress(b"\0" * 100_000)
    with pytest.raises(IntegrityFailure):
        codec.expand([silent], [100_000])


def test_an_audit_tells_how_far_it_is_and_can_be_stopped(connection: sqlite3.Connection) -> None:
    put_line(connection, versions(250, size=300))
    told: list[tuple[int, int]] = []
    archive.verify_blobs(connection, lambda done, total: told.append((done, total)) or True)
    assert told == [(100, 250), (200, 250), (250, 250)]
    told.clear()
    archive.verify_blobs(connection, lambda done, total: told.append((done, total)))
    assert told == [(100, 250)]


def test_an_audit_names_every_damaged_blob(connection: sqlite3.Connection) -> None:
    digests = put_line(connection, versions(40, size=300))
    strip_triggers(connection)
    connection.execute("UPDATE blob SET data = (SELECT data FROM blob WHERE id = 4) WHERE id = 30")
    problems = archive.verify_blobs(connection)
    assert problems[0].digest == digests[29]
    assert {problem.problem for problem in problems} == {"bytes"}
    assert len({problem.digest for problem in problems}) == len(problems)


def test_stock_zstd_reads_a_delta(connection: sqlite3.Connection, tmp_path: Path) -> None:
    if which("zstd") is None:
        pytest.skip("the zstd command is not installed")
    one, two = versions(2)
    put_line(connection, [one, two])
    (tmp_path / "one").write_bytes(one)
    frame = connection.execute("SELECT data FROM blob WHERE depth = 1").fetchone()[0]
    (tmp_path / "two.zst").write_bytes(frame)
    got = subprocess.run(
        ["zstd", "-dc", f"--patch-from={tmp_path / 'one'}", str(tmp_path / "two.zst")],
        capture_output=True,
        check=True,
    )
    assert got.stdout == two
