"""Deep links: an id, an entry or an instant, and the screen that shows it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from console.presentation.text import display
from console.screen.place import Place
from store.errors import BadInput

_ID: Final = re.compile(r"(?:CR|DEP|DR|INC|FND|BG|EX|AN)-\d{1,12}", re.IGNORECASE)
_OTHER: Final = re.compile(r"[A-Z]{2,4}-\d{4,12}")
"""Any other id (BG-0001, EX-0002): opens where it is at home, else it is looked for in the ledger."""
_AROUND: Final = re.compile(
    rf"(?:{_ID.pattern}|now|\d{{1,16}}|\d{{4}}-[0-9T:.Z+-]+?)@?[+-]\d{{1,9}}[smhd]", re.IGNORECASE
)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[Tt ][0-9:.]+(?:[Zz]|[+-]\d\d:\d\d)?)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """Where a link leads."""

    place: str
    subject: str | None = None

    @property
    def when(self) -> str | None:
        """The instant it names, without the environment; None when it names none."""
        if self.place != "replay" or self.subject is None:
            return None
        return split_place(self.subject)[1]


def split_place(text: str) -> tuple[str | None, str]:
    """Return (environment, instant) of `prod@WHEN`; an offset behind an @ belongs to the instant."""
    before, found, after = text.partition("@")
    if not found or after[:1] in {"+", "-"}:
        return None, text
    return before, after


def link_of(text: str, places: Sequence[Place]) -> Link:
    """Return where `text` leads: `drift`, `CR-0042`, `#123`, `INC-0003@-30m`, `prod@WHEN`, `2026-11-20T02:51Z`.

    Raises:
        BadInput: it is none of these.
    """
    word = text.strip()
    ids = {place.id for place in places}
    if word in ids:
        return Link(place=word)
    number = word.removeprefix("#")
    if number.isascii() and number.isdecimal() and len(number) <= 16:
        return Link(place="ledger", subject=f"#{int(number)}")
    if _AROUND.fullmatch(word) or word == "now":
        return Link(place="replay", subject=_upper(word))
    if _ID.fullmatch(word) or _OTHER.fullmatch(word):
        owner = next((place for place in places if place.subjects and word.upper().startswith(place.subjects)), None)
        return Link(place=owner.id if owner is not None else "ledger", subject=word.upper())
    environment, when = split_place(word)
    if environment and when:
        return Link(place="replay", subject=f"{environment}@{_upper(when)}")
    if _TIME.fullmatch(word):
        return Link(place="replay", subject=word)
    raise BadInput(
        f"{display(text, 60)!r} leads nowhere: name a screen, an id (CR-0042), an entry (#123) or an instant"
        " (INC-0003@-30m, prod@2026-11-20T02:51Z)"
    )


def _upper(when: str) -> str:
    found = _ID.match(when)
    return found.group().upper() + when[found.end() :] if found is not None else when
