"""What a finding is about: an id or an entry's number, looked up so that both lead to each other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from store.errors import NotFound
from store.services.context import Source
from store.services.subjects import SEARCHED, entries_about, field_of, is_id

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
    number = re.fullmatch(r"#?([1-9][0-9]{0,14})", text)
    if is_id(text):
        entry = next(entries_about(source, text), None)
    elif number is not None:
        entry = next(iter(source.entries(after=int(number[1]) - 1, until=int(number[1]))), None)
    else:
        raise NotFound(f"{text[:60]!a} is no id and no entry's number here")
    if entry is None:
        raise NotFound(f"there is no {text if is_id(text) else f'entry {text}'}")
    found = entry.statement.on
    on = {name: found[name] for name in _REPEATED if name in found}
    if text.partition("-")[0] in SEARCHED:
        on[field_of(text)] = text
    return About(named=text if is_id(text) else f"#{entry.seq}", on=on)
