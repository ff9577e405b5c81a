"""What ends by itself: exceptions and grants. Nothing is wrong when they do; somebody may miss them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from store.domain import events as ev
from store.domain import glass
from store.domain.duties import Duty, State, due_after, state_of
from store.domain.roles import Principal, is_before
from store.services.health.look import Look
from store.services.requests import waiving

_GRANT_SOON: Final = timedelta(days=14)
_SHOWN_DAYS: Final = 7
"""For so long what ended is still listed."""


def exceptions(look: Look) -> Iterator[Duty]:
    """Yield exceptions that end within days, and those that ended by themselves a few days ago."""
    policy = look.context.policy
    for one in waiving.everything(look.context, look.source).values():
        stands = one.state(look.at) == "stands"
        if one.ended is not None or not (stands or is_before(look.at, due_after(one.expires, _SHOWN_DAYS))):
            continue
        state = state_of(one.expires, look.at)
        place = {"project": one.project, "environment": one.environment}
        yield Duty(
            key=one.id,
            kind="exception",
            what=f"exception from {one.gate}{f' for {one.request}' if one.request else ''}"
            f" {'ends' if stands else 'ended'}: {one.justification}",
            severity="warning" if stands else "info",
            state=State.ENDED if state is State.OVERDUE else state,
            since=one.at,
            due=one.expires,
            who=tuple(glass.holders(look.people, policy.waivers.roles, **place, at=look.at)),
            command=f"quarterdeck exception grant {one.gate} --justification TEXT --accepts TEXT",
            mark=f"exception:{one.id}",
            project=place["project"],
            environment=place["environment"],
        )


def grants(look: Look) -> Iterator[Duty]:
    """Yield roles that end within two weeks, and those that ended a few days ago."""
    for one in look.people.by_handle.values():
        for grant in one.grants:
            if grant.expires is not None and is_before(look.at, due_after(grant.expires, _SHOWN_DAYS)):
                yield _grant(look, one, grant, grant.expires)


def _grant(look: Look, one: Principal, grant: ev.Grant, expires: str) -> Duty:
    state = state_of(expires, look.at, _GRANT_SOON)
    scope = f"{grant.role}@{grant.project}/{grant.environment}"
    return Duty(
        key=f"{one.handle}:{scope}",
        kind="grant",
        what=f"{one.handle}'s role {scope} {'ended' if state is State.OVERDUE else 'ends'}",
        severity="info",
        state=State.ENDED if state is State.OVERDUE else state,
        since=None,
        due=expires,
        who=look.able("manage principals"),
        command=f"quarterdeck role grant {one.handle} {scope}",
        project=grant.project,
        environment=grant.environment,
        mark=f"grant:{one.handle}:{scope}:{expires}",
    )
