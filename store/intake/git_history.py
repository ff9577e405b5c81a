"""The history of a file or folder in a git repository: its commits, oldest first, and the bytes of its versions.

Follows first parents, so that a merge is one step: what it brought to the branch. Everything is streamed.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import IO, Final

from store.clock import timestamp
from store.errors import BadInput
from store.intake.git_blobs import Blobs
from store.intake.git_refs import Repository
from store.intake.git_shield import Shield

_FORMAT: Final = "--format=tformat:%H%x00%an%x00%ae%x00%at%x00%ct"
_RAW: Final = re.compile(rb"\n?:[0-7]{6} ([0-7]{6}) [0-9a-f]{40,64} ([0-9a-f]{40,64}) ([ACDMRTUX])[0-9]*")
_REGULAR: Final = frozenset({b"100644", b"100755", b"100664"})
_KINDS: Final = {b"A": "added", b"C": "added", b"M": "modified", b"T": "modified", b"R": "renamed", b"D": "deleted"}
_CHUNK: Final = 64 * 1024
_LONGEST: Final = 64 * 1024
"""Bytes of the longest name or path that is read."""
_MOST_CHANGES: Final = 100_000
"""Files of one commit."""
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One file that a commit touched. Paths are as the repository has them, undecodable bytes as surrogates."""

    kind: str
    """added, modified, renamed or deleted."""
    path: str
    blob: str
    renamed_from: str | None
    is_file: bool
    """False for a symbolic link or another repository (a submodule)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """One step of the history. Who and when is what the commit claims."""

    id: str
    name: str
    mail: str
    authored: str | None
    """RFC 3339, UTC; None when the commit names no time that can be."""
    committed: str | None
    changes: tuple[Change, ...]


def inner_path(text: str) -> str:
    """Return a path inside a repository, as git writes it: "" for all of it.

    Raises:
        BadInput: it leads out of the repository.
    """
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or "\0" in text:
        raise BadInput("PATH is a path inside the repository, such as flows.json or exports/prod, or . for all of it")
    return "" if str(path) == "." else str(path)


class History:
    """What a repository says of one path."""

    def __init__(self, shield: Shield, repository: Repository, path: str) -> None:
        self._shield = shield
        self._head = repository.head
        self._path = path

    def root(self) -> str:
        """Return the id of the first commit, following first parents: what tells repositories apart.

        Raises:
            BadInput: the history cannot be read.
        """
        with self._shield.running("rev-list", "--first-parent", "--max-parents=0", self._head) as process:
            assert process.stdout is not None
            found = process.stdout.read(4096).split()
            self._check_end(process)
        if not found:
            raise BadInput("the branch has no first commit")
        return found[-1].decode("ascii", "replace")

    def count(self) -> int:
        """Return how many commits touched the path.

        Raises:
            BadInput: the history cannot be read.
        """
        with self._shield.running("rev-list", "--first-parent", "--count", self._head, "--", *self._paths()) as process:
            assert process.stdout is not None
            text = process.stdout.read(100).strip()
            self._check_end(process)
        return int(text) if text.isdigit() else 0

    @contextlib.contextmanager
    def commits(self) -> Iterator[Iterator[Commit]]:
        """Give the commits that touched the path, oldest first, one at a time.

        Raises:
            BadInput: the history cannot be read.
        """
        options = ("--first-parent", "--reverse", "--root", "--diff-merges=first-parent", "--raw", "-z", "--no-abbrev")
        # Exact renames only: to compare contents git would read them, the huge and the missing ones too.
        plain = ("-M100%", "--no-ext-diff", "--no-textconv", "--no-color", "--no-notes", "--no-show-signature")
        with self._shield.running(
            "log", *options, *plain, "--no-mailmap", "--encoding=UTF-8", _FORMAT, self._head, "--", *self._paths()
        ) as process:
            yield self._streamed(process)

    @contextlib.contextmanager
    def blobs(self) -> Iterator[Blobs]:
        """Give the way to the bytes of versions."""
        with (
            self._shield.running("cat-file", "--batch-check", feed=True) as sizes,
            self._shield.running("cat-file", "--batch", feed=True) as contents,
        ):
            yield Blobs(self._shield, sizes, contents)

    def _streamed(self, process: subprocess.Popen[bytes]) -> Iterator[Commit]:
        assert process.stdout is not None
        yield from _commits(_pieces(process.stdout))
        self._check_end(process)

    def _paths(self) -> tuple[str, ...]:
        return (self._path,) if self._path else ()

    def _check_end(self, process: subprocess.Popen[bytes]) -> None:
        if process.wait() != 0:
            raise BadInput(f"git cannot read the history: {ascii(self._shield.complaint())[1:-1]}")


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield what stands between NUL bytes."""
    left = b""
    while chunk := stream.read(_CHUNK):
        *whole, left = (left + chunk).split(b"\0")
        if len(left) > _LONGEST:
            raise BadInput("a name or path in the history is longer than any can be")
        yield from whole
    if left.strip():
        raise BadInput("git ended in the middle of a commit")


def _commits(pieces: Iterator[bytes]) -> Iterator[Commit]:
    first = next(pieces, None)
    while first is not None:
        name, mail, authored, committed = (next(pieces, b"") for _ in range(4))
        changes: list[Change] = []
        following = next(pieces, None)
        while following is not None and (raw := _RAW.fullmatch(following)) is not None:
            if len(changes) >= _MOST_CHANGES:
                raise BadInput(f"a commit touches more than {_MOST_CHANGES:,} files: import a folder of them")
            changes.append(_change(raw, pieces))
            following = next(pieces, None)
        yield Commit(
            id=first.strip().decode("ascii", "replace"),
            name=name.decode("utf-8", "replace")[:_LONGEST_NAME],
            mail=mail.decode("utf-8", "replace")[:_LONGEST_NAME],
            authored=_instant(authored),
            committed=_instant(committed),
            changes=tuple(changes),
        )
        first = following


def _change(raw: re.Match[bytes], pieces: Iterator[bytes]) -> Change:
    mode, blob, letter = raw.groups()
    kind = _KINDS.get(letter, "modified")
    path = next(pieces, b"")
    before = None
    if letter in b"RC":
        before, path = path, next(pieces, b"")
    return Change(
        kind=kind,
        path=path.decode("utf-8", "surrogateescape"),
        blob=blob.decode(),
        renamed_from=before.decode("utf-8", "surrogateescape") if before is not None and kind == "renamed" else None,
        is_file=mode in _REGULAR or kind == "deleted",
    )


def _instant(seconds: bytes) -> str | None:
    try:
        return timestamp(datetime.fromtimestamp(int(seconds), UTC))
    except (ValueError, OverflowError, OSError):
        return None
