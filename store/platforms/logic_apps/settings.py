"""The files beside standard workflows: `connections.json`, `parameters.json`, `host.json`, `local.settings.json`."""

from __future__ import annotations

from typing import Final

from store.domain.build import FreeKeys, component
from store.domain.component import Component, Json, Path
from store.formats import workflow_definition as wdl

CONNECTIONS: Final = (
    "managedApiConnections", "serviceProviderConnections", "functionConnections", "apiManagementConnections",
    "agentConnections",
)  # fmt: skip


def settings(document: Json, name: str) -> tuple[Component, ...] | None:
    """Return what a settings file holds, None where the document is none."""
    if not isinstance(document, dict) or not document:
        return None
    if _is_connections(document):
        return _connections(document, name)
    if _is_local(document):
        return (_whole("settings", document, name, "Local settings"),)
    if _is_host(document):
        return (_whole("host", document, name, "Host settings"),)
    if name.lower().endswith("parameters.json") and _is_parameters(document):
        return (_whole("parameters", document, name, "Parameters"),)
    return None


def _is_connections(document: dict[str, Json]) -> bool:
    return document.keys() <= set(CONNECTIONS) and all(isinstance(group, dict) for group in document.values())


def _is_local(document: dict[str, Json]) -> bool:
    return "IsEncrypted" in document and isinstance(document.get("Values"), dict)


def _is_host(document: dict[str, Json]) -> bool:
    bundle = document.get("extensionBundle")
    extensions = document.get("extensions")
    is_workflow = isinstance(extensions, dict) and "workflow" in extensions
    return isinstance(document.get("version"), str) and (
        is_workflow or (isinstance(bundle, dict) and "ExtensionBundle" in str(bundle.get("id")))
    )


def _is_parameters(document: dict[str, Json]) -> bool:
    return all(isinstance(item, dict) and "type" in item and "value" in item for item in document.values())


def _connections(document: dict[str, Json], name: str) -> tuple[Component, ...]:
    """Return a component for each connection, or the file itself where it lists none."""
    found: dict[str, Component] = {}
    keys = FreeKeys()
    for group, connections in document.items():
        for key, connection in connections.items() if isinstance(connections, dict) else ():
            identity = keys.free(f"{name}/{key}", found)
            found[identity] = _whole("connection", {group: connection}, identity, _shown(connection) or key)
    return tuple(found.values()) or (_whole("connections", document, name, "Connections"),)


def _shown(connection: Json) -> str:
    shown = connection.get("displayName") if isinstance(connection, dict) else None
    return shown if isinstance(shown, str) else ""


def _whole(kind: str, document: Json, name: str, shown: str) -> Component:
    behaviour = wdl.without_noise(document, lambda path: is_noise(kind, path))
    return component(id=name, name=shown, kind=kind, content=document, behaviour=behaviour, labels={})


def is_noise(kind: str, path: Path) -> bool:
    """Say whether a path says nothing about behaviour: the folder on somebody's own computer."""
    return kind == "settings" and path[:2] == ("Values", "ProjectDirectoryPath")
