"""What need not be worked out again while the bytes of one ledger file are flipped half a million times.

A pure function (is this signature over that text, what statement is in these bytes, which rows do these entries make)
is not asked twice about the very same bytes; about any other byte it is, and an error is worked out every time. Nor is
the file opened anew for every flip: a connection that is kept forgets every page, and reads it from the file again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from store import config, projections
from store.domain import policy, signatures
from store.integrity import checkpoint, logkeys, sshkey
from store.integrity.note import verifier
from store.ledger import anchors, connection, keychain, readers, rows, state, tiles, tree
from store.ledger.verify import verify as verifying
from store.workspace import opening


class KeptReader:
    """Opens a file once and lends that connection to everybody who would open it."""

    def __init__(self) -> None:
        self._mine: sqlite3.Connection | None = None

    def lend(self, path: Path, **how: float) -> Lent:
        """Do what `store.ledger.connection.open_reader` does; closing what is lent closes nothing."""
        if self._mine is None:
            self._mine = connection.open_reader(path, **how)
        return Lent(self._mine)

    def forget(self) -> None:
        """Let it read every page from the file again; what it knows of the schema it keeps."""
        if self._mine is not None:
            self._mine.execute("PRAGMA shrink_memory")

    def close(self) -> None:
        """Close the file: who asks next opens it again."""
        if self._mine is not None:
            self._mine.close()
            self._mine = None


class Lent:
    """A connection of somebody else."""

    def __init__(self, mine: sqlite3.Connection) -> None:
        self.execute = mine.execute
        self.interrupt = mine.interrupt

    def close(self) -> None:
        """Leave it open, for the next."""


@contextmanager
def remembering() -> Iterator[None]:
    """Remember inside the block what pure functions say."""
    once = lru_cache(maxsize=4096, typed=True)  # in a damaged page a number may be a float
    opened, cosigned, subtree = once(checkpoint.open_checkpoint), once(anchors.open_note), once(tree.subtree)
    rebuilt = _first(projections.rebuilt, lambda entries: [entry.body for entry in entries])
    instead: list[tuple[object, str, object]] = [
        *((module, "open_entry", once(module.open_entry)) for module in (rows, state, tiles, keychain)),
        *(
            (module, "open_checkpoint", lambda note, keys: opened(note, tuple(keys)))
            for module in (checkpoint, logkeys)
        ),
        (anchors, "open_note", lambda note, keys: cosigned(note, tuple(keys))),
        (verifier, "check_public_key", once(verifier.check_public_key)),
        (tree, "subtree", lambda hashes: subtree(tuple(hashes))),
        (tiles.TileChecker, "check", _first(tiles.TileChecker.check, lambda _, *asked: asked)),
        (signatures.sshsig, "verify", once(signatures.sshsig.verify)),
        (sshkey, "parse_public_key", once(sshkey.parse_public_key)),
        (policy, "default_policy", once(policy.default_policy)),
        (projections, "rebuilt", lambda entries: rebuilt(list(entries))),
        # of files that nobody flips
        (config, "load", once(config.load)),
        (opening, "network_problem", once(opening.network_problem)),
    ]
    with ExitStack() as patched:
        for owner, name, replacement in instead:
            patched.enter_context(patch.object(owner, name, replacement))
        yield


@contextmanager
def lending(reader: KeptReader) -> Iterator[None]:
    """Inside the block, let everybody who would open the ledger to read it be lent `reader`."""
    may = connection._READABLE_PRAGMAS | {"shrink_memory"}
    with (
        patch.object(connection, "_READABLE_PRAGMAS", may),
        patch.object(readers, "open_reader", reader.lend),
        patch.dict(verifying.__kwdefaults__, reader=reader.lend),
    ):
        yield


def _first(function: Callable[..., Any], key: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` that knows what it said of what it was first asked about: of the whole ledger."""
    known: list[Any] = []

    def remembered(*asked: Any) -> Any:
        this = key(*asked)
        if not known:
            known[:] = this, function(*asked)
        return known[1] if known[0] == this else function(*asked)

    return remembered
