"""The language of `log` in one line of text, and a search that can be stopped at any moment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from store.clock import parse_timestamp, timestamp
from store.errors import BadInput, IntegrityFailure, NotFound
from store.integrity.entry import Entry
from store.services.context import Context
from store.services.history import history
from store.services.history.history import Query
from store.services.subjects import NAMED, is_id

FIELDS = ("kind", "actor", "env", "project", "subject", "since", "until")
SLICE = 50_000
"""Entries looked at in one step of a search: about 0.1 s when the bytes of each of them have to be read."""

_WORD = re.compile(r'(?:(?P<field>[a-z]+):)?(?:"(?P<quoted>[^"]*)"|(?P<bare>\S+))')
_AGO = re.compile(r"(\d{1,5})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What one step of a search has found."""

    seqs: tuple[int, ...]
    """Matching entries, newest first."""
    reached: int
    """Every entry from this one on has been looked at; 1: all of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Damaged:
    """An entry that cannot be read as what it must be."""

    seq: int
    reason: str


def parse(text: str, *, now: datetime) -> Query:
    """Return the query that a line such as `kind:approval env:prod since:2h refund` means.

    `kind:approval` stands for every kind of that noun; several kinds are separated by commas. `since:` and
    `until:` take RFC 3339, a day (`until:` includes it) or an age (`2h`, `3d`). Everything else is free text,
    found anywhere in an entry; quotes keep blanks and colons.

    Raises:
        BadInput: a field is unknown, empty or given twice, or a time is none.
    """
    found: dict[str, str] = {}
    free: list[str] = []
    for match in _WORD.finditer(text):
        field, value = match["field"], match["quoted"] if match["quoted"] is not None else match["bare"]
        if field is None or value.startswith("//"):
            free.append(value if field is None else f"{field}:{value}")
        elif field not in FIELDS:
            raise BadInput(f"no field is called {field}: there are {', '.join(FIELDS)}; quotes make it plain text")
        elif field in found:
            raise BadInput(f"{field}: is given twice")
        else:
            found[field] = value
    dangling = next((word for word in free if word.removesuffix(":") in FIELDS and word.endswith(":")), None)
    if dangling is not None:
        raise BadInput(f"{dangling} needs a value right after the colon")
    return Query(
        kinds=_kinds(found["kind"]) if "kind" in found else (),
        actor=found.get("actor"),
        environment=found.get("env"),
        project=found.get("project"),
        subject=_subject(found["subject"]) if "subject" in found else None,
        since=_time(found["since"], now, end=False) if "since" in found else None,
        until=_time(found["until"], now, end=True) if "until" in found else None,
        search=" ".join(free) or None,
    )


def search(context: Context, query: Query, *, size: int, after: int = 0) -> Iterator[Step]:
    """Look through entries `size` down to `after` + 1, a step at a time; each step is short, so it can be stopped."""
    high = size
    while high > after:
        low = max(high - SLICE, after)
        yield Step(seqs=tuple(history.numbers(context, query, after=low, until=high)), reached=low + 1)
        high = low


def window(context: Context, *, newest: int, count: int) -> list[Entry | Damaged]:
    """Return the `count` entries up to `newest`, newest first: as quick at the millionth as at the first.

    A damaged entry hides none of its neighbours: it stands in its place with what is wrong.
    """
    low = max(newest - count, 0)
    try:
        found: list[Entry | Damaged] = list(context.ledger.entries(after=low, until=newest, newest_first=True))
    except IntegrityFailure:
        found = []
    return found if len(found) == newest - low else chosen(context, range(newest, low, -1))


def chosen(context: Context, seqs: Sequence[int]) -> list[Entry | Damaged]:
    """Return these entries, in the order given."""
    return [_one(context, seq) for seq in seqs]


def _one(context: Context, seq: int) -> Entry | Damaged:
    try:
        return context.ledger.entry(seq)
    except (IntegrityFailure, NotFound) as error:
        return Damaged(seq=seq, reason=str(error))


def is_everything(query: Query) -> bool:
    """Say whether a query selects every entry."""
    return query == Query()


def _kinds(text: str) -> tuple[str, ...]:
    from store.domain.events import EVENTS

    names: dict[str, None] = {}
    for name in filter(None, text.split(",")):
        whole = [kind for kind in EVENTS if kind == name or kind.startswith(f"{name}.")]
        # A kind that is not known here may still be in the ledger: a newer version wrote it.
        names.update(dict.fromkeys(whole or [name]))
    if not names:
        raise BadInput("kind: needs a name, such as kind:approval or kind:deployment.verified")
    return tuple(names)


def _subject(text: str) -> str:
    if not is_id(text.upper()):
        raise BadInput(f"{text!a} is no id: subject: takes {NAMED}")
    return text.upper()


def _time(text: str, now: datetime, *, end: bool) -> str:
    age = _AGO.fullmatch(text)
    try:
        if age:
            return timestamp(now - timedelta(**{_UNITS[age[2]]: int(age[1])}))
        instant = parse_timestamp(text)
        if end and _DAY.fullmatch(text):
            instant += timedelta(days=1) - timedelta(milliseconds=1)
        return timestamp(instant)
    except (ValueError, OverflowError):
        raise BadInput(f"{text!a} is no time: write 2026-11-23, 2026-11-23T14:00Z or an age such as 2h") from None
