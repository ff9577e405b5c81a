"""Where entries are read from, and what they record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from store.integrity.entry import Entry

if TYPE_CHECKING:
    from store.domain import events as ev


class Source(Protocol):
    """Where entries are read from: the ledger, or the writer inside its transaction."""

    def entries(
        self,
        *,
        kinds: Sequence[str] | None = None,
        on: Mapping[str, str] | None = None,
        after: int = 0,
        until: int | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> Iterator[Entry]:
        """Yield matching entries in order."""
        ...

    def latest(self, *, after: int = 0, acts: Sequence[str] = ()) -> tuple[int, str] | None:
        """Return (number, claimed time) of the latest among the newest of each kind and all since the newest of `acts`.

        None where there is no entry after `after`.
        """
        ...


def recorded(entries: Iterable[Entry]) -> Iterator[ev.Recorded]:
    """Yield what each entry records, decoded."""
    from store.domain import events as ev  # what only lists entries decodes none

    for entry in entries:
        statement = entry.statement
        event = ev.decode(statement.kind, statement.on, statement.data)
        yield ev.Recorded(seq=entry.seq, time=statement.time, actor=statement.actor, event=event)
