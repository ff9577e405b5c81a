"""One dashboard as components: its own settings, its rows, its panels, wherever a version of Grafana keeps them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from store.domain.build import ORDER, FreeKeys, Source, component, keyed, refuse_too_many
from store.domain.component import Component, Json, Path
from store.domain.noise import Noise
from store.errors import BadInput

_SAVED: Final = (("id",), ("version",), ("iteration",), ("meta",))
NOISE: Final = {
    "dashboard": Noise(at=(*_SAVED, ("metadata",), ("status",), ("overwrite",), ("folderId",), ("message",))),
    "panel": Noise(at=(("id",), ("gridPos",), ("span",), ("pluginVersion",), ("spec", "id"))),
    "row": Noise(at=(("id",), ("gridPos",), ("height",))),
    "library panel": Noise(at=(*_SAVED, *(("model", key) for key in ("id", "gridPos", "pluginVersion")))),
}
"""Where things stand, who saved them when, and which number the database gave them."""
_SHARED: Final = ("publicDashboardEnabled", "publicDashboardUid", "isPublic")
_SQL: Final = re.compile(
    r"\s*+(?:--[^\n]*+\n\s*+|(?>/\*.*?\*/)\s*+)*+(?:select|with|show|insert|update|delete|exec)\b",
    re.IGNORECASE | re.DOTALL,
)
_CODE: Final = {
    "expr": "promql",
    "rawSql": "sql",
    "rawQuery": "sql",
    "rawQueryText": "sql",
    "script": "javascript",
    "getOption": "javascript",
    "afterRender": "javascript",
    "onRender": "javascript",
    "onInit": "javascript",
    "css": "css",
    "html": "html",
}
_QUERIES: Final = frozenset({"query", "definition", "target", "queryText", "statement", "kql"})
_V2: Final = "dashboard.grafana.app/"


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A dashboard or a library panel out of its wrapping."""

    uid: str
    """What it is known by: its uid, else its title, else the file's name."""
    title: str
    content: dict[str, Any]
    """The dashboard without rows and panels."""
    panels: tuple[tuple[str, dict[str, Any]], ...] = ()
    """(kind, panel or row) in the order of the export."""
    labels: dict[str, str] = field(default_factory=dict)


def model_of(value: Json, name: str) -> Model:
    """Return what an export holds: a dashboard of any version, bare or wrapped, or a library panel.

    Raises:
        BadInput: it is neither.
    """
    if not isinstance(value, dict):
        raise BadInput("not a Grafana dashboard: no JSON object")
    outer: dict[str, Any] = {}
    inner: dict[str, Any] = value
    for wrap in ("dashboard", "spec", "result"):
        if isinstance(wrapped := value.get(wrap), dict) and (wrap != "spec" or _is_resource(value)):
            outer, inner = {key: item for key, item in value.items() if key != wrap}, wrapped
            break
    if isinstance(inner.get("model"), dict) and "type" in inner["model"]:
        return _library_panel(inner, name)
    elements = inner.get("elements") if _is_resource(value) or "layout" in inner else None
    if isinstance(elements, dict):
        return _second_schema(outer, inner, elements, name)
    if not _is_dashboard(inner):
        raise BadInput("not a Grafana dashboard: panels or rows are missing or misshapen")
    bare = {key: item for key, item in inner.items() if key not in {"panels", "rows"}}
    panels = (*_panels(inner.get("panels")), *_old_rows(inner.get("rows")))
    meta = outer.get("meta")
    shared = {key: meta[key] for key in _SHARED if meta.get(key)} if isinstance(meta, dict) else {}
    return _model({**outer, **shared, **bare}, panels, name, metadata=value.get("metadata"))


def _is_resource(value: dict[str, Any]) -> bool:
    return isinstance(version := value.get("apiVersion"), str) and version.startswith(_V2)


def _is_dashboard(value: dict[str, Any]) -> bool:
    """Say whether an object is a dashboard of the first schema: lists of panels or rows, and something of its own."""
    lists = [value[key] for key in ("panels", "rows") if isinstance(value.get(key), list)]
    own = {"schemaVersion", "templating", "timepicker", "annotations", "__requires", "time"} & value.keys()
    return bool(lists) and bool(own) and all(isinstance(item, dict) for items in lists for item in items)


def _panels(panels: Json) -> Iterator[tuple[str, dict[str, Any]]]:
    for panel in panels if isinstance(panels, list) else ():
        if not isinstance(panel, dict):
            raise BadInput("not a Grafana dashboard: a panel is no object")
        if panel.get("type") != "row":
            yield "panel", panel
            continue
        yield "row", {key: item for key, item in panel.items() if key != "panels"}
        yield from _panels(panel.get("panels"))


def _old_rows(rows: Json) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of versions before 5, which hold their panels."""
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict):
            raise BadInput("not a Grafana dashboard: a row is no object")
        yield "row", {key: item for key, item in row.items() if key != "panels"}
        yield from _panels(row.get("panels"))


def _model(
    content: dict[str, Any], panels: tuple[tuple[str, dict[str, Any]], ...], name: str, *, metadata: Json = None
) -> Model:
    title = _text(content.get("title")) or name
    own = _text(metadata.get("name")) if isinstance(metadata, dict) else ""
    content = _with_keys(content)
    return Model(uid=_text(content.get("uid")) or own or title, title=title, content=content, panels=panels)


def _with_keys(content: dict[str, Any]) -> dict[str, Any]:
    """Return a dashboard with its variables and annotations by name."""
    named = dict(content)
    for key in ("templating", "annotations"):
        if isinstance(block := named.get(key), dict) and "list" in block:
            named[key] = {**block, "list": keyed(block["list"], "name")}
    return named


def _library_panel(value: dict[str, Any], name: str) -> Model:
    title = _text(value.get("name")) or _text(value["model"].get("title")) or name
    return Model(uid=_text(value.get("uid")) or title, title=title, content={}, panels=(("library panel", value),))


def _second_schema(outer: dict[str, Any], inner: dict[str, Any], elements: dict[str, Any], name: str) -> Model:
    """Read a dashboard of schema version 2: panels by name, a layout that says where they stand."""
    panels = []
    for key, element in elements.items():
        if not isinstance(element, dict):
            raise BadInput("not a Grafana dashboard: an element is no object")
        spec = element.get("spec")
        shown = spec.get("title") if isinstance(spec, dict) else None
        panels.append(("panel", {"uid": key, "title": shown or key, **element}))
    bare = {key: item for key, item in inner.items() if key != "elements"}
    return _model({**outer, **bare}, tuple(panels), name, metadata=outer.get("metadata"))


def components_of(model: Model, *, source: Source | None) -> tuple[Component, ...]:
    """Return the dashboard, then its rows and panels in the order of the export."""
    refuse_too_many(len(model.panels) + 1)
    made: dict[str, Component] = {}
    keys = FreeKeys()
    if model.content:
        labels = dict(_variable_labels(model.content))
        made[model.uid] = _made(model.uid, model.title, "dashboard", model.content, source=source, labels=labels)
    for number, (kind, panel) in enumerate(model.panels):
        if kind == "library panel":
            identity, title = model.uid, model.title
        else:
            title = _text(panel.get("title")) or f"{_text(panel.get('type')) or kind} {_number(panel) or number}"
            identity = f"{model.uid}/{kind}/{_text(panel.get('uid')) or _number(panel) or title}"
        identity = keys.free(identity, made)
        content = {**panel, "targets": keyed(panel["targets"], "refId")} if "targets" in panel else panel
        made[identity] = _made(identity, title, kind, content, source=source)
    return tuple(made.values())


def _made(
    identity: str, name: str, kind: str, content: Json, *, source: Source | None, labels: dict[str, str] | None = None
) -> Component:
    return component(
        id=identity,
        name=name,
        kind=kind,
        content=content,
        behaviour=NOISE[kind].without(content),
        labels=labels or {},
        source=source,
    )


def _variable_labels(content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    block = content.get("templating")
    variables = block.get("list") if isinstance(block, dict) else None
    for key, variable in variables.items() if isinstance(variables, dict) else ():
        if key != ORDER and isinstance(variable, dict):
            yield key, f"${key}"


def _number(panel: dict[str, Any]) -> str:
    number = panel.get("id")
    return str(number) if isinstance(number, (int, str)) and not isinstance(number, bool) and number != "" else ""


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def is_noise(kind: str, path: Path) -> bool:
    """Say whether a path says nothing about behaviour."""
    return kind in NOISE and NOISE[kind].covers(path)


def language(_kind: str, path: Path, value: str) -> str | None:
    """Return the language of a query, a script or a text panel."""
    key = path[-1] if path else ""
    if key in _CODE:
        language = _CODE[key]
        return "sql" if language == "promql" and _SQL.match(value) else language
    if key == "content" and len(path) > 1:
        return "html" if "<" in value else "markdown"
    if key in _QUERIES and _SQL.match(value):
        return "sql"
    if key in _QUERIES and ("label_values(" in value or "query_result(" in value or "|>" in value):
        return "flux" if "|>" in value else "promql"
    return None
