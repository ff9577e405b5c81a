"""One flow: its elements and resources by name, what in it is noise, what is code, where its connectors lead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final, TypeAlias
from xml.etree.ElementTree import Element

from store.domain.build import FreeKeys, Source, component
from store.domain.component import Component, Json, Path
from store.domain.noise import ANY, Noise
from store.errors import BadInput

Thing: TypeAlias = dict[str, Any]

START: Final = "start"
"""The id of the point where every flow begins; flows before 2020 only say which element comes first."""
NOISE: Final = Noise(
    at=(("nodes", ANY, "locationX"), ("nodes", ANY, "locationY"), ("processMetadataValues",)),
)
"""Where elements stand, and with which builder they were put there."""
_SUFFIXES: Final = (".flow-meta.xml", ".flowDefinition-meta.xml", ".flowDefinition", ".flow", ".xml")
_VERSION: Final = re.compile(r"-[0-9]{1,6}\Z")
_LISTS: Final = frozenset({
    "queriedFields", "choiceReferences", "collectionReferences", "labels", "dataTypeMappings", "values",
})  # fmt: skip
"""Plain texts that may stand several times."""


def component_of(root: Element, name: str) -> Component:
    """Return the flow as a component, known by its API name, which is its file's.

    Raises:
        BadInput: the document is no flow.
    """
    kind = {"Flow": "flow", "FlowDefinition": "flow definition"}.get(_local(root.tag))
    if kind is None:
        raise BadInput(f"not a Salesforce flow: the document is a {_local(root.tag)[:40]}")
    content: Thing = {}
    nodes: dict[str, Thing] = {}
    keys = FreeKeys()
    for child in root:
        tag = _local(child.tag)
        value = _value(child)
        own = value.get("name") if isinstance(value, dict) else None
        if tag == START and isinstance(value, dict):
            nodes[keys.free(START, nodes)] = {"element": tag, **value}
        elif isinstance(value, dict) and isinstance(own, str) and own and tag != "processMetadataValues":
            nodes[keys.free(own, nodes)] = {"element": tag, **value}
        else:
            _put(content, tag, value, several=isinstance(value, dict))
    if kind == "flow" and not nodes and "processType" not in content and "status" not in content:
        raise BadInput("not a Salesforce flow: neither elements nor a process type")
    content["nodes"] = nodes
    called = _api_name(name)
    title = content.get("label") or content.get("masterLabel")
    return component(
        id=f"{kind}.{called}",
        name=title.strip() if isinstance(title, str) and title.strip() else called,
        kind=kind,
        content=content,
        behaviour=NOISE.without(content),
        labels={identity: _label(node, identity) for identity, node in nodes.items()},
        source=Source.of_value(content),
    )


def _api_name(name: str) -> str:
    """Return a file's name without its ending and, in the oldest format, without the number of its version."""
    base = PurePosixPath(name).name
    ending = next((suffix for suffix in _SUFFIXES if base.lower().endswith(suffix.lower())), "")
    called = base[: len(base) - len(ending)] or base
    return _VERSION.sub("", called) if ending == ".flow" else called


def _label(node: Thing, identity: str) -> str:
    label = node.get("label")
    if isinstance(label, str) and label.strip():
        return label.strip()
    return "Start" if identity == START else identity


def _value(element: Element) -> Json:
    """Return what an element holds. Elements that may stand several times are lists, however often they do."""
    if len(element) == 0:
        return element.text or ""
    value: Thing = {}
    for child in element:
        tag = _local(child.tag)
        inner = _value(child)
        if tag in _LISTS or (tag.endswith("s") and isinstance(inner, dict)) or tag in value:
            _put(value, tag, inner, several=True)
        else:
            value[tag] = inner
    return value


def _put(thing: Thing, tag: str, value: Json, *, several: bool) -> None:
    """Put a value under its tag: into a list where there may be several, or are."""
    if tag not in thing:
        thing[tag] = [value] if several else value
    elif isinstance(thing[tag], list):
        thing[tag].append(value)
    else:
        thing[tag] = [thing[tag], value]


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def language(_kind: str, path: Path, value: str) -> str | None:
    """Return the language of a formula, a text template or a text with merge fields `{! … }`."""
    key = path[-1] if path else ""
    if key in {"expression", "formulaExpression", "filterFormula", "validationRule"}:
        return "formula"
    if key in {"text", "fieldText", "helpText"} and "<" in value:
        return "html"
    return "template" if "{!" in value and "\n" in value else None


def wires(content: Json) -> Mapping[str, tuple[str, ...]]:
    """Return for each element the names of the elements its connectors lead to, in the order of the file."""
    if not isinstance(content, dict) or not isinstance(nodes := content.get("nodes"), dict):
        return {}
    found = {name: tuple(dict.fromkeys(_targets(node))) for name, node in nodes.items()}
    first = content.get("startElementReference")
    if isinstance(first, str) and first:
        found[START] = (first, *found.get(START, ()))
    return {name: targets for name, targets in found.items() if targets}


def _targets(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        target = value.get("targetReference")
        if isinstance(target, str) and target:
            yield target
        for item in value.values():
            yield from _targets(item)
    elif isinstance(value, list):
        for item in value:
            yield from _targets(item)
