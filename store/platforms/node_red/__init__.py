"""Node-RED flows: the list of nodes that `flows.json`, a clipboard export and `GET /flows` hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from json import dumps
from typing import Final

from store.domain.component import Component, DiffRules, Parsed
from store.domain.cutting import items_of
from store.domain.memo import Memo
from store.domain.secrets import is_bare, scan
from store.errors import BadInput
from store.integrity.strict_json import parse as parse_json
from store.platforms.node_red.graft import credentials_in, grafted
from store.platforms.node_red.nodes import WIRED_BY, is_node_red, is_noise, language, nodes_of, outputs, wire_of, wires
from store.platforms.node_red.parts import parts_of
from store.platforms.node_red.whole import components_of, connectors_of, notices_of, refuse_too_many_homes


class NodeRed:
    """Node-RED 1 to 4. A component is a tab, a subflow, or a config node that belongs to no tab."""

    name: Final = "node-red"
    rules: Final = DiffRules(
        is_noise=is_noise, language=language, wires=wires, outputs=outputs, wired_by=WIRED_BY, wire_of=wire_of
    )

    def detect(self, data: bytes, name: str) -> int:
        """Return how much `data` looks like a list of nodes; an empty list counts when it is called flows."""
        start = _first(data)
        if start == b"[":
            if b'"type"' in data and b'"id"' in data:
                return 90 if b'"wires"' in data or b'"tab"' in data else 50
            return 60 if _is_flows(name) and len(data) < 64 else 0
        if start == b"{" and b'"flows"' in data and b'"rev"' in data:
            return 80
        return 0

    def parse(self, data: bytes, name: str) -> Parsed:
        """Return tabs, subflows and config nodes with the hosts, modules and risky nodes in them.

        Raises:
            BadInput: no strict JSON, or not a list of Node-RED nodes.
        """
        return self.parse_with(data, name, None)

    def parse_with(self, data: bytes, name: str, memo: Memo | None) -> Parsed:
        """Return what `parse` returns, going on from what `memo` knows of the nodes.

        Raises:
            BadInput: as `parse`.
        """
        items = items_of(data, name, memo) if memo is not None else None
        parts = parts_of(data, memo, items)
        if not parts and not _is_flows(name) and _first(data) == b"[":
            raise BadInput("an empty list says nothing about its platform")
        if parts and not is_node_red(part.node for part in parts):
            raise BadInput("not a list of Node-RED nodes")
        refuse_too_many_homes(parts)
        spans = scan(data, items=items)
        memo = Memo() if memo is None else memo
        return Parsed(
            platform=self.name,
            confidence=95 if parts else 60,
            components=components_of(parts, memo=memo),
            connectors=connectors_of(parts, memo=memo),
            notices=notices_of(parts, data, spans, is_bare=items is not None and is_bare(items)),
            secrets=len(spans),
        )

    def graft(self, data: bytes, donor: bytes | None, ids: Sequence[str]) -> bytes:
        """Return `data` with the components `ids` as they are in `donor`, written as Node-RED writes `flows.json`.

        Raises:
            BadInput: one of the two cannot be read.
        """
        theirs = nodes_of(parse_json(donor).value) if donor is not None else []
        made = grafted(nodes_of(parse_json(data).value), theirs, ids)
        return dumps(made, indent=4, ensure_ascii=False).encode()

    def credentials(self, component: Component) -> Mapping[str, str]:
        """Return `type/id` → words for each node that keeps credentials apart from the flows, or may."""
        return dict(credentials_in(component))


def _is_flows(name: str) -> bool:
    return name.rpartition("/")[2].lower().startswith("flows")


def _first(data: bytes) -> bytes:
    """Return the first byte that says anything."""
    return data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
