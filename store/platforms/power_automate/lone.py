"""The parts of a package or a solution when they come one by one, as people unzip them."""

from __future__ import annotations

from typing import Final

from store.domain.build import Source
from store.domain.component import Component, Json
from store.errors import BadInput
from store.formats.safe_xml import read as read_xml
from store.integrity.strict_json import parse as parse_json
from store.platforms.power_automate.flow import GUID, flow, flow_id, flow_name, is_flow, wrapped
from store.platforms.power_automate.parts import is_manifest, package, part, variable_values
from store.platforms.power_automate.solution import customizations, entry_part, identity, manifest
from store.platforms.power_automate.xml_value import tag, value

_MAPS: Final = {"apismap.json": "connector-map", "connectionsmap.json": "connection-map"}
_INDEX: Final = frozenset({"packageSchemaVersion", "flowAssets"})
PARTS: Final = frozenset({
    "environmentvariabledefinition", "Workflow", "connectionreference", "CanvasApp", "AppModule", "AppModuleSiteMap",
    "WebResource", "PluginAssembly", "SdkMessageProcessingStep", "EntityRelationships", "EntityMaps", "Entity", "Role",
    "optionset", "forms", "savedqueries", "RibbonDiffXml",
})  # fmt: skip
"""Root elements of the files that the command line tool lays a solution out into."""
_SETTINGS: Final = frozenset({"EnvironmentVariables", "ConnectionReferences"})


def lone_json(data: bytes, name: str) -> tuple[Component, ...]:
    """Return what one JSON file of a package or a solution holds.

    Raises:
        BadInput: no strict JSON, or no part of either.
    """
    read = parse_json(data)
    document = wrapped(read.value)
    if not isinstance(document, dict):
        raise BadInput("not a part of a Power Automate package or solution")
    if is_flow(document):
        stem = name.rpartition("/")[2].removesuffix(".json")
        ids = GUID.findall(stem)
        identity_of = flow_id(document, ids[-1].lower() if ids else name)
        shown = flow_name(document, GUID.sub("", stem).strip("-_") or stem)
        source = Source.of(data, has_float=read.has_float)
        return (flow(document, key=identity_of, name=shown, beside={}, source=source),)
    if is_manifest(document):
        return package(document, beside={})
    if document.keys() >= _INDEX:
        return (part("package-index", document, key=name, name="Flows of the package"),)
    if (kind := _map_kind(document, name)) is not None:
        return (part(kind, document, key=name, name=kind.replace("-", " ").capitalize()),)
    if "environmentvariablevalues" in document:
        values = variable_values(document)
        return tuple(
            part("environment-variable-value", item, key=f"{key} value", name=key) for key, item in values.items()
        )
    if document.keys() <= _SETTINGS and document and all(isinstance(item, list) for item in document.values()):
        return (part("deployment-settings", document, key=name, name="Deployment settings"),)
    if document and all(isinstance(item, dict) and "connectionRef" in item for item in document.values()):
        return (part("app-connections", document, key=name, name="Connections of the app"),)
    raise BadInput("not a part of a Power Automate package or solution")


def _map_kind(document: dict[str, Json], name: str) -> str | None:
    """Return which map of a package a document is: from connector keys to the resources of `manifest.json`."""
    if not all(isinstance(item, str) and GUID.fullmatch(item) for item in document.values()):
        return None
    named = next((kind for end, kind in _MAPS.items() if name.lower().endswith(end)), None)
    if document and all(key.startswith("shared_") for key in document):
        return named or "connector-map"
    return named


def lone_xml(data: bytes, name: str) -> tuple[Component, ...]:
    """Return what one XML file of a solution holds.

    Raises:
        BadInput: no XML, or no part of a solution.
    """
    root = read_xml(data)
    kind = tag(root)
    if kind == "ImportExportXml" and any(tag(child) == "SolutionManifest" for child in root):
        return (manifest(root, {}),)
    if kind == "ImportExportXml":
        entries, rest = customizations(root)
        parts = [entry_part(key, entry) for key, entry in entries]
        return (
            (*parts, part("customizations", rest, key=name, name="Customizations")) if rest or not parts else (*parts,)
        )
    found = value(root)
    if kind not in PARTS:
        raise BadInput("not a part of a Power Platform solution")
    if isinstance(found, dict) and identity(found):
        return (entry_part(kind, found),)
    return (part(kind.lower(), found, key=name, name=name.rpartition("/")[2]),)
