"""Starts the console on an opened workspace."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import Final

from console.app import Console
from console.personal.files import KEYS_FILE, read_keymap, read_settings
from console.personal.folders import config_folder, state_folder
from console.personal.memory import Habits, LeftOff, Memory
from console.personal.views import Views, views_of
from console.presentation.themes import LOOKS
from console.screen.desk import Desk
from console.screen.links import Link
from console.widgets.terminal import draws_ascii, preflight, run_app
from store.errors import BadInput
from store.services.context import Actor
from store.workspace import Workspace

_PATIENCE_SECONDS: Final = 0.4
_SSH = ("over ssh: ssh -C sends a tenth of the bytes, and every key answers sooner",)


def run_console(
    workspace: Workspace,
    actor: Actor | None,
    *,
    mouse: bool,
    why_nobody: str = "",
    link: Link | None = None,
    tour: bool = False,
    plain: bool = False,
) -> int:
    """Run the console until it is left and return the exit status.

    It begins at `link`, else where the person left off; `tour` shows the tour once more.

    Raises:
        BadInput: this terminal cannot show it, or a file of the person's own is faulty; says why.
    """
    if trouble := preflight(os.environ, sys.__stderr__ or sys.stderr):
        raise BadInput(trouble)
    settings = read_settings(config_folder())
    memory = Memory(state_folder(), workspace.context.ledger.origin)
    habits, left = memory.habits(), memory.left_off()
    desk = Desk(workspace.context, actor, why_nobody=why_nobody, views=views_of(habits))
    console = _made(
        desk,
        look=settings.theme or habits.theme or "auto",
        plain=plain,
        start=LeftOff(place=link.place, subject=link.subject or "") if link is not None else left,
    )
    remote = "SSH_CONNECTION" in os.environ and not habits.told_ssh
    console.greet(
        toured=(lambda: memory.keep(replace(habits, toured=True)))  # at once: a console may be killed
        if tour or (settings.tour and not habits.toured)
        else None,
        notes=(*memory.notes, *(_SSH if remote else ())),
    )
    status = run_app(console, mouse=mouse)
    memory.keep(console.left_off if console.left_off.place else left)
    memory.keep(_habits_after(console, habits, desk.views, remote=remote))
    return _ended(console, status)


def _made(desk: Desk, *, look: str, plain: bool, start: LeftOff) -> Console:
    """Return the console as this terminal and the person's own files want it.

    Raises:
        BadInput: no theme is called `look`, or the person's keymap is faulty.
    """
    if look not in LOOKS:
        raise BadInput(f"no theme is called {look!a}; there are: {', '.join(LOOKS)}")
    keymap = read_keymap(config_folder())
    try:
        return Console(
            desk,
            keymap=keymap,
            palette="plain" if plain else None,
            look=look,
            ascii_only=draws_ascii(os.environ),
            start=start,
        )
    except BadInput as error:
        raise BadInput(f"{config_folder() / KEYS_FILE}: {error}") from None


def _habits_after(console: Console, before: Habits, views: Views, *, remote: bool) -> Habits:
    """Return what is kept of a person once the console was left."""
    return Habits(
        theme=console.chosen_look or before.theme, toured=True,
        told_ssh=before.told_ssh or (remote and console.greeted),
        text=views.text, noise=views.noise, comparison=views.comparison,
    )  # fmt: skip


def run_in_browser(workspace: Workspace, actor: Actor | None, *, why_nobody: str = "") -> int:
    """Run the console for one page of `quarterdeck serve` and return the exit status: the terminal is xterm.js."""
    console = Console(Desk(workspace.context, actor, why_nobody=why_nobody), palette="truecolor")
    return _ended(console, run_app(console))


def _ended(console: Console, status: int) -> int:
    """Return `status` once nothing is read any more; end the process here when that takes longer than a moment.

    What was being changed has ended before: asyncio waits for its threads. A read holds nothing and may take minutes
    (a long ledger, a target that does not answer); Python would wait for it, or die of it while it closes.
    """
    if console.threads.left_behind(_PATIENCE_SECONDS):
        from store.reach.program import kill_asking

        kill_asking()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)
    return status
