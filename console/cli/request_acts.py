"""What is done with a change request: `request open` and the like, `approve`, `refuse` and `promote`."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import click

from console.cli.output import emit_json, note, say
from console.cli.request_options import content_options
from console.cli.request_text import show
from console.cli.session import Session, command
from store.domain import events as ev
from store.projections import requests as rows
from store.services.audit import evidence
from store.services.requests import (
    approving,
    commenting,
    offsite,
    promoting,
    requests,
    ticking,
)


@command(name="open")
@click.option("--project", required=True)
@click.option("--env", "environment", required=True)
@click.option("--artifact", "named", multiple=True, help="An artifact's digest (default: the newest of the project).")
@content_options
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
    show(session, entry.statement.on["request"])


@command(name="edit")
@click.argument("request_id", metavar="ID")
@click.option("--refresh", is_flag=True, help="Take the newest exports of the project.")
@content_options
def request_edit(session: Session, request_id: str, *, refresh: bool, **content: str | None) -> None:
    """Change a request; approvals given before are void."""
    before = requests.change_of(session.context.ledger, request_id).content
    stated = replace(before, **{k: v for k, v in content.items() if v is not None})
    requests.edit(session.context, session.actor(), request_id, content=stated, refresh=refresh)
    show(session, request_id)


@command(name="submit")
@click.argument("request_id", metavar="ID")
def request_submit(session: Session, request_id: str) -> int:
    """Hand a draft to its approvers; the gates run."""
    requests.submit(session.context, session.actor(), request_id)
    show(session, request_id)
    with session.context.ledger.reading() as connection:
        row = rows.one(connection, request_id)
    return int(row is not None and row.gates_failed > 0)


@command(name="tick")
@click.argument("request_id", metavar="ID")
@click.argument("items", nargs=-1, required=True, metavar="ITEM...")
@click.option("--note", "text", default="", help="What you saw.")
def request_tick(session: Session, request_id: str, items: tuple[str, ...], text: str) -> None:
    """Tick off items of the checklist (their numbers, or their words), each an entry of its own."""
    for item in items:
        ticking.tick(session.context, session.actor(), request_id, item, note=text)
    show(session, request_id)


@command(name="comment")
@click.argument("request_id", metavar="ID")
@click.option("--component", required=True, help="Which component: its id, or its name.")
@click.argument("text")
def request_comment(session: Session, request_id: str, component: str, text: str) -> None:
    """Comment on one component of a request under review; its requester is told."""
    commenting.comment(session.context, session.actor(), request_id, component, text)
    show(session, request_id)


@command(name="resolve")
@click.argument("request_id", metavar="ID")
@click.argument("entry", type=click.IntRange(1))
@click.option("--note", "text", default="", help="How it was settled.")
def request_resolve(session: Session, request_id: str, entry: int, text: str) -> None:
    """Settle a comment, named by its entry's number; it stays shown."""
    commenting.resolve(session.context, session.actor(), request_id, entry, note=text)
    show(session, request_id)


@command(name="withdraw")
@click.argument("request_id", metavar="ID")
@click.option("--reason", default="withdrawn by its requester")
def request_withdraw(session: Session, request_id: str, reason: str) -> None:
    """Take a request back before it is deployed."""
    requests.withdraw(session.context, session.actor(), request_id, reason=reason)
    show(session, request_id)


@command(name="show")
@click.argument("request_id", metavar="ID")
def request_show(session: Session, request_id: str) -> None:
    """Show a request: what it states, gates, decisions and what it changes."""
    show(session, request_id, full=True)


@command(name="export")
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
    show(session, request_id)


@command(name="refuse")
@click.argument("request_id", metavar="ID")
@click.option("--reason", required=True)
def refuse(session: Session, request_id: str, reason: str) -> None:
    """Refuse a request, with the reason."""
    approving.refuse(session.context, session.actor(), request_id, reason=reason)
    show(session, request_id)


@command(name="promote")
@click.argument("request_id", metavar="ID")
@click.option("--to", "environment", required=True)
@click.option("--from-template", "template", help="Its kind there, where that of ID is for other environments.")
def promote(session: Session, request_id: str, environment: str, template: str | None) -> None:
    """Open a request for the same release in another environment."""
    entry = promoting.promote(session.context, session.actor(), request_id, to=environment, template=template)
    show(session, entry.statement.on["request"])
