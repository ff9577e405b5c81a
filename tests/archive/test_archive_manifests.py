from __future__ import annotations

import json
import random
import sqlite3
from hashlib import sha256

import pytest

from store import archive
from store.domain.component import Component
from store.errors import BadInput, IntegrityFailure, NotFound


def component(number: int, text: str = "", *, name: str | None = None, kind: str = "tab") -> Component:
    canonical = json.dumps({"id": f"c{number}", "text": text}).encode()
    return Component(
        id=f"c{number}",
        name=f"Tab {number}" if name is None else name,
        kind=kind,
        content=None,
        canonical=canonical,
        digest=sha256(canonical).hexdigest(),
    )


def test_a_manifest_names_every_component_and_its_bytes(connection: sqlite3.Connection) -> None:
    parts = [component(2, "b"), component(1, "a")]
    rows = archive.manifest(connection, archive.put_manifest(connection, parts))
    assert [(row.id, row.name, row.kind) for row in rows] == [("c1", "Tab 1", "tab"), ("c2", "Tab 2", "tab")]
    assert [archive.get(connection, row.digest) for row in rows] == [parts[1].canonical, parts[0].canonical]


def test_a_manifest_is_canonical_json_whatever_the_order(connection: sqlite3.Connection) -> None:
    parts = [component(number, name="Zähler ✓") for number in range(5)]
    digest = archive.put_manifest(connection, parts)
    assert archive.put_manifest(connection, list(reversed(parts)), previous=digest) == digest
    written = archive.get(connection, digest).decode()
    assert written == json.dumps(json.loads(written), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert [sorted(row) for row in json.loads(written)] == [["digest", "id", "kind", "name"]] * 5


def test_an_export_without_components_has_an_empty_manifest(connection: sqlite3.Connection) -> None:
    assert archive.manifest(connection, archive.put_manifest(connection, [])) == ()


def test_an_unchanged_component_is_stored_once(connection: sqlite3.Connection) -> None:
    first = archive.put_manifest(connection, [component(1, "a"), component(2, "b")])
    before = archive.sizes(connection).blobs
    archive.put_manifest(connection, [component(1, "a"), component(2, "c")], previous=first)
    assert archive.sizes(connection).blobs == before + 2


def test_a_component_is_stored_as_the_difference_to_its_predecessor(connection: sqlite3.Connection) -> None:
    text = random.Random(1).randbytes(2_000).hex()
    first = archive.put_manifest(connection, [component(1, text)])
    before = archive.sizes(connection).stored_bytes
    archive.put_manifest(connection, [component(1, text + "!")], previous=first)
    assert archive.sizes(connection).stored_bytes - before < 200


def test_a_new_component_is_stored_as_the_difference_to_its_export(connection: sqlite3.Connection) -> None:
    part = component(1, random.Random(1).randbytes(2_000).hex())
    artifact = archive.put(connection, b"[" + part.canonical + b", null]")
    before = archive.sizes(connection).stored_bytes
    digest = archive.put_manifest(connection, [part], artifact=artifact)
    assert archive.sizes(connection).stored_bytes - before < 300
    assert archive.get(connection, archive.manifest(connection, digest)[0].digest) == part.canonical


def test_two_components_with_one_id_are_refused(connection: sqlite3.Connection) -> None:
    with pytest.raises(BadInput, match="c1"):
        archive.put_manifest(connection, [component(1, "a"), component(1, "b")])


def test_a_component_with_a_false_digest_is_refused(connection: sqlite3.Connection) -> None:
    good = component(1)
    bad = Component(id="c1", name="", kind="tab", content=None, canonical=good.canonical, digest="0" * 64)
    with pytest.raises(IntegrityFailure, match="c1"):
        archive.put_manifest(connection, [bad])


def test_an_unknown_previous_manifest_or_artifact_is_not_found(connection: sqlite3.Connection) -> None:
    with pytest.raises(NotFound):
        archive.put_manifest(connection, [component(1)], previous="0" * 64)
    with pytest.raises(NotFound):
        archive.put_manifest(connection, [component(1)], artifact="0" * 64)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[1]", b'[{"id":"a"}]', b'[{"id":1,"name":"","kind":"","digest":""}]', b"\xff", b"[null]"]
)
def test_other_bytes_are_no_manifest(connection: sqlite3.Connection, data: bytes) -> None:
    with pytest.raises(IntegrityFailure, match="is no manifest"):
        archive.manifest(connection, archive.put(connection, data))


@pytest.mark.parametrize(("count", "rests"), [(3, 3), (400, 0)])
def test_only_a_few_components_are_told_apart_from_their_export(
    connection: sqlite3.Connection, count: int, rests: int
) -> None:
    """Each one reads the whole export as its dictionary: with thousands that took minutes under the write lock."""
    parts = [component(number, random.Random(number).randbytes(60).hex()) for number in range(count)]
    artifact = archive.put(connection, b"\n".join(part.canonical for part in parts))
    digest = archive.put_manifest(connection, parts, artifact=artifact)
    own = [bytes.fromhex(part.digest) for part in parts]
    bases = dict(connection.execute("SELECT digest, base FROM blob"))
    assert sum(bases[one] is not None for one in own) == rests
    assert len(archive.manifest(connection, digest)) == count
