"""The parts of a house: each component with what follows from nothing but it.

The versions of an export have most of the items of their lists in common; what is known of one is not worked out again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

from store.domain.build import FreeKeys, refuse_too_many
from store.domain.component import Component, Connector, Notice
from store.domain.memo import Memo
from store.domain.notices import secrets_of
from store.formats.safe_yaml import is_shared
from store.platforms.home_assistant.components import components_of
from store.platforms.home_assistant.piece import Piece
from store.platforms.home_assistant.watch import connectors_in, notices_in

_PARTS: Final = "home-assistant: parts"


class Part:
    """One component. Two versions of an export may share it: nobody changes it."""

    def __init__(self, component: Component) -> None:
        self.component: Final = component
        self.secrets: tuple[Notice, ...] | None = None
        """The secrets that stand in the open in it; None before anybody looked."""

    @cached_property
    def connectors(self) -> tuple[Connector, ...]:
        """What it reaches."""
        return tuple(connectors_in(self.component))

    @cached_property
    def notices(self) -> tuple[Notice, ...]:
        """What a reviewer should see of it, but for its secrets."""
        return tuple(dict.fromkeys(notices_in(self.component)))


def parts_of(pieces: Sequence[Piece], memo: Memo | None) -> list[Part]:
    """Return one part a piece; a second one of the same id is kept apart.

    Raises:
        BadInput: they are too many, or one has no canonical bytes.
    """
    refuse_too_many(len(pieces))
    named: dict[str, Piece] = {}
    keys = FreeKeys()
    for piece in pieces:
        named[keys.free(piece.id, named)] = piece
    known: dict[Any, Part] = memo.shelf(_PARTS) if memo is not None else {}
    parts = {identity: known.get(_key(identity, piece)) for identity, piece in named.items()}
    new = {identity: named[identity] for identity, part in parts.items() if part is None}
    for (identity, piece), made in zip(new.items(), components_of(new), strict=True):
        parts[identity] = part = Part(made)
        if memo is not None and is_shared(piece.content, memo):
            known[_key(identity, piece)] = part
    return [part for part in parts.values() if part is not None]


def _key(identity: str, piece: Piece) -> tuple[str, str, str, int]:
    """Return what a part follows from; what is shared is told by where it is, as long as the memo holds it."""
    return identity, piece.kind, piece.name, id(piece.content)


def look_for_secrets(parts: Sequence[Part]) -> None:
    """Look into all parts that nobody looked into, at once."""
    new = [part for part in parts if part.secrets is None]
    found: dict[str, list[Notice]] = {}
    for notice in secrets_of(part.component for part in new if part.component.kind != "secrets"):
        found.setdefault(notice.component, []).append(notice)
    for part in new:
        part.secrets = tuple(found.get(part.component.id, ()))
