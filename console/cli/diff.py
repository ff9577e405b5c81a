"""`diff`: what changes between two things that have contents."""

from __future__ import annotations

import click

from console.cli.diff_text import diff_lines
from console.cli.output import emit_json, say_lines
from console.cli.session import Session, command
from store.services import diffing


@command(name="diff")
@click.argument("old")
@click.argument("new")
@click.option("--noise", is_flag=True, help="Show fields that say nothing about behaviour, too.")
def diff(session: Session, old: str, new: str, *, noise: bool) -> None:
    """Show what changes from OLD to NEW: digests, releases, ENV, ENV@WHEN, ids or files."""
    for side in (old, new):
        environment, at, _ = side.partition("@")
        if at:
            from store.services.delivery import environments  # two files, or two digests, need none of it

            environments.one(session.context.ledger, environment)
    found = diffing.diff(session.context, old, new)
    session.kept.append(found)
    if session.options.json:
        emit_json(found.to_json())
    else:
        say_lines("\n".join(diff_lines(found, noise=noise)))
