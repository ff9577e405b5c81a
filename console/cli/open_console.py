"""Opens the console on a workspace; the only door from the command line to Textual."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from console.cli.session import Session
from store.errors import BadInput

if TYPE_CHECKING:
    from console.screen.links import Link


_ASKED_FOR: Final = "--read-only was given; start without it to act"


def open_console(
    session: Session, *, mouse: bool, read_only: bool, link: Link | None = None, tour: bool = False
) -> None:
    """Run the console until it is quit, and exit with its status."""
    if not sys.stdout.isatty() or not sys.stdin.isatty():
        raise BadInput("the console needs a terminal; every fact is on the command line too: quarterdeck triage")
    actor, why = (None, _ASKED_FOR) if read_only else session.actor_if_any()
    workspace = session.workspace
    from console.start import run_console

    plain = session.options.no_color
    sys.exit(run_console(workspace, actor, mouse=mouse, why_nobody=why, link=link, tour=tour, plain=plain))
