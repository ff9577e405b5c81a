"""`finding`: what is not as it should be, tracked until somebody who may says that it is dealt with."""

from __future__ import annotations

from dataclasses import asdict

import click

from console.cli.output import emit_json, say, table
from console.cli.session import Session, command, group
from store.domain.findings import SOURCES
from store.domain.policy import SEVERITIES
from store.domain.roles import is_before
from store.errors import NotFound
from store.integrity.entry import Entry
from store.projections import findings as rows
from store.projections.findings import FindingRow
from store.services.findings import handling
from store.services.findings.handling import Wanted


@group(name="finding")
def finding() -> None:
    """Record, hand over, close findings: open, assign, note, close, list, show."""


@command(finding, name="open")
@click.option("--title", required=True, help="What is not as it should be, in a few words.")
@click.option("--severity", type=click.Choice(SEVERITIES), default="warning", show_default=True)
@click.option("--source", type=click.Choice(SOURCES), default="audit", show_default=True)
@click.option("--about", metavar="ID", help="An id (CR-…, DEP-…, BG-…), an entry's number, `policy` or `connectors`.")
@click.option("--due", metavar="TIME", help="By when (RFC 3339); default and latest: what policy says.")
@click.option("--assignee", metavar="NAME", help="Who sees to it; they cannot close it, unless policy lets them.")
@click.option("--summary", default="", help="More words.")
def finding_open(session: Session, title: str, severity: str, source: str, **more: str) -> None:
    """Record that something is not as it should be."""
    wanted = Wanted(title=title, severity=severity, source=source, **more)
    _done(session, handling.open_finding(session.context, session.actor(), wanted))


@command(finding, name="assign")
@click.argument("finding_id", metavar="ID")
@click.option("--to", "assignee", required=True, metavar="NAME", help="Who sees to it from now on.")
@click.option("--due", metavar="TIME", help="By another day (RFC 3339); needs a --note.")
@click.option("--note", "words", default="", help="Why, for the ledger.")
def finding_assign(session: Session, finding_id: str, assignee: str, due: str | None, words: str) -> None:
    """Let somebody see to a finding, or by another day."""
    entry = handling.assign(session.context, session.actor(), finding_id, assignee=assignee, due=due, note=words)
    _done(session, entry)


@command(finding, name="note")
@click.argument("finding_id", metavar="ID")
@click.argument("text")
def finding_note(session: Session, finding_id: str, text: str) -> None:
    """Say something about an open finding."""
    _done(session, handling.note(session.context, session.actor(), finding_id, text))


@command(finding, name="close")
@click.argument("finding_id", metavar="ID")
@click.option("--done", required=True, metavar="TEXT", help="What was done about it.")
def finding_close(session: Session, finding_id: str, done: str) -> None:
    """Say that a finding is dealt with, and how."""
    _done(session, handling.close(session.context, session.actor(), finding_id, done=done))


@command(finding, name="list")
@click.option("--state", type=click.Choice(["open", "closed", "all"]), default="all", show_default=True)
@click.option("--overdue", is_flag=True, help="Only those that should be closed by now.")
def finding_list(session: Session, state: str, *, overdue: bool) -> None:
    """List findings, open ones first, what is due first before the rest."""
    at = session.context.now
    with session.context.ledger.reading() as connection:
        found = rows.listing(connection, state=None if state == "all" else state)
    found = tuple(row for row in found if _is_overdue(row, at) or not overdue)
    if session.options.json:
        emit_json([asdict(row) | {"overdue": _is_overdue(row, at)} for row in found])
        return
    table(
        [
            (r.id, "overdue" if _is_overdue(r, at) else r.state, r.severity, r.due, r.assignee or "-", r.about, r.title)
            for r in found
        ],
        head=("id", "state", "severity", "due", "assignee", "about", "title"),
    )


@command(finding, name="show")
@click.argument("finding_id", metavar="ID")
def finding_show(session: Session, finding_id: str) -> None:
    """Show one finding with everything that was said and done about it."""
    at = session.context.now
    with session.context.ledger.reading() as connection:
        row = rows.one(connection, finding_id)
        story = rows.story(connection, finding_id)
    if row is None:
        raise NotFound(f"there is no finding {finding_id[:40]!a}")
    if session.options.json:
        emit_json(asdict(row) | {"overdue": _is_overdue(row, at), "story": [asdict(step) for step in story]})
        return
    state = "overdue" if _is_overdue(row, at) else row.state
    say(f"{row.id}  {row.severity}  {state}  due {row.due}", f"for {row.assignee}" if row.assignee else "")
    say(row.title, f"about {row.about}" if row.about else "", f"({row.source})")
    table([(f"#{s.seq}", s.time, s.actor, s.step, s.words) for s in story],
          head=("entry", "time", "who", "what", "words"))  # fmt: skip


def _is_overdue(row: FindingRow, at: str) -> bool:
    return row.state == "open" and not is_before(at, row.due)


def _done(session: Session, entry: Entry) -> None:
    on = dict(entry.statement.on)
    if session.options.json:
        emit_json({"id": on["finding"], "entry": entry.seq, "kind": entry.statement.kind, "on": on,
                   "due": entry.statement.data.get("due")})  # fmt: skip
    else:
        due = entry.statement.data.get("due")
        say(f"{on['finding']} {entry.statement.kind} (entry {entry.seq})", f"due {due}" if due else "")
