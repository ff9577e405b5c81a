"""Ids that people name, and every entry about one: some are looked up by a column, the rarer ones by their kinds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from store.domain.kinds import FINDINGS, REMINDERS
from store.errors import BadInput
from store.integrity.entry import Entry
from store.services.source import Source

SEARCHED: Final[Mapping[str, str]] = {"CR": "request", "DEP": "deployment", "DR": "drift", "INC": "incident"}
"""What an id begins with → the member of a statement's `on` that holds it, which the ledger has a column for."""
GATHERED: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "FND": ("finding", (*FINDINGS, *REMINDERS, "entry.annotated")),
    "BG": ("glass", ("glass.broken", "glass.ended", "glass.reviewed", *REMINDERS)),
    "EX": ("exception", ("exception.granted", "exception.ended", *REMINDERS)),
    "AN": ("anomaly", ("anomaly.noticed", "anomaly.acknowledged", "entry.annotated")),
}
"""The same for ids without a column of their own, with the kinds of entry that may hold them."""
NAMED: Final = "CR-…, DEP-…, DR-…, INC-…, FND-…, BG-…, EX-…, AN-…"
_ID: Final = re.compile(rf"({'|'.join([*SEARCHED, *GATHERED])})-[0-9]{{1,60}}")


def is_id(text: str) -> bool:
    """Say whether `text` has the form of an id."""
    return _ID.fullmatch(text) is not None


def field_of(subject: str) -> str:
    """Return the member of `on` that holds this id. Raises BadInput: it is none."""
    found = _ID.fullmatch(subject)
    if found is None:
        raise BadInput(f"{subject[:60]!a} is no id: name {NAMED}")
    return SEARCHED.get(found[1]) or GATHERED[found[1]][0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """How the entries about an id are found: of these kinds, at this place, and naming it."""

    kinds: Sequence[str] | None
    on: Mapping[str, str]
    named: str | None
    """Where no column tells: the id that such an entry must name; None where `on` says it all."""


def selection(subject: str, kinds: Sequence[str] | None = None) -> Selection:
    """Return how the entries about an id, of `kinds`, are found. Raises BadInput: it is no id."""
    field, prefix = field_of(subject), subject.partition("-")[0]
    if prefix in SEARCHED:
        return Selection(kinds=kinds, on={field: subject}, named=None)
    mine = [kind for kind in dict.fromkeys(GATHERED[prefix][1]) if kinds is None or kind in kinds]
    return Selection(kinds=mine, on={}, named=subject)


def entries_about(
    source: Source, subject: str, *, until: int | None = None, newest_first: bool = False
) -> Iterator[Entry]:
    """Yield the entries about an id, up to number `until`, in order.

    Raises:
        BadInput: it is no id.
    """
    found, field = selection(subject), field_of(subject)
    for entry in source.entries(kinds=found.kinds, on=found.on or None, until=until, newest_first=newest_first):
        if found.named is None or subject in {entry.statement.on.get(field), entry.statement.on.get("duty")}:
            yield entry
