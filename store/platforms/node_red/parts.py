"""From the bytes of a list of nodes to its parts: each node with what follows from it alone.

The versions of one export have most of their nodes in common, byte for byte; what is known of one is not read again.
"""

from __future__ import annotations

from sys import intern
from typing import Final

import orjson

from store.domain.build import Source, canonical
from store.domain.component import Component, Notice
from store.domain.items import Item, Items, each_noted
from store.errors import BadInput
from store.integrity.strict_json import parse as parse_json
from store.platforms.node_red.nodes import HOMES, Node, nodes_of, own_name, without_noise
from store.platforms.node_red.watch import Sight, module_of, reach_of, sights_of

_PARTS: Final = "node-red: parts of a list"
_PART: Final = "node-red: parts"


class Part:
    """One node, and what follows from nothing but it. Two versions of an export may share one: nobody changes it."""

    __slots__ = (
        "_bare",
        "_notices",
        "_written",
        "addresses",
        "alone",
        "is_home",
        "is_joined",
        "is_outward",
        "kind",
        "module",
        "name",
        "node",
        "own",
        "place",
        "reach",
        "sights",
        "source",
    )  # fmt: skip

    def __init__(self, node: Node, source: Source, *, is_shared: bool = False) -> None:
        own, place = node.get("id"), node.get("z")
        self.node: Final = node
        self.source: Final = source
        """What is known of the JSON it was read from, at most of the whole export."""
        self.kind: Final[str] = node["type"]
        self.own: Final = own if isinstance(own, str) else ""
        """Its id, empty where it has none."""
        self.is_joined: Final = is_shared and source.sorts_alike and self.own.isascii()
        """Other versions have it too, so that it pays to keep its canonical bytes, of which those of a tab are made."""
        self.is_home: Final = self.kind in HOMES
        self.place: Final = intern(place) if isinstance(place, str) and not self.is_home else ""
        """The id of the tab or subflow it is on, empty where it stands on its own."""
        self.name: Final = own_name(node)
        self.module: Final = module_of(node)
        """What brings its type, None for what comes with Node-RED."""
        self.reach: Final = reach_of(node)
        self.addresses: Final = tuple(reach.address for reach in self.reach if reach.address)
        self.is_outward: Final = bool(self.module or self.reach)
        """It reaches something outside, or may."""
        self.sights: Final = sights_of(node)
        """What a reviewer should see of it, but for its secrets."""
        self.alone: Component | None = None
        """The component that it is by itself."""
        self._bare: Node | None = None
        self._written: bytes | None = None
        self._notices: tuple[Notice, ...] | None = None

    def home(self, number: int) -> str:
        """Return the id of the component it belongs to: the tab or subflow it is on, else its own."""
        return self.place or self.own or f"#{number}"

    def label(self, identity: str) -> str:
        """Return the name people know it by: its own, its label, or its type with the start of its id."""
        return self.name or f"{self.kind} {identity[:8]}"

    def bare(self) -> Node:
        """Return the node without its noise."""
        if self._bare is None:
            self._bare = without_noise(self.node, home=self.is_home)
        return self._bare

    def written(self, key: str) -> bytes:
        """Return the canonical bytes of the node without its noise, as the member `key` of an object.

        Raises:
            BadInput: it has none.
        """
        if key != self.own:
            return b"%b:%b" % (orjson.dumps(key), canonical(self.bare(), self.source))
        if self._written is None:
            self._written = b"%b:%b" % (orjson.dumps(key), canonical(self.bare(), self.source))
        return self._written

    def notices(self, number: int) -> tuple[Notice, ...]:
        """Return its sights as notices; a part without an id is called by its place in the list."""
        if not self.own:
            return tuple(self.notice(sight, number) for sight in self.sights)
        if self._notices is None:
            self._notices = tuple(self.notice(sight, number) for sight in self.sights)
        return self._notices

    def notice(self, sight: Sight, number: int) -> Notice:
        """Return a sight in this part as a notice."""
        identity = self.own or f"#{number}"
        return Notice(
            code=sight.code,
            component=self.home(number),
            detail=f"{self.label(identity)}: {sight.what}",
            part=identity,
            every=sight.every,
        )


def parts_of(data: bytes, items: Items | None = None) -> list[Part]:
    """Return the nodes of an export; `items` are its items where they are known.

    Raises:
        BadInput: no strict JSON, or not a list of Node-RED nodes.
    """
    return _read(data) if items is None else _known(items) or _read(data)


def _read(data: bytes) -> list[Part]:
    document = parse_json(data)
    source = Source.of(data, has_float=document.has_float)
    return [Part(node, source) for node in nodes_of(document.value)]


def _known(items: Items) -> list[Part] | None:
    """Return the nodes that items are; None where one is no node: only a look at the whole can say it in its words."""
    try:
        return items.note(_PARTS, lambda: _parts(items))
    except BadInput:
        return None


def _parts(items: Items) -> list[Part]:
    carried = items.carried
    earlier: list[Part] | None = items.memo.notes(_PARTS).get(carried.before) if carried is not None else None
    if carried is None or earlier is None:
        return each_noted(items.memo, _PART, items.each, _part)
    head, tail = items.changed()
    return carried.spliced(earlier, each_noted(items.memo, _PART, items.each[head:tail], _part))


def _part(item: Item) -> Part:
    """Return the node that an item is.

    Raises:
        BadInput: it is none.
    """
    nodes_of([item.value])
    return Part(item.value, Source.of(item.text, has_float=item.has_float), is_shared=True)
