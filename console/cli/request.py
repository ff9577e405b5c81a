"""`request`: the group of what is done with change requests, and the list of them."""

from __future__ import annotations

from typing import Final

import click

from console.cli.groups import LazyGroup
from console.cli.output import emit_json, table
from console.cli.request_row import row_json
from console.cli.session import Session, command, group
from store.projections import requests as rows
from store.services.requests import lapsing

STATES: Final = (
    "draft", "in review", "approved", "refused", "withdrawn", "deploying", "live", "superseded", "rolled back"
)  # fmt: skip
_HOMES: Final = {
    "comment": "request_acts:request_comment",
    "edit": "request_acts:request_edit",
    "export": "request_acts:request_export",
    "list": "request:request_list",
    "open": "request_acts:request_open",
    "resolve": "request_acts:request_resolve",
    "show": "request_acts:request_show",
    "submit": "request_acts:request_submit",
    "tick": "request_acts:request_tick",
    "withdraw": "request_acts:request_withdraw",
}
"""Command → module:function. To list requests takes a fraction of what the acts import."""


@group(name="request", cls=LazyGroup, homes=_HOMES)
def request() -> None:
    """Change requests: open, edit, submit, tick, comment, export, show, list."""


@command(name="list")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only these states.")
def request_list(session: Session, states: tuple[str, ...]) -> None:
    """List requests, the most recently changed first."""
    with session.context.ledger.reading() as connection:
        found = rows.listing(connection, states=states, limit=100_000)
    lapsed = lapsing.lapsed(session.context, found, session.context.now)
    if session.options.json:
        emit_json([row_json(row, lapsed=row.id in lapsed) for row in found])
        return
    table(
        [
            (
                r.id,
                "approved, lapsed" if r.id in lapsed else r.state,
                r.risk,
                f"{r.environment}/{r.project}",
                r.requester,
                r.updated_at,
                r.title,
            )
            for r in found
        ],
        head=("id", "state", "risk", "for", "by", "changed", "title"),
    )
