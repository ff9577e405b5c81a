"""`break-glass`: acting past the approvals while an incident is open, and what is owed for it."""

from __future__ import annotations

from dataclasses import asdict

import click

from console.cli.groups import HintingGroup
from console.cli.output import emit_json, say, table
from console.cli.session import Session, command, group
from store.integrity.entry import Entry
from store.services.glass import breaking, holding


class _OpeningGroup(HintingGroup):
    """A group whose subcommand `open` may be left out: `break-glass INC-0001 …`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `open` in front where an incident is named first."""
        if any(word.startswith("INC-") for word in args) and not any(word in self.commands for word in args):
            args = ["open", *args]
        return super().parse_args(ctx, args)


@group(name="break-glass", cls=_OpeningGroup)
def break_glass() -> None:
    """Act past the approvals for a limited time: break-glass INC-…; then end, review, list."""


@command(break_glass, name="open")
@click.argument("incident")
@click.option("--env", "environment", required=True)
@click.option("--project", help="Only this project (default: the incident's, or all).")
@click.option("--justification", required=True, help="Why it cannot wait for approvals; goes into the ledger.")
def glass_open(session: Session, incident: str, environment: str, project: str | None, justification: str) -> None:
    """Break glass for an open incident."""
    entry = breaking.break_glass(
        session.context,
        session.actor(),
        incident,
        environment=environment,
        project=project,
        justification=justification,
    )
    _done(session, entry)


@command(break_glass, name="end")
@click.argument("glass")
@click.option("--reason", required=True)
def glass_end(session: Session, glass: str, reason: str) -> None:
    """End it before its time."""
    _done(session, breaking.end(session.context, session.actor(), glass, reason=reason))


@command(break_glass, name="review")
@click.argument("glass")
@click.option("--note", required=True, help="What you looked at and what you think of it.")
def glass_review(session: Session, glass: str, note: str) -> None:
    """Close its review; who broke the glass cannot."""
    _done(session, breaking.review(session.context, session.actor(), glass, note=note))


@command(break_glass, name="list")
def glass_list(session: Session) -> None:
    """List every broken glass with what was done under it and its review."""
    source, at = session.context.ledger, session.context.now
    found = [(one, breaking.done_under(source, one.id, one.environment)) for one in holding.every(source).values()]
    if session.options.json:
        emit_json(
            [asdict(one) | {"stands": one.stands(at), "overdue": one.overdue(at), "deployments": done}
             for one, done in found]
        )  # fmt: skip
        return
    table(
        [(one.id, one.environment, one.by, one.until, _review(one.reviewed_by, one.review_due, overdue=one.overdue(at)),
          " ".join(done), one.justification) for one, done in found],
        head=("id", "env", "by", "until", "review", "done", "why"),
    )  # fmt: skip


def _review(by: str | None, due: str, *, overdue: bool) -> str:
    return f"by {by}" if by else f"{'OVERDUE since' if overdue else 'due'} {due}"


def _done(session: Session, entry: Entry) -> None:
    on = dict(entry.statement.on)
    if session.options.json:
        until, due = entry.statement.data.get("until"), entry.statement.data.get("review_due")
        emit_json({"id": on["glass"], "entry": entry.seq, "kind": entry.statement.kind, "on": on, "until": until,
                   "review_due": due})  # fmt: skip
    else:
        say(
            f"{' '.join(on.values())} {entry.statement.kind} (entry {entry.seq})",
            str(entry.statement.data.get("until", "")),
        )
