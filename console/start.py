"""Starts the console on an opened workspace."""

from __future__ import annotations

import os
import sys

from console.app import Console
from console.screen.desk import Desk
from console.widgets.terminal import preflight, run_app
from store.errors import BadInput
from store.services.context import Actor
from store.workspace import Workspace


def run_console(workspace: Workspace, actor: Actor | None, *, mouse: bool, why_nobody: str = "") -> int:
    """Run the console until it is left and return the exit status.

    Raises:
        BadInput: this terminal cannot show it; says why and what to use instead.
    """
    trouble = preflight(os.environ, sys.__stderr__ or sys.stderr)
    if trouble is not None:
        raise BadInput(trouble)
    ascii_only = os.environ.get("QUARTERDECK_ASCII", "") not in {"", "0"}
    return run_app(Console(Desk(workspace.context, actor, why_nobody=why_nobody), ascii_only=ascii_only), mouse=mouse)


def run_in_browser(workspace: Workspace, actor: Actor | None, *, why_nobody: str = "") -> int:
    """Run the console for one page of `quarterdeck serve` and return the exit status: the terminal is xterm.js."""
    return run_app(Console(Desk(workspace.context, actor, why_nobody=why_nobody), palette="truecolor"))
