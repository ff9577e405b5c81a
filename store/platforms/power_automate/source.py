"""The source of a canvas app as it is unpacked: a `.pa.yaml` for the app and for each screen."""

from __future__ import annotations

import re
from typing import Final

from store.domain.build import ORDER
from store.domain.component import Component, Json
from store.errors import BadInput
from store.formats.safe_yaml import read as read_yaml
from store.platforms.power_automate.parts import part

ENDING: Final = ".pa.yaml"
KINDS: Final = {"Screens": "screen", "ComponentDefinitions": "app-component"}
"""What stands under a name of its own; the app itself does not."""
APP: Final = "app-source"
_TOP: Final = re.compile(rb"^(?:App|Screens|ComponentDefinitions):", re.MULTILINE)


def is_source(data: bytes, name: str) -> bool:
    """Say at a glance whether a file is source of a canvas app."""
    return name.lower().endswith(ENDING) and _TOP.search(data) is not None


def lone_source(data: bytes, name: str) -> tuple[Component, ...]:
    """Return the screens and components that one file of an app's source holds, and the app where it is that one.

    Raises:
        BadInput: no harmless YAML, or no source of an app.
    """
    documents = read_yaml(data)
    document = documents[0] if len(documents) == 1 else None
    if not isinstance(document, dict):
        raise BadInput("not the source of a canvas app")
    found = [
        part(kind, _by_name(thing), key=f"{name}:{called}", name=called)
        for section, kind in KINDS.items()
        if isinstance(things := document.get(section), dict)
        for called, thing in things.items()
    ]
    if "App" in document:
        found.append(part(APP, _by_name(document["App"]), key=f"{name}:App", name="App"))
    if not found:
        raise BadInput("not the source of a canvas app: neither screens nor components nor the app")
    return tuple(found)


def _by_name(value: Json) -> Json:
    """Return a value in which lists of named controls (`- Button1: {…}`) are objects by name, their order beside."""
    if isinstance(value, dict):
        return {key: _by_name(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    names = [next(iter(item)) for item in value if isinstance(item, dict) and len(item) == 1]
    if not names or len(set(names)) != len(value) or ORDER in names:
        return [_by_name(item) for item in value]
    things = {key: _by_name(inner) for item in value if isinstance(item, dict) for key, inner in item.items()}
    return {ORDER: list(names), **things}
