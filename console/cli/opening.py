"""`open`: the console, straight at an id, an entry or an instant."""

from __future__ import annotations

import click

from console.cli.output import emit_json
from console.cli.session import Session, command
from store.errors import NotFound


@command(name="open")
@click.argument("link")
@click.option("--read-only", is_flag=True, help="Without any act that changes something.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
def open_(session: Session, link: str, *, read_only: bool, no_mouse: bool) -> None:
    """Open the console at LINK: CR-0042, DEP-0031, DR-0007, INC-0003@-30m, #123, prod@WHEN, or a screen's name.

    With --json it only says where that leads.
    """
    from console.cli.open_console import open_console
    from console.places import SCREENS
    from console.screen.links import link_of, split_place

    target = link_of(link, SCREENS)
    context = session.context
    at = None
    if target.subject is not None:
        from store.services.delivery import environments
        from store.services.history import history

        environment, _ = split_place(target.subject) if target.place == "replay" else (None, "")
        if environment is not None:
            environments.one(context.ledger, environment)
        at = history.resolve(context, target.when or target.subject.removeprefix("#"))
        if target.place == "ledger" and at.seq == 0:
            raise NotFound("there is no entry 0: entries begin with 1")
    if session.options.json:
        emit_json(
            {
                "screen": target.place,
                "subject": target.subject,
                "at": {"seq": at.seq, "time": at.time} if at is not None else None,
            }
        )
        return
    open_console(session, mouse=not no_mouse, read_only=read_only, link=target)
