"""From the bytes of a list of nodes to its parts: each node with what follows from it alone.

The versions of one export have most of their nodes in common, byte for byte. What a memo knows of one is not read
again: a JSON list is what stands between its commas, so when each piece is one value, the whole is the list of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from store.domain.build import Source
from store.domain.component import Notice
from store.domain.memo import Memo
from store.errors import BadInput
from store.integrity.strict_json import parse as parse_json
from store.platforms.node_red.nodes import HOMES, Node, nodes_of, own_name, without_noise
from store.platforms.node_red.watch import Sight, module_of, reach_of, sights_of

_MOST_PIECEWISE: Final = 1024 * 1024
"""Bytes of an export that is looked at in pieces: it holds fewer values than are too many, and fits into a memo."""
_BREAKS: Final = ((b"},", b'{"id":'), (b"\n    },\n", b"    {\n"))
"""How one node ends and the next begins: as Node-RED writes and sends lists, and as it writes them to be read."""
_BLANKS: Final = b" \t\r\n"


class Part:
    """One node, and what follows from nothing but it. Two versions of an export may share one: nobody changes it."""

    __slots__ = (
        "_bare", "_notices", "is_home", "kind", "module", "name", "node", "own", "place", "reach", "sights", "source",
    )  # fmt: skip

    def __init__(self, node: Node, source: Source) -> None:
        own, place = node.get("id"), node.get("z")
        self.node: Final = node
        self.source: Final = source
        """What is known of the JSON it was read from, at most of the whole export."""
        self.kind: Final[str] = node["type"]
        self.own: Final = own if isinstance(own, str) else ""
        """Its id, empty where it has none."""
        self.is_home: Final = self.kind in HOMES
        self.place: Final = place if isinstance(place, str) and not self.is_home else ""
        """The id of the tab or subflow it is on, empty where it stands on its own."""
        self.name: Final = own_name(node)
        self.module: Final = module_of(node)
        """What brings its type, None for what comes with Node-RED."""
        self.reach: Final = reach_of(node)
        self.sights: Final = sights_of(node)
        """What a reviewer should see of it, but for its secrets."""
        self._bare: Node | None = None
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


def parts_of(data: bytes, name: str, memo: Memo | None = None) -> list[Part]:
    """Return the nodes of an export, those that `memo` knows without reading them again.

    A first export under a name is read as a whole, which is quicker where nothing is known.

    Raises:
        BadInput: no strict JSON, or not a list of Node-RED nodes.
    """
    seen = ("node-red", name)
    if memo is not None and memo.get(seen):
        return _known(data, memo) or _read(data)
    if memo is not None:
        memo.keep(seen, answer=True, weight=len(name))
    return _read(data)


def _read(data: bytes) -> list[Part]:
    document = parse_json(data)
    source = Source.of(data, has_float=document.has_float)
    return [Part(node, source) for node in nodes_of(document.value)]


def _known(data: bytes, memo: Memo) -> list[Part] | None:
    """Return the nodes of a list, read one by one; None where only a look at the whole can say what it holds."""
    if len(data) > _MOST_PIECEWISE or not data.startswith(b"["):
        return None
    parts: list[Part] = []
    left, begun = len(data), b""
    for text in _texts(data):
        whole = begun + text
        part = _part(whole, memo)
        if part is not None:
            parts.append(part)
            begun = b""
        elif (left := left - len(whole)) < 0:
            return None  # looking at pieces takes longer than at the whole
        else:
            begun = whole + b","  # a break inside a node, as a list of wires may have one: the next belongs to it too
    return None if begun else parts


def _texts(data: bytes) -> Iterator[bytes]:
    """Yield what stands between the breaks of a list, without the commas of these."""
    body = data.rstrip(_BLANKS)[1:-1] if data.rstrip(_BLANKS).endswith(b"]") else b""
    for end, begin in _BREAKS:
        texts = body.split(end + begin)
        if len(texts) > 1:
            break
    last = len(texts) - 1
    close = end.rstrip(b",\n")
    for number, text in enumerate(texts):
        yield (begin if number else b"") + text + (close if number < last else b"")


def _part(text: bytes, memo: Memo) -> Part | None:
    """Return the node that a text is, None when it is none by itself: then it is a piece of one, or an error."""
    part: Part | None = memo.get(("node-red", text))
    if part is None:
        try:
            parts = _read(b"[%b]" % text)  # as deep as it stands in the export
        except BadInput:
            return None
        if len(parts) != 1:
            return None
        part = parts[0]
        memo.keep(("node-red", text), part, weight=len(text))
    return part
