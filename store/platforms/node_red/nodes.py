"""One node: what it is called, where it belongs, what in it is noise, what is code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Final, TypeAlias

from store.domain.component import Json, Path
from store.errors import BadInput

Node: TypeAlias = dict[str, Any]
"""One node as the export has it. `type` is a text; nothing else is sure."""

_NOISE: Final = frozenset({"x", "y", "w", "h", "credentials"})
"""Geometry; and `credentials`, which a running Node-RED never gives back (they are noticed as secrets)."""
_CODE: Final = {
    "func": "javascript",
    "initialize": "javascript",
    "finalize": "javascript",
    "template": "template",
    "format": "template",
}
HOMES: Final = frozenset({"tab", "subflow"})
WIRED_BY: Final = frozenset({"type", "wires", "links"})
"""What of a node says where it sends its messages."""
_PORTS: Final = ("in", "out", "status")


def nodes_of(value: Json) -> list[Node]:
    """Return the nodes of an export: a list, or the answer of the Admin API (`{"flows": […], "rev": …}`).

    Raises:
        BadInput: it is neither, or something in the list is no node.
    """
    if isinstance(value, dict) and set(value) <= {"flows", "rev"}:
        value = value.get("flows")
    if not isinstance(value, list):
        raise BadInput("not a list of Node-RED nodes")
    nodes: list[Any] = value
    if {*map(type, nodes)} <= {dict} and {type(node.get("type")) for node in nodes} <= {str}:  # asked of all at once
        return nodes
    number = next(number for number, node in enumerate(nodes, 1) if not _is_node(node))
    raise BadInput(f"item {number} of the list is no Node-RED node: it has no type")


def _is_node(value: Json) -> bool:
    return isinstance(value, dict) and isinstance(value.get("type"), str)


def is_node_red(nodes: Iterable[Node]) -> bool:
    """Say whether a list of things with types can only be Node-RED's: something is wired, or on a tab."""
    return any(
        isinstance(node.get("wires"), list)
        or (node["type"] in HOMES and isinstance(node.get("id"), str))
        or (isinstance(node.get("z"), str) and isinstance(node.get("id"), str))
        for node in nodes
    )


def inner_id(node: Node, number: int) -> str:
    """Return a node's id; one without gets its place in the list."""
    identity = node.get("id")
    return identity if isinstance(identity, str) and identity else f"#{number}"


def own_name(node: Node) -> str:
    """Return the name somebody gave a node, empty where it has none."""
    name = node.get("name") or node.get("label")
    return name.strip() if isinstance(name, str) else ""


def label(node: Node, identity: str) -> str:
    """Return the name people know a node by: its own, its label, or its type with the start of its id."""
    return own_name(node) or f"{node['type']} {identity[:8]}"


def without_noise(node: Node, *, home: bool = False) -> Node:
    """Return a node as its digest sees it; `home` says that it is a tab or subflow, whose ports have places too."""
    bare = node.copy()
    for key in _NOISE:
        bare.pop(key, None)
    info = bare.get("info")
    if info and isinstance(info, str):
        bare["info"] = " ".join(info.split())
    if home:
        for port in _PORTS:
            if port in bare:
                bare[port] = _port(bare[port])
    return bare


def noise_of(node: Node) -> Node:
    """Return what of a node `without_noise` leaves out as a whole."""
    return {key: node[key] for key in _NOISE if key in node}


def _port(value: Json) -> Json:
    """Return a subflow's inputs or outputs (or its status output) without their places on the canvas."""
    if isinstance(value, list):
        return [_port(item) for item in value]
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if key not in {"x", "y"}}
    return value


def is_noise(kind: str, path: Path) -> bool:
    """Say whether a path in a component says nothing about behaviour: where things stand on the canvas."""
    match path:
        case ("nodes", _, key, *_):
            return key in _NOISE
        case ("tab" | "subflow", "in" | "out", _, key) | ("tab" | "subflow", "status", key):
            return key in {"x", "y"}
        case ("tab" | "subflow", key, *_):
            return key in _NOISE
        case ("credentials", *_):
            return kind == "config"
        case _:
            return False


def language(_kind: str, path: Path, value: str) -> str | None:
    """Return the language of a code field: functions, their set-up and clean-up, templates."""
    return _CODE.get(path[-1]) if path and value else None


def wire_of(path: Path) -> str | None:
    """Return the id of the node whose wires or links stand at a path."""
    return path[1] if len(path) > 2 and path[0] == "nodes" and path[2] in {"wires", "links"} else None


def wires(content: Json) -> Mapping[str, tuple[str, ...]]:
    """Return for each node the ids it sends to, over wires and over links, in the order of its outputs."""
    each = ((identity, tuple(chain.from_iterable(found.values()))) for identity, found in outputs(content).items())
    return {identity: targets for identity, targets in each if targets}


def outputs(content: Json) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return for each node the ids that each of its outputs and its links send to."""
    nodes = content.get("nodes") if isinstance(content, dict) else None
    if not isinstance(nodes, dict):
        return {}
    return {identity: found for identity, node in nodes.items() if isinstance(node, dict) and (found := _outputs(node))}


def _outputs(node: Node) -> dict[str, tuple[str, ...]]:
    wired = node.get("wires")
    found = {
        f"output {number}": _texts(output) for number, output in enumerate(wired if isinstance(wired, list) else (), 1)
    }
    if node["type"] in {"link out", "link call"} and isinstance(links := node.get("links"), list) and links:
        found["its link"] = _texts(links)
    return found


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
