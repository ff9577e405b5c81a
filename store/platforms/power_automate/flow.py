"""One cloud flow: a Logic Apps definition with connection references, in a package, a solution or on its own."""

from __future__ import annotations

import re
from typing import Final

from store.domain.build import Source, component, searchable
from store.domain.component import Component, Json, Path
from store.formats import workflow_definition as wdl

GUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_WHOLE_GUID: Final = re.compile(rf"\{{?{GUID.pattern}\}}?")
_HEX: Final = bytes(0x61 if chr(byte) in "0123456789abcdefABCDEF" else byte for byte in range(256))
_HEX_BEFORE_A_DASH: Final = b"aaaaaaaa-aaaa-"
_NOISE: Final = frozenset({
    "createdTime", "lastModifiedTime", "changedTime", "lastPublishTime", "creator", "lastModifiedBy", "createdBy",
    "provisioningMethod", "flowFailureAlertSubscribed", "flowSuspensionReason", "flowSuspensionReasonDetails",
    "flowSuspensionTime", "installationStatus", "environment", "userType", "definitionSummary", "templateName",
    "sharingType", "workflowUniqueId", "workflowEntityId", "flowTriggerUri", "referencedResources", "etag",
    "iconUri", "brandColor", "swagger", "tier",
})  # fmt: skip
"""What an export writes down about itself, the people and the place it comes from."""
_IDENTITY: Final = frozenset({"name", "id"})
"""A flow's GUIDs are what its component is called by; another environment gives it others."""
_WORKFLOW_NOISE: Final = frozenset({"@WorkflowId", "JsonFileName", "XamlFileName", "IntroducedVersion"})


def is_flow(document: Json) -> bool:
    """Say whether a document is a flow of Power Automate, not one of Logic Apps, which looks much alike."""
    if not isinstance(document, dict) or not isinstance(properties := document.get("properties"), dict):
        return False
    kind = document.get("type")
    if not wdl.is_definition(properties.get("definition")):
        return False
    if isinstance(kind, str) and kind:
        return kind.startswith(("Microsoft.Flow", "Microsoft.ProcessSimple"))
    return "schemaVersion" in document or "connectionReferences" in properties or "displayName" in properties


def wrapped(document: Json) -> Json:
    """Return a bare definition as the document it is in elsewhere, where only Power Automate can have written it.

    `OpenApiConnection` steps and the parameter `$authentication` are its own; Logic Apps knows neither.
    """
    if not isinstance(document, dict) or "properties" in document:
        return document
    definition = document.get("definition", document)
    if not isinstance(definition, dict) or not wdl.is_definition(definition):
        return document
    steps, _ = wdl.flattened(definition)
    parameters = definition.get("parameters")
    types = {str(step.get("type")) for step in steps.values() if isinstance(step, dict)}
    signed_in = isinstance(parameters, dict) and "$authentication" in parameters
    if not signed_in and not any(kind.startswith("OpenApiConnection") for kind in types):
        return document
    beside = {} if definition is document else document
    return {"properties": {"connectionReferences": {}, **beside, "definition": definition}}


def flow_id(document: dict[str, Json], otherwise: str) -> str:
    """Return the GUID a flow calls itself by, in lower case; `otherwise` where it has none (a solution's flow)."""
    name = document.get("name")
    match = GUID.fullmatch(name) if isinstance(name, str) else None
    return match[0].lower() if match else otherwise


def flow_name(document: dict[str, Json], otherwise: str) -> str:
    """Return the name people know a flow by."""
    properties = document.get("properties")
    name = properties.get("displayName") if isinstance(properties, dict) else None
    return name if isinstance(name, str) and name else otherwise


def flow(
    document: dict[str, Json],
    *,
    key: str,
    name: str,
    beside: dict[str, Json],
    source: Source | None,
) -> Component:
    """Return the component of a flow; `beside` is what the package or the solution says of it elsewhere."""
    properties = document["properties"]
    assert isinstance(properties, dict)
    definition = properties["definition"]
    assert isinstance(definition, dict)
    steps, rest = wdl.flattened(definition)
    content: dict[str, Json] = {
        "nodes": steps,
        "definition": rest,
        "properties": {key: value for key, value in properties.items() if key != "definition"},
        **{key: value for key, value in document.items() if key != "properties"},
        **beside,
    }
    behaviour = wdl.workflow_without_noise(
        content, lambda path: is_noise("flow", path), text=plain_guid if _may_hold_guid(content) else None
    )
    return component(
        id=key,
        name=name,
        kind="flow",
        content=content,
        behaviour=behaviour,
        labels=wdl.labels_of(steps),
        source=source,
    )


def references_of(content: Json) -> dict[str, Json]:
    """Return the connection references of a flow's content by the keys its steps use."""
    properties = content.get("properties") if isinstance(content, dict) else None
    references = properties.get("connectionReferences") if isinstance(properties, dict) else None
    return references if isinstance(references, dict) else {}


def is_noise(kind: str, path: Path) -> bool:
    """Say whether a path in a component says nothing about behaviour."""
    if kind == "flow":
        match path:
            case ("properties", key, *_):
                return key in _NOISE or _is_reference_noise(path)
            case ("workflow", key, *_):
                return key in _WORKFLOW_NOISE
            case (key, *_) if key in _IDENTITY:
                return True
            case _:
                return wdl.is_noise(path)
    return kind == "app-layout" or not _OTHER_NOISE.get(kind, frozenset()).isdisjoint(path)


def _is_reference_noise(path: Path) -> bool:
    return path[1] == "connectionReferences" and path[-1] in {"iconUri", "brandColor", "swagger", "tier"}


_OTHER_NOISE: Final[dict[str, frozenset[str]]] = {
    "package": frozenset({"createdTime", "packageTelemetryId", "creator", "sourceEnvironment", "iconUri"}),
    "connection": frozenset({"iconUri"}),
    "solution": frozenset({"@version", "@generatedBy", "@SolutionPackageVersion", "@OrganizationVersion"}),
    "environment-variable": frozenset({"@environmentvariablevalueid", "environmentvariablevalueid"}),
    "app-file": frozenset({
        "LastSavedDateTimeUTC", "LastPublishedDateTimeUTC", "HeaderLastSavedDateTimeUTC",
    }),
    "agent": frozenset({"iconbase64", "publishedon"}),
    "canvas-app": frozenset({
        "LastPublishTime", "AppVersion", "CreatedByClientVersion", "MinClientVersion", "appVersion", "sienaVersion",
        "publisherVersion", "createdByClientVersion", "minClientVersion", "createdTime", "lastModifiedTime", "appUris",
        "icons", "backgroundImageUri", "checksum.json", "Header.json", "AppCheckerResult.sarif",
        "Resources/PublishInfo.json", "Entropy/Entropy.json",
    }),
}  # fmt: skip
"""Component kind → keys that say nothing: when, by which build and from where something was exported."""


def _may_hold_guid(content: Json) -> bool:
    """Say at a glance whether a text in `content` may be a GUID; most flows hold none."""
    return _HEX_BEFORE_A_DASH in searchable(content).translate(_HEX)


def plain_guid(text: str) -> str:
    """Return a GUID in one form (lower case, no braces), any other text as it is."""
    return text.strip("{}").lower() if 36 <= len(text) <= 38 and _WHOLE_GUID.fullmatch(text) else text
