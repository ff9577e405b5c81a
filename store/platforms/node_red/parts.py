"""From the bytes of a list of nodes to its parts: each node with what follows from it alone.

The versions of one export have most of their nodes in common, byte for byte; what is known of one is not read again.
A long line of versions shares the texts of nodes (`_known`), the two sides of a diff the nodes themselves (`_beside`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from sys import intern
from typing import Final

import orjson

from store.domain.build import Source, canonical
from store.domain.component import Component, Notice
from store.domain.items import Item, Items, each_noted
from store.domain.memo import Memo
from store.errors import BadInput
from store.integrity.strict_json import parse as parse_json
from store.platforms.node_red.nodes import HOMES, Node, nodes_of, noise_of, own_name, without_noise
from store.platforms.node_red.watch import Sight, module_of, reach_of, sights_of

_PARTS: Final = "node-red: parts of a list"
_PART: Final = "node-red: parts"
_NEWEST: Final = "node-red: newest part by id"


class Part:
    """One node, and what follows from nothing but it. Two versions of an export may share one: nobody changes it."""

    __slots__ = (
        "_bare",
        "_key",
        "_notices",
        "_written",
        "addresses",
        "alone",
        "is_home",
        "is_joined",
        "is_outward",
        "kin",
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

    def __init__(self, node: Node, source: Source, *, is_shared: bool = False, like: Part | None = None) -> None:
        """Take in a node; `like` is the part of one that differs from it in its noise only."""
        own = node.get("id")
        self.node: Final = node
        self.source: Final = source
        """What is known of the JSON it was read from, at most of the whole export."""
        self.kind: Final[str] = node["type"]
        self.own: Final = own if isinstance(own, str) else ""
        """Its id, empty where it has none."""
        self.is_joined: Final = is_shared and source.sorts_alike and self.own.isascii()
        """Other versions have it too, so that it pays to keep its canonical bytes, of which those of a tab are made."""
        self.is_home: Final = self.kind in HOMES
        self.alone: Component | None = None
        """The component that it is by itself."""
        self.kin: Final[object] = object() if like is None else like.kin
        """What it shares with the parts that differ from it in their noise only, and with no other."""
        self._key: Final = self.kind if self.is_home else self.own
        """The member of its tab, or of its own component, that it is as a rule."""
        if like is None:
            self._follow(without_noise(node, home=self.is_home))
        else:
            self._follow_as(like)

    def _follow(self, bare: Node) -> None:
        """Work out what follows from the node without its noise, and from nothing else."""
        place = bare.get("z")
        self.place = intern(place) if isinstance(place, str) and not self.is_home else ""
        """The id of the tab or subflow it is on, empty where it stands on its own."""
        self.name = own_name(bare)
        self.module = module_of(bare)
        """What brings its type, None for what comes with Node-RED."""
        self.reach = reach_of(bare)
        self.addresses = tuple([reach.address for reach in self.reach if reach.address]) if self.reach else ()
        self.is_outward = bool(self.module or self.reach)
        """It reaches something outside, or may."""
        self.sights = sights_of(bare)
        """What a reviewer should see of it, but for its secrets."""
        self._bare = bare
        self._written: bytes | None = None
        self._notices: tuple[Notice, ...] | None = None

    def _follow_as(self, like: Part) -> None:
        self.place = like.place
        self.name = like.name
        self.module = like.module
        self.reach = like.reach
        self.addresses = like.addresses
        self.is_outward = like.is_outward
        self.sights = like.sights
        self._bare = like._bare
        self._written = like._written
        self._notices = like._notices

    def home(self, number: int) -> str:
        """Return the id of the component it belongs to: the tab or subflow it is on, else its own."""
        return self.place or self.own or f"#{number}"

    def label(self, identity: str) -> str:
        """Return the name people know it by: its own, its label, or its type with the start of its id."""
        return self.name or f"{self.kind} {identity[:8]}"

    def bare(self) -> Node:
        """Return the node without its noise."""
        return self._bare

    def written(self, key: str) -> bytes:
        """Return the canonical bytes of the node without its noise, as the member `key` of an object.

        Raises:
            BadInput: it has none.
        """
        if key != self._key:
            return b"%b:%b" % (orjson.dumps(key), canonical(self._bare, self.source))
        if self._written is None:
            self._written = b"%b:%b" % (orjson.dumps(key), canonical(self._bare, self.source))
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


def parts_of(data: bytes, memo: Memo | None = None, items: Items | None = None) -> list[Part]:
    """Return the nodes of an export; `items` are its items where they are known.

    Raises:
        BadInput: no strict JSON, or not a list of Node-RED nodes.
    """
    return _read(data, memo) if items is None else _known(items) or _read(data, memo)


def _read(data: bytes, memo: Memo | None) -> list[Part]:
    document = parse_json(data)
    source = Source.of(data, has_float=document.has_float)
    nodes = nodes_of(document.value)
    if memo is None or memo.is_lasting:
        return [Part(node, source) for node in nodes]
    memo.weigh(len(data))
    return _beside(nodes, source, memo)


def _beside(nodes: Sequence[Node], source: Source, memo: Memo) -> list[Part]:
    """Return the parts of one side of a diff: those of the other side where nodes are the same, byte for byte."""
    earlier: dict[str, Part] = memo.shelf(_NEWEST)
    parts = [_newer(node, source, earlier) for node in nodes] if earlier else [_new(node, source) for node in nodes]
    earlier.update({part.own: part for part in parts})
    return parts


def _new(node: Node, source: Source, like: Part | None = None) -> Part:
    return Part(node, source, is_shared=True, like=like)


def _newer(node: Node, source: Source, earlier: Mapping[str, Part]) -> Part:
    """Return the part that a node is: the earlier one of its id, where it is that, or is like it but for its noise."""
    own = node.get("id")
    part = earlier.get(own) if isinstance(own, str) else None
    if part is None:
        return _new(node, source)
    if _are_one(node, part.node):
        return part
    noise, earlier_noise = noise_of(node), noise_of(part.node)
    if noise.keys() == earlier_noise.keys() and _are_one({**node, **earlier_noise}, part.node):
        return _new({**part.node, **noise}, source, part)  # what is the same is one object on both sides
    return _new(node, source)


def _are_one(one: Node, other: Node) -> bool:
    """Say whether two nodes are the same byte for byte, their members in one order."""
    if one != other:
        return False
    try:
        return orjson.dumps(one) == orjson.dumps(other)
    except orjson.JSONEncodeError:  # an integer beyond 64 bits
        return False


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
