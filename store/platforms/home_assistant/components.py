"""From pieces of a document to components; a file of secrets shows their names and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from store.domain.build import Source, component
from store.domain.component import Component, Json
from store.domain.secrets.marks import MARK
from store.platforms.home_assistant.piece import Piece

HIDDEN: Final = "[redacted: secret]"


def components_of(pieces: Mapping[str, Piece]) -> Iterator[Component]:
    """Yield the component that each piece is, by its id.

    Raises:
        BadInput: one has no canonical bytes.
    """
    source = Source.of_value([piece.content for piece in pieces.values()])
    for identity, piece in pieces.items():
        # In a file of secrets every value is one, whatever its name promises: only the digest sees it, never the diff.
        # What stands in a sealed one's place may be seen: it tells which of them changed.
        content: Json = _hidden(piece.content) if piece.kind == "secrets" else piece.content
        yield component(
            id=identity,
            name=piece.name,
            kind=piece.kind,
            content=content,
            behaviour=piece.content,
            labels={},
            source=source,
        )


def held_in(part: Component) -> int:
    """Return how many secrets stand in the open in a file of secrets; none in any other component."""
    if part.kind != "secrets" or not isinstance(part.content, dict):
        return 0
    return list(part.content.values()).count(HIDDEN)


def _hidden(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _hidden(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    return value if isinstance(value, str) and MARK.fullmatch(value.encode()) else HIDDEN
