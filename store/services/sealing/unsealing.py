"""The two acts on sealed secrets: showing them to somebody who may see them, and destroying them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from store.archive.vault import FILE_NAME
from store.domain import events as ev
from store.domain import roles
from store.errors import BadInput, Refusal
from store.integrity.entry import Entry
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source
from store.services.identity.people import principals
from store.services.sealing import sealing


@dataclass(frozen=True, kw_only=True)
class Shredded:
    """What recorded a shred, and what it left."""

    entry: Entry | None
    """None where an earlier shred was recorded and only now finished."""
    others: tuple[str, ...]
    """Artifacts in which a secret of this one still stands sealed."""


@attempt("unseal")
def unseal(context: Context, actor: Actor, digest: str, *, reason: str) -> tuple[bytes, Entry]:
    """Record that `actor` is shown an artifact with its secrets, and return its bytes as they came.

    The entry is there before the bytes are shown.

    Raises:
        BadInput: no reason, or nothing of the artifact is sealed.
        Refusal: they may not, or the secrets were shredded.
    """
    _stated(reason)

    def decide(source: Source) -> Sequence[ev.Event]:
        project, environment = _allowed(context, source, actor, digest, "unseal a secret")
        gone = sealing.missing(context, source, digest)
        if gone is not None:
            raise Refusal([f"{digest[:12]}: {gone}"])
        return [ev.ArtifactUnsealed(artifact=digest, project=project, environment=environment, reason=reason)]

    decide(context.ledger)
    with context.ledger.reading() as connection:
        data = sealing.raw(context, connection, digest)
    return data, perform(context, actor, decide)[0]


@attempt("shred")
def shred(context: Context, actor: Actor, digest: str, *, reason: str) -> Shredded:
    """Destroy the raw bytes of an artifact for good; the covered form and every proof stay.

    The entry comes first, then the destruction: what a crash leaves between them is finished by doing it again.

    Raises:
        BadInput: no reason, or nothing of the artifact was ever sealed.
        Refusal: they may not, or it was shredded before.
        StorageFailure: recorded, but not destroyed yet; repeat it.
    """
    _stated(reason)
    vault = sealing.vault(context)
    sharing = others(context, digest)
    if sealing.shredded(context.ledger, digest) is not None:
        _allowed(context, context.ledger, actor, digest, "shred a secret")
        if not vault.erase(digest):
            raise Refusal([f"{digest[:12]} was shredded already"])
        return Shredded(entry=None, others=sharing)

    def decide(source: Source) -> Sequence[ev.Event]:
        project, environment = _allowed(context, source, actor, digest, "shred a secret")
        if sealing.shredded(source, digest) is not None:
            raise Refusal([f"{digest[:12]} was shredded just now"])
        return [
            ev.ArtifactShredded(
                artifact=digest,
                project=project,
                environment=environment,
                reason=reason,
                commitment=sealing.commitment(source, digest) or "",
            )
        ]

    entry = perform(context, actor, decide)[0]
    vault.erase(digest)
    return Shredded(entry=entry, others=sharing)


def others(context: Context, digest: str) -> tuple[str, ...]:
    """Return the other artifacts in which a secret of this one stands sealed as well, sorted."""
    sealed = dict(sealing.vault(context).artifacts())
    mine = set(sealed.get(digest, ()))
    return tuple(other for other, prints in sealed.items() if other != digest and mine & set(prints))


def _allowed(context: Context, source: Source, actor: Actor, digest: str, act: str) -> tuple[str, str]:
    """Return a (project, environment) in which the artifact was seen and `actor` may do `act`, or raise Refusal."""
    entries = source.entries(kinds=sealing.KINDS, on={"artifact": digest})
    places = list(dict.fromkeys((e.statement.on["project"], e.statement.on["environment"]) for e in entries))
    if sealing.commitment(source, digest) is None:
        raise BadInput(f"{digest[:12]}: nothing of it is sealed ({FILE_NAME} holds exports that came with secrets)")
    people = principals(source)
    for project, environment in places:
        if roles.may(people, actor.handle, act, project=project, environment=environment, at=context.now):
            return project, environment
    project, environment = places[0]
    roles.require(people, actor.handle, act, project=project, environment=environment, at=context.now)
    return project, environment


def _stated(reason: str) -> None:
    if not reason.strip():
        raise BadInput("this needs a reason: --reason TEXT")
