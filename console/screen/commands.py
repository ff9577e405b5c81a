"""What may be typed after `:`; the same table fills the palette and its own help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

from console.presentation.text import display
from console.presentation.themes import LOOKS
from console.screen.keys import KEYS
from console.screen.links import link_of
from store.errors import BadInput

if TYPE_CHECKING:
    from console.screen.frame import Frame
    from console.widgets.terminal import TerminalApp

Run = Callable[["Frame", str], Any]


def _theme(frame: Frame, name: str) -> None:
    if name not in LOOKS:
        raise BadInput(f"themes: {', '.join(LOOKS)}")
    cast("TerminalApp[Any]", frame.app).action_look(name)
    frame.say((f"theme {name}: {LOOKS[name]}",), "ok")


async def follow(frame: Frame, text: str) -> None:
    """Go where a link leads. Raises BadInput: nowhere."""
    link = link_of(text, frame.places)
    await frame.go_to(link.place, link.subject)


def _write(frame: Frame, _: str) -> None:
    from console.screen.request_writing import write_request

    frame.begin(write_request)


def _playbook(frame: Frame, _: str) -> None:
    from console.screen.ticking_acts import work_playbook

    frame.begin(work_playbook)


COMMANDS: Final[Mapping[str, tuple[str, str, Run]]] = MappingProxyType(
    {
        "open": ("LINK", "go to an id, an entry or an instant", follow),
        "filter": ("TEXT", "narrow what is listed", lambda frame, text: frame.narrow(text)),
        "theme": ("NAME", f"change the colours: {', '.join(LOOKS)}", _theme),
        "help": ("", "what can be done here, and why something cannot", lambda frame, _: frame.action_help()),
        "tour": ("", "the console in one page", lambda frame, _: frame.action_tour()),
        "write": ("", "write a new request", _write),
        "playbook": ("", "work through a playbook for an incident", _playbook),
        "undo": ("", "take back what you did last", lambda frame, _: frame.action_undo()),
        "back": ("", "one step back", lambda frame, _: frame.action_back()),
        "quit": ("", "leave the console", lambda frame, _: frame.action_leave()),
    }
)
"""Command → (what it takes, what it does, how)."""


def names(frame: Frame) -> list[str]:
    """Return everything that completes after `:`."""
    themes = [f"theme {name}" for name in LOOKS]
    return [*(place.id for place in frame.places), *COMMANDS, *themes, *KEYS]


async def run(frame: Frame, text: str) -> None:
    """Run what was typed: a command, a screen and a thing in it, an act and what it is about, an id.

    Raises:
        BadInput: it is none of these, or is given the wrong thing.
    """
    word, _, rest = text.partition(" ")
    word, rest = {"q": "quit", "h": "help"}.get(word, word), rest.strip()
    named = [place for place in frame.places if place.id.startswith(word.lower())]
    if word in COMMANDS:
        takes, does, how = COMMANDS[word]
        if takes and not rest:
            raise BadInput(f":{word} {takes}: {does}")
        made = how(frame, rest)
        if hasattr(made, "__await__"):
            await made
    elif word in KEYS:
        if rest:
            await follow(frame, rest)
            frame.say((f"{rest} is open: `{KEYS[word][0]}` {KEYS[word][1].lower()}s it",), "info")
        else:
            do(frame, word)
    elif frame.pane is not None and frame.pane.command(text):
        return
    elif named:
        await frame.go_to(named[0].id, rest or None)
    else:
        try:
            await follow(frame, text)
        except BadInput as error:
            msg = f"no command and no id is called {display(word, 60)}; `?` lists what there is"
            raise BadInput(msg) from error


def do(frame: Frame, name: str) -> None:
    """Do an act of the screen in front by its name, or say why it cannot be done here."""
    ids = {active.binding.id for active in frame.active_bindings.values()}
    pane = frame.pane
    if pane is not None and f"act.{name}" in ids:
        pane.action_act(name)
    elif pane is not None and f"look.{name}" in ids:
        pane.action_look(name)
    else:
        frame.say((f"{name} is nothing that this screen does; `?` lists what it does",), "warn")
