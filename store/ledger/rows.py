"""Reading entries: searched by indexes, in short reads, each row checked before anybody sees it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from store.errors import BadInput, NotFound
from store.integrity.entry import Entry, open_entry
from store.ledger.schema import SUBJECTS

if TYPE_CHECKING:
    from store.ledger.sieve import Sieve

PAGE: Final = 256
"""Rows in one read: at most 16 MiB, and with a rollback journal no writer waits longer than a page takes."""
_SIEVED: Final = 1_024
"""Rows in one read where most of them are only glanced at."""

Connect = Callable[[], AbstractContextManager[sqlite3.Connection]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Search:
    """Which entries: all conditions together; None means any, an empty sequence of kinds means none."""

    kinds: Sequence[str] | None = None
    on: Mapping[str, str] | None = None
    after: int = 0
    """Only entries with a larger number."""
    until: int | None = None
    """Only entries up to this number, itself included."""
    limit: int | None = None
    newest_first: bool = False
    sieve: Sieve | None = None
    """What else must hold of their bytes; looked for in those that the rest selects."""


def read_entry(connect: Connect, seq: int) -> Entry:
    """Return entry `seq`.

    Raises:
        NotFound: the ledger has no such entry.
        IntegrityFailure: its bytes are not what they must be.
    """
    with connect() as connection:
        row = connection.execute("SELECT body, hash FROM entry WHERE seq = ?", (seq,)).fetchone()
    if row is None:
        raise NotFound(f"there is no entry {seq}")
    return open_entry(seq, *row)


def read_entries(connect: Connect, search: Search) -> Iterator[Entry]:
    """Yield the entries of a search in order, page by page; what is appended meanwhile may appear or not.

    Raises:
        BadInput: `on` names something that is not searched by.
        IntegrityFailure: an entry's bytes are not what they must be.
    """
    for row in _rows(connect, search, "seq, body, hash"):
        yield open_entry(*row)


def read_numbers(connect: Connect, search: Search) -> Iterator[int]:
    """Yield the numbers of the entries that `read_entries` would yield; a few times quicker: none is opened.

    Raises:
        BadInput: `on` names something that is not searched by.
    """
    for row in _rows(connect, search, "seq" if search.sieve is None else "seq, body"):
        yield row[0]


def read_latest(connect: Connect, *, after: int, acts: Sequence[str]) -> tuple[int, str] | None:
    """Return (number, claimed time) of the latest entry after `after` among two sorts; None without any.

    Those are the newest of each kind, and everything since the newest of the kinds `acts`: walks the index of kinds
    and the tail, however long the ledger is.
    """
    kinds = {f"act{number}": kind for number, kind in enumerate(acts)}
    sql = _LATEST.format(acts=", ".join(f"(:{name})" for name in kinds) or "(NULL)")
    with connect() as connection:
        row = connection.execute(sql, {"after": after, **kinds}).fetchone()
    return None if row is None else (row[0], row[1])


_LATEST: Final = """
    WITH RECURSIVE
        known(kind) AS (
            SELECT min(kind) FROM entry
            UNION ALL SELECT (SELECT min(kind) FROM entry WHERE kind > known.kind) FROM known WHERE kind IS NOT NULL
        ),
        acts(kind) AS (VALUES {acts}),
        last(seq) AS (SELECT coalesce(max((SELECT max(seq) FROM entry WHERE kind = acts.kind)), 0) FROM acts)
    SELECT seq, time FROM (
        SELECT seq, time FROM entry
            WHERE seq IN (SELECT (SELECT max(seq) FROM entry WHERE kind = known.kind) FROM known) AND seq > :after
        UNION ALL SELECT seq, time FROM entry WHERE seq >= (SELECT seq FROM last) AND seq > :after
    ) ORDER BY time DESC, seq LIMIT 1
"""


def _rows(connect: Connect, search: Search, columns: str) -> Iterator[tuple[Any, ...]]:
    sql, values = _statement(search, columns)
    if search.kinds is not None and not search.kinds:
        return
    low, high = search.after, search.until if search.until is not None else 2**62
    left = search.limit if search.limit is not None else 2**62
    keeps = search.sieve.keeps() if search.sieve is not None else None
    while left > 0 and low < high:
        page = min(left, PAGE) if keeps is None else _SIEVED
        with connect() as connection:
            found = connection.execute(sql, {**values, "low": low, "high": high, "page": page}).fetchall()
        kept = found if keeps is None else [row for row in found if keeps(row[1])][:left]
        yield from kept
        if len(found) < page:
            return
        left -= len(kept)
        if search.newest_first:
            high = found[-1][0] - 1
        else:
            low = found[-1][0]


def _statement(search: Search, columns: str = "seq, body, hash") -> tuple[str, dict[str, str]]:
    """Return SQL whose every branch walks one index in the order of `seq`, so that no page sorts or skips.

    The planner is left no choice: one column drives, a unary plus keeps the others from doing so. Only our own
    names are put into the text; every value is bound.
    """
    on = search.on or {}
    unknown = sorted(set(on) - set(SUBJECTS))
    if unknown:
        raise BadInput(f"entries are not searched by {', '.join(unknown)}; only by {', '.join(SUBJECTS)}")
    order = "DESC" if search.newest_first else "ASC"
    window = f"seq > :low AND seq <= :high ORDER BY seq {order} LIMIT :page"
    driving = [subject for subject in SUBJECTS if subject in on]
    values = {f"on_{subject}": on[subject] for subject in driving}
    values |= {f"kind{number}": kind for number, kind in enumerate(search.kinds or ())}
    kinds = [f":kind{number}" for number in range(len(search.kinds or ()))]
    if driving:
        first, *others = driving
        conditions = [f"on_{first} = :on_{first}", *(f"+on_{other} = :on_{other}" for other in others)]
        if kinds:
            conditions.append(f"+kind IN ({', '.join(kinds)})")
        return _select(columns, f"entry WHERE {' AND '.join(conditions)} AND {window}"), values
    if not kinds:
        return _select(columns, f"entry WHERE {window}"), values
    if len(kinds) == 1:
        return _select(columns, f"entry WHERE kind = :kind0 AND {window}"), values
    pages = (_select("seq", f"entry WHERE kind = {kind} AND {window}") for kind in kinds)
    numbers = " UNION ".join(_select("seq", f"({page})") for page in pages) + f" ORDER BY seq {order} LIMIT :page"
    return _select(columns, f"entry WHERE seq IN ({numbers}) ORDER BY seq {order}"), values


def _select(columns: str, rest: str) -> str:
    return f"SELECT {columns} FROM {rest}"  # noqa: S608  made of our own names
