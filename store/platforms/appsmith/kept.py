"""The files of an application that is kept in git: one for each thing in it."""

from __future__ import annotations

from typing import Final

from store.domain.build import Source, component
from store.domain.component import Component, Path
from store.domain.noise import ANY, Nested, Noise
from store.errors import BadInput
from store.platforms.appsmith.application import NOISE, STATES, WIDGET, Thing, components_of, labels_of

MARKS: Final = (
    (b'"unpublishedAction"', b'"pluginId"'),
    (b'"unpublishedPage"', b'"layouts"'),
    (b'"unpublishedCollection"', b'"pluginId"'),
    (b'"datasourceConfiguration"', b'"pluginId"'),
    (b'"gitSyncId"', b'"pluginId"'),
    (b'"widgetName"', b"_WIDGET"),
    (b'"applicationVersion"', b'"pages"'),
    (b'"serverSchemaVersion"', b'"clientSchemaVersion"'),
    (b'"appBorderRadius"', b'"stylesheet"'),
)  # fmt: skip
"""What stands in such files, at a glance."""
_LISTS: Final = {"actionList": STATES[2:4], "pageList": STATES[:2], "actionCollectionList": STATES[4:]}
_WHOLE: Final = {
    "application": frozenset({"applicationVersion", "pages"}),
    "file format": frozenset({"serverSchemaVersion", "clientSchemaVersion"}),
    "theme": frozenset({"config", "properties", "stylesheet"}),
}
"""What there is one of in an application, with the members that tell."""
_WIDGET_KIND: Final = "widget"
_WIDGET_NOISE: Final = Noise(nested=(Nested(top=(), inner=("children", ANY), keys=WIDGET),))


def kept_alone(thing: Thing, name: str, *, source: Source) -> tuple[Component, ...]:
    """Return what a file holds.

    Raises:
        BadInput: nothing of an application.
    """
    if kept_in := _list_of(thing):
        return components_of({kept_in: [thing]}, name, source=source)[1:]  # but for the application
    own, called = thing.get("widgetId"), thing.get("widgetName")
    if isinstance(own, str) and isinstance(called, str) and "_WIDGET" in str(thing.get("type")):
        return (_alone(_WIDGET_KIND, thing, key=f"{name}/widget/{own}", name=called, source=source),)
    for kind, members in _WHOLE.items():
        if thing.keys() >= members:
            return (_alone(kind, thing, key=name, name=kind.capitalize(), source=source),)
    raise BadInput("not an Appsmith application: neither pages, actions nor data sources")


def is_noise(kind: str, path: Path) -> bool:
    """Say whether a path in a component says nothing about behaviour."""
    return _noise(kind).covers(path)


def _noise(kind: str) -> Noise:
    return _WIDGET_NOISE if kind == _WIDGET_KIND else NOISE


def _alone(kind: str, thing: Thing, *, key: str, name: str, source: Source) -> Component:
    return component(
        id=key,
        name=name,
        kind=kind,
        content=thing,
        behaviour=_noise(kind).without(thing),
        labels=dict(labels_of(thing)) if kind == _WIDGET_KIND else {},
        source=source,
    )


def _list_of(thing: Thing) -> str:
    """Return the list in which an export has what git keeps in a file of its own; empty where it is none of them."""
    for key, states in _LISTS.items():
        if any(isinstance(thing.get(state), dict) for state in states):
            return key
    is_store = isinstance(thing.get("datasourceConfiguration"), dict) or isinstance(thing.get("gitSyncId"), str)
    return "datasourceList" if is_store and "pluginId" in thing and isinstance(thing.get("name"), str) else ""
