"""Digests and deltas that will be asked for, worked out by another thread while this one reads the next version."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from types import TracebackType
from typing import Final, NamedTuple, Self

from store.archive import codec

_TOGETHER: Final = 8
"""Versions that are handed to the helper at once: to wake it up for each would cost as much as it saves."""


class _Batch:
    """Versions, each with the one it is told apart from, and what became of them."""

    def __init__(self) -> None:
        self.pairs: Final[list[tuple[bytes, bytes]]] = []
        self.work: Future[list[tuple[bytes, bytes]]] | None = None
        """Digest and frame of each; None before the helper has them."""


class _Draft(NamedTuple):
    data: bytes
    base: bytes
    batch: _Batch
    number: int


class Ahead:
    """Frames of versions that are not put yet. Used by one thread at a time, as a block."""

    def __init__(self) -> None:
        self._helper: Final = ThreadPoolExecutor(1, thread_name_prefix="deltas")
        self._drafts: Final[dict[int, _Draft]] = {}
        """By identity of the data, which a draft keeps alive."""
        self._next = _Batch()

    def __enter__(self) -> Self:
        """Begin; no thread is started before there is something to do."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Wait for what is being worked on, and forget the rest."""
        self.forget()
        self._helper.shutdown(cancel_futures=True)

    def expect(self, data: bytes, base: bytes) -> None:
        """Work out `data` as a difference to `base`, since it will be put as the next version of it."""
        batch = self._next
        self._drafts[id(data)] = _Draft(data, base, batch, len(batch.pairs))
        batch.pairs.append((data, base))
        if len(batch.pairs) >= _TOGETHER:
            self._hand_over(batch)

    def digest(self, data: bytes) -> bytes | None:
        """Return the SHA-256 of `data`, None where it was not expected."""
        draft = self._drafts.get(id(data))
        return self._made(draft)[0] if draft is not None and draft.data is data else None

    def frame(self, data: bytes, base: bytes) -> bytes | None:
        """Return what `codec.compress` returns for these, None where just this was not expected.

        Raises:
            IntegrityFailure: as `codec.compress`.
        """
        draft = self._drafts.get(id(data))
        return self._made(draft)[1] if draft is not None and draft.data is data and draft.base == base else None

    def forget(self) -> None:
        """Forget what was expected: it was put, or will not be."""
        self._drafts.clear()
        self._next = _Batch()

    def _made(self, draft: _Draft) -> tuple[bytes, bytes]:
        work = draft.batch.work or self._hand_over(draft.batch)
        return work.result()[draft.number]

    def _hand_over(self, batch: _Batch) -> Future[list[tuple[bytes, bytes]]]:
        self._next = _Batch()
        batch.work = self._helper.submit(_work, batch.pairs)
        return batch.work


def _work(pairs: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(sha256(data).digest(), codec.compress(data, codec.Base(base))) for data, base in pairs]
