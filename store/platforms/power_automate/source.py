"""The source of a canvas app as it is unpacked: a `.pa.yaml` or `.fx.yaml` for the app and for each screen."""

from __future__ import annotations

import re
from typing import Final

from store.domain.build import ORDER
from store.domain.component import Component, Json
from store.errors import BadInput
from store.formats.safe_yaml import read as read_yaml
from store.platforms.power_automate.parts import part

ENDING: Final = ".pa.yaml"
_EARLIER: Final = ".fx.yaml"
"""How files were called that say what a thing is in its key: `Screen1 As screen`."""
KINDS: Final = {"Screens": "screen", "ComponentDefinitions": "app-component"}
"""What stands under a name of its own; the app itself does not."""
APP: Final = "app-source"
_TOP: Final = re.compile(rb"^(?:App|Screens|ComponentDefinitions):", re.MULTILINE)
_TYPED_KEY: Final = re.compile(rb"^[^\s#][^\r\n]* As [^\r\n]+:\s", re.MULTILINE)
_TYPED: Final = re.compile(r"(.+) As ([^ ].*)")


def is_source(data: bytes, name: str) -> bool:
    """Say at a glance whether a file is source of a canvas app."""
    named = name.lower()
    if named.endswith(_EARLIER):
        return _TYPED_KEY.search(data) is not None
    return named.endswith(ENDING) and _TOP.search(data) is not None


def lone_source(data: bytes, name: str) -> tuple[Component, ...]:
    """Return the screens and components that one file of an app's source holds, and the app where it is that one.

    Raises:
        BadInput: no harmless YAML, or no source of an app.
    """
    documents = read_yaml(data)
    document = documents[0] if len(documents) == 1 else None
    if not isinstance(document, dict):
        raise BadInput("not the source of a canvas app")
    if name.lower().endswith(_EARLIER):
        return _typed(document, name)
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


def _typed(document: dict[str, Json], name: str) -> tuple[Component, ...]:
    """Return the things of a file whose keys say what each is."""
    found: list[Component] = []
    for key, thing in document.items():
        named = _TYPED.fullmatch(key)
        if named is None:
            raise BadInput("not the source of a canvas app: a thing in it has no type")
        called, of = named[1].strip("'"), named[2].strip("'")
        kind = APP if of == "appinfo" else "screen" if of.partition(".")[0] == "screen" else "app-component"
        found.append(part(kind, thing, key=f"{name}:{called}", name=called))
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
