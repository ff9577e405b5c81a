"""The tour: what somebody at the console for the first time needs, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Final

from textual.widget import Widget

from console.presentation.spans import Line, as_line, line
from console.screen.place import Place
from console.widgets.dialogs import Reading
from console.widgets.own_keys import named

_A_ROW: Final = 4
"""So many screens' names fit on a line of the smallest terminal; a name is never torn from its key."""


def tour(near: Widget, places: Sequence[Place], read_only: str | None = None) -> Reading:
    """Return the page, with the keys in force around `near`; `esc` skips it.

    It lies over the first line, so what that says of `read_only` is said here.
    """
    titles = [line((place.key, "key"), f" {place.title}   ") for place in places]
    rows = [
        (*line(("       " if at else "Where  ", "title")), *chain.from_iterable(titles[at : at + _A_ROW]))
        for at in range(0, len(titles), _A_ROW)
    ]
    notice = [line((" READ ONLY ", "badge-warn"), f" {read_only}"), line("")] if read_only is not None else []
    lines: list[str | Line] = [
        *notice,
        line(("The first line says what is wrong and which key to press.", "strong")),
        "",
        *rows,
        line("       ", ("enter ", "key"), "opens what the cursor is on, ", ("esc ", "key"), "goes one step back"),
        line(("Find   ", "title"), ("/ ", "key"), "narrows a list, ", (": ", "key"), "takes a command or an id, ",
             ("ctrl+p ", "key"), "lists all"),
        line(("Act    ", "title"), "one letter, shown below when it can be done. Pressed when it"),
        line("       cannot, it says why, and what would unblock it. ", ("? ", "key"), "lists both."),
        line(("Sure   ", "title"), "what cannot be taken back shows everything it does before it asks;"),
        "       production asks for its name to be typed.",
        line(("Undo   ", "title"), ("Z ", "key"), "takes back what you did last, by an entry that says so;"),
        "       the ledger itself never forgets.",
        "",
        line(("Again: :tour, or quarterdeck --tour. Keys of your own: quarterdeck keys.", "muted")),
    ]  # fmt: skip
    return Reading("Welcome to quarterdeck", [named(near, as_line(given)) for given in lines])
