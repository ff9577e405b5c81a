"""One scenario: its modules by id, what in it is noise, what is code, which module hands its bundles to which.

A blueprint nests: a router holds its routes, a module its error handler, each with a flow of modules. Here every
module stands under its id, and where it held a flow it holds the ids in their order.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from store.domain.build import FreeKeys, Source, component
from store.domain.component import Component, Json, Path
from store.domain.noise import ANY, Noise
from store.errors import BadInput

Module: TypeAlias = dict[str, Any]

_EDITOR: Final = ("designer", "restore", "expect", "parameters", "interface", "samples", "advanced")
"""What the editor remembers of a module: where it stands, and the labels of the fields it shows."""
NOISE: Final = Noise(
    at=(
        *((("nodes", ANY, "metadata", key)) for key in _EDITOR),
        ("metadata", "designer"),
        ("metadata", "zone"),
        ("lastEdit",),
        ("created",),
        ("idSequence",),
    )
)
_SQL: Final = re.compile(r"\s*(?:select|with|insert|update|delete|merge|call|exec)\b", re.IGNORECASE)
_CODE: Final = {"code": "javascript", "script": "javascript", "javascript": "javascript", "python": "python"}
_QUERIES: Final = frozenset({"query", "sql", "statement", "soql"})


def scenario_of(value: Json) -> Module:
    """Return the blueprint in an export or in an answer of the API, with what the answer says beside it.

    Raises:
        BadInput: there is none.
    """
    beside: Module = {}
    while isinstance(value, dict) and not isinstance(value.get("flow"), list):
        wrap = next((key for key in ("blueprint", "response", "scenario") if isinstance(value.get(key), dict)), None)
        if wrap is None:
            break
        beside |= {
            key: item for key, item in value.items() if key in {"scheduling", "name", "scenarioId", "idSequence"}
        }
        value = value[wrap]
    flow = value.get("flow") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(flow, list) or not all(_is_module(item) for item in flow):
        raise BadInput("not a blueprint of Make: its flow of modules is missing or misshapen")
    if not flow and not {"metadata", "name"} <= value.keys():
        raise BadInput("not a blueprint of Make: an empty flow says nothing about its platform")
    return {**beside, **value}


def _is_module(value: Json) -> bool:
    return isinstance(value, dict) and isinstance(value.get("module"), str) and isinstance(value.get("id"), (int, str))


def component_of(scenario: Module, name: str, *, source: Source) -> Component:
    """Return the scenario as a component, called by its name: a blueprint has no id of its own."""
    nodes: dict[str, Module] = {}
    order = _flattened(scenario["flow"], nodes, FreeKeys())
    content = {**scenario, "flow": order, "nodes": nodes}
    title = scenario.get("name")
    shown = title.strip() if isinstance(title, str) and title.strip() else name
    return component(
        id=f"scenario.{shown}",
        name=shown,
        kind="scenario",
        content=content,
        behaviour=NOISE.without(content),
        labels={identity: _label(node, identity) for identity, node in nodes.items()},
        source=source,
    )


def _flattened(flow: Json, nodes: dict[str, Module], keys: FreeKeys) -> list[Json]:
    """Put every module of a flow, and of the flows inside, under its id; return the ids in their order.

    Raises:
        BadInput: something in a flow is no module.
    """
    order: list[Json] = []
    for module in flow if isinstance(flow, list) else ():
        if not isinstance(module, dict) or not _is_module(module):
            raise BadInput("not a blueprint of Make: something in a flow is no module")
        identity = keys.free(str(module["id"]), nodes)
        order.append(identity)
        nodes[identity] = bare = dict(module)
        if isinstance(routes := module.get("routes"), list):
            bare["routes"] = [_route(route, nodes, keys) for route in routes]
        if isinstance(handler := module.get("onerror"), list):
            bare["onerror"] = _flattened(handler, nodes, keys) if all(_is_module(item) for item in handler) else handler
    return order


def _route(route: Json, nodes: dict[str, Module], keys: FreeKeys) -> Json:
    if not isinstance(route, dict) or not isinstance(route.get("flow"), list):
        return route
    return {**route, "flow": _flattened(route["flow"], nodes, keys)}


def _label(node: Module, identity: str) -> str:
    """Return the name given in the editor, else the module's own with its number, as the editor shows it."""
    metadata = node.get("metadata")
    designer = metadata.get("designer") if isinstance(metadata, dict) else None
    name = designer.get("name") if isinstance(designer, dict) else None
    return name.strip() if isinstance(name, str) and name.strip() else f"{node['module']} [{identity}]"


def language(_kind: str, path: Path, value: str) -> str | None:
    """Return the language of a code module, a query or a field that is mapped with `{{ … }}`."""
    key = path[-1] if path else ""
    if key in _CODE:
        return _CODE[key]
    if key in _QUERIES and _SQL.match(value):
        return "sql"
    return "formula" if "{{" in value else None


def wires(content: Json) -> Mapping[str, tuple[str, ...]]:
    """Return for each module the ids it hands its bundles to: the next one, each route's first, its error handler's."""
    if not isinstance(content, dict) or not isinstance(nodes := content.get("nodes"), dict):
        return {}
    found: dict[str, list[str]] = {}
    flows = [content.get("flow")]
    for identity, node in nodes.items():
        if isinstance(node, dict):
            inner = [*_flows(node)]
            flows += inner
            found[identity] = [first for flow in inner if (first := _first(flow))]
    for flow in flows:
        ids = [identity for identity in flow if isinstance(identity, str)] if isinstance(flow, list) else []
        for source, target in itertools.pairwise(ids):
            found.setdefault(source, []).append(target)
    return {source: tuple(targets) for source, targets in found.items() if targets}


def _flows(node: Module) -> Iterator[Json]:
    routes = node.get("routes")
    for route in routes if isinstance(routes, list) else ():
        if isinstance(route, dict):
            yield route.get("flow")
    if isinstance(node.get("onerror"), list):
        yield node["onerror"]


def _first(flow: Json) -> str | None:
    return flow[0] if isinstance(flow, list) and flow and isinstance(flow[0], str) else None
