"""Approvals and refusals: one person, one request digest, the head they saw."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import timedelta

from store.clock import timestamp
from store.domain import change as rules
from store.domain import events as ev
from store.errors import BadInput, Conflict
from store.integrity.entry import Entry
from store.services import releases
from store.services.acting import perform
from store.services.context import Actor, Context, Source
from store.services.people import principals
from store.services.requests import change_of

_SHORTEST = 8
"""Hex digits of a request digest that are enough to name it: 32 bits."""


def approve(context: Context, actor: Actor, request: str, *, note: str = "", digest: str | None = None) -> Entry:
    """Record `actor`'s yes to exactly what `request` holds now.

    `digest` is the request digest that was on the screen, in full or from its start.

    Raises:
        BadInput: `digest` is too short to tell one request from another.
        Refusal: separation of duties, no role, gates failed, wrong state: every reason is named.
        Conflict: the request is no longer what was shown.
    """
    if digest is not None and len(digest) < _SHORTEST:
        raise BadInput(f"{digest!a} is too little of a digest to mean one request: give at least {_SHORTEST} digits")
    before = change_of(context.ledger, request)
    head = context.ledger.head()
    nonce = context.nonce()
    not_after = timestamp(context.clock.now() + timedelta(days=context.policy.approval_days))
    release = releases.load_ref(context, before.target)

    def decide(source: Source) -> Sequence[ev.Event]:
        change = change_of(source, request)
        people = principals(source)
        rules.check_approver(change, actor=actor.handle, people=people, at=context.now)
        if change.digest != before.digest or not change.digest.startswith(digest or ""):
            raise Conflict(
                f"{request} changed since you looked at it (it is {change.digest[:12]} now); review it again"
            )
        missing = rules.approvals_missing(
            change, people=people, policy=context.policy, at=context.now, also=actor.handle
        )
        return [
            ev.ApprovalGranted(
                request=request,
                project=change.project,
                environment=change.environment,
                complete=not missing,
                digest=change.digest,
                release=change.target.release,
                manifest=change.target.manifest,
                artifacts=releases.artifact_digests(release),
                policy=context.policy.digest,
                seen_size=head.size,
                seen_root=base64.b64encode(head.root).decode(),
                not_after=not_after,
                nonce=nonce,
                note=note,
            )
        ]

    return perform(context, actor, decide)[0]


def refuse(context: Context, actor: Actor, request: str, *, reason: str) -> Entry:
    """Record `actor`'s no, with the reason."""
    nonce = context.nonce()

    def decide(source: Source) -> Sequence[ev.Event]:
        change = change_of(source, request)
        people = principals(source)
        return [rules.refuse(change, actor=actor.handle, reason=reason, nonce=nonce, people=people, at=context.now)]

    return perform(context, actor, decide)[0]
