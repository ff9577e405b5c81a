"""Power Automate packages and Power Platform solutions: as they are exported, and their parts one by one."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from store.domain.build import searchable
from store.domain.component import Component, Connector, DiffRules, Json, Parsed, Path
from store.domain.secrets import scan
from store.errors import BadInput, TooMuch
from store.formats import workflow_definition as wdl
from store.formats.archive_zip import is_zip, open_zip
from store.platforms.power_automate.apps import FOLDER, canvas_app, connectors_inside, packaged_app
from store.platforms.power_automate.contents import Contents
from store.platforms.power_automate.flow import flow, flow_id, flow_name, is_flow, is_noise
from store.platforms.power_automate.lone import PARTS, lone_json, lone_xml
from store.platforms.power_automate.parts import file, is_manifest, package
from store.platforms.power_automate.solution import is_solution, solution
from store.platforms.power_automate.source import APP, KINDS, is_source, lone_source
from store.platforms.power_automate.unpacked import DIALOG, is_unpacked, unpacked
from store.platforms.power_automate.watch import outside

_TAIL: Final = 4 * 1024 * 1024
"""Bytes at the end of a zip in which its directory names its members."""
_ARCHIVES: Final = (b"microsoft.flow/flows", b"microsoft.powerapps/apps", b"solution.xml")
_SURE: Final = (
    b'"Microsoft.Flow/', b"shared_logicflows", b"connectionReferenceLogicalName", b'"flowAssets"',
    b'"OpenApiConnection', b'"$authentication"',
)  # fmt: skip
_LIKELY: Final = (
    b'"shared_',
    b"environmentvariablevalues",
    b'"connectionRef"',
    b'"EnvironmentVariables"',
    b"Microsoft.PowerApps/apis",
)
_XML: Final = (b"<ImportExportXml", b"<environmentvariabledefinition", b"<connectionreference", b"<Workflow ")
_SALESFORCE: Final = b"http://soap.sforce.com/"
_UNPACKED: Final = re.compile(
    rb"(?:<\?xml[^>]*\?>|<!--.*?-->|\s|\xef\xbb\xbf)*+<(?:" + "|".join(sorted(PARTS)).encode() + rb")[\s>]", re.DOTALL
)
_INSTANCE: Final = b"http://www.w3.org/2001/XMLSchema-instance"
"""What the command line tool declares in every file it writes, whether it is used or not."""
_MAP_NAMES: Final = ("apismap.json", "connectionsmap.json")
_SOURCES: Final = {".js": "javascript", ".ts": "typescript", ".xaml": "xml", ".xml": "xml", ".yaml": "yaml",
                   ".yml": "yaml", ".ps1": "powershell", ".sql": "sql", ".css": "css", ".html": "html", ".htm": "html",
                   ".csx": "csharp", ".json": "json", ".svg": "xml", ".resx": "xml"}  # fmt: skip


class PowerAutomate:
    """Power Automate and the Power Platform. A component is a flow, by its GUID, or a part that stands beside it."""

    name: Final = "power-automate"

    @property
    def rules(self) -> DiffRules:
        """Noise is what an export says of itself; code are expressions and the sources of apps and scripts."""
        return DiffRules(is_noise=is_noise, language=_language, wires=wdl.wires)

    def detect(self, data: bytes, name: str) -> int:
        """Return how much `data` looks like a package, a solution, a canvas app, or a part of one."""
        return _sureness(data, name) or (80 if is_unpacked(data, name) else 0)

    def parse(self, data: bytes, name: str) -> Parsed:
        """Return flows, connections, connection references, variables and apps.

        Raises:
            BadInput: it cannot be read, is an archive that no export tool writes, or is no part of either.
        """
        inside: list[tuple[str, Connector]] = []
        if is_zip(data):
            parts = _archive(data, name, inside)
            secrets = sum(len(scan(searchable(part.content))) for part in parts)
        elif is_source(data, name):
            parts, secrets = lone_source(data, name), None
        else:
            parts, secrets = _lone(data, name), None
        connectors, notices = outside(parts, inside=inside)
        return Parsed(
            platform=self.name,
            confidence=95,
            components=parts,
            connectors=connectors,
            notices=notices,
            secrets=secrets,
        )


def _sureness(data: bytes, name: str) -> int:
    """Return how much `data` looks like what packages, solutions and apps are made of."""
    if is_zip(data):
        listed = data[-_TAIL:].lower()
        known = any(mark in listed for mark in _ARCHIVES)
        return 95 if known or (b"header.json" in listed and b"properties.json" in listed) else 0
    if is_source(data, name):
        return 90
    start = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"<" or data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        head = data[:4096].replace(b"\0", b"")
        if _SALESFORCE in head:
            return 0  # its workflow rules are called `Workflow` too
        if any(mark in head for mark in _XML):
            return 90
        return 80 if _INSTANCE in head and _UNPACKED.match(head) else 0
    if start != b"{":
        return 0
    if any(mark in data for mark in _SURE):
        return 92
    if any(mark in data for mark in _LIKELY) or name.lower().endswith(_MAP_NAMES):
        return 70
    if b'"connectionReferences"' not in data or b'"definition"' not in data:
        return 0
    return 92 if b'"schemaVersion"' in data else 65


def _lone(data: bytes, name: str) -> tuple[Component, ...]:
    """Return what one file of something unpacked holds."""
    xml = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"\xff\xfe", b"\xfe\xff"))
    try:
        return lone_xml(data, name) if xml else lone_json(data, name)
    except TooMuch:
        raise
    except BadInput:
        if not is_unpacked(data, name):
            raise
        return unpacked(data, name)


def _archive(data: bytes, name: str, inside: list[tuple[str, Connector]]) -> tuple[Component, ...]:
    """Return what an archive holds; uses that no component tells of are added to `inside`."""
    members = {member.name: member for member in open_zip(data)}
    files = Contents(members=members)
    if is_solution(files):
        parts = solution(files)
    elif any("Microsoft.Flow/flows" in name or name.startswith(FOLDER) for name in files):
        parts = _package(files)
    elif "Header.json" in files and "Properties.json" in files:
        parts = (canvas_app(name.rpartition("/")[2].removesuffix(".msapp"), data, None, key=name),)
        inside += ((name, connector) for connector in connectors_inside(files))
    else:
        raise BadInput("neither a Power Automate package nor a Power Platform solution")
    twice = [key for key, count in Counter(part.id for part in parts).items() if count > 1]
    if twice:
        raise BadInput(f"two parts of the archive are called {ascii(twice[0])[:80]}")
    return parts


def _package(files: Contents) -> tuple[Component, ...]:
    """Return the flows of a package with their maps, the package itself, its connections, and other files."""
    found: list[Component] = []
    taken: set[str] = set()
    beside: dict[str, Json] = {}
    manifest: dict[str, Json] | None = None
    for name in files:
        folder, _, last = name.rpartition("/")
        if last == "definition.json" and "Microsoft.Flow/flows/" in name:
            maps: dict[str, Json] = {}
            for key in ("apisMap", "connectionsMap"):
                if (other := f"{folder}/{key}.json") in files:
                    maps[key] = files.json(other)[0]
                    taken.add(other)
            found.append(_flow(files, name, maps))
            taken.add(name)
        elif name.startswith(FOLDER) and last == f"{folder.rpartition('/')[2]}.json":
            app = packaged_app(files, name, taken)
            found += [app] if app is not None else []
        elif last == "manifest.json":
            document, _ = files.json(name)
            if isinstance(document, dict) and is_manifest(document) and manifest is None:
                manifest = document
                taken.add(name)
            elif isinstance(document, dict) and "flowAssets" in document:
                beside["flows"] = document
                taken.add(name)
    if manifest is not None:
        found += package(manifest, beside=beside)
    found += [file(files, name) for name in files if name not in taken]
    return tuple(found)


def _flow(files: Contents, name: str, maps: dict[str, Json]) -> Component:
    document, source = files.json(name)
    if not isinstance(document, dict) or not is_flow(document):
        raise BadInput(f"{ascii(name)[:120]} is no definition of a flow")
    key = flow_id(document, name.split("/")[-2].lower())
    shown = flow_name(document, key)
    return flow(document, key=key, name=shown, beside=maps, source=None if maps else source)


def _language(kind: str, path: Path, value: str) -> str | None:
    """Return the language of a code field: expressions of a flow, sources of apps, scripts and processes."""
    if kind == "flow":
        return wdl.language(path, value)
    if kind in {APP, DIALOG, *KINDS.values()}:
        return "power-fx" if value.startswith("=") and "\n" in value else None
    if len(path) != 2 or path[0] != "source":
        return None
    if kind == "canvas-app":
        return "power-fx"
    name = path[1].lower()
    return next((language for end, language in _SOURCES.items() if name.endswith(end)), None)
