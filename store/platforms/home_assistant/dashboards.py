"""Dashboards: whole ones, and the views, cards and lists of cards that people keep in files of their own."""

from __future__ import annotations

from typing import Final

from store.domain.component import Json
from store.errors import BadInput
from store.platforms.home_assistant.piece import Mapping, Piece, text

_CARDS: Final = frozenset({
    "alarm-panel", "area", "button", "calendar", "conditional", "energy-distribution", "entities", "entity",
    "entity-filter", "gauge", "glance", "grid", "heading", "history-graph", "horizontal-stack", "humidifier", "iframe",
    "light", "logbook", "map", "markdown", "media-control", "picture", "picture-elements", "picture-entity",
    "picture-glance", "plant-status", "sensor", "statistic", "statistics-graph", "thermostat", "tile", "todo-list",
    "vertical-stack", "weather-forecast",
})  # fmt: skip
"""The cards that come with Home Assistant."""
SHOWN: Final = frozenset({"dashboard", "view", "card", "cards"})
"""Kinds of components in which cards stand."""
CUSTOM: Final = "custom:"
"""How the types of cards begin that somebody else made."""
_RESOURCES: Final = frozenset({"module", "js", "css", "html"})


def shown(value: Mapping, name: str, stem: str) -> list[Piece]:
    """Return the dashboard, the view or the card that a document is; nothing where it is none."""
    views = value.get("views")
    if isinstance(views, list) and any(isinstance(view, dict) and _holds_cards(view) for view in views):
        return [Piece(kind="dashboard", id=name, name=text(value.get("title")) or stem, content=value)]
    if _holds_cards(value) and {"title", "path"} & value.keys():
        return [Piece(kind="view", id=name, name=text(value.get("title")) or stem, content=value)]
    if _is_card(value):
        return [Piece(kind="card", id=name, name=text(value.get("title") or value.get("name")) or stem, content=value)]
    return []


def listed(items: list[Json], name: str, stem: str) -> list[Piece]:
    """Return the cards of a dashboard, or the resources it loads, that a list holds; nothing where it is neither."""
    if items and all(isinstance(item, dict) and _is_card(item) for item in items):
        return [Piece(kind="cards", id=name, name=stem, content={stem: items})]
    if items and all(
        isinstance(item, dict) and "url" in item and text(item.get("type")) in _RESOURCES for item in items
    ):
        return [Piece(kind="resources", id=name, name=stem, content={stem: items})]
    return []


def stored_dashboard(value: Json) -> list[Piece]:
    """Return the dashboard that a file of `.storage` keeps, known by its key there (`lovelace.map`).

    Raises:
        BadInput: there is none in it.
    """
    data = value.get("data") if isinstance(value, dict) else None
    key = text(value.get("key")) if isinstance(value, dict) else ""
    config = data.get("config") if isinstance(data, dict) else None
    if not key or not isinstance(config, dict):
        raise BadInput("not of Home Assistant: no dashboard is stored in it")
    return [Piece(kind="dashboard", id=key, name=text(config.get("title")) or key, content=config)]


def _holds_cards(view: Mapping) -> bool:
    return bool({"cards", "sections"} & view.keys())


def _is_card(value: Mapping) -> bool:
    kind = text(value.get("type"))
    return kind in _CARDS or kind.startswith(CUSTOM)
