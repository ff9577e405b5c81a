"""What a finding is about: an id or an entry's number, looked up so that both lead to each other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from store.errors import NotFound
from store.integrity.entry import Entry
from store.services.context import Source

_SEARCHED: Final[Mapping[str, str]] = {"CR": "request", "DEP": "deployment", "DR": "drift", "INC": "incident"}
_BORN: Final[Mapping[str, tuple[str, str]]] = {
    "BG": ("glass.broken", "glass"),
    "EX": ("exception.granted", "exception"),
}
"""Ids that entries are not searched by: the kind of entry that gives one, and the field that holds it."""
_REPEATED: Final = ("incident", "project", "environment")
RULES: Final = ("policy", "connectors")
"""What a finding may be about besides ids and entries."""


@dataclass(frozen=True, kw_only=True, slots=True)
class About:
    """What was named, and the ids its finding's entries repeat."""

    named: str = ""
    on: Mapping[str, str] = field(default_factory=dict)


def about(source: Source, text: str | None) -> About:
    """Return what `text` names: CR-…, DEP-…, DR-…, INC-…, BG-…, EX-…, an entry's number, `policy`, `connectors`.

    Raises:
        NotFound: there is no such thing.
    """
    if text is None:
        return About()
    if text in RULES:
        return About(named=text)
    prefix = re.fullmatch(r"(CR|DEP|DR|INC|BG|EX)-\d{4,15}", text)
    number = re.fullmatch(r"#?([1-9][0-9]{0,14})", text)
    if prefix is None and number is None:
        raise NotFound(f"{text[:60]!a} is no id and no entry's number here")
    entry = _first(source, prefix[1], text) if prefix else _numbered(source, int(number[1]) if number else 0)
    if entry is None:
        raise NotFound(f"there is no {text if prefix else f'entry {text}'}")
    found = entry.statement.on
    on = {name: found[name] for name in _REPEATED if name in found}
    if prefix is not None and prefix[1] in _SEARCHED:
        on[_SEARCHED[prefix[1]]] = text
    return About(named=text if prefix else f"#{entry.seq}", on=on)


def _first(source: Source, prefix: str, text: str) -> Entry | None:
    if prefix in _SEARCHED:
        return next(iter(source.entries(on={_SEARCHED[prefix]: text}, limit=1)), None)
    kind, name = _BORN[prefix]
    return next((entry for entry in source.entries(kinds=[kind]) if entry.statement.on.get(name) == text), None)


def _numbered(source: Source, seq: int) -> Entry | None:
    return next(iter(source.entries(after=seq - 1, until=seq)), None)
