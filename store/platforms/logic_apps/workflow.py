"""One Logic Apps workflow: a standard workflow file, an exported resource, or a resource inside a template."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from store.domain.build import Source, component
from store.domain.component import Component, Json, Path
from store.formats import workflow_definition as wdl

_NOISE: Final = frozenset({
    "createdTime", "changedTime", "version", "accessEndpoint", "endpointsConfiguration", "provisioningState",
    "popularity", "etag", "systemData", "iconUri", "brandColor", "apiSummaries", "referencedResources",
})  # fmt: skip
"""What Azure writes down about a resource: times, versions, addresses it gave out."""
_TOP_NOISE: Final = frozenset({"id", "etag", "systemData"})
"""`id` holds the subscription and the resource group: the place, not the workflow."""
_FILE: Final = re.compile(r"(?:^|/)workflow\.json\Z", re.IGNORECASE)


def definition_of(document: Json) -> dict[str, Json] | None:
    """Return the definition in a workflow file or a resource, None where the document is neither.

    Standard: `{"definition", "kind"}`; a resource has it under `properties`, or flat as `az logic workflow show`
    prints it; the code view of the portal and old samples hold nothing but the definition.
    """
    if not isinstance(document, dict):
        return None
    properties = document.get("properties")
    for holder in (document, properties if isinstance(properties, dict) else {}):
        definition = holder.get("definition")
        if isinstance(definition, dict) and wdl.is_definition(definition):
            return definition
    is_bare = "workflowdefinition" in str(document.get("$schema")) and wdl.is_definition(document)
    return document if is_bare else None


def key_of(document: dict[str, Json], name: str) -> str:
    """Return what a workflow is called by: a resource's own name, else its file (`<workflow>/workflow.json`).

    Templates of the public gallery have names too, but copies of them share one.
    """
    own = document.get("name")
    kind = document.get("type")
    if isinstance(own, str) and own and isinstance(kind, str) and kind == "Microsoft.Logic/workflows":
        return own
    return _FILE.sub("", name) or name


def workflow(document: dict[str, Json], *, key: str, source: Source | None, shown: str = "") -> Component:
    """Return the component of a document that `definition_of` finds a definition in."""
    definition = definition_of(document)
    assert definition is not None
    steps, rest = wdl.flattened(definition)
    content: dict[str, Json] = {"nodes": steps, "definition": rest}
    if document is not definition:
        content |= {name: value for name, value in document.items() if name != "definition"}
    properties = content.get("properties")
    if isinstance(properties, dict) and properties.get("definition") is definition:
        content["properties"] = {name: value for name, value in properties.items() if name != "definition"}
    return component(
        id=key,
        name=shown or _name(document, key),
        kind="workflow",
        content=content,
        behaviour=wdl.workflow_without_noise(content, lambda path: is_noise("workflow", path)),
        labels=wdl.labels_of(steps),
        source=source,
    )


def _name(document: dict[str, Json], key: str) -> str:
    properties = document.get("properties")
    shown = properties.get("displayName") if isinstance(properties, dict) else None
    if isinstance(shown, str) and shown and not shown.startswith("${"):
        return shown
    return key.rpartition("/")[2].removesuffix(".json") or key


def references_of(content: Json) -> dict[str, Json]:
    """Return a workflow's connections by the keys its steps use, wherever the document has them."""
    found: dict[str, Json] = {}
    for holder in _holders(content):
        references = holder.get("connectionReferences")
        connections = holder.get("$connections")
        values = connections.get("value", connections.get("defaultValue")) if isinstance(connections, dict) else None
        found |= references if isinstance(references, dict) else {}
        found |= values if isinstance(values, dict) else {}
    return found


def _holders(content: Json) -> Iterator[dict[str, Json]]:
    outer = content if isinstance(content, dict) else {}
    properties = outer.get("properties")
    definition = outer.get("definition")
    for holder in (outer, properties, definition):
        if isinstance(holder, dict):
            yield holder
            if isinstance(parameters := holder.get("parameters"), dict):
                yield parameters


def is_guarded(content: Json) -> bool:
    """Say whether the resource asks callers for more than the key in the address: a token, or where they call from."""
    for holder in _holders(content):
        control = holder.get("accessControl")
        triggers = control.get("triggers") if isinstance(control, dict) else None
        if isinstance(triggers, dict) and (
            triggers.get("openAuthenticationPolicies") or triggers.get("allowedCallerIpAddresses")
        ):
            return True
    return False


def is_noise(kind: str, path: Path) -> bool:
    """Say whether a path in a component says nothing about behaviour."""
    if kind == "workflow":
        match path:
            case ("properties", key, *_):
                return key in _NOISE
            case (key, *_) if key in _TOP_NOISE or key in _NOISE:
                return True
            case _:
                return wdl.is_noise(path)
    return False
