"""Taking components of one list of nodes into another, and which nodes keep credentials apart from the flows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from store.domain.build import free_key
from store.domain.component import Component
from store.platforms.node_red.nodes import Node, inner_id, label
from store.platforms.node_red.watch import CORE

_HOMES: Final = frozenset({"tab", "subflow"})
_UPLOADED: Final = ("certname", "keyname", "caname")
"""What a TLS configuration says of the files that were uploaded into its credentials."""


def owners(nodes: Sequence[Node]) -> tuple[str, ...]:
    """Return for each node the id of the component it belongs to, as `components_of` puts them together."""
    homes: dict[str, bool] = {}
    """Component id → its tab or subflow was seen, not only nodes on it."""
    found: dict[int, str] = {}
    alone: list[tuple[int, str]] = []
    for number, node in enumerate(nodes):
        identity, home = inner_id(node, number), node.get("z")
        if node["type"] in _HOMES:
            key = free_key(identity, homes) if homes.get(identity) else identity
            homes[key] = True
            found[number] = key
        elif isinstance(home, str) and home:
            homes.setdefault(home, False)
            found[number] = home
        else:
            alone.append((number, identity))
    taken = dict.fromkeys(homes)
    for number, identity in alone:
        key = free_key(identity, taken)
        taken[key] = None
        found[number] = key
    return tuple(found[number] for number in range(len(nodes)))


def grafted(nodes: Sequence[Node], donor: Sequence[Node], ids: Sequence[str]) -> list[Node]:
    """Return `nodes` with the components `ids` as they are in `donor`, each where it stood, new ones at the end."""
    theirs: dict[str, list[Node]] = {}
    for owner, node in zip(owners(donor), donor, strict=True):
        theirs.setdefault(owner, []).append(node)
    coming = {identity: theirs.get(identity, []) for identity in ids}
    made: list[Node] = []
    for owner, node in zip(owners(nodes), nodes, strict=True):
        if owner in ids:
            made += coming.pop(owner, [])  # the first of its nodes brings them all
        else:
            made.append(node)
    return made + [node for identity in ids for node in coming.get(identity, [])]


def credentials_in(component: Component) -> Iterator[tuple[str, str]]:
    """Yield (`type/id`, words) of every node in a component that keeps credentials, or may."""
    content = component.content if isinstance(component.content, dict) else {}
    inside = content.get("nodes") if component.kind != "config" else {component.id: content}
    for identity, node in inside.items() if isinstance(inside, dict) else ():
        if not isinstance(node, dict) or not isinstance(kind := node.get("type"), str):
            continue
        need = _need(kind, node, config=component.kind == "config")
        if need:
            yield f"{kind}/{identity}", f"credentials of {label(node, identity)!r} ({kind}): {need}"


def _need(kind: str, node: Node, *, config: bool) -> str:
    """Return what has to be done where they are missing, nothing where there are none.

    A node of an installed module tells nothing of its credentials; those that stand alone usually have some.
    """
    sure, perhaps = "enter them again", "enter them again, if it uses any"
    match kind:
        case "http request":
            return sure if node.get("authType") else ""
        case "tls-config":
            return sure if any(node.get(key) for key in _UPLOADED) else ""
        case "mqtt-broker" | "http proxy":
            return perhaps
        case _:
            return perhaps if config and kind not in CORE else ""
