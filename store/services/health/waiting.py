"""What waits for people on its way to production: approvals with a deadline, ways back that nobody tried."""

from __future__ import annotations

from collections.abc import Iterator

from store.domain.change import SUBMITTED
from store.domain.duties import Duty, State, state_of
from store.domain.waiting import Deadline
from store.projections import deployments, environments, requests
from store.projections.requests import RequestRow
from store.services.context import Context
from store.services.delivery.rehearsing import last_rehearsals
from store.services.health.look import Look
from store.services.requests import approving, lapsing
from store.services.requests.escalating import deadline_of


def approvals(look: Look) -> Iterator[Duty]:
    """Yield every request that must be decided by a deadline; it goes on to the next role by itself when it passes."""
    with look.context.ledger.reading() as connection:
        rows = requests.listing(connection, states=SUBMITTED)
    again = lapsing.lapsed(look.context, rows, look.at, people=look.people)
    for row in rows:
        by = deadline_of(look.context, row, look.at, missing=row.id in again)
        if by is not None:
            yield _approval(look, row, by)


def _approval(look: Look, row: RequestRow, by: Deadline) -> Duty:
    return Duty(
        key=row.id,
        kind="approval",
        what=f"{row.title} waits for approval: {by.words}",
        severity="high" if by.passed else "info",
        state=state_of(by.due, look.at),
        since=row.submitted_at,
        due=by.due,
        who=approving.wanted(look.context, row.id, people=look.people).by,
        command=f"quarterdeck approve {row.id}",
        project=row.project,
        environment=row.environment,
        mark=f"approval:{row.id}:{by.due}",
        reminds=False,  # the escalation is the reminder
    )


def rehearsals(look: Look) -> Iterator[Duty]:
    """Yield every release that cannot go on before the way back from it was tried, where it stands now."""
    context = look.context
    tried = {(one.environment, one.project): one for one in last_rehearsals(context)}
    with context.ledger.reading() as connection:
        names = [row.name for row in environments.listing(connection)]
        desired = deployments.desired(connection)
    asking = [context.policy.environment(name).gates.rollback_ready for name in names]
    wanted = {gate.rehearsed_in for gate in asking if gate is not None}
    for row in desired:
        last = tried.get((row.environment, row.project))
        if row.environment not in wanted or (last is not None and last.passed and last.release == row.release):
            continue
        yield Duty(
            key=f"{row.environment}/{row.project}",
            kind="rehearsal",
            what=f"no rollback of what stands in {row.environment} was rehearsed; it cannot go on before",
            severity="info",
            state=State.OWED,
            since=row.ended_at,
            due=None,
            who=look.able("roll back", project=row.project, environment=row.environment),
            command=f"quarterdeck rollback {row.environment} --project {row.project} --rehearse",
            project=row.project,
            environment=row.environment,
            mark=f"rehearsal:{row.environment}:{row.project}:{row.release}",
        )


def rehearsed(context: Context) -> tuple[str, ...]:
    """Return in words when the way back was tried last, an environment and project a line."""
    return tuple(
        f"last rehearsal in {one.environment}: {one.project}, {one.time[:16]}Z, {'passed' if one.passed else 'failed'}"
        for one in last_rehearsals(context)
    )
