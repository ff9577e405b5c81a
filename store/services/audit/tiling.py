"""The whole log as plain files, c2sp.org/tlog-tiles: what other people's tools walk through and check."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from store.errors import BadInput, IntegrityFailure, StorageFailure
from store.integrity.entry import Entry
from store.integrity.tile_layout import WIDTH, Tile, bundle, tiles_of
from store.services.context import Context


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What was written."""

    size: int
    """Entries in the log's checkpoint."""
    files: int
    """Files written now; full tiles that were there already were compared instead."""
    note: bytes


def export_tiles(context: Context, folder: Path, *, note: bytes | None = None) -> Exported:
    """Write the newest checkpoint (or `note`, one of this log's) and every tile and entry bundle it needs.

    An earlier export in the same folder is continued; full tiles never change, so one that differs is evidence
    of another history. The checkpoint is written last.

    Raises:
        BadInput: the folder holds something else.
        IntegrityFailure: an earlier export there is of another history.
        StorageFailure: the disk says no.
    """
    note = note if note is not None else context.ledger.checkpoint()
    head = context.ledger.keys.open(note)
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "tile").is_dir():
        raise BadInput(f"{folder}: holds something else than an export of tiles")
    written = 0
    entries = context.ledger.entries(until=head.size)
    for tile in tiles_of(head.size):
        if tile.level == 0:
            found = list(islice(entries, tile.width))
            written += _write(folder / tile.entries_path, bundle([entry.body for entry in found]), tile)
            written += _write(folder / tile.path, b"".join(entry.hash for entry in found), tile)
            _check_whole(tile, found)
        else:
            written += _write(folder / tile.path, b"".join(_hashes(context, tile)), tile)
    _replace(folder / "checkpoint", note)
    return Exported(size=head.size, files=written + 1, note=note)


def _check_whole(tile: Tile, found: list[Entry]) -> None:
    first = tile.index * WIDTH + 1
    if [entry.seq for entry in found] != list(range(first, first + tile.width)):
        raise IntegrityFailure(f"entries are missing after entry {first}")


def _hashes(context: Context, tile: Tile) -> Iterator[bytes]:
    with context.ledger.tree() as nodes:
        for index in range(tile.index * WIDTH, tile.index * WIDTH + tile.width):
            yield nodes.get(8 * tile.level, index)


def _write(path: Path, data: bytes, tile: Tile) -> int:
    """Write one immutable file, or compare with the one that is there; return how many were written."""
    try:
        present = path.read_bytes()
    except FileNotFoundError:
        _replace(path, data)
        if tile.width == WIDTH:
            _drop_partials(path)
        return 1
    except OSError as error:
        raise StorageFailure(f"{path}: cannot be read ({error.strerror})") from error
    if present != data:
        raise IntegrityFailure(f"{path}: what was exported earlier is of another history")
    return 0


def _drop_partials(path: Path) -> None:
    """Remove the partial tiles that a full one replaces (the format allows it; a reader needs them no longer)."""
    partials = path.with_name(f"{path.name}.p")
    with suppress(OSError):
        for old in partials.iterdir():
            old.unlink()
        partials.rmdir()


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise StorageFailure(f"{path}: cannot be written ({error.strerror})") from error
