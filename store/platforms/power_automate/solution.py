"""A Power Platform solution: flows, connection references, variables, apps, tables and whatever else is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

from store.domain.build import Source
from store.domain.component import Component, Json
from store.errors import BadInput
from store.formats.archive_zip import Member
from store.formats.safe_xml import read as read_xml
from store.integrity.strict_json import parse as parse_json
from store.platforms.power_automate.flow import GUID, flow, flow_name, is_flow
from store.platforms.power_automate.parts import MAX_DOCUMENT, canvas_app, file, part, variable_values
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


def solution(members: dict[str, Member]) -> tuple[Component, ...]:
    """Return the components of a solution, packed as exported or laid out as the command line tool unpacks it.

    Raises:
        BadInput: something in it cannot be read.
    """
    root, manifest_name = _root(members)
    files = {name.removeprefix(root): member for name, member in members.items() if name.startswith(root)}
    taken = {manifest_name.removeprefix(root), "[Content_Types].xml"}
    about = read_xml(files[manifest_name.removeprefix(root)].read(limit=MAX_DOCUMENT))
    rest: dict[str, Json] = {}
    entries: list[tuple[str, Json]] = []
    custom = next((name for name in files if _last(name) == "customizations.xml"), None)
    if custom is not None:
        taken.add(custom)
        entries, rest = customizations(read_xml(files[custom].read(limit=MAX_DOCUMENT)))
    found = [manifest(about, rest)]
    entries += _unpacked(files, taken)
    found += _variables(files, taken)
    found += _built(entries, files, taken)
    found += [file(member, name) for name, member in files.items() if name not in taken]
    return tuple(found)


def is_solution(members: dict[str, Member]) -> bool:
    """Say whether an archive is a solution."""
    return any(_last(name) == "solution.xml" for name in members)


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


def _root(members: dict[str, Member]) -> tuple[str, str]:
    """Return (the folder the solution stands in, with its slash; the name of its `solution.xml`)."""
    name = min((name for name in members if _last(name) == "solution.xml"), key=lambda name: name.count("/"))
    folder = name[: -len("solution.xml")]
    return folder.removesuffix("Other/") if folder.endswith("Other/") else folder, name


def _last(name: str) -> str:
    return name.rpartition("/")[2].lower()


def _unpacked(files: dict[str, Member], taken: set[str]) -> Iterator[tuple[str, Json]]:
    """Yield what the command line tool writes to a file each: `Workflows/<name>.json.data.xml` and the like."""
    for name, member in files.items():
        if name.lower().endswith((".data.xml", ".meta.xml")) and member.size <= MAX_DOCUMENT:
            root = read_xml(member.read())
            entry = value(root)
            if identity(entry):
                taken.add(name)
                yield tag(root), entry


def _variables(files: dict[str, Member], taken: set[str]) -> Iterator[Component]:
    """Yield the environment variables: a folder each, with a definition and, where it was exported, a value."""
    for name, member in files.items():
        if _last(name) != "environmentvariabledefinition.xml":
            continue
        taken.add(name)
        entry = value(read_xml(member.read(limit=MAX_DOCUMENT)))
        beside: dict[str, Json] = {}
        values = name[: -len("environmentvariabledefinition.xml")] + "environmentvariablevalues.json"
        if values in files:
            taken.add(values)
            given = list(variable_values(parse_json(files[values].read(limit=MAX_DOCUMENT)).value).values())
            beside["current"] = given[0] if len(given) == 1 else given
        yield entry_part("environmentvariabledefinition", entry, **beside)


def _built(entries: list[tuple[str, Json]], files: dict[str, Member], taken: set[str]) -> Iterator[Component]:
    """Yield a component for each entry, with the file it names; flows nobody lists are taken from their files."""
    for kind, entry in entries:
        named = _file_of(entry, files)
        if kind == "Workflow" and named is not None and named.lower().endswith(".json"):
            made = _flow(files[named], named, entry)
            if made is not None:
                taken.add(named)
                yield made
                continue
        if kind == "Workflow" and named is not None:
            taken.add(named)
            yield entry_part(kind, entry, source={_last(named): _decoded(files[named])})
        elif kind == "CanvasApp" and named is not None:
            taken.add(named)
            app = identity(entry)
            yield canvas_app(_name(entry) or app, files[named].read(), entry, key=f"canvas-app:{app}")
        else:
            yield entry_part(kind, entry)
    for name, member in files.items():
        if name not in taken and name.startswith("Workflows/") and name.lower().endswith(".json"):
            made = _flow(member, name, None)
            if made is not None:
                taken.add(name)
                yield made


def _file_of(entry: Json, files: dict[str, Member]) -> str | None:
    """Return the name of the file that an entry names, where the solution has it."""
    for key in ("JsonFileName", "XamlFileName", "DocumentUri"):
        text = entry.get(key) if isinstance(entry, dict) else None
        if isinstance(text, str) and text.lstrip("/") in files:
            return text.lstrip("/")
    return None


def _decoded(member: Member) -> str:
    try:
        return member.read(limit=MAX_DOCUMENT).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{ascii(member.name)[:90]} is not valid UTF-8") from None


def _flow(member: Member, name: str, entry: Json) -> Component | None:
    """Return the flow in a file of `Workflows/`, None where it holds something else (a desktop flow's data)."""
    data = member.read(limit=MAX_DOCUMENT)
    document = parse_json(data)
    if not isinstance(document.value, dict) or not is_flow(document.value):
        return None
    ids = GUID.findall(name)
    stem = name.rpartition("/")[2].removesuffix(".json")
    return flow(
        document.value,
        key=identity(entry) or (ids[-1].lower() if ids else stem),
        name=_name(entry) or flow_name(document.value, GUID.sub("", stem).strip("-") or stem),
        beside={} if entry is None else {"workflow": entry},
        source=Source.of(data, has_float=document.has_float) if entry is None else None,
    )
