"""What stands beside flows: packages, connections, references, variables, apps and files, each a component."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from store.domain.build import component
from store.domain.component import Component, Json
from store.errors import BadInput
from store.formats import workflow_definition as wdl
from store.formats.archive_zip import Member
from store.platforms.power_automate.contents import Contents
from store.platforms.power_automate.flow import GUID, is_noise, plain_guid

MAX_TEXT: Final = 512 * 1024
"""Bytes of the largest script or source that is kept as text; a larger one is a digest."""
_TEXTS: Final = (
    ".js", ".ts", ".json", ".xml", ".xaml", ".yaml", ".yml", ".css", ".htm", ".html", ".ps1", ".sql", ".csx", ".resx",
    ".txt", ".svg",
)  # fmt: skip
_WEB_RESOURCE: Final = re.compile(rf"(\.[a-z]{{2,4}})?{GUID.pattern}$")


def part(kind: str, content: Json, *, key: str, name: str) -> Component:
    """Return a component of this kind, its noise left out of its digest and its GUIDs in one form."""
    behaviour = wdl.without_noise(content, lambda path: is_noise(kind, path), text=plain_guid)
    return component(id=key, name=name or key, kind=kind, content=content, behaviour=behaviour, labels={})


def package(manifest: dict[str, Json], *, beside: dict[str, Json]) -> tuple[Component, ...]:
    """Return a package and the connections it asks for, as its `manifest.json` lists them."""
    resources = manifest.get("resources")
    listed = resources if isinstance(resources, dict) else {}
    connections = {key: item for key, item in listed.items() if _type(item) == "Microsoft.PowerApps/apis/connections"}
    names = {key: _display_name(item) or key for key, item in listed.items()}
    rest = {key: item for key, item in listed.items() if key not in connections}
    name = _display_name(manifest)
    whole = part("package", {**manifest, "resources": rest, **beside}, key=f"package:{name}", name=name)
    return (
        whole,
        *(
            part(
                "connection",
                item,
                key=f"connection:{key.lower()}",
                name=_connection_name(item, names),
            )
            for key, item in connections.items()
        ),
    )


def is_manifest(document: Json) -> bool:
    """Say whether a document is a package's `manifest.json`."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("details"), dict)
        and isinstance(resources := document.get("resources"), dict)
        and any(
            (_type(item) or "").startswith(("Microsoft.Flow/", "Microsoft.PowerApps/")) for item in resources.values()
        )
    )


def _type(resource: Json) -> str | None:
    kind = resource.get("type") if isinstance(resource, dict) else None
    return kind if isinstance(kind, str) else None


def _display_name(resource: Json) -> str:
    details = resource.get("details") if isinstance(resource, dict) else None
    name = details.get("displayName") if isinstance(details, dict) else None
    return name if isinstance(name, str) else ""


def _connection_name(connection: Json, names: dict[str, str]) -> str:
    """Return `SharePoint: ada@example.org` for a connection: what it is for, and whose it is."""
    depends = connection.get("dependsOn") if isinstance(connection, dict) else None
    api = next((names[key] for key in depends if isinstance(key, str) and key in names), "") if isinstance(
        depends, list
    ) else ""  # fmt: skip
    return ": ".join(word for word in (api, _display_name(connection)) if word)


def file(contents: Contents, name: str) -> Component:
    """Return any other file of an archive: its text where it is short and one, else its digest."""
    member = contents.members[name]
    is_text = name.lower().endswith(_TEXTS) or _WEB_RESOURCE.search(name)
    if is_text and member.size <= MAX_TEXT and contents.has_room(name):
        text = contents.text(name)
        if text is not None:
            return part("file", {"source": {_plain_name(name): text}}, key=name, name=_plain_name(name))
    content: Json = {"bytes": member.size, "sha256": digest_of(member)}
    return part("file", content, key=name, name=_plain_name(name))


def _plain_name(name: str) -> str:
    """Return a file's name without its folders and without the GUID a solution puts behind it."""
    last = name.rpartition("/")[2]
    match = _WEB_RESOURCE.search(last)
    return last[: match.start()] + (match[1] or "") if match and last[: match.start()] else last


def digest_of(member: Member) -> str:
    """Return the SHA-256 of a file, read in pieces."""
    digest = sha256()
    for piece in member.pieces():
        digest.update(piece)
    return digest.hexdigest()


def variable_values(document: Json) -> dict[str, Json]:
    """Return the values in an `environmentvariablevalues.json`, by the names of their variables."""
    outer = document.get("environmentvariablevalues") if isinstance(document, dict) else None
    found = outer.get("environmentvariablevalue") if isinstance(outer, dict) else None
    values = found if isinstance(found, list) else [found]
    named: dict[str, Json] = {}
    for item in values:
        if isinstance(item, dict):
            schema = item.get("schemaname") or item.get("@schemaname")
            inner = schema.get("schemaname") if isinstance(schema, dict) else schema
            named[inner if isinstance(inner, str) else ""] = item
    if not named:
        raise BadInput("no values of environment variables")
    return named
