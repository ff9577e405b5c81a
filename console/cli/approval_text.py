"""Approvals that are not there yet: which are missing, and one as the text its giver reads before signing."""

from __future__ import annotations

from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from console.cli.diff_text import diff_lines
from console.cli.output import say
from console.presentation.text import display
from store.domain.enrolment import listed
from store.integrity.sshsig import NAMESPACE
from store.projections import requests as rows
from store.services import diffing
from store.services.context import Context
from store.services.delivery.environments import environments
from store.services.requests.approving import Wanted
from store.services.requests.offsite import Unsigned


def say_missing(wanted: Wanted) -> None:
    """Print which approvals a request still waits for, and below it who could give them."""
    for what in wanted.missing:
        say(f"  missing: {what}")
    if wanted.missing:
        say(f"        could be given by: {listed(wanted.by) or 'nobody; an admin makes somebody else approver'}")


def sign_line(statement: Path) -> str:
    """Return the command by which its giver signs it on a machine of their own."""
    return f"ssh-keygen -Y sign -n {NAMESPACE} -f ~/.ssh/YOUR_KEY {statement.name}"


def approval_text(context: Context, unsigned: Unsigned, statement: Path) -> str:
    """Return everything that signing would say yes to: facts of the statement first, then what changes."""
    event, said = unsigned.event, unsigned.statement
    with context.ledger.reading() as connection:
        stated = rows.content(connection, event.request)
    goes = environments(context.ledger, until=event.seen_size).get(event.environment)
    facts = {
        "approves": f"{event.request}: {stated.title if stated else ''}",
        "as": said.actor,
        "for": f"{event.project} in {event.environment}",
        "goes to": goes.place.words if goes is not None else "no environment",
        "ledger": said.origin,
        "request digest": event.digest,
        "release": event.release,
        "manifest": event.manifest,
        "policy": event.policy,
        "ledger seen": f"{event.seen_size} entries, root {event.seen_root}",
        "not after": event.not_after,
        "nonce": event.nonce,
        "note": event.note or "none",
        "completes the rule": "yes" if event.complete else "no",
    }
    lines = [f"{name + ':':20}{value}" for name, value in facts.items()]
    lines += [f"{'artifact:':20}sha256 {digest}" for digest in event.artifacts]
    lines += ["", "What its requester states:"]
    if stated is not None:
        lines += [f"  {name.replace('_', ' ')}: {value}" for name, value in asdict(stated).items() if value]
    lines += ["", "What it changes, against what is desired there now:"]
    lines += [f"  {line}" for line in diff_lines(diffing.of_request(context, event.request))]
    lines += [
        "",
        f"What is signed is {statement.name}, {len(unsigned.data)} bytes, sha256 {sha256(unsigned.data).hexdigest()}.",
        "It holds the facts above and nothing else, where it goes by the ledger seen; compare its digests with what",
        "you reviewed. Then, beside it:",
        f"  {sign_line(statement)}",
        "and give the .sig back:",
        f"  quarterdeck approval import {statement.name}.sig",
    ]
    return "\n".join(display(line, 2000) for text in lines for line in (text.splitlines() or [""])) + "\n"
