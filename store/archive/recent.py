"""What was put lately: the next version is told apart from it without reading it back, piece by piece where it can be.

Nothing here is believed before the table has said the same: a transaction may have been rolled back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from weakref import ref

from store.archive import codec
from store.domain.component import Component, Connector
from store.errors import IntegrityFailure
from store.integrity.canonical import canonical_bytes

MAX_DEPTH = 32
"""Deltas between a blob and the whole frame it rests on."""
ALWAYS_ALLOWED_CHAIN = 1024 * 1024
"""Bytes of frames that may always be read to get at one blob."""
_MOST_BYTES: Final = 16 * 1024 * 1024
_MOST_ROW_BYTES: Final = 4 * 1024 * 1024
_MOST_LIST_BYTES: Final = 1024 * 1024
_OBJECT: Final = 100
"""Bytes that a row or a list takes at least."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Foothold:
    """Where in the table a new blob can rest as a delta: an earlier blob, decoded."""

    id: int
    depth: int
    """Of the blob that would rest on it."""
    turns: int
    stored: int
    """Bytes of the frames that it rests on."""
    seal: bytes
    """Stands for these frames."""
    base: codec.Base


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A blob that was just put, as the next version's foothold needs to know it."""

    id: int
    digest: bytes
    depth: int
    turns: int
    stored: int
    seal: bytes
    data: bytes = field(repr=False)


class Recent:
    """What was put lately, as far as it may be asked for again."""

    def __init__(self) -> None:
        self._kept: Final[dict[bytes, Kept]] = {}
        self._trusted: Final[set[bytes]] = set()
        """Blobs whose chains were put or looked at in this transaction."""
        self._bytes = 0
        self._rows: Final[dict[int, tuple[ref[Component], bytes]]] = {}
        """By identity: components that nothing changed in are the same ones in the next version, if kept."""
        self._row_bytes = 0
        self._lists: Final[dict[int, tuple[Sequence[Connector], str]]] = {}
        self._list_bytes = 0

    def began(self) -> None:
        """Begin a transaction: what lies on the disk may be something else by now."""
        self._trusted.clear()

    def is_trusted(self, digest: str) -> bool:
        """Say whether the frames that `digest` rests on need not be looked at in this transaction."""
        return bytes.fromhex(digest) in self._trusted

    def trust(self, digest: str) -> None:
        """Note that the frames that `digest` rests on are those that were put: they need not be looked at again."""
        self._trusted.add(bytes.fromhex(digest))

    def keep(self, kept: Kept, *, instead_of: str | None) -> None:
        """Remember a blob; the version before it will not be asked for any more."""
        if instead_of is not None:
            self._drop(bytes.fromhex(instead_of))
        self._drop(kept.digest)
        self._kept[kept.digest] = kept
        self._trusted.add(kept.digest)
        self._bytes += len(kept.data)
        while self._bytes > _MOST_BYTES:
            self._drop(next(iter(self._kept)))

    def foothold(self, connection: sqlite3.Connection, digest: str) -> Foothold | None:
        """Return where the next version of `digest` can rest; None where only the table can say."""
        kept = self._kept.get(bytes.fromhex(digest))
        if kept is None or kept.depth >= MAX_DEPTH or kept.stored > ALWAYS_ALLOWED_CHAIN:
            return None
        row = connection.execute("SELECT digest, depth, turns FROM blob WHERE id = ?", (kept.id,)).fetchone()
        if row != (kept.digest, kept.depth, kept.turns):
            return None
        return Foothold(
            id=kept.id,
            depth=kept.depth + 1,
            turns=kept.turns,
            stored=kept.stored,
            seal=kept.seal,
            base=codec.Base(kept.data),
        )

    def row(self, component: Component) -> bytes:
        """Return what a manifest says of a component.

        Raises:
            IntegrityFailure: its digest is not that of its canonical bytes.
        """
        known = self._rows.get(id(component))
        if known is not None and known[0]() is component:
            return known[1]
        row = b"%b" % manifest_row(component)  # a copy: orjson's own bytes keep 4 KiB for a hundred
        self._row_bytes += len(row) + _OBJECT
        if self._row_bytes > _MOST_ROW_BYTES:
            self._rows.clear()
            self._row_bytes = len(row) + _OBJECT
        self._rows[id(component)] = ref(component), row
        return row

    def list_digest(self, connectors: Sequence[Connector]) -> str | None:
        """Return the digest that a list of connectors was put under, None where that is not known."""
        known = self._lists.get(id(connectors))
        return known[1] if known is not None and known[0] is connectors else None

    def keep_list(self, connectors: Sequence[Connector], digest: str, *, weight: int) -> None:
        """Remember what a list of connectors of so many bytes was put under."""
        self._list_bytes += weight + _OBJECT
        if self._list_bytes > _MOST_LIST_BYTES:
            self._lists.clear()
            self._list_bytes = weight + _OBJECT
        if self._list_bytes <= _MOST_LIST_BYTES:
            self._lists[id(connectors)] = connectors, digest

    def _drop(self, digest: bytes) -> None:
        kept = self._kept.pop(digest, None)
        if kept is not None:
            self._bytes -= len(kept.data)
            self._trusted.discard(digest)


def sealed(seal: bytes, frame: bytes) -> bytes:
    """Return what stands for a chain of frames with one more at its end."""
    return sha256(seal + sha256(frame).digest()).digest()


def manifest_row(part: Component) -> bytes:
    """Return what a manifest says of a component: canonical JSON.

    Raises:
        IntegrityFailure: its digest is not that of its canonical bytes.
    """
    if sha256(part.canonical).hexdigest() != part.digest:
        raise IntegrityFailure(f"component {part.id!r}: its digest is not that of its canonical bytes")
    return canonical_bytes({"digest": part.digest, "id": part.id, "kind": part.kind, "name": part.name})
