"""The bytes of versions out of a git repository, asked for before they are needed: git reads them meanwhile."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import subprocess
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from store.errors import BadInput
from store.intake.git_shield import Shield
from store.intake.guard import LIMIT

Step = TypeVar("Step")
_STEPS: Final = 48
"""Steps that are looked at together."""
_MOST_ASKED: Final = 256
"""Sizes asked for and not read yet: git's answers must fit into a pipe, or it and we would wait for each other."""
_MOST_AHEAD: Final = 16
"""Contents asked for and not read yet; more are asked for when `_FEW_AHEAD` are left."""
_FEW_AHEAD: Final = 8
_BYTES_AHEAD: Final = 4 * 1024 * 1024
_LONGEST: Final = 64 * 1024
"""Bytes of the longest line git says."""
_PIPE: Final = 1024 * 1024


class _Sized(NamedTuple):
    """A blob whose size was asked for: that, or why it has none."""

    blob: str
    size: int | BadInput


class Blobs:
    """Hands out the bytes of versions, hashed again: nothing is believed of what lies in a repository."""

    def __init__(self, shield: Shield, sizes: subprocess.Popen[bytes], contents: subprocess.Popen[bytes]) -> None:
        self._shield = shield
        self._sizes = sizes
        self._contents = contents
        self._wanted: Final[deque[str]] = deque()
        """Blobs whose sizes were asked for, in order."""
        self._coming: Final[deque[_Sized]] = deque()
        """Blobs before these, whose contents were asked for where their sizes allow it."""
        self._bytes = 0
        """Bytes that are coming."""
        _widen(contents)

    def foreseen(self, steps: Iterable[Step], needed: Callable[[Step], Iterable[str]]) -> Iterator[Step]:
        """Yield steps; git reads the blobs that they will need, as far as `needed` can tell, ahead of time.

        Not more than `_MOST_ASKED` are asked for so; `read` asks for the others when they are read.
        """
        left = iter(steps)
        while group := list(islice(left, _STEPS)):
            room = max(0, _MOST_ASKED - len(self._wanted))  # not all that is foreseen is read
            self._want(list(islice((blob for step in group for blob in needed(step)), room)))
            yield from group

    def read(self, blob: str, *, limit: int = LIMIT) -> bytes:
        """Return the bytes whose git id is `blob`; their size is looked at before they are.

        Raises:
            BadInput: it is not there, no file, larger than `limit`, or not what its id says.
        """
        while (first := self._first()) is not None and first != blob:
            self._pass_over()
        if first is None:
            self._want([blob])
        self._look_ahead()
        data = self._next(limit)
        self._look_ahead()
        make = hashlib.sha1 if len(blob) == 40 else hashlib.sha256
        found = make(b"blob %d\0" % len(data), usedforsecurity=False)
        found.update(data)
        if found.hexdigest() != blob:
            raise BadInput("the repository is damaged: its bytes are not what its id says")
        return data

    def _first(self) -> str | None:
        return self._coming[0].blob if self._coming else self._wanted[0] if self._wanted else None

    def _want(self, blobs: Sequence[str]) -> None:
        self._wanted.extend(blobs)
        _ask(self._sizes, blobs)

    def _look_ahead(self) -> None:
        """Ask for the contents of what comes next, several at a time: every question wakes git up."""
        if len(self._coming) > _FEW_AHEAD:
            return
        asked: list[str] = []
        while self._wanted and len(self._coming) < _MOST_AHEAD and self._bytes < _BYTES_AHEAD:
            blob = self._wanted.popleft()
            try:
                size: int | BadInput = self._header(self._sizes)
            except BadInput as fault:
                size = fault
            if isinstance(size, int) and size <= LIMIT:
                asked.append(blob)
                self._bytes += size
            self._coming.append(_Sized(blob, size))
        if asked:
            _ask(self._contents, asked)

    def _next(self, limit: int) -> bytes:
        size = self._coming.popleft().size
        if isinstance(size, BadInput):
            raise size
        data = self._content(size) if size <= LIMIT else b""
        if size > limit:
            raise BadInput(f"it has {size:,} bytes, more than the {limit:,} that are taken in")
        return data

    def _pass_over(self) -> None:
        """Leave out what was foreseen and is not needed."""
        self._look_ahead()
        with contextlib.suppress(BadInput):
            self._next(LIMIT)

    def _content(self, size: int) -> bytes:
        self._bytes -= size
        if self._header(self._contents) != size:
            raise BadInput("its size is one thing and another")
        out = self._contents.stdout
        assert out is not None
        data = out.read(size)
        if len(data) != size or out.read(1) != b"\n":
            raise BadInput(f"git ended in the middle of it: {ascii(self._shield.complaint())[1:-1]}")
        return data

    def _header(self, process: subprocess.Popen[bytes]) -> int:
        """Return the size that git says next."""
        assert process.stdout is not None
        try:
            words = process.stdout.readline(_LONGEST).split()
        except OSError:
            words = []
        match words:
            case [_, b"blob", size] if size.isdigit():
                return int(size)
            case [_, b"missing"]:
                raise BadInput("the repository does not hold it (a partial clone?)")
            case []:
                raise BadInput(f"git cannot read it: {ascii(self._shield.complaint())[1:-1]}")
            case _:
                raise BadInput("it is no file")


def _ask(process: subprocess.Popen[bytes], blobs: Sequence[str]) -> None:
    """Ask git for blobs; where it has ended, its answer will say so."""
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.write("".join(f"{blob}\n" for blob in blobs).encode())
        process.stdin.flush()


def _widen(process: subprocess.Popen[bytes]) -> None:
    """Let git write more than one version before it has to wait."""
    assert process.stdout is not None
    with contextlib.suppress(OSError, AttributeError):  # not Linux: it waits
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, _PIPE)
