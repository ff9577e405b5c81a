"""Which keys a test presses, seen from inside: what fired, whether it was allowed, and whether anything came of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.pilot import Pilot

from console.screen.pane import Pane

MARKS = ("presses", "presses_for_real")
"""Seen by `Watch` in this process; or by a terminal of its own, whose console nobody can look into from here."""


@dataclass(frozen=True, order=True)
class Press:
    """One key of one class: `Triage R`."""

    owner: str
    key: str

    def __str__(self) -> str:
        return f"{self.owner} {self.key}"


def presses_of(told: Mapping[str, str]) -> set[Press]:
    """Return what a mark names: `presses(Triage="R a", LineView="j down")`."""
    return {Press(owner, key) for owner, keys in told.items() for key in keys.split()}


def bound_by(owner: type[DOMNode]) -> set[Press]:
    """Return every key that a class itself binds."""
    bindings = [binding for binding in vars(owner).get("BINDINGS", ()) if isinstance(binding, Binding)]
    return {Press(owner.__name__, key) for binding in bindings for key in binding.key.split(",")}


def promised(folder: Path) -> set[Press]:
    """Return what the marks of all tests below `folder` name, whether or not they run now."""
    found: set[Press] = set()
    for file in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MARKS:
                found |= presses_of({str(word.arg): ast.literal_eval(word.value) for word in node.keywords})
    return found


@dataclass
class Watch:
    """Stands between the keys and what they run."""

    seen: set[Press] = field(default_factory=set)
    """Fired, not refused, and the picture was another one afterwards; an act: carried out to its end (`perform`)."""
    _waiting: list[tuple[Press, App[Any], object]] = field(default_factory=list)
    _key: str = ""
    _refused: bool = False
    _act: Press | None = None

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Watch every console of this process until the test ends."""
        check, run, refuse, pause, press = App._check_bindings, App.run_action, Pane._run, Pilot.pause, Pilot.press
        perform = Pane.perform

        async def check_bindings(app: App[Any], key: str, priority: bool = False) -> bool:
            self._key = key
            try:
                return await check(app, key, priority)
            finally:
                self._key = ""

        async def run_action(app: App[Any], action: Any, node: Any = None, namespaces: Any = None) -> bool:
            key, self._key, self._refused = self._key, "", False
            found = binding_of(node, str(action), key) if key and node is not None else None
            pressed = Press(found[0], key) if found is not None else None
            self._look()
            before = picture(app) if pressed is not None else None
            handled = await run(app, action, node, namespaces)
            if pressed is not None and found is not None and handled and not self._refused:
                if (found[1].id or "").startswith("act."):
                    self._act = pressed
                else:
                    self._waiting.append((pressed, app, before))
            if not handled:
                self._key = key
            return handled

        def run_act(pane: Pane[Any], method: str, reason: str | None) -> None:
            self._refused = reason is not None
            refuse(pane, method, reason)

        async def performed(pane: Pane[Any], call: Any, *, doing: str) -> Any:
            act, done = self._act, await perform(pane, call, doing=doing)
            self.seen |= {act} if act is not None else set()
            return done

        async def looking_pause(pilot: Pilot[Any], *given: Any, **named: Any) -> None:
            await pause(pilot, *given, **named)
            self._look()

        async def looking_press(pilot: Pilot[Any], *keys: str) -> None:
            await press(pilot, *keys)
            self._look()

        patch.setattr(App, "_check_bindings", check_bindings)
        patch.setattr(App, "run_action", run_action)
        patch.setattr(Pane, "_run", run_act)
        patch.setattr(Pane, "perform", performed)
        patch.setattr(Pilot, "pause", looking_pause)
        patch.setattr(Pilot, "press", looking_press)

    def _look(self) -> None:
        changed = [one for one in self._waiting if picture(one[1]) != one[2]]
        self.seen |= {pressed for pressed, _, _ in changed}
        self._waiting = [one for one in self._waiting if one not in changed]


def binding_of(node: DOMNode, action: str, key: str) -> tuple[str, Binding] | None:
    """Return whose key it was, and the binding: of the class that binds it, of which `node` may be a special case."""
    for owner in type(node).__mro__:
        for binding in vars(owner).get("BINDINGS", ()):
            if isinstance(binding, Binding) and binding.action == action and key in binding.key.split(","):
                return owner.__name__, binding
    return None


def picture(app: App[Any]) -> object:
    """Return what the person sees: the cells of the screen in front, their colours, and whether the app is there."""
    if not app.is_running or app._exit:
        return "left"
    return [list(strip) for strip in app.screen._compositor.render_strips()]


def watched(marks: Iterator[pytest.Mark]) -> set[Press]:
    """Return what a test's own marks promise."""
    return set().union(*(presses_of(mark.kwargs) for mark in marks))
