"""What people write so that others decide by it: it reads as it is written, or it is not taken."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from store.domain import events as ev
from store.errors import Disguised

ODD: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What makes a text read otherwise than it is written, or moves a terminal's cursor."""


def check(event: ev.Event) -> None:
    """Refuse an act whose reasons hold characters that make them read otherwise than they are written.

    Whoever approves decides by these words, on any screen and in any export; other texts are only drawn safely.

    Raises:
        Disguised: which of its words do, and by which character.
    """
    for name, text in _words(event):
        found = ODD.search(text)
        if found is not None:
            what = unicodedata.name(found[0], "a control character").lower()
            raise Disguised(f"{name} holds U+{ord(found[0]):04X}, {what}: it would not read as it is written")


def _words(event: ev.Event) -> Iterator[tuple[str, str]]:
    match event:
        case ev.RequestOpened(content=content) | ev.RequestEdited(content=content):
            yield from vars(content).items()
        case ev.ApprovalGranted(note=text) | ev.GlassReviewed(note=text) | ev.ChecklistTicked(note=text):
            yield "note", text
        case ev.ApprovalRefused(reason=text) | ev.RequestWithdrawn(reason=text) | ev.ExceptionEnded(reason=text):
            yield "reason", text
        case ev.GlassBroken(justification=text):
            yield "justification", text
        case ev.ExceptionGranted(justification=text, accepted=accepted):
            yield from (("justification", text), ("accepted", accepted))
        case _:
            pass
