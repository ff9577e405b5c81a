"""One thing of a document, before it is a component."""

from __future__ import annotations

from dataclasses import dataclass

from store.domain.component import Json

Mapping = dict[str, Json]


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """One thing of a document that stands for itself."""

    kind: str
    id: str
    name: str
    content: Mapping


def text(value: Json) -> str:
    """Return a text without the blanks around it, empty where it is none."""
    return value.strip() if isinstance(value, str) else ""
