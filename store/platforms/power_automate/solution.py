"""A Power Platform solution: flows, connection references, variables, apps, tables and whatever else is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

from store.domain.component import Component, Json
from store.errors import BadInput
from store.platforms.power_automate.apps import canvas_app
from store.platforms.power_automate.contents import Contents
from store.platforms.power_automate.flow import GUID, flow, flow_name, is_flow
from store.platforms.power_automate.parts import file, part, variable_values
from store.platforms.power_automate.xml_value import TEXT, tag, value

_KINDS: Final = {
    "connectionreference": "connection-reference",
    "environmentvariabledefinition": "environment-variable",
    "CanvasApp": "canvas-app",
    "AppModule": "app",
    "Entity": "table",
    "Role": "role",
    "optionset": "choice",
    "Workflow": "process",
    "WebResource": "web-resource",
    "PluginAssembly": "plugin",
}
"""Element → kind of component; any other section's elements are called by their own tag in lower case."""
_IDS: Final = (
    "@connectionreferencelogicalname", "@schemaname", "@UniqueName", "@WorkflowId", "@id", "@Id", "@Name", "@name",
    "UniqueName", "Name", "name", "LogicalName", "schemaname",
)  # fmt: skip
_NAMES: Final = ("connectionreferencedisplayname", "@Name", "DisplayName", "displayname", "@name", "Name", "UniqueName")
_PLAIN: Final = frozenset({"connection-reference", "environment-variable"})
"""Kinds whose ids are names unique in every environment; other ids carry their kind."""


def solution(archive: Contents) -> tuple[Component, ...]:
    """Return the components of a solution, packed as exported or laid out as the command line tool unpacks it.

    Raises:
        BadInput: something in it cannot be read.
    """
    folder, name = _root(archive)
    files = archive.below(folder)
    name = name.removeprefix(folder)
    taken = {name, "[Content_Types].xml"}
    about = files.xml(name)
    rest: dict[str, Json] = {}
    entries: list[tuple[str, Json]] = []
    custom = next((name for name in files if _last(name) == "customizations.xml"), None)
    if custom is not None:
        taken.add(custom)
        entries, rest = customizations(files.xml(custom))
    found = [manifest(about, rest)]
    entries += _unpacked(files, taken)
    found += _variables(files, taken)
    found += _built(entries, files, taken)
    found += [file(files, name) for name in files if name not in taken]
    return tuple(found)


def is_solution(archive: Contents) -> bool:
    """Say whether an archive is a solution."""
    return any(_last(name) == "solution.xml" for name in archive)


def manifest(root: Element, rest: dict[str, Json]) -> Component:
    """Return the solution itself: its version, publisher, contents and what it needs, from `solution.xml`.

    `rest` is what `customizations.xml` says of nothing in particular: the languages, say.
    """
    content = value(root)
    inner = content.get("SolutionManifest") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(inner, dict):
        raise BadInput("solution.xml holds no solution")
    name = str(inner.get("UniqueName") or "solution")
    if rest:
        content = {**content, "customizations": rest}
    return part("solution", content, key=f"solution:{name}", name=_localized(inner) or name)


def customizations(root: Element) -> tuple[list[tuple[str, Json]], dict[str, Json]]:
    """Return ((tag, value) of everything that can be told apart, the rest by section) of `customizations.xml`."""
    entries: list[tuple[str, Json]] = []
    rest: dict[str, Json] = {}
    for section in root:
        kinds = {tag(child) for child in section}
        values = [value(child) for child in section]
        if len(kinds) == 1 and all(identity(item) for item in values):
            entries += [(next(iter(kinds)), item) for item in values]
        elif len(section) or (section.text or "").strip():
            rest[tag(section)] = value(section)
    return entries, rest


def identity(entry: Json) -> str:
    """Return what tells an entry from the others of its section, empty where nothing does."""
    if not isinstance(entry, dict):
        return ""
    for key in _IDS:
        text = entry.get(key)
        text = text.get(TEXT, text.get("@LocalizedName")) if isinstance(text, dict) else text
        if isinstance(text, str) and text.strip():
            return text.strip("{} ").lower() if GUID.search(text) else text.strip()
    return ""


def entry_part(kind_tag: str, entry: Json, **beside: Json) -> Component:
    """Return the component of one entry of `customizations.xml` or of an unpacked XML file."""
    kind = _KINDS.get(kind_tag, kind_tag.lower())
    name = identity(entry)
    content: dict[str, Json] = {**(entry if isinstance(entry, dict) else {"value": entry}), **beside}
    return part(kind, content, key=name if kind in _PLAIN else f"{kind}:{name}", name=_name(entry) or name)


def _name(entry: Json) -> str:
    if not isinstance(entry, dict):
        return ""
    for key in _NAMES:
        text = entry.get(key)
        text = text.get("@default", text.get("@LocalizedName", text.get(TEXT))) if isinstance(text, dict) else text
        if isinstance(text, str) and text.strip():
            return text.strip()
    return _localized(entry)


def _localized(entry: dict[str, Json]) -> str:
    names = entry.get("LocalizedNames")
    first = names.get("LocalizedName") if isinstance(names, dict) else None
    first = first[0] if isinstance(first, list) and first else first
    text = first.get("@description") if isinstance(first, dict) else None
    return text.strip() if isinstance(text, str) else ""


def _root(archive: Contents) -> tuple[str, str]:
    """Return (the folder the solution stands in, with its slash; the name of its `solution.xml`)."""
    name = min((name for name in archive if _last(name) == "solution.xml"), key=lambda name: name.count("/"))
    folder = name[: -len("solution.xml")]
    return folder.removesuffix("Other/") if folder.endswith("Other/") else folder, name


def _last(name: str) -> str:
    return name.rpartition("/")[2].lower()


def _unpacked(files: Contents, taken: set[str]) -> Iterator[tuple[str, Json]]:
    """Yield what the command line tool writes to a file each: `Workflows/<name>.json.data.xml` and the like."""
    for name in files:
        if name.lower().endswith((".data.xml", ".meta.xml")):
            root = files.xml(name)
            entry = value(root)
            if identity(entry):
                taken.add(name)
                yield tag(root), entry


def _variables(files: Contents, taken: set[str]) -> Iterator[Component]:
    """Yield the environment variables: a folder each, with a definition and, where it was exported, a value."""
    for name in files:
        if _last(name) != "environmentvariabledefinition.xml":
            continue
        taken.add(name)
        entry = value(files.xml(name))
        beside: dict[str, Json] = {}
        values = name[: -len("environmentvariabledefinition.xml")] + "environmentvariablevalues.json"
        if values in files:
            taken.add(values)
            given = list(variable_values(files.json(values)[0]).values())
            beside["current"] = given[0] if len(given) == 1 else given
        yield entry_part("environmentvariabledefinition", entry, **beside)


def _built(entries: list[tuple[str, Json]], files: Contents, taken: set[str]) -> Iterator[Component]:
    """Yield a component for each entry, with the file it names; flows nobody lists are taken from their files."""
    for kind, entry in entries:
        named = _file_of(entry, files)
        made = _with_file(kind, entry, named, files) if named is not None else None
        if made is not None and named is not None:
            taken.add(named)
        yield made or entry_part(kind, entry)
    for name in files:
        if name not in taken and name.startswith("Workflows/") and name.lower().endswith(".json"):
            made = _flow(files, name, None)
            if made is not None:
                taken.add(name)
                yield made


def _with_file(kind: str, entry: Json, named: str, files: Contents) -> Component | None:
    """Return an entry together with the file it names, None where nothing is known of such a file."""
    if kind == "CanvasApp":
        app = identity(entry)
        return canvas_app(_name(entry) or app, files.members[named].read(), entry, key=f"canvas-app:{app}")
    if kind != "Workflow":
        return None
    if named.lower().endswith(".json") and (made := _flow(files, named, entry)) is not None:
        return made
    text = files.text(named)
    return entry_part(kind, entry, source={_last(named): text}) if text is not None else None


def _file_of(entry: Json, files: Contents) -> str | None:
    """Return the name of the file that an entry names, where the solution has it."""
    for key in ("JsonFileName", "XamlFileName", "DocumentUri"):
        text = entry.get(key) if isinstance(entry, dict) else None
        if isinstance(text, str) and text.lstrip("/") in files:
            return text.lstrip("/")
    return None


def _flow(files: Contents, name: str, entry: Json) -> Component | None:
    """Return the flow in a file of `Workflows/`, None where it holds something else (a desktop flow's data)."""
    document, source = files.json(name)
    if not isinstance(document, dict) or not is_flow(document):
        return None
    ids = GUID.findall(name)
    stem = name.rpartition("/")[2].removesuffix(".json")
    return flow(
        document,
        key=identity(entry) or (ids[-1].lower() if ids else stem),
        name=_name(entry) or flow_name(document, GUID.sub("", stem).strip("-") or stem),
        beside={} if entry is None else {"workflow": entry},
        source=source if entry is None else None,
    )
