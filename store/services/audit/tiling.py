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

    An earlier export in the same folder is continued, once it is what this ledger exported then: its checkpoint and
    every file that it needs. What was there and differs, or is gone, is evidence of another history or of somebody's
    hand, and then nothing is written. The checkpoint is written last.

    Raises:
        BadInput: the folder holds something else, or an export up to a later checkpoint than `note`.
        IntegrityFailure: an earlier export there is damaged or of another history.
        StorageFailure: the disk says no.
    """
    note = note if note is not None else context.ledger.checkpoint()
    head = context.ledger.keys.open(note)
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "tile").is_dir():
        raise BadInput(f"{folder}: holds something else than an export of tiles")
    _check_earlier(context, folder, head.size)
    written = 0
    for path, data, tile in _files(context, head.size):
        written += _write(folder / path, data, tile)
    _replace(folder / "checkpoint", note)
    return Exported(size=head.size, files=written + 1, note=note)


def _files(context: Context, size: int) -> Iterator[tuple[str, bytes, Tile]]:
    """Yield every file that a log of `size` entries is exported as, but for its checkpoint."""
    entries = context.ledger.entries(until=size)
    for tile in tiles_of(size):
        if tile.level == 0:
            found = list(islice(entries, tile.width))
            _check_whole(tile, found)
            yield tile.entries_path, bundle([entry.body for entry in found]), tile
            yield tile.path, b"".join(entry.hash for entry in found), tile
        else:
            yield tile.path, b"".join(_hashes(context, tile)), tile


def _check_earlier(context: Context, folder: Path, size: int) -> None:
    """Make sure that an export which is there already is one of this ledger's, whole, and of no more entries."""
    path = folder / "checkpoint"
    note = _present(path)
    if note is None:
        return  # none, or one that was interrupted: what it wrote is compared as it is written
    try:
        earlier = context.ledger.keys.open(note)
    except IntegrityFailure as error:
        raise IntegrityFailure(f"{path}: {error}") from error
    ours = context.ledger.head().size
    if earlier.size > ours:
        raise IntegrityFailure(f"{path}: it is of {earlier.size:,} entries, and this ledger holds {ours:,}")
    if earlier.root != context.ledger.root_at(earlier.size):
        raise IntegrityFailure(f"{path}: what was exported earlier is of another history")
    if earlier.size > size:
        raise BadInput(
            f"{folder}: holds {earlier.size:,} entries already; a checkpoint of {size:,} needs another folder"
        )
    for name, data, tile in _files(context, earlier.size):
        if not _is_there(folder / name, data) and (tile.width == WIDTH or not _has_full(folder / name)):
            raise IntegrityFailure(f"{folder / name}: it was exported earlier, and is gone")


def _has_full(partial: Path) -> bool:
    """Return whether the full tile is there that an interrupted run put in the place of a partial one."""
    return partial.parent.with_suffix("").is_file()


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
    if _is_there(path, data):
        return 0
    _replace(path, data)
    if tile.width == WIDTH:
        _drop_partials(path)
    return 1


def _is_there(path: Path, data: bytes) -> bool:
    """Return whether the file is there. Raises IntegrityFailure where it holds anything else than `data`."""
    present = _present(path)
    if present is not None and present != data:
        raise IntegrityFailure(f"{path}: what was exported earlier is of another history")
    return present is not None


def _present(path: Path) -> bytes | None:
    """Return what a file holds; None where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageFailure(f"{path}: cannot be read ({error.strerror})") from error


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
