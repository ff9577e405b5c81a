"""Where state machines are found: files of their own, answers of the API, CloudFormation and SAM templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from store.domain.build import Source, component
from store.domain.component import Component, Json
from store.errors import BadInput
from store.formats.safe_yaml import read as read_yaml
from store.integrity.strict_json import parse as parse_json
from store.platforms.step_functions.machine import Machine, components_of, is_definition

MACHINES: Final = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")
_SUFFIX: Final = re.compile(r"(?:\.asl)?\.(?:json|ya?ml)\Z", re.IGNORECASE)
_DEFINITIONS: Final = ("DefinitionString", "Definition")
_GAP: Final = re.compile(rb'("(?:[^"\\]|\\.)*+")|\$\{([A-Za-z0-9_.:]{1,128})\}')
"""A text, or a placeholder that stands outside of one (`"TimeoutSeconds": ${Timeout}`), which JSON does not know."""


def document_of(data: bytes) -> tuple[Json, Source | None]:
    """Return the JSON or YAML document in `data`, and what is known of how it can be written.

    Raises:
        BadInput: it is neither, or several documents.
    """
    if data[:256].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        if b"${" in data:
            data = _GAP.sub(_filled, data)
        read = parse_json(data)
        return read.value, Source.of(data, has_float=read.has_float)
    documents = read_yaml(data)
    if len(documents) != 1:
        raise BadInput(f"a state machine is one document, not {len(documents)}")
    return documents[0], None


def _filled(match: re.Match[bytes]) -> bytes:
    return match[1] or b'{"unquoted": "${' + match[2] + b'}"}'


def parts_of(document: Json, name: str, source: Source | None) -> tuple[Component, ...]:
    """Return the components of everything that is a state machine in a document.

    Raises:
        BadInput: there is none.
    """
    if not isinstance(document, dict):
        raise BadInput("not a state machine: no object")
    key = _SUFFIX.sub("", name) or name
    if is_definition(document):
        shown = key.rpartition("/")[2]
        return components_of(Machine(key=key, name=shown, definition=document, beside={}, source=source))
    described = document.get("definition")
    if isinstance(described, str) and ("stateMachineArn" in document or "roleArn" in document):
        own = document.get("name")
        key = own if isinstance(own, str) and own else key
        beside = {field: value for field, value in document.items() if field != "definition"}
        return components_of(Machine(key=key, name=key, definition=_text(described), beside=beside, source=None))
    if isinstance(resources := document.get("Resources"), dict):
        return _template(document, resources, name)
    raise BadInput("not a state machine: StartAt and States are missing or misshapen")


def _template(document: dict[str, Json], resources: dict[str, Json], name: str) -> tuple[Component, ...]:
    """Return the machines of a template, and the template without them."""
    machines = [(key, resource) for key, resource in resources.items() if _is_machine(resource)]
    if not machines:
        raise BadInput("a template without a state machine")
    taken = {key for key, _ in machines}
    rest: dict[str, Json] = {
        **document,
        "Resources": {key: resource for key, resource in resources.items() if key not in taken},
    }
    found = [component(id=name, name=name.rpartition("/")[2], kind="template", content=rest, behaviour=rest, labels={})]
    for key, resource in machines:
        assert isinstance(resource, dict)
        found += components_of(_deployed(resource, f"{name}/{key}", key))
    return tuple(found)


def _is_machine(resource: Json) -> bool:
    return isinstance(resource, dict) and resource.get("Type") in MACHINES


def _deployed(resource: dict[str, Json], key: str, name: str) -> Machine:
    properties = resource.get("Properties")
    inside = properties if isinstance(properties, dict) else {}
    field = next((field for field in _DEFINITIONS if field in inside), None)
    definition = _definition(inside[field]) if field is not None else {}
    bare = {key: value for key, value in inside.items() if key != field or not definition}
    beside: dict[str, Json] = {
        **{key: value for key, value in resource.items() if key != "Properties"},
        "Properties": bare,
    }
    own = inside.get("StateMachineName") or inside.get("Name")
    return Machine(
        key=key, name=own if isinstance(own, str) and own else name, definition=definition, beside=beside, source=None
    )


def _definition(value: Json) -> dict[str, Json]:
    """Return the machine in a template's property, empty where it is no text that can be read as one."""
    if isinstance(value, dict) and is_definition(value):
        return value
    text = _written(value)
    try:
        return _text(text) if text else {}
    except BadInput:  # it stays in the component as the text it is
        return {}


def _text(text: str) -> dict[str, Json]:
    document, _ = document_of(text.encode())
    if not isinstance(document, dict) or not is_definition(document):
        raise BadInput("the definition of the state machine is no Amazon States Language")
    return document


def _written(value: Json) -> str:
    """Return what CloudFormation's functions make of a text, with `${Name}` where only a deployment knows."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict) or len(value) != 1:
        return ""
    ((function, given),) = value.items()
    match function.removeprefix("Fn::").removeprefix("!"):
        case "Sub":
            return str(given[0]) if isinstance(given, list) and given else given if isinstance(given, str) else ""
        case "Join" if isinstance(given, list) and len(given) == 2 and isinstance(given[1], list):
            return str(given[0]).join(_piece(piece) for piece in given[1])
        case _:
            return ""


def _piece(piece: Json) -> str:
    if isinstance(piece, str):
        return piece
    return "${" + ".".join(_names(piece)) + "}"


def _names(value: Json) -> Iterator[str]:
    """Yield the names in `{"Ref": "Function"}` or `{"Fn::GetAtt": ["Function", "Arn"]}`."""
    if isinstance(value, dict):
        for item in value.values():
            yield from _names(item)
    elif isinstance(value, list):
        for item in value:
            yield from _names(item)
    else:
        yield str(value)
