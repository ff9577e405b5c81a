"""Canvas apps: a `.msapp`, which is a zip itself, alone, in a solution, or in a package made for an app."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from store.domain.component import Component, Connector, Json
from store.errors import BadInput
from store.formats.archive_zip import open_zip
from store.integrity.strict_json import parse as parse_json
from store.platforms.power_automate.contents import Contents
from store.platforms.power_automate.flow import GUID
from store.platforms.power_automate.parts import MAX_TEXT, digest_of, part
from store.platforms.power_automate.watch import modules_of

FOLDER: Final = "Microsoft.PowerApps/apps/"
_CHANCE: Final = re.compile(rf"^N{GUID.pattern}-")
"""A package gives each file of an app a new name every time."""


def canvas_app(name: str, document: bytes, entry: Json, *, key: str) -> Component:
    """Return a canvas app: what its solution says of it, the digests of what is in its `.msapp`, and its source.

    Raises:
        BadInput: the `.msapp` is a zip that no export tool writes.
    """
    contents = Contents(members={member.name: member for member in open_zip(document)})
    digests: dict[str, Json] = {}
    sources: dict[str, Json] = {}
    for path, member in contents.members.items():
        is_source = path.startswith("Src/") and member.size <= MAX_TEXT and contents.has_room(path)
        text = contents.text(path) if is_source else None
        if text is None:
            digests[path] = digest_of(member)
        else:
            sources[path] = text
    content: dict[str, Json] = {"members": digests, "source": sources}
    if entry is not None:
        content["app"] = entry
    return part("canvas-app", content, key=key, name=name)


def connectors_inside(contents: Contents) -> Iterator[Connector]:
    """Yield what an app connects to as its `.msapp` itself says: JSON text inside the JSON of its properties."""
    try:
        properties, _ = contents.json("Properties.json")
        text = properties.get("LocalConnectionReferences") if isinstance(properties, dict) else None
        references = parse_json(text.encode()).value if isinstance(text, str) and text else None
    except BadInput:  # the digest of the file still tells when it changes
        return
    yield from modules_of(references)


def packaged_app(contents: Contents, name: str, taken: set[str]) -> Component | None:
    """Return the app that `Microsoft.PowerApps/apps/<number>/<number>.json` describes, with all files beside it.

    None where the file describes no app.

    Raises:
        BadInput: the description or the `.msapp` cannot be read.
    """
    document, _ = contents.json(name)
    template = document.get("appDefinitionTemplate") if isinstance(document, dict) else None
    properties = template.get("properties") if isinstance(template, dict) else None
    if not isinstance(properties, dict):
        return None
    shown = properties.get("displayName")
    called = shown if isinstance(shown, str) and shown else "app"
    folder = name[: name.rindex("/") + 1]
    files: dict[str, Json] = {}
    app = b""
    for path in contents:
        if path.startswith(folder) and path != name:
            taken.add(path)
            if path.endswith(".msapp") and not app:
                app = contents.members[path].read()
            else:
                files[_CHANCE.sub("", path.removeprefix(folder))] = digest_of(contents.members[path])
    taken.add(name)
    entry: Json = {"document": document, "files": files}
    if app:
        return canvas_app(called, app, entry, key=f"canvas-app:{called}")
    return part("canvas-app", {"app": entry}, key=f"canvas-app:{called}", name=called)
