"""Approvals and refusals: one person, one request digest, the head they saw."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from store.clock import timestamp
from store.domain import approving as rules
from store.domain import change_steps as steps
from store.domain import events as ev
from store.domain.change import Change, before_restore
from store.domain.place import Place
from store.domain.release import Release
from store.domain.roles import Principals
from store.domain.waiting import escalated_roles
from store.errors import BadInput, Conflict
from store.integrity.entry import Entry
from store.services import releases, retold
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source
from store.services.delivery.environments import one
from store.services.delivery.moving import moved
from store.services.identity.people import principals
from store.services.requests import escalating
from store.services.requests.reading import change_of
from store.services.requests.restores import newest

_SHORTEST = 8
"""Hex digits of a request digest that are enough to name it: 32 bits."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stated:
    """What an approval says besides what it is given for (docs/integrity.md, "Approval")."""

    seen_size: int
    seen_root: str
    """Base64, as in the checkpoint over the `seen_size` entries that its giver could have known."""
    not_after: str
    nonce: str
    note: str
    via: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a request still waits for."""

    missing: tuple[str, ...]
    """In words, which approvals; empty when the rule is met, or nobody is asked."""
    by: tuple[str, ...]
    """Who is free to give one."""


def wanted(context: Context, request: str, *, people: Principals | None = None) -> Wanted:
    """Return which approvals a submitted request lacks now, and who could give them.

    `people` is everybody, where they were folded already.

    Raises:
        NotFound: there is no such request.
    """
    change = change_of(context.ledger, request)
    if change.state not in {"in review", "approved"}:
        return Wanted(missing=(), by=())
    people, at = principals(context.ledger) if people is None else people, context.now
    missing = rules.approvals_missing(change, people=people, policy=context.policy, at=at)
    free = rules.free_to_approve(change, people=people, rules=context.rules, at=at)
    return Wanted(missing=tuple(missing), by=tuple(free))


@attempt("approve")
def approve(
    context: Context,
    actor: Actor,
    request: str,
    *,
    note: str = "",
    digest: str | None = None,
    place: Place | None = None,
) -> Entry:
    """Record `actor`'s yes to exactly what `request` holds now, going where its environment delivers now.

    `digest` is the request digest that was on the screen, in full or from its start; `place` where it was said to go.

    Raises:
        BadInput: `digest` is too short to tell one request from another.
        Refusal: separation of duties, no role, gates failed, wrong state: every reason is named.
        Conflict: the request, or where it goes, is no longer what was shown.
        IntegrityFailure: what was shown of it is not what its entries say.
    """
    if digest is not None and len(digest) < _SHORTEST:
        raise BadInput(f"{digest!a} is too little of a digest to mean one request: give at least {_SHORTEST} digits")
    escalating.escalate(context, request)
    before = change_of(context.ledger, request)
    stated = stated_now(context, note=note, via=actor.signer.via)
    release = releases.load_ref(context, before.target)

    def decide(source: Source) -> Sequence[ev.Event]:
        change = change_of(source, request)
        people = principals(source)
        rules.check_approver(change, actor=actor.handle, people=people, rules=context.rules, at=context.now)
        if change.digest != before.digest or not change.digest.startswith(digest or ""):
            raise Conflict(
                f"{request} changed since you looked at it (it is {change.digest[:12]} now); review it again"
            )
        if place is not None and one(source, change.environment).place != place:
            raise Conflict(f"where {change.environment} delivers was changed since you looked at it; review it again")
        check_place(source, change, stated)
        retold.check_request(context, request)
        return [granted(context, change, people, actor.handle, stated, release)]

    return perform(context, actor, decide)[0]


def check_place(source: Source, change: Change, stated: Stated) -> None:
    """Make sure that the release still goes where it went as of the head that the approver saw, and nothing is lost.

    Raises Conflict: the target was changed since, or a backup was put back.
    """
    restored = newest(source)
    if stated.seen_size < restored:
        raise Conflict(f"this approval of {change.id} was given {before_restore(restored)}; review it again")
    gone = moved(source, change.environment, since=stated.seen_size)
    if gone is not None:
        raise Conflict(f"{gone.words} since {change.id} was looked at; review it again")


def stated_now(context: Context, *, note: str, via: str) -> Stated:
    """Return what an approval that is given now says besides what it is given for."""
    head = context.ledger.head()
    return Stated(
        seen_size=head.size,
        seen_root=base64.b64encode(head.root).decode(),
        not_after=timestamp(context.clock.now() + timedelta(days=context.policy.approval_days)),
        nonce=context.nonce(),
        note=note,
        via=via,
    )


def granted(
    context: Context, change: Change, people: Principals, handle: str, stated: Stated, release: Release
) -> ev.ApprovalGranted:
    """Return the approval of `handle` for exactly what `change` holds."""
    missing = rules.approvals_missing(change, people=people, policy=context.policy, at=context.now, also=handle)
    return ev.ApprovalGranted(
        request=change.id,
        project=change.project,
        environment=change.environment,
        complete=not missing,
        digest=change.digest,
        release=change.target.release,
        manifest=change.target.manifest,
        artifacts=releases.artifact_digests(release),
        policy=context.policy.digest,
        seen_size=stated.seen_size,
        seen_root=stated.seen_root,
        not_after=stated.not_after,
        nonce=stated.nonce,
        note=stated.note,
        via=stated.via,
        risk=change.level if change.risk is not None else "",
    )


@attempt("refuse")
def refuse(context: Context, actor: Actor, request: str, *, reason: str) -> Entry:
    """Record `actor`'s no, with the reason."""
    nonce = context.nonce()
    escalating.escalate(context, request)

    def decide(source: Source) -> Sequence[ev.Event]:
        change = change_of(source, request)
        people = principals(source)
        at = context.now
        roles = escalated_roles(change, context.policy, at)
        return [steps.refuse(change, actor=actor.handle, reason=reason, nonce=nonce, people=people, at=at, roles=roles)]

    return perform(context, actor, decide)[0]
