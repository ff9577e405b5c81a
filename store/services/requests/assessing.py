"""How risky a request is: everything the risk engine looks at, gathered; nothing is remembered between two looks."""

from __future__ import annotations

from store.domain import events as ev
from store.domain import risk, secrets
from store.domain.approving import counted
from store.domain.change import Change
from store.domain.impact import Impact, Surface, impact
from store.domain.release import EMPTY, Release
from store.domain.seen import Seen
from store.errors import QuarterdeckError, Refusal
from store.projections.shape import Connection
from store.services import diffing, releases
from store.services.connectors import installed
from store.services.connectors.installed import Modules
from store.services.context import Context, Source
from store.services.identity.people import principals


def assess(context: Context, source: Source, change: Change, *, phase: str) -> ev.RiskAssessed:
    """Return how risky `change` is against what is desired where it goes, by the policy in force.

    What cannot be looked at is of critical risk.

    Raises:
        Refusal: it touches components of too many different owners.
    """
    try:
        seen = see(context, source, change)
    except Refusal:
        raise
    except QuarterdeckError as error:
        return risk.unreadable(change, context.policy, str(error), phase=phase)
    except Exception as error:  # noqa: BLE001 - whatever breaks in a parser, the change is not harmless
        reason = secrets.redact(f"looking at it broke: {type(error).__name__}: {error}")
        return risk.unreadable(change, context.policy, reason, phase=phase)
    return risk.recorded(seen, risk.assess(seen), phase=phase)


def differs(before: ev.RiskAssessed | None, after: ev.RiskAssessed) -> bool:
    """Say whether other people would have to approve by `after` than by `before`."""
    return before is None or (before.level, before.owners) != (after.level, after.owners)


def see(context: Context, source: Source, change: Change) -> Seen:
    """Return everything there is to weigh of a request as it stands, for risk and for conditions."""
    policy, people = context.policy, principals(source)
    now = releases.desired(source, change.environment, change.project)
    modules = installed.since_deployed(source, context, change.environment, change.project)
    with context.ledger.reading() as connection:
        before = releases.load(connection, now.target.manifest) if now is not None else EMPTY
        after = releases.load(connection, change.target.manifest)
        return Seen(
            change=change,
            policy=policy,
            diff=diffing.between_releases(connection, before, after, modules=modules),
            impact=_impact(connection, before, after, modules),
            at=context.now,
            first=now is None,
            names_before={part.id: part.name for part in before.components},
            approvers=tuple(one.actor for one in counted(change, people=people, policy=policy, at=context.now)),
        )


def _impact(connection: Connection, before: Release, after: Release, modules: Modules) -> Impact:
    contents = releases.Contents(connection)
    sides = []
    for release, there in ((before, modules.before), (after, modules.after)):
        components, connectors, notices = contents.of_release(release)
        sides.append(Surface(components=components, connectors=(*connectors, *there), notices=notices))
    return impact(sides[0], sides[1])
