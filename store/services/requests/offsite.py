"""Approvals signed on the approver's own machine: the statement goes out as it is, the signature comes back.

An agent shows the key, not what is signed, so a host that is not to be trusted could have something else signed
over a forwarded one. Here the approver reads the statement where they trust the screen, signs it with stock
ssh-keygen, and nothing but those bytes can be recorded.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from store.clock import SKEW, timestamp
from store.domain import approving as rules
from store.domain import events as ev
from store.domain import rationale, roles
from store.domain.roles import is_before
from store.errors import BadInput, Conflict, NotFound, Refusal
from store.intake.guard import read_named
from store.integrity import sshkey, sshsig
from store.integrity.entry import Entry, Statement
from store.services import releases, retold
from store.services.acting import append_signed, statement_of
from store.services.attempts import RECORDED, recording
from store.services.context import Context, Source, recorded
from store.services.identity import door
from store.services.identity.keys import check_signature
from store.services.identity.people import bare_line, principals
from store.services.requests.approving import Stated, check_place, granted, stated_now
from store.services.requests.reading import change_of

VIA: Final = "imported"
_RECORDED: Final = (*RECORDED, BadInput)
"""Whoever signed it is known by now: what they had signed for another place or purpose is an attempt too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsigned:
    """An approval that waits for its signature."""

    event: ev.ApprovalGranted
    statement: Statement

    @property
    def data(self) -> bytes:
        """Exactly what is to be signed."""
        return self.statement.bytes()


def prepare(context: Context, request: str, handle: str, *, note: str = "") -> Unsigned:
    """Return the statement by which `handle` would approve what `request` holds now. Nothing is recorded.

    Raises:
        Refusal: they could not approve it: every reason is named.
        Disguised: the note does not read as it is written.
        IntegrityFailure: what is shown of the request is not what its entries say.
    """
    change = change_of(context.ledger, request)
    retold.check_request(context, request)
    people = principals(context.ledger)
    rules.check_approver(change, actor=handle, people=people, rules=context.rules, at=context.now)
    stated = stated_now(context, note=note, via=VIA)
    event = granted(context, change, people, handle, stated, releases.load_ref(context, change.target))
    rationale.check(event)
    return Unsigned(event=event, statement=statement_of(context, event, handle))


def take(context: Context, signature: Path, statement: Path | None = None) -> Entry:
    """Record the approval whose armored SSHSIG is in the file `signature`.

    The statement is read from `statement`, by default the file of the same name without `.sig`. It is recorded
    only if its actor's key signed exactly these bytes, and nothing has moved since they were exported.

    Raises:
        BadInput: a file cannot be read, or is not what it should be.
        IntegrityFailure: the signature is not the actor's over this statement.
        Refusal: they may not approve this now; or it expired, or was recorded already.
        Conflict: the request is no longer what was exported.
    """
    if statement is None:
        if signature.suffix != ".sig":
            raise BadInput(f"{signature}: name the .sig file that ssh-keygen -Y sign wrote beside the statement")
        statement = signature.with_suffix("")
    parsed = Statement.parse(read_named(statement, limit=65_536))
    blob = sshsig.dearmor(_text(signature))
    said = ev.decode(parsed.kind, parsed.on, parsed.data)
    key = sshkey.public_key(sshsig.signing_key(blob))
    people = principals(context.ledger)
    with door.watched(context, "approve", keys=[key], people=people, claimed=True):
        roles.vouched(people, bare_line(key), fingerprint=key.fingerprint, handle=parsed.actor)
        check_signature(context, key, said, parsed, blob)
    given = {"request": parsed.on.get("request", "")}
    with recording(context, "approve", principal=parsed.actor, key=key.fingerprint, given=given, of=_RECORDED):
        event = _approval(context, parsed, said, statement)
        _check_seen(context, parsed, event)

        def decide(source: Source) -> Sequence[ev.Event]:
            return [_decided(context, source, parsed, event, key)]

        return append_signed(context, parsed, blob, decide)


def _approval(context: Context, statement: Statement, event: ev.Event, path: Path) -> ev.ApprovalGranted:
    if not isinstance(event, ev.ApprovalGranted) or event.decision != "approve":
        raise BadInput(f"{path}: a statement of the kind {statement.kind}, not an approval")
    if statement.origin != context.ledger.origin:
        raise BadInput(f"{path}: an approval for the ledger {statement.origin}, not for {context.ledger.origin}")
    if event.via != VIA:
        raise BadInput(f"{path}: was not exported to be signed elsewhere (request export)")
    return event


def _check_seen(context: Context, statement: Statement, event: ev.ApprovalGranted) -> None:
    """Make sure that the approver decided on this ledger's past, not on a fork's, and not in times to come."""
    if is_before(timestamp(context.clock.now() + SKEW), statement.time):
        raise Refusal([f"this approval claims a time that has not come yet: {statement.time}"],
                      would_unblock=[f"export it again: quarterdeck request export {event.request}"])  # fmt: skip
    try:
        root = base64.b64encode(context.ledger.root_at(event.seen_size)).decode()
    except NotFound:
        root = ""
    if event.seen_size < 1 or root != event.seen_root:
        raise Refusal(
            [f"the approver saw another ledger: its first {event.seen_size} entries are not the ones here"],
            would_unblock=[f"export it again from this one: quarterdeck request export {event.request}"],
        )


def _decided(
    context: Context, source: Source, statement: Statement, event: ev.ApprovalGranted, key: sshkey.PublicKey
) -> ev.ApprovalGranted:
    """Return the approval as it would be given now, if it may still be."""
    change, people, handle = change_of(source, event.request), principals(source), statement.actor
    roles.vouched(people, bare_line(key), fingerprint=key.fingerprint, handle=handle)
    _check_fresh(context, source, event)
    rules.check_approver(change, actor=handle, people=people, rules=context.rules, at=context.now)
    if change.digest != event.digest:
        raise Conflict(
            f"{event.request} changed since it was exported (it is {change.digest[:12]} now, not"
            f" {event.digest[:12]}); export it again and review it again"
        )
    stated = Stated(
        seen_size=event.seen_size,
        seen_root=event.seen_root,
        not_after=event.not_after,
        nonce=event.nonce,
        note=event.note,
        via=event.via,
    )
    check_place(source, change, stated)
    now = granted(context, change, people, handle, stated, releases.load_ref(context, change.target))
    if now.complete != event.complete:
        raise Conflict(
            f"{event.request} was approved by others since it was exported, or their approvals ended: what this"
            " approval would complete is no longer the same; export it again"
        )
    return now


def _check_fresh(context: Context, source: Source, event: ev.ApprovalGranted) -> None:
    for record in recorded(source.entries(kinds=["approval.granted"], on={"request": event.request})):
        if isinstance(record.event, ev.ApprovalGranted) and record.event.nonce == event.nonce:
            raise Refusal([f"this approval was recorded already (entry {record.seq}): one signature is one approval"])
    now, longest = context.now, timestamp(context.clock.now() + timedelta(days=context.policy.approval_days))
    if not now < event.not_after <= longest:
        what = "has expired" if event.not_after <= now else "would be good for longer than policy allows"
        raise Refusal(
            [f"this approval {what}: it says not after {event.not_after}"],
            would_unblock=[f"export and sign it again: quarterdeck request export {event.request}"],
        )


def _text(path: Path) -> str:
    try:
        return read_named(path, limit=131_072).decode("ascii")
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not a signature file of ssh-keygen -Y sign") from None
