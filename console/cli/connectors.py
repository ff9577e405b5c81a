"""`connectors`: every host, module, connection and credential, where it is used, and what is new."""

from __future__ import annotations

import click

from console.cli.output import emit_json, say, table
from console.cli.session import Session, command, group
from console.presentation.words import counted
from store.domain.inventory import Item, Since, shown, to_json
from store.services.connectors import reviewing
from store.services.connectors.inventory import Inventory, inventory
from store.services.delivery import environments


@group(name="connectors", invoke_without_command=True)
@click.option("--project", help="Only what this project uses now.")
@click.option("--env", "environment", help="Only what is used in this environment now.")
@click.option("--changed", is_flag=True, help="Only what became different since the last review.")
@click.pass_context
def connectors(ctx: click.Context, *, project: str | None, environment: str | None, changed: bool) -> None:
    """Hosts, modules, connections and credentials: first and last seen, where used, what is new."""
    if ctx.invoked_subcommand is not None:
        return
    session = ctx.ensure_object(Session)
    if environment is not None:
        environments.one(session.context.ledger, environment)
    found = inventory(session.context, project=project, environment=environment)
    items = found.changed() if changed else found.items
    if session.options.json:
        emit_json({"review": _review(found), "connectors": [to_json(item) for item in items]})
        return
    say(_last_review(found))
    table(
        [_row(item) for item in items],
        head=("kind", "name", "version", "licence", "first", "last", "since review", "used by"),
    )
    if not items:
        say("nothing changed since then" if changed else "nothing reaches outside")


@command(connectors, name="review")
@click.option("--note", default="", help="What you looked at or decided, for the ledger.")
def connectors_review(session: Session, note: str) -> None:
    """Record that you reviewed the inventory as it is now; what comes later counts as new."""
    found = inventory(session.context)
    entry = reviewing.review(session.context, session.actor(), found, note=note)
    used, changed = sum(item.in_use for item in found.items), len(found.changed())
    if session.options.json:
        emit_json({"entry": entry.seq, "inventory": found.digest, "connectors": used, "changed": changed})
    else:
        say(f"{counted(used, 'connector')} reviewed, {changed} of them new or changed (entry {entry.seq})")


def _row(item: Item) -> tuple[object, ...]:
    where = [shown(use) for use in item.uses]
    more = f" and {len(where) - 2} more" if len(where) > 2 else ""
    changed = "" if item.since is Since.SAME else item.since.value
    name = f"{item.name} ({item.ref})" if item.ref else item.name
    return (
        item.kind,
        name,
        ", ".join(item.versions),
        ", ".join(item.licences),
        f"#{item.first.seq} {item.first.time[:10]}",
        f"#{item.last.seq} {item.last.time[:10]}",
        changed,
        ", ".join(where[:2]) + more if where else "nothing uses it now",
    )


def _review(found: Inventory) -> dict[str, object] | None:
    row = found.review
    if row is None:
        return None
    return {"entry": row.seq, "time": row.time, "actor": row.actor, "connectors": row.connectors, "note": row.note}


def _last_review(found: Inventory) -> str:
    if found.review is None:
        return "never reviewed: everything counts as new (quarterdeck connectors review)"
    note = f": {found.review.note}" if found.review.note else ""
    return f"last review: {found.review.actor}, {found.review.time} (entry {found.review.seq}){note}"
