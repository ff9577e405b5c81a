"""Keys in words: where a person has keys of their own, a line names those, not the ones that were built in.

What is drawn names a key by the one it has by default, in the tone `key`; whoever shows it asks for it here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Final, TypeAlias

from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import _character_to_key
from textual.widget import Widget
from textual.widgets import Input

from console.presentation.spans import Line, keyed, plain
from console.widgets.terminal import TerminalApp

Cap: TypeAlias = tuple[str, str]
"""A key as it is written, and as Textual spells it."""
_NAMED: Final = MappingProxyType({"esc": "escape", "←": "left", "→": "right"})
_NO_KEYS: Final = frozenset({"▸"})


def spoken(near: Widget, words: str) -> str:
    """Return words with the keys in force where keys stand between backticks."""
    return plain(named(near, keyed(words)))


def named(near: Widget, given: Line) -> Line:
    """Return a line with the keys in force around a widget, in a tone that says so: they are looked up once."""
    if not _has_own(near) or not any(span.tone == "key" for span in given):
        return given
    return tuple(replace(span, text=_words(near, span.text), tone="own-key") if span.tone == "key" else span
                 for span in given)  # fmt: skip


def as_bound(name: str) -> Cap:
    """Return a key by default: as it is written, and as Textual spells it."""
    return name, _NAMED.get(name, _character_to_key(name) if len(name) == 1 else name)


def cap_in_force(near: Widget, name: str) -> Cap:
    """Return the key that does around a widget what the key of this name does by default."""
    return _own(near, name) or as_bound(name)


def _has_own(near: Widget) -> bool:
    return near.is_attached and isinstance(near.app, TerminalApp) and bool(near.app.own_keys)


def _words(near: Widget, text: str) -> str:
    """Return the text when it is nothing but keys by those in force; a command among them is no key."""
    words = [word for word in text.split() if word not in _NO_KEYS]
    if not all(_bound(near, as_bound(word)[1]) for word in words):
        return text
    return re.sub(r"\S+", lambda found: found[0] if found[0] in _NO_KEYS else cap_in_force(near, found[0])[0], text)


def _own(near: Widget, name: str) -> Cap | None:
    """Return the person's own key for what this key does by default; None: they have none, or it does nothing."""
    app = near.app
    assert isinstance(app, TerminalApp)
    found = _bound(near, as_bound(name)[1])
    own = app.own_keys.get(found.id or "") if found is not None else None
    if not own:
        return None
    first = own.split(",")[0]
    return app.get_key_display(Binding(first, "")), first


def _bound(near: Widget, key: str) -> Binding | None:
    return next((one for binder in _binders(near) if (one := _bound_to(binder, key)) is not None), None)


def _binders(near: Widget) -> Iterator[DOMNode]:
    """Yield what may bind a key that is spoken of here, the nearest first; what lies below a dialog comes last."""
    yield from near.ancestors_with_self
    for screen in reversed(near.app.screen_stack):
        if screen.focused is not None:
            yield from screen.focused.ancestors_with_self
        yield screen
        yield from screen.query(Input)
        yield from sorted(screen.query(Widget), key=lambda widget: not widget.display)


def _bound_to(binder: DOMNode, key: str) -> Binding | None:
    """Return what a key does by default on a widget, as its own class or the nearest one above says; None: nothing."""
    for kind in type(binder).__mro__:
        for binding in vars(kind).get("BINDINGS", ()):
            if isinstance(binding, Binding) and key in binding.key.split(","):
                return binding
    return None
