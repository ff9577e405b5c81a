"""The tour: what somebody at the console for the first time needs, on one page."""

from __future__ import annotations

from collections.abc import Sequence

from console.presentation.spans import Line, line
from console.screen.place import Place
from console.widgets.dialogs import Reading


def tour(places: Sequence[Place]) -> Reading:
    """Return the page; `esc` skips it."""
    screens = "   ".join(f"{place.key} {place.title}" for place in places)
    lines: list[str | Line] = [
        line(("The first line says what is wrong and which key to press.", "strong")),
        "",
        line(("Where  ", "title"), screens),
        line(("  enter ", "key"), "opens what the cursor is on, ", ("esc ", "key"), "goes one step back"),
        line(("Find   ", "title"), ("/ ", "key"), "narrows a list, ", (": ", "key"), "takes a command or an id, ",
             ("ctrl+p ", "key"), "lists all"),
        line(("Act    ", "title"), "one letter, shown below when it can be done. Pressed when it cannot,"),
        "       it says why, and what would unblock it. ? lists both.",
        line(("Sure   ", "title"), "what cannot be taken back shows everything it does before it asks;"),
        "       production asks for its name to be typed.",
        line(("Undo   ", "title"), ("Z ", "key"), "takes back what you did last, by an entry that says so;"),
        "       the ledger itself never forgets.",
        "",
        line(("Again: :tour, or quarterdeck --tour. Keys of your own: quarterdeck keys.", "muted")),
    ]  # fmt: skip
    return Reading("Welcome to quarterdeck", lines)
