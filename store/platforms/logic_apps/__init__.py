"""Azure Logic Apps: standard and consumption workflows, templates that deploy them, and the files beside them."""

from __future__ import annotations

from typing import Final

from store.domain.build import Source
from store.domain.component import Component, DiffRules, Parsed, Path
from store.errors import BadInput
from store.formats import workflow_definition as wdl
from store.formats.archive_zip import is_zip
from store.integrity.strict_json import parse as parse_json
from store.platforms.logic_apps import deployment as deployed
from store.platforms.logic_apps import settings as beside
from store.platforms.logic_apps import workflow as one
from store.platforms.logic_apps.template import is_template, template
from store.platforms.logic_apps.watch import outside

_WORKFLOW: Final = b"/workflowdefinition.json"
_RESOURCE: Final = (b"Microsoft.Logic/", b"Microsoft.Web/connections", b"Microsoft.Web/customApis", b"workflowapp")
_FILES: Final = (
    *(f'"{key}"'.encode() for key in beside.CONNECTIONS), b'"IsEncrypted"', b"Functions.ExtensionBundle",
)  # fmt: skip


class LogicApps:
    """Azure Logic Apps, standard and consumption. A component is a workflow, a connection, or a file of settings."""

    name: Final = "logic-apps"

    @property
    def rules(self) -> DiffRules:
        """Noise are times and places; code are expressions and inline scripts; wires are `runAfter`."""
        return DiffRules(is_noise=_is_noise, language=_language, wires=wdl.wires)

    def detect(self, data: bytes, name: str) -> int:
        """Return how much `data` looks like a workflow, a template or zip with one, or a file that goes with one."""
        if is_zip(data):
            return 90 if deployed.looks_like(data) else 0
        if data[:256].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
            return 0
        if _WORKFLOW in data:
            return 90
        if any(mark in data for mark in _RESOURCE):
            return 80
        if any(mark in data for mark in _FILES):
            return 75
        if b'"definition"' in data and (b'"triggers"' in data or b'"actions"' in data):
            return 60
        return 50 if name.lower().endswith("parameters.json") else 0

    def parse(self, data: bytes, name: str) -> Parsed:
        """Return the workflows and connections with what they reach and what a reviewer should see.

        Raises:
            BadInput: neither strict JSON nor a harmless zip, or nothing of Logic Apps.
        """
        parts = deployed.deployment(data, _parts) if is_zip(data) else _parts(data, name)
        connectors, notices = outside(parts)
        return Parsed(platform=self.name, confidence=95, components=parts, connectors=connectors, notices=notices)


def _parts(data: bytes, name: str) -> tuple[Component, ...]:
    read = parse_json(data)
    document = read.value
    if isinstance(document, dict) and is_template(document):
        return template(document, name)
    if isinstance(document, dict) and one.definition_of(document) is not None:
        source = Source.of(data, has_float=read.has_float)
        return (one.workflow(document, key=one.key_of(document, name), source=source),)
    found = beside.settings(document, name)
    if found is None:
        raise BadInput("no workflow of Logic Apps, nor a template or settings for one")
    return found


def _is_noise(kind: str, path: Path) -> bool:
    return one.is_noise(kind, path) or beside.is_noise(kind, path)


def _language(kind: str, path: Path, value: str) -> str | None:
    return wdl.language(path, value) if kind == "workflow" else None
