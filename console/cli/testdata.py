"""`testdata`: what was created, transformed or scrubbed so that a request could be tested."""

from __future__ import annotations

from dataclasses import asdict

import click

from console.cli.output import emit_json, say, table
from console.cli.session import Session, command, group
from store.domain.testdata import HANDLINGS
from store.services.requests import testdata as service
from store.services.requests.reading import change_of


@group(name="testdata")
def testdata() -> None:
    """Records of test data, attached to change requests."""


@command(testdata, name="add")
@click.argument("request_id", metavar="ID")
@click.option("--kind", "handling", type=click.Choice(HANDLINGS), required=True)
@click.option("--what", required=True, help="Which data, in words; never the data itself.")
@click.option("--where", required=True, help="The system or table it was put into.")
@click.option("--records", type=click.IntRange(min=0, max=2**53 - 1), required=True, help="How many.")
@click.option("--masking", default="", help="How personal and secret values were made harmless.")
@click.option("--when", "done_at", help="When it was done (RFC 3339; default: now).")
def testdata_add(
    session: Session,
    request_id: str,
    handling: str,
    what: str,
    where: str,
    records: int,
    masking: str,
    done_at: str | None,
) -> None:
    """Record what was done with data to test a request."""
    entry = service.add(
        session.context, session.actor(), request_id,
        handling=handling, what=what, where=where, records=records, masking=masking, done_at=done_at,
    )  # fmt: skip
    row = next(one for one in service.of_request(session.context.ledger, request_id) if one.seq == entry.seq)
    if session.options.json:
        emit_json(asdict(row))
    else:
        say(f"{request_id}: {row.words} (entry {row.seq})")


@command(testdata, name="list")
@click.argument("request_id", metavar="ID")
def testdata_list(session: Session, request_id: str) -> None:
    """List the records of a request, oldest first."""
    change_of(session.context.ledger, request_id)
    found = service.of_request(session.context.ledger, request_id)
    if session.options.json:
        emit_json([asdict(row) for row in found])
        return
    rows = [(r.seq, r.handling, r.records, r.where, r.masking, r.actor, r.done_at, r.what) for r in found]
    table(rows, head=("entry", "kind", "records", "where", "masking", "by", "when", "what"))
