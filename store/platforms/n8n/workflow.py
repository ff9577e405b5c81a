"""One n8n workflow: its content with nodes by id, what in it is noise, what is code, who sends to whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final, TypeAlias

from store.domain.component import Json, Path

Content: TypeAlias = dict[str, Any]

_MEANT: Final = frozenset({"name", "nodes", "connections", "settings", "active", "isArchived", "draft"})
"""What a workflow does stands here. All else that the editor, the runtime or a collector keeps beside it (its id,
pinned data, tags, versions, notes) changes nothing, and the public API does not take it."""
_DEFAULTS: Final = {"callerPolicy": "workflowsFromSameOwner", "availableInMCP": False}
"""Settings that n8n adds at the first save; with these values they change nothing."""
_CODE: Final = {
    "jsCode": "javascript",
    "functionCode": "javascript",
    "pythonCode": "python",
    "query": "sql",
    "html": "html",
}


def is_workflow(value: Mapping[str, Json]) -> bool:
    """Say whether an object is a workflow: a list of typed nodes and connections by node name."""
    nodes = value.get("nodes")
    return (
        isinstance(value.get("connections"), dict)
        and isinstance(nodes, list)
        and all(isinstance(node, dict) and isinstance(node.get("type"), str) for node in nodes)
    )


def content_of(workflow: Mapping[str, Json]) -> Content:
    """Return the workflow with its nodes as an object: by id, by name where ids are missing or doubled."""
    nodes = workflow["nodes"]
    assert isinstance(nodes, list)
    return {**workflow, "nodes": _by_id([_with_named_credentials(node) for node in nodes if isinstance(node, dict)])}


def _with_named_credentials(node: dict[str, Json]) -> dict[str, Json]:
    """Return a node whose credentials are written as n8n writes them since 0.135; older exports give only the name."""
    credentials = node.get("credentials")
    if not isinstance(credentials, dict) or not any(isinstance(one, str) for one in credentials.values()):
        return node
    named: dict[str, Json] = {
        kind: {"id": None, "name": one} if isinstance(one, str) else one for kind, one in credentials.items()
    }
    return {**node, "credentials": named}


def _by_id(nodes: list[dict[str, Json]]) -> dict[str, Json]:
    for key in ("id", "name"):
        ids = [identity for node in nodes if isinstance(identity := node.get(key), str) and identity]
        if len(set(ids)) == len(nodes):
            return dict(zip(ids, nodes, strict=True))
    return {f"#{number}": node for number, node in enumerate(nodes)}


def behaviour_of(content: Content) -> Content:
    """Return a workflow's content without what says nothing about behaviour."""
    bare = {key: value for key, value in content.items() if not _is_noise_key(key)}
    bare["nodes"] = {
        identity: {key: value for key, value in node.items() if key != "position"}
        for identity, node in content["nodes"].items()
    }
    for key in ("active", "isArchived"):
        if bare.get(key) is False:  # as if it were not said at all
            del bare[key]
    if isinstance(settings := bare.get("settings"), dict):
        bare["settings"] = {
            key: value for key, value in settings.items() if key not in _DEFAULTS or value != _DEFAULTS[key]
        }
    if not bare.get("settings"):
        bare.pop("settings", None)
    return bare


def _is_noise_key(key: str) -> bool:
    return key not in _MEANT


def labels_of(content: Content) -> dict[str, str]:
    """Return node id → the name people know the node by."""
    return {
        identity: name if isinstance(name := node.get("name"), str) and name else node["type"]
        for identity, node in content["nodes"].items()
    }


def is_noise(_kind: str, path: Path) -> bool:
    """Say whether a path says nothing about behaviour: a position, a time stamp, pinned test data."""
    match path:
        case ("nodes", _, "position", *_):
            return True
        case (key, *_):
            return _is_noise_key(key)
        case _:
            return False


def language(_kind: str, path: Path, value: str) -> str | None:
    """Return the language of a code field: code nodes, queries, and `={{ … }}` expressions."""
    if len(path) < 3 or path[0] != "nodes":
        return None
    if value.startswith("=") and "{{" in value:
        return "expression"
    return _CODE.get(path[-1]) if path[-1] != "html" or "<" in value else None


def wire_of(path: Path) -> str | None:
    """Return the name of the node whose connections stand at a path."""
    return path[1] if len(path) > 1 and path[0] == "connections" else None


def wires(content: Json) -> Mapping[str, tuple[str, ...]]:
    """Return for each node the ids it sends to, whatever the kind of connection, in the order of its outputs."""
    each = ((source, tuple(chain.from_iterable(found.values()))) for source, found in outputs(content).items())
    return {source: targets for source, targets in each if targets}


def outputs(content: Json) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return for each node the ids that each of its outputs sends to: `output 2`, `ai_tool`."""
    if not isinstance(content, dict) or not isinstance(nodes := content.get("nodes"), dict):
        return {}
    ids = {str(node.get("name")): identity for identity, node in nodes.items() if isinstance(node, dict)}
    connections = content.get("connections")
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for source, kinds in connections.items() if isinstance(connections, dict) else ():
        mine = found.setdefault(ids.get(source, source), {})
        for kind, ports in kinds.items() if isinstance(kinds, dict) else ():
            for number, port in enumerate(ports if isinstance(ports, list) else (), 1):
                name = f"output {number}" if kind == "main" else kind if number == 1 else f"{kind} {number}"
                mine[name] = tuple(ids.get(target, target) for target in _targets(port))
    return found


def _targets(value: Json) -> Iterator[str]:
    """Yield the node names in `{"main": [[{"node": …, "index": 0}]]}`."""
    if isinstance(value, list):
        for item in value:
            yield from _targets(item)
    elif isinstance(value, dict):
        node = value.get("node")
        if isinstance(node, str):
            yield node
        else:
            for item in value.values():
                yield from _targets(item)
