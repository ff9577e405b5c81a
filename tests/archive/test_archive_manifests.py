from __future__ import annotations

import json
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


def test_a_manifest_names_every_component_and_the_digest_of_its_bytes(connection: sqlite3.Connection) -> None:
    parts = [component(2, "b"), component(1, "a")]
    rows = archive.manifest(connection, archive.put_manifest(connection, parts))
    assert [(row.id, row.name, row.kind) for row in rows] == [("c1", "Tab 1", "tab"), ("c2", "Tab 2", "tab")]
    assert [row.digest for row in rows] == [sha256(part.canonical).hexdigest() for part in reversed(parts)]


def test_a_manifest_is_canonical_json_whatever_the_order(connection: sqlite3.Connection) -> None:
    parts = [component(number, name="Zähler ✓") for number in range(5)]
    digest = archive.put_manifest(connection, parts)
    assert archive.put_manifest(connection, list(reversed(parts)), previous=digest) == digest
    written = archive.get(connection, digest).decode()
    assert written == json.dumps(json.loads(written), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert [sorted(row) for row in json.loads(written)] == [["digest", "id", "kind", "name"]] * 5


def test_an_export_without_components_has_an_empty_manifest(connection: sqlite3.Connection) -> None:
    assert archive.manifest(connection, archive.put_manifest(connection, [])) == ()


def test_a_component_is_kept_in_its_export_and_nowhere_else(connection: sqlite3.Connection) -> None:
    first = archive.put_manifest(connection, [component(1, "a"), component(2, "b")])
    archive.put_manifest(connection, [component(1, "a"), component(2, "c")], previous=first)
    assert archive.sizes(connection).blobs == 2
    assert not archive.contains(connection, component(2, "c").digest)


def test_a_manifest_is_stored_as_the_difference_to_its_predecessor(connection: sqlite3.Connection) -> None:
    parts = [component(number) for number in range(50)]
    first = archive.put_manifest(connection, parts)
    before = archive.sizes(connection).stored_bytes
    archive.put_manifest(connection, [*parts[:-1], component(49, "!")], previous=first)
    assert archive.sizes(connection).stored_bytes - before < 100


def test_two_components_with_one_id_are_refused(connection: sqlite3.Connection) -> None:
    with pytest.raises(BadInput, match="c1"):
        archive.put_manifest(connection, [component(1, "a"), component(1, "b")])


def test_a_component_with_a_false_digest_is_refused(connection: sqlite3.Connection) -> None:
    good = component(1)
    bad = Component(id="c1", name="", kind="tab", content=None, canonical=good.canonical, digest="0" * 64)
    with pytest.raises(IntegrityFailure, match="c1"):
        archive.put_manifest(connection, [bad])


def test_an_unknown_previous_manifest_is_not_found(connection: sqlite3.Connection) -> None:
    with pytest.raises(NotFound):
        archive.put_manifest(connection, [component(1)], previous="0" * 64)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[1]", b'[{"id":"a"}]', b'[{"id":1,"name":"","kind":"","digest":""}]', b"\xff", b"[null]"]
)
def test_other_bytes_are_no_manifest(connection: sqlite3.Connection, data: bytes) -> None:
    with pytest.raises(IntegrityFailure, match="is no manifest"):
        archive.manifest(connection, archive.put(connection, data))
