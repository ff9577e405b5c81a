"""Who is who: from the key in hand to the principal, and the acts that enrol people and grant roles."""

from __future__ import annotations

from collections.abc import Sequence

from store.domain import enrolment, roles
from store.domain import events as ev
from store.domain.roles import Principals
from store.errors import BadInput, NotFound, Refusal
from store.integrity import sshkey
from store.integrity.entry import Entry
from store.integrity.signer import Signer
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source, recorded
from store.services.identity import door

KINDS = roles.KINDS


def principals(source: Source, *, until: int | None = None) -> Principals:
    """Return everybody, folded from the ledger's own entries (as of entry `until`)."""
    return roles.fold(recorded(source.entries(kinds=KINDS, until=until)))


def identify(context: Context, signer: Signer, *, as_name: str | None = None, act: str = "act") -> Actor:
    """Return who acts: the principal that this key belongs to. `act` says what for, should they be turned away.

    Raises:
        Refusal: nobody here has this key, or `as_name` is somebody else.
    """
    key = signer.public
    people = principals(context.ledger)
    with door.watched(context, act, keys=[key], people=people):
        owner = roles.vouched(people, bare_line(key), fingerprint=key.fingerprint, handle=as_name)
    return Actor(handle=owner.handle, signer=signer)


@attempt("add a principal")
def add(context: Context, actor: Actor, handle: str, *, key_lines: Sequence[str], grants: Sequence[ev.Grant]) -> Entry:
    """Enrol a person with keys and roles.

    Raises:
        BadInput: a key is too weak or malformed, or the handle exists.
        Refusal: the actor is no admin, or a key belongs to somebody already (one person, one set of keys).
    """
    enrolment.checked_new_handle(principals(context.ledger), handle)
    lines = tuple(enrolled_line(line) for line in key_lines)
    checked = tuple(roles.checked_grant(one) for one in grants)

    def decide(source: Source) -> Sequence[ev.Event]:
        people = principals(source)
        roles.require(people, actor.handle, "manage principals", at=context.now)
        enrolment.check_handle_is_free(people, handle)
        for line in lines:
            _refuse_taken(people, line)
        return [ev.PrincipalAdded(principal=handle, keys=lines, grants=checked)]

    return perform(context, actor, decide)[0]


@attempt("grant a role")
def grant(context: Context, actor: Actor, handle: str, what: ev.Grant) -> Entry:
    """Give a principal one more role. Raises BadInput for one nobody could hold, or that has ended already."""
    what = roles.checked_grant(what)
    if what.expires is not None and not roles.is_before(context.now, what.expires):
        raise BadInput(f"{what.role} until {what.expires}: that is over already")

    def decide(source: Source) -> Sequence[ev.Event]:
        people = _managed(context, actor, source, handle)
        if what in people.by_handle[handle].grants:
            raise BadInput(f"{handle} has {what.role} for {what.project}/{what.environment} already")
        return [ev.RoleGranted(principal=handle, grant=what)]

    return perform(context, actor, decide)[0]


@attempt("revoke a role")
def revoke(context: Context, actor: Actor, handle: str, what: ev.Grant, *, reason: str) -> Entry:
    """Take a role back."""

    def decide(source: Source) -> Sequence[ev.Event]:
        people = _managed(context, actor, source, handle)
        if what not in people.by_handle[handle].grants:
            raise NotFound(f"{handle} has no grant {what.role} for {what.project}/{what.environment}")
        event = ev.RoleRevoked(principal=handle, grant=what, reason=reason)
        enrolment.check_nobody_is_locked_out(people, event, actor=actor.handle, at=context.now)
        return [event]

    return perform(context, actor, decide)[0]


@attempt("add a key")
def add_key(context: Context, actor: Actor, handle: str, key_line: str) -> Entry:
    """Enrol one more key of a principal."""
    line = enrolled_line(key_line)

    def decide(source: Source) -> Sequence[ev.Event]:
        _refuse_taken(_managed(context, actor, source, handle), line)
        return [ev.KeyAdded(principal=handle, key=line)]

    return perform(context, actor, decide)[0]


@attempt("revoke a key")
def revoke_key(context: Context, actor: Actor, handle: str, fingerprint: str, *, reason: str) -> Entry:
    """End a key: signatures in later entries no longer count; earlier ones stay good."""

    def decide(source: Source) -> Sequence[ev.Event]:
        people = _managed(context, actor, source, handle)
        for key in people.by_handle[handle].keys:
            if key.until is None and sshkey.parse_public_key(key.line).fingerprint == fingerprint:
                event = ev.KeyRevoked(principal=handle, key=key.line, reason=reason)
                enrolment.check_nobody_is_locked_out(people, event, actor=actor.handle, at=context.now)
                return [event]
        raise NotFound(f"{handle} has no valid key {fingerprint}")

    return perform(context, actor, decide)[0]


def suspended(context: Context) -> dict[str, str]:
    """Return who is suspended now: until when, or which of their roles until when."""
    at, found = context.now, {}
    for one in principals(context.ledger).by_handle.values():
        whole = one.suspended(at)
        some = [
            f"{g.role}@{g.project}/{g.environment} until {s.until}" for g in one.grants if (s := one.suspended(at, g))
        ]
        if whole is not None or some:
            found[one.handle] = whole.until if whole is not None else ", ".join(some)
    return found


@attempt("suspend")
def suspend(
    context: Context, actor: Actor, handle: str, *, until: str, reason: str, what: ev.Grant | None = None
) -> Entry:
    """Let `handle` do nothing until then, or not what the one grant `what` allows; approvals of theirs stop counting.

    Raises:
        BadInput: `until` is no time, is past, or is more than a year away; or no reason is given.
        NotFound: there is no such principal, or they have no such grant.
        Refusal: the actor is no admin, or everybody would be locked out.
    """
    end = enrolment.checked_end(until, context.now)
    if not reason.strip():
        raise BadInput("a suspension needs a reason: --reason TEXT")

    def decide(source: Source) -> Sequence[ev.Event]:
        people = _managed(context, actor, source, handle)
        if what is not None and what not in people.by_handle[handle].grants:
            raise NotFound(f"{handle} has no grant {what.role} for {what.project}/{what.environment}")
        event = ev.PrincipalSuspended(principal=handle, until=end, reason=reason, grant=what)
        enrolment.check_nobody_is_locked_out(people, event, actor=actor.handle, at=context.now)
        return [event]

    return perform(context, actor, decide)[0]


@attempt("reinstate")
def reinstate(context: Context, actor: Actor, handle: str, *, reason: str, what: ev.Grant | None = None) -> Entry:
    """End a suspension before its time; without `what`, every one of this principal.

    Raises:
        Refusal: the actor is no admin, or is the one who is suspended.
        NotFound: nothing of theirs is suspended.
    """

    def decide(source: Source) -> Sequence[ev.Event]:
        people = _managed(context, actor, source, handle)
        if handle == actor.handle:
            raise Refusal([f"{handle} cannot lift their own suspension"], would_unblock=["another admin lifts it"])
        standing = [one for one in people.by_handle[handle].suspensions if what is None or one.grant == what]
        if not any(roles.is_before(context.now, one.until) for one in standing):
            raise NotFound(f"nothing of {handle} is suspended")
        return [ev.PrincipalReinstated(principal=handle, reason=reason, grant=what)]

    return perform(context, actor, decide)[0]


def enrolled_line(text: str) -> str:
    """Return the public key in `text` as entries keep it. Raises BadInput for a key that may not sign here."""
    return bare_line(sshkey.parse_public_key(text))


def bare_line(key: sshkey.PublicKey) -> str:
    """Return a key as entries keep it: type and base64, no comment (comments name people)."""
    return sshkey.public_key(key.blob).line


def _managed(context: Context, actor: Actor, source: Source, handle: str) -> Principals:
    people = principals(source)
    roles.require(people, actor.handle, "manage principals", at=context.now)
    if handle not in people.by_handle:
        raise NotFound(f"{handle} is not a principal of this ledger")
    return people


def _refuse_taken(people: Principals, line: str) -> None:
    owner = people.held_by(line)
    if owner is None:
        return
    if people.owner_of(line) is None:
        raise Refusal([f"this key was {owner.handle}'s and was revoked already: it does not come back"])
    raise Refusal([f"this key belongs to {owner.handle} already: one key is one person"])
