"""The act that most acts are: ask for a line of words, make one service call with them, say what was recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from console.presentation.spans import line
from console.screen.pane import Pane
from console.widgets.dialogs import Ask
from store.integrity.entry import Entry


def question(title: str, about: str, caveat: str, *, wanted: str) -> Ask:
    """Return a question for `wanted`: what it is about, below it what an answer does, or who may give one."""
    return Ask(title, facts=[about, line((caveat, "muted"))], placeholder=wanted)


async def ask_and_record(
    pane: Pane[Any], ask: Ask, record: Callable[[str], Entry], *, doing: str, done: str, then: str = ""
) -> Entry | None:
    """Ask, record what was answered, and say `done` with the entry's number; None where the person left it.

    `doing` is said while it is under way, `then` after the number.
    """
    words = await pane.ask(ask)
    if words is None:
        return None
    entry = await pane.perform(lambda: record(words), doing=doing)
    pane.say(f"{done}: entry {entry.seq}{then}")
    return entry
