"""One application as components: the lists of the export by what people call the things in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from store.domain.build import ORDER, FreeKeys, Source, component, keyed, refuse_too_many
from store.domain.component import Component, Json, Path
from store.domain.noise import ANY, Nested, Noise

Thing: TypeAlias = dict[str, Any]

LISTS: Final = ("pageList", "actionList", "actionCollectionList", "datasourceList", "customJSLibList")
_SERVER: Final = (
    "id", "gitSyncId", "userPermissions", "policies", "new", "createdAt", "updatedAt", "modifiedBy", "createdBy",
    "lastDeployedAt", "lastEditedAt", "deletedAt", "unreadCommentThreads", "applicationId", "organizationId",
    "workspaceId", "baseId", "branchName",
)  # fmt: skip
"""What the server notes of a thing."""
_RIGHTS: Final = ("userPermissions", "policies", "new")
WIDGET: Final = frozenset({
    "topRow", "bottomRow", "leftColumn", "rightColumn", "parentRowSpace", "parentColumnSpace", "mobileTopRow",
    "mobileBottomRow", "mobileLeftColumn", "mobileRightColumn", "originalTopRow", "originalBottomRow", "snapRows",
    "snapColumns", "minHeight", "canExtend", "isLoading", "iconSVG", "thumbnailSVG", "searchTags", "hideCard",
})  # fmt: skip
"""Where a widget stands, and how the editor's palette shows it."""
STATES: Final = tuple(
    state + kind for kind in ("Page", "Action", "Collection") for state in ("unpublished", "published")
)
"""What is being edited, and what is live."""
NOISE: Final = Noise(
    at=(
        *((key,) for key in _SERVER),
        ("updatedResources",),
        *(("exportedApplication", key) for key in _SERVER),
        *((state, key) for state in STATES for key in _RIGHTS),
        *((state, "datasource", key) for state in STATES for key in _RIGHTS),
        *((state, "layouts", ANY, key) for state in STATES[:2] for key in ("id", *_RIGHTS)),
        *((state, "layouts", ANY, "layoutOnLoadActions", ANY, ANY, "id") for state in STATES[:2]),
    ),
    nested=tuple(
        nested
        for state in STATES[:2]
        for nested in (
            Nested(top=(state, "layouts", ANY, "dsl"), inner=("children", ANY), keys=WIDGET),
            Nested(top=(state, "layouts", ANY, "dsl", "children"), inner=(ANY, "children"), keys=frozenset({ORDER})),
        )
    ),
)
_SQL: Final = re.compile(
    r"\s*+(?:--[^\n]*+\n\s*+)*+(?:select|with|insert|update|delete|call|exec|merge|create|alter)\b", re.IGNORECASE
)
_PLUGIN_KINDS: Final = {"JS": "js function", "API": "api", "SAAS": "api", "REMOTE": "api"}


def components_of(value: Thing, name: str, *, source: Source) -> tuple[Component, ...]:
    """Return the application, then its pages, data sources, JS objects and queries; all ids begin with its name."""
    own = value.get("exportedApplication")
    title = own.get("name") if isinstance(own, dict) else None
    app = title.strip() if isinstance(title, str) and title.strip() else name
    opened = dict(shown) if isinstance(shown := value.get("decryptedFields"), dict) else {}
    stores = [_with_secrets(store, opened) for store in _things(value, "datasourceList")]
    apart = {key for key in LISTS[:4] if isinstance(value.get(key), list)}
    whole = {key: item for key, item in value.items() if key not in apart}
    if "decryptedFields" in whole and isinstance(whole["decryptedFields"], dict):
        whole["decryptedFields"] = opened
    refuse_too_many(sum(len(value[key]) for key in apart))
    made = _Made(source=source)
    made.add(app, app, "application", whole)
    for page in _things(value, "pageList"):
        content = page | {key: _page(page[key]) for key in STATES[:2] if key in page}
        called = _edited(page, "Page").get("name") or page.get("name") or "page"
        made.add(f"{app}/page/{_own_id(page) or called}", str(called), "page", content)
    for store in stores:
        called = str(store.get("name") or "data source")
        made.add(f"{app}/datasource/{called}", called, "datasource", store)
    for item in _things(value, "actionCollectionList"):
        called = _on_page(_edited(item, "Collection"))
        made.add(f"{app}/js/{_own_id(item) or called}", called, "js object", item)
    for item in _things(value, "actionList"):
        called = _on_page(_edited(item, "Action"))
        kind = _PLUGIN_KINDS.get(str(item.get("pluginType")), "query")
        made.add(f"{app}/action/{_own_id(item) or called}", called, kind, item)
    return tuple(made.parts.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class _Made:
    """The components so far, by id."""

    source: Source
    parts: dict[str, Component] = field(default_factory=dict)
    keys: FreeKeys = field(default_factory=FreeKeys)

    def add(self, wanted: str, name: str, kind: str, content: Thing) -> None:
        """Add a component; a second one of the same id is kept apart."""
        identity = self.keys.free(wanted, self.parts)
        self.parts[identity] = component(
            id=identity,
            name=name,
            kind=kind,
            content=content,
            behaviour=NOISE.without(content),
            labels=dict(labels_of(content)) if kind == "page" else {},
            source=self.source,
        )


def _things(value: Thing, key: str) -> Iterator[Thing]:
    items = value.get(key)
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            yield item


def _own_id(thing: Thing) -> str:
    """Return the id that stays the same in every export and on every server, empty where there is none yet."""
    given = thing.get("gitSyncId")
    return given if isinstance(given, str) else ""


def _with_secrets(store: Thing, opened: dict[str, Json]) -> Thing:
    """Return a data source with its credentials, which the export keeps apart; takes them out of `opened`."""
    name = store.get("name")
    return {**store, "decryptedFields": opened.pop(name)} if isinstance(name, str) and name in opened else store


def _edited(thing: Thing, ending: str) -> Thing:
    """Return the state being edited, else the live one."""
    for state in (f"unpublished{ending}", f"published{ending}"):
        if isinstance(found := thing.get(state), dict) and found:
            return found
    return thing


def _on_page(thing: Thing) -> str:
    page, name = thing.get("pageId"), thing.get("fullyQualifiedName") or thing.get("name")
    return f"{page}.{name}" if isinstance(page, str) and page else str(name or "action")


def _page(page: Json) -> Json:
    """Return a page with its widgets by id instead of in lists."""
    if isinstance(page, dict):
        named = {key: _page(item) for key, item in page.items()}
        return {**named, "children": keyed(named["children"], "widgetId")} if "children" in named else named
    return [_page(item) for item in page] if isinstance(page, list) else page


def labels_of(value: Json) -> Iterator[tuple[str, str]]:
    """Yield the id of every widget with the name people know it by; the canvas below all is called 0."""
    if isinstance(value, dict):
        identity, name = value.get("widgetId"), value.get("widgetName")
        if isinstance(identity, str) and isinstance(name, str) and identity != "0":
            yield identity, name
        for item in value.values():
            yield from labels_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from labels_of(item)


def language(kind: str, path: Path, value: str) -> str | None:
    """Return the language of a JS object, a query or a binding `{{ … }}`."""
    key = path[-1] if path else ""
    if kind in {"js object", "js function"} and key == "body":
        return "javascript"
    if _SQL.match(value) and (key in {"body", "query", "rawQuery"} or (len(path) > 1 and path[-2:-1] == ("body",))):
        return "sql"
    return "javascript" if "{{" in value else None
