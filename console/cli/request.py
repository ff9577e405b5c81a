"""`request`, `approve`, `refuse` and `promote`: change requests and the people who decide on them."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from console.cli.approval_text import say_missing
from console.cli.comment_text import comment_json, say_comments
from console.cli.gate_text import gate_json, say_gate
from console.cli.output import emit_json, note, say, say_lines, table
from console.cli.session import Session, command, group
from store.domain import events as ev
from store.domain.policy import RISKS
from store.errors import NotFound
from store.projections import requests as rows
from store.services import diffing
from store.services.audit import evidence
from store.services.context import Context
from store.services.delivery import environments
from store.services.requests import (
    approving,
    commenting,
    escalating,
    offsite,
    promoting,
    requests,
    testdata,
    ticking,
    waiving,
)

_FIELDS = {
    "title": "What it is, in a few words.",
    "why": "The problem it solves.",
    "what": "The intended change.",
    "success": "How you will know that it worked.",
    "impact": "Who and what it touches.",
    "rollback_plan": "How to go back.",
    "dependencies": "Systems it depends on.",
    "constraints": "Regulatory or policy constraints.",
    "tests": "Test coverage, and test data used.",
}


STATES = (
    "draft", "in review", "approved", "refused", "withdrawn", "deploying", "live", "superseded", "rolled back"
)  # fmt: skip


def _content_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for name, help_text in reversed(_FIELDS.items()):
        function = click.option(f"--{name.replace('_', '-')}", name, help=help_text)(function)
    template = click.option("--from-template", "template", help="Its kind: quarterdeck template list.")
    return template(
        click.option("--risk", type=click.Choice(RISKS), help="Risk as you declare it (default: medium).")(function)
    )


@group(name="request")
def request() -> None:
    """Change requests: open, edit, submit, withdraw, show, list."""


@command(request, name="open")
@click.option("--project", required=True)
@click.option("--env", "environment", required=True)
@click.option("--artifact", "named", multiple=True, help="An artifact's digest (default: the newest of the project).")
@_content_options
def request_open(
    session: Session, project: str, environment: str, named: tuple[str, ...], **content: str | None
) -> None:
    """Open a draft for the newest exports of a project."""
    stated = ev.RequestContent(**({"title": "", "why": ""} | {k: v for k, v in content.items() if v is not None}))
    entry = requests.open_request(
        session.context,
        session.actor(),
        project=project,
        environment=environment,
        content=stated,
        artifacts_named=tuple(digest.lower() for digest in named),
    )
    _show(session, entry.statement.on["request"])


@command(request, name="edit")
@click.argument("request_id", metavar="ID")
@click.option("--refresh", is_flag=True, help="Take the newest exports of the project.")
@_content_options
def request_edit(session: Session, request_id: str, *, refresh: bool, **content: str | None) -> None:
    """Change a request; approvals given before are void."""
    before = requests.change_of(session.context.ledger, request_id).content
    stated = replace(before, **{k: v for k, v in content.items() if v is not None})
    requests.edit(session.context, session.actor(), request_id, content=stated, refresh=refresh)
    _show(session, request_id)


@command(request, name="submit")
@click.argument("request_id", metavar="ID")
def request_submit(session: Session, request_id: str) -> int:
    """Hand a draft to its approvers; the gates run."""
    requests.submit(session.context, session.actor(), request_id)
    _show(session, request_id)
    with session.context.ledger.reading() as connection:
        row = rows.one(connection, request_id)
    return int(row is not None and row.gates_failed > 0)


@command(request, name="tick")
@click.argument("request_id", metavar="ID")
@click.argument("items", nargs=-1, required=True, metavar="ITEM...")
@click.option("--note", "text", default="", help="What you saw.")
def request_tick(session: Session, request_id: str, items: tuple[str, ...], text: str) -> None:
    """Tick off items of the checklist (their numbers, or their words), each an entry of its own."""
    for item in items:
        ticking.tick(session.context, session.actor(), request_id, item, note=text)
    _show(session, request_id)


@command(request, name="comment")
@click.argument("request_id", metavar="ID")
@click.option("--component", required=True, help="Which component: its id, or its name.")
@click.argument("text")
def request_comment(session: Session, request_id: str, component: str, text: str) -> None:
    """Comment on one component of a request under review; its requester is told."""
    commenting.comment(session.context, session.actor(), request_id, component, text)
    _show(session, request_id)


@command(request, name="resolve")
@click.argument("request_id", metavar="ID")
@click.argument("entry", type=click.IntRange(1))
@click.option("--note", "text", default="", help="How it was settled.")
def request_resolve(session: Session, request_id: str, entry: int, text: str) -> None:
    """Settle a comment, named by its entry's number; it stays shown."""
    commenting.resolve(session.context, session.actor(), request_id, entry, note=text)
    _show(session, request_id)


@command(request, name="withdraw")
@click.argument("request_id", metavar="ID")
@click.option("--reason", default="withdrawn by its requester")
def request_withdraw(session: Session, request_id: str, reason: str) -> None:
    """Take a request back before it is deployed."""
    requests.withdraw(session.context, session.actor(), request_id, reason=reason)
    _show(session, request_id)


@command(request, name="show")
@click.argument("request_id", metavar="ID")
def request_show(session: Session, request_id: str) -> None:
    """Show a request: what it states, gates, decisions and what it changes."""
    _show(session, request_id, full=True)


@command(request, name="list")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only these states.")
def request_list(session: Session, states: tuple[str, ...]) -> None:
    """List requests, the most recently changed first."""
    with session.context.ledger.reading() as connection:
        found = rows.listing(connection, states=states, limit=100_000)
    if session.options.json:
        emit_json([_plain(row) for row in found])
        return
    table(
        [(r.id, r.state, r.risk, f"{r.environment}/{r.project}", r.requester, r.updated_at, r.title) for r in found],
        head=("id", "state", "risk", "for", "by", "changed", "title"),
    )


@command(request, name="export")
@click.argument("request_id", metavar="ID")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to write to.")
@click.option("--for", "handle", help="Who will sign (default: you).")
@click.option("--note", "text", default="", help="What you want remembered with your approval.")
def request_export(session: Session, request_id: str, out: Path, handle: str | None, text: str) -> None:
    """Write the approval to be signed on the approver's own machine with ssh-keygen, and a text to read first."""
    from console.cli.approval_text import approval_text, sign_line

    unsigned = offsite.prepare(session.context, request_id, handle or session.actor().handle, note=text)
    statement = out / f"{request_id}-{unsigned.statement.actor}.json"
    readable = statement.with_suffix(".txt")
    evidence.write_file(statement, unsigned.data)
    evidence.write_file(readable, approval_text(session.context, unsigned, statement).encode())
    if session.options.json:
        emit_json({"statement": str(statement), "text": str(readable), "sign": sign_line(statement)})
        return
    say(f"{statement} is what {unsigned.statement.actor} signs; {readable.name} says in words what that means")
    note(f"sign it: {sign_line(statement)}")
    note(f"then: quarterdeck approval import {shlex.quote(f'{statement}.sig')}")


@command(name="approve")
@click.argument("request_id", metavar="ID")
@click.option("--note", default="", help="What you want remembered with your approval.")
@click.option("--digest", help="The request digest you reviewed (its start is enough); another one is refused.")
def approve(session: Session, request_id: str, note: str, digest: str | None) -> None:
    """Approve a request as it stands, with your key."""
    approving.approve(session.context, session.actor(), request_id, note=note, digest=digest)
    _show(session, request_id)


@command(name="refuse")
@click.argument("request_id", metavar="ID")
@click.option("--reason", required=True)
def refuse(session: Session, request_id: str, reason: str) -> None:
    """Refuse a request, with the reason."""
    approving.refuse(session.context, session.actor(), request_id, reason=reason)
    _show(session, request_id)


@command(name="promote")
@click.argument("request_id", metavar="ID")
@click.option("--to", "environment", required=True)
@click.option("--from-template", "template", help="Its kind there, where that of ID is for other environments.")
def promote(session: Session, request_id: str, environment: str, template: str | None) -> None:
    """Open a request for the same release in another environment."""
    entry = promoting.promote(session.context, session.actor(), request_id, to=environment, template=template)
    _show(session, entry.statement.on["request"])


def _show(session: Session, request_id: str, *, full: bool = False) -> None:
    context = session.context
    with context.ledger.reading() as connection:
        row = rows.one(connection, request_id)
        stated = rows.content(connection, request_id)
        gates = rows.gates(connection, request_id)
        decisions = rows.decisions(connection, request_id)
        risk = rows.risk(connection, request_id)
    if row is None or stated is None:
        raise NotFound(f"there is no request {request_id}")
    goes = environments.environments(context.ledger).get(row.environment)
    checklist = ticking.checklist(context, request_id)
    due = escalating.deadline_of(context, row, context.now)
    comments = commenting.of_request(context.ledger, request_id)
    wanted = approving.wanted(context, request_id)
    if session.options.json:
        emit_json(
            _plain(row)
            | {
                "goes_to": None if goes is None else goes.place.words,
                "content": asdict(stated),
                "deadline": None if due is None else asdict(due),
                "missing": asdict(wanted),
                "checklist": [asdict(item) for item in checklist],
                "assessed": None if risk is None else asdict(risk),
                "gates": [gate_json(gate) for gate in gates],
                "decisions": [
                    {"actor": d.actor, "decision": d.decision, "note": d.note, "digest": d.digest, "seq": d.seq}
                    for d in decisions
                ],
                "comments": [comment_json(one, row.digest) for one in comments],
                "test_data": [asdict(one) for one in testdata.of_request(context.ledger, request_id)],
            }
        )
        return
    say(f"{row.id}  {row.state}  {row.environment}/{row.project}  risk {row.risk}  by {row.requester}")
    say(f"  {row.title}")
    say(f"  request digest {row.digest[:16]}  release {row.release[:16]}")
    if goes is not None:
        say(f"  goes to {goes.place.words}")
    if due is not None:
        say(f"  approvals {due.words}")
    if risk is not None:
        say(f"  risk {risk.level}: {risk.points} points make it {risk.computed}, declared {risk.declared}")
        for fact in risk.facts:
            say(f"    {fact.points:>3}  {fact.fact}: {fact.because}")
        for owned in risk.owners:
            say(f"    an approval by {' or '.join(owned.owners)}: {owned.because}")
    for number, item in enumerate(checklist, 1):
        by = f"  {item.by} (entry {item.seq})  {item.note}" if item.by else ""
        say(f"  {'[x]' if item.by else '[ ]'} {number} {item.item}{by}")
    for gate in gates:
        say_gate(gate.verdict, gate.gate, gate.reason, gate.unblock)
    for one in decisions:
        void = "" if one.digest == row.digest else "  (void: the request changed since)"
        say(f"  {one.decision} by {one.actor}  entry {one.seq}  {one.note}{void}")
    say_missing(wanted)
    say_comments(comments, row.digest)
    if full:
        _show_full(context, request_id, stated)


def _show_full(context: Context, request_id: str, stated: ev.RequestContent) -> None:
    from console.cli.diff_text import diff_lines

    for one in testdata.of_request(context.ledger, request_id):
        say(f"  test data: {one.words}  by {one.actor}  entry {one.seq}")
    for waiver in waiving.of_request(context, request_id):
        say(f"  exception {waiver.id} for {waiver.gate}: {waiver.state(context.now)}, by {waiver.by} until"
            f" {waiver.expires}, accepts: {waiver.accepted}")  # fmt: skip
    for name, value in asdict(stated).items():
        if value and name not in {"title", "risk"}:
            say(f"  {name.replace('_', ' ')}: {value}")
    say_lines("\n".join(diff_lines(diffing.of_request(context, request_id))))


def _plain(row: rows.RequestRow) -> dict[str, object]:
    return asdict(row) | {"escalated": list(row.escalated_to)}
