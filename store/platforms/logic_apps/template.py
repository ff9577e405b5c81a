"""ARM templates that hold Logic Apps: a component for each workflow and connection, one for all the rest."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Final

from store.domain.build import component
from store.domain.component import Component, Json
from store.platforms.logic_apps.workflow import definition_of, workflow

_SCHEMA: Final = "deploymentTemplate.json"
_CONNECTION: Final = frozenset({"Microsoft.Web/connections", "Microsoft.Web/customApis"})
_OURS: Final = ("microsoft.logic/", "microsoft.web/connections", "microsoft.web/customapis")
_PARAMETER: Final = re.compile(r"\[\s*parameters\(\s*'([^']+)'\s*\)\s*\]")


def is_template(document: Json) -> bool:
    """Say whether a document is an ARM template with something of Logic Apps in it."""
    return (
        isinstance(document, dict)
        and _SCHEMA in str(document.get("$schema"))
        and any(_is_ours(resource) for resource in _resources(document.get("resources")))
    )


def template(document: dict[str, Json], name: str) -> tuple[Component, ...]:
    """Return the workflows and connections of a template, and the template without them."""
    found: dict[str, Component] = {}
    taken: list[Json] = []
    for resource in _resources(document.get("resources")):
        kind = str(resource.get("type"))
        called = _name(resource, kind)
        key, shown = f"{name}/{called}", _shown(called, document)
        if key in found:
            continue  # a second one of the name stays in the template
        if kind == "Microsoft.Logic/workflows" and definition_of(resource) is not None:
            found[key] = workflow(resource, key=key, shown=shown, source=None)
        elif kind in _CONNECTION:
            made = "connection" if kind == "Microsoft.Web/connections" else "custom-connector"
            found[key] = component(id=key, name=shown, kind=made, content=resource, behaviour=resource, labels={})
        else:
            continue
        taken.append(resource)
    rest = _without(document, {id(resource) for resource in taken})
    called = name.rpartition("/")[2].removesuffix(".json")
    whole = component(id=name, name=called, kind="template", content=rest, behaviour=rest, labels={})
    return (whole, *found.values())


def _is_ours(resource: dict[str, Json]) -> bool:
    kind = str(resource.get("type")).lower()
    return kind.startswith(_OURS) or "workflowapp" in str(resource.get("kind")).lower()


def _name(resource: dict[str, Json], kind: str) -> str:
    name = resource.get("name")
    return name if isinstance(name, str) and name else kind


def _shown(name: str, document: dict[str, Json]) -> str:
    """Return a name for people: `[parameters('logicAppName')]` is what the parameter is by default."""
    match = _PARAMETER.fullmatch(name)
    parameters = document.get("parameters")
    parameter = parameters.get(match[1]) if match and isinstance(parameters, dict) else None
    default = parameter.get("defaultValue") if isinstance(parameter, dict) else None
    if isinstance(default, str) and default and not default.startswith("["):
        return default
    return match[1] if match else name


def _resources(value: Json) -> Iterator[dict[str, Json]]:
    """Yield the resources of a template, by list or by symbolic name; those in resources and nested templates too."""
    waiting: deque[Json] = deque([value])
    while waiting:
        here = waiting.popleft()
        items = list(here.values()) if isinstance(here, dict) else here if isinstance(here, list) else []
        for resource in items:
            if isinstance(resource, dict):
                yield resource
                properties = resource.get("properties")
                inner = properties.get("template") if isinstance(properties, dict) else None
                waiting += [resource.get("resources"), inner.get("resources") if isinstance(inner, dict) else None]


def _without(value: Json, taken: set[int]) -> Json:
    """Return a value without the objects of these identities; a list keeps no gap."""
    if isinstance(value, dict):
        return {key: _without(item, taken) for key, item in value.items() if id(item) not in taken}
    if isinstance(value, list):
        return [_without(item, taken) for item in value if id(item) not in taken]
    return value
