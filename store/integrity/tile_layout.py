"""Where the parts of a tiled log lie and what they hold, c2sp.org/tlog-tiles v0.1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from store.errors import BadInput

WIDTH = 256
"""Hashes in a full tile, entries in a full bundle."""
MAX_ENTRY = 65_535
"""Bytes: an entry's length has two of them."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile of a tree; `level` 0 holds leaf hashes, each further level the roots of full tiles below."""

    level: int
    index: int
    width: int
    """How many hashes: `WIDTH` for a full tile, less for the rightmost of its level."""

    @property
    def path(self) -> str:
        """Its address below the log's prefix."""
        return f"tile/{self.level}/{numbered(self.index, self.width)}"

    @property
    def entries_path(self) -> str:
        """The address of the bundle with the entries of a level-0 tile."""
        return f"tile/entries/{numbered(self.index, self.width)}"


def tiles_of(size: int) -> Iterator[Tile]:
    """Yield every tile of a tree of `size` leaves, level by level, left to right; the empty tree has none."""
    level, count = 0, size
    while count:
        full, rest = divmod(count, WIDTH)
        for index in range(full):
            yield Tile(level, index, WIDTH)
        if rest:
            yield Tile(level, full, rest)
        level, count = level + 1, full


def numbered(index: int, width: int) -> str:
    """Return `x001/x234/067` for index 1234067, with `.p/<width>` behind it for a partial tile."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    partial = f".p/{width}" if width < WIDTH else ""
    return "/".join(reversed(groups)) + partial


def bundle(entries: Sequence[bytes]) -> bytes:
    """Return the entry bundle: each entry behind its length, two bytes, big-endian.

    Raises:
        BadInput: an entry is longer than `MAX_ENTRY`, or there are more than `WIDTH`.
    """
    if len(entries) > WIDTH or any(len(entry) > MAX_ENTRY for entry in entries):
        raise BadInput(f"a bundle holds up to {WIDTH} entries of up to {MAX_ENTRY:,} bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
