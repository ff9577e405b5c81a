"""Whether an environment still delivers where it did: approvals and what is desired there were given for a place."""

from __future__ import annotations

from dataclasses import replace

from store.domain.change import Change
from store.domain.place import Moved, differences
from store.errors import Conflict
from store.services.delivery.environments import Environment, environments, one
from store.services.source import Source

_KINDS = ("environment.added", "environment.edited")


def moved(source: Source, environment: str, *, since: int) -> Moved | None:
    """Return who last changed where `environment` delivers, if that is elsewhere now than as of entry `since`."""
    later = [entry.seq for entry in source.entries(kinds=_KINDS, on={"environment": environment}, after=since)]
    if not later:
        return None
    now, steps = environments(source).get(environment), [since, *later]
    then = [environments(source, until=seq).get(environment) for seq in steps]
    if now is None or then[0] is None:
        return None
    what = differences(then[0].place, now.place)
    if not what:
        return None
    seq = next(
        after
        for after, old, new in zip(reversed(steps[1:]), reversed(then[:-1]), reversed(then[1:]), strict=True)
        if old is not None and new is not None and differences(old.place, new.place)
    )
    entry = next(iter(source.entries(after=seq - 1, until=seq)))
    return Moved(environment=environment, seq=seq, by=entry.statement.actor, what=what)


def moved_since_deployed(source: Source, environment: str, project: str) -> Moved | None:
    """Return who changed where `environment` delivers since what is desired there was pushed; None where nothing is."""
    place = {"environment": environment, "project": project}
    for entry in source.entries(kinds=["deployment.verified"], on=place, limit=1, newest_first=True):
        return moved_since(source, environment, entry.statement.on["deployment"])
    return None


def moved_since(source: Source, environment: str, deployment: str) -> Moved | None:
    """Return who changed where `environment` delivers since `deployment` began."""
    begun = next(iter(source.entries(on={"deployment": deployment}, limit=1)), None)
    return moved(source, environment, since=begun.seq) if begun is not None else None


def placed(source: Source, change: Change) -> Change:
    """Return a request that waits with the approvals that were given for another place marked as such.

    An approval names the head that its giver had seen, and with it where the release was to go.
    """
    if change.state not in {"in review", "approved", "deploying"} or not change.good_approvals:
        return change
    found = []
    for approval in change.approvals:
        gone = moved(source, change.environment, since=min(approval.seen, approval.seq))
        why = f"{gone.words} after {approval.actor} approved (entry {approval.seq}): approve again" if gone else ""
        found.append(replace(approval, gone=why))
    return replace(change, approvals=tuple(found))


def stays(source: Source, place: Environment) -> None:
    """Make sure that an environment is still what was looked at. Raises Conflict."""
    if one(source, place.name).place != place.place:
        raise Conflict(f"where {place.name} delivers was changed just now; nothing was pushed, look again")


def words_of(moved: Moved | None) -> str | None:
    """Return in words that a push goes elsewhere than the one before; None where it does not."""
    return f"{moved.words}: what stands there was pushed elsewhere" if moved is not None else None
