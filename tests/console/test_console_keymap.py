"""The keymap as a table: every key of every screen, widget, dialog and form has an id, a place in it, and a method."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from textual.actions import parse
from textual.app import App
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget

import console
from console.key_table import DIALOGS, WIDGETS, key_table
from console.places import SCREENS
from console.screen import Frame, Pane

PLACES = {place.id: place.factory.pane for place in SCREENS}


def owners() -> list[type[Widget]]:
    """Return every widget, screen and dialog of the console that binds keys of its own, wherever it stands."""
    for module in pkgutil.walk_packages(console.__path__, "console."):
        if not module.name.startswith(("console.cli", "console.web")):
            importlib.import_module(module.name)
    found, more = [], [Widget]
    while more:
        more += (kind := more.pop()).__subclasses__()
        if kind.__module__.startswith("console.") and "BINDINGS" in vars(kind):
            found.append(kind)
    return sorted(set(found), key=lambda one: one.__qualname__)


OWNERS = owners()


@pytest.mark.parametrize("owner", OWNERS, ids=lambda owner: owner.__name__)
def test_every_key_has_an_id_in_the_table_and_can_be_remapped(owner: type[Widget]) -> None:
    known = {row.id: set(row.keys.split(",")) for row in key_table()}
    for binding in vars(owner)["BINDINGS"]:
        assert isinstance(binding, Binding), f"{owner.__name__}: {binding} has no id"
        assert binding.id in known, f"{owner.__name__} binds {binding.key} as {binding.id}, which no table knows"
        assert set(binding.key.split(",")) <= known[binding.id]


@pytest.mark.parametrize("owner", OWNERS, ids=lambda owner: owner.__name__)
def test_every_key_runs_something(owner: type[Widget]) -> None:
    """An act has its method on the screen that binds it, every other action on the widget, the frame or the app."""
    for binding in vars(owner)["BINDINGS"]:
        namespace, name, arguments = parse(binding.action)
        if name in {"act", "look"}:
            methods = [(owner, f"{name}_{arguments[0]}")]
        elif namespace == "screen":
            methods = [(Screen, f"action_{name}")]
        elif namespace == "app":
            methods = [(App, f"action_{name}")]
        else:
            methods = [(kind, f"action_{name}") for kind in (owner, Frame)]
        assert any(callable(getattr(kind, method, None)) for kind, method in methods), f"{owner.__name__}: {binding}"


def test_the_tables_name_everything_that_binds_a_key() -> None:
    listed = {Frame, Pane, *PLACES.values(), *WIDGETS, *DIALOGS}
    bare = [kind for kind in OWNERS if not any(issubclass(kind, one) or issubclass(one, kind) for one in listed)]
    assert bare == [], "add it to WIDGETS or DIALOGS: a person could not remap its keys"


@pytest.mark.parametrize("place", PLACES)
def test_no_screen_gives_one_key_to_two_acts(place: str) -> None:
    keys: dict[str, str | None] = {}
    for kind in (PLACES[place], Frame):
        for binding in kind.BINDINGS:
            assert isinstance(binding, Binding)
            for key in binding.key.split(","):
                assert keys.setdefault(key, binding.id) == binding.id, f"{key} is {keys[key]} and {binding.id}"
