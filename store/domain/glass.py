"""Broken glass: for how long somebody may act past the approvals, and who may review that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from store.domain import events as ev
from store.domain.roles import Principals, holds, is_before
from store.errors import BadInput, NotFound, Refusal

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Policy

KINDS: Final = ("glass.broken", "glass.ended", "glass.reviewed", "incident.closed", "ledger.restored")


@dataclass(frozen=True, kw_only=True, slots=True)
class Glass:
    """One broken glass as of its last entry."""

    id: str
    incident: str
    by: str
    environment: str
    project: str | None
    justification: str
    seq: int
    at: str
    until: str
    review_due: str
    ended: str | None = None
    """When it was ended before its time: by somebody, or with its incident."""
    reviewed_by: str | None = None
    note: str = ""

    def stands(self, at: str) -> bool:
        """Say whether it may be acted under at the instant `at`."""
        return self.ended is None and is_before(at, self.until)

    def overdue(self, at: str) -> bool:
        """Say whether its review should have been there by now."""
        return self.reviewed_by is None and not is_before(at, self.review_due)


def fold(recorded: Iterable[ev.Recorded]) -> dict[str, Glass]:
    """Return every broken glass by id, after these entries."""
    found: dict[str, Glass] = {}
    for record in recorded:
        match record.event:
            case ev.GlassBroken() as event:
                found[event.glass] = Glass(
                    id=event.glass, incident=event.incident, by=record.actor, environment=event.environment,
                    project=event.project, justification=event.justification, seq=record.seq, at=record.time,
                    until=event.until, review_due=event.review_due,
                )  # fmt: skip
            case ev.GlassEnded(glass=name) if name in found:
                found[name] = replace(found[name], ended=record.time)
            case ev.GlassReviewed(glass=name, note=note) if name in found:
                found[name] = replace(found[name], reviewed_by=record.actor, note=note)
            case ev.IncidentClosed(incident=incident):
                for name, one in found.items():
                    if one.incident == incident and one.ended is None:
                        found[name] = replace(one, ended=record.time)
            case ev.LedgerRestored():  # its end may be among the lost entries
                found = {name: replace(one, ended=one.ended or record.time) for name, one in found.items()}
            case _:
                pass
    return found


def check_breaker(
    every: Iterable[Glass], *, actor: str, project: str, environment: str, people: Principals, policy: Policy, at: str
) -> None:
    """Raise Refusal with every reason why `actor` may not break glass here now."""
    rules, reasons, unblock = policy.break_glass, list[str](), list[str]()
    if not rules.allowed:
        reasons.append("policy does not allow breaking glass")
    if not policy.breaks_in(environment):
        reasons.append(f"policy allows breaking glass in {', '.join(rules.environments)}, not in {environment}")
    able = holders(people, rules.roles, project=project, environment=environment, at=at)
    if actor not in able:
        reasons.append(f"{actor} may not break glass on {project}/{environment}: it needs {' or '.join(rules.roles)}")
        unblock.append(f"{', '.join(able)} could do it" if able else "an admin grants somebody the role")
    mine = [one for one in every if one.by == actor]
    reasons += [f"the review of {one.id} is overdue since {one.review_due}" for one in mine if one.overdue(at)]
    same = [one for one in mine if one.stands(at) and (one.environment, one.project or "*") == (environment, project)]
    reasons += [f"{one.id} stands until {one.until} already" for one in same]
    if reasons:
        raise Refusal(reasons, would_unblock=unblock)


def check_reviewer(glass: Glass, *, actor: str, people: Principals, policy: Policy, at: str, note: str) -> None:
    """Raise Refusal when `actor` may not close the review; BadInput when nothing is said."""
    if not note.strip():
        raise BadInput("a review says what was looked at: --note TEXT")
    if glass.reviewed_by is not None:
        raise Refusal([f"{glass.reviewed_by} reviewed {glass.id} already"])
    if glass.stands(at):
        raise Refusal(
            [f"{glass.id} stands until {glass.until}: what is done under it is not over"],
            would_unblock=[f"wait until then, or: quarterdeck break-glass end {glass.id} --reason …"],
        )
    roles = policy.break_glass.reviewers
    able = holders(people, roles, project=glass.project or "*", environment=glass.environment, at=at)
    others = [one for one in able if one != glass.by]
    if actor == glass.by and not policy.separation.breaker_reviews:
        words = f"separation of duties: {actor} broke the glass of {glass.id} and cannot review it"
        raise Refusal([words], would_unblock=[f"{', '.join(others) or 'somebody else'} could do it"])
    if actor not in able:
        raise Refusal([f"{actor} may not review {glass.id}: it needs the role {' or '.join(roles)}"],
                      would_unblock=[f"{', '.join(others) or 'somebody else'} could do it"])  # fmt: skip


def holders(people: Principals, roles: Iterable[str], *, project: str, environment: str, at: str) -> list[str]:
    """Return who holds one of these roles here."""
    each = tuple(roles)
    return sorted(
        one.handle
        for one in people.by_handle.values()
        if any(holds(one, role, project=project, environment=environment, at=at) for role in each)
    )


def get(every: dict[str, Glass], name: str) -> Glass:
    """Return one broken glass. Raises NotFound."""
    if name not in every:
        raise NotFound(f"no glass {name[:40]!a} was broken")
    return every[name]
