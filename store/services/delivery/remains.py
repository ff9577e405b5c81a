"""What a failed deployment left behind, for whoever finishes it or takes it back: the exact record, and who may."""

from __future__ import annotations

from dataclasses import dataclass

from store.domain import events as ev
from store.domain.push import Reach
from store.errors import NotFound
from store.projections import deployments
from store.services import releases, rights
from store.services.context import Context
from store.services.delivery import deploying
from store.services.delivery.interrupted import again, begun
from store.services.delivery.leftovers import failure
from store.services.identity.people import principals


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One component of the push, by its id and its name."""

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Remains:
    """A deployment that failed, and what stands of it."""

    deployment: str
    project: str
    environment: str
    request: str | None
    stage: str
    reason: str
    known: bool
    """It was recorded which components changed; else nothing is known to have changed."""
    changed: tuple[Part, ...]
    unsure: tuple[Part, ...]
    untouched: tuple[Part, ...]
    first: bool
    """Nothing was ever desired there: taking it back brings what stood there before."""
    resume_blocked: tuple[str, ...]
    """Why the caller cannot finish it, then `→` what would unblock it; empty when they can."""
    undo_blocked: tuple[str, ...]

    @property
    def reach(self) -> Reach:
        """How far it came, by component ids."""
        lists = ((part.id for part in parts) for parts in (self.changed, self.unsure, self.untouched))
        changed, unsure, untouched = (tuple(ids) for ids in lists)
        return Reach(changed=changed, unsure=unsure, untouched=untouched)


def remains(context: Context, deployment: str, handle: str | None) -> Remains:
    """Return what a failed deployment left behind, and what `handle` can do about it.

    Raises:
        NotFound: there is no such deployment.
        Refusal: it did not fail, or it is over.
    """
    failed = failure(context, deployment)
    with context.ledger.reading() as connection:
        row = deployments.one(connection, deployment)
        if row is None:
            raise NotFound(f"there is no deployment {deployment}")
        names = {part.id: part.name for part in releases.load(connection, row.manifest).components}
        desired = deployments.desired(connection, environment=failed.environment)
    now = next((one for one in desired if one.project == failed.project), None)
    if now is not None:
        with context.ledger.reading() as connection:
            before = releases.load(connection, now.manifest)
        names = {part.id: part.name for part in before.components} | names

    def parts(ids: tuple[str, ...] | None) -> tuple[Part, ...]:
        return tuple(Part(id=one, name=names.get(one, one)) for one in ids or ())

    people = principals(context.ledger)
    where = {"project": failed.project, "environment": failed.environment}
    return Remains(
        deployment=deployment,
        project=failed.project,
        environment=failed.environment,
        request=failed.request,
        stage=failed.stage,
        reason=failed.reason,
        known=failed.changed is not None,
        changed=parts(failed.changed),
        unsure=parts(failed.unsure),
        untouched=parts(failed.untouched),
        first=now is None,
        resume_blocked=_resume_blocked(context, failed, handle),
        undo_blocked=rights.against(context, people, handle, "roll back", **where),
    )


def _resume_blocked(context: Context, failed: ev.DeploymentFailed, handle: str | None) -> tuple[str, ...]:
    if handle is None:
        return rights.NO_KEY
    request = failed.request
    if request is None:
        what, way = again(begun(context.ledger, failed.deployment))
        return f"{failed.deployment} deployed no request: it was {what}", f"→ {way}"
    return rights.refused(lambda: deploying.check(context, context.ledger, handle, request, resumes=failed.deployment))
