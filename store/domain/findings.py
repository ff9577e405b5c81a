"""Findings: what is not as it should be, who sees to it by when, and who may say that it is dealt with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from store.clock import parse_timestamp, timestamp
from store.domain import events as ev
from store.domain.approving import SEPARATION
from store.domain.enrolment import listed
from store.domain.kinds import FINDINGS
from store.domain.policy import SEVERITIES, Policy
from store.domain.policy.exceptions import FindingRules
from store.domain.roles import Principals, able, is_before, require
from store.errors import BadInput, NotFound, Refusal

KINDS: Final = FINDINGS
BORN: Final = ("finding.opened", "finding.raised")
SOURCES: Final = ("audit", "overdue-review", "health")
_PLACES: Final = ("request", "deployment", "drift", "incident", "project", "environment")


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One finding as of its last entry."""

    id: str
    title: str
    severity: str
    source: str
    due: str
    by: str
    seq: int
    at: str
    about: str = ""
    summary: str = ""
    duty: str = ""
    """The mark of the duty that it was raised for; empty where a person opened it."""
    assignee: str | None = None
    assignees: frozenset[str] = frozenset()
    """Everybody it was ever assigned to."""
    on: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What it is about, as its entries name it; each of them repeats it."""
    closed_by: str | None = None
    done: str = ""

    @property
    def place(self) -> dict[str, str]:
        """Return the scope that a right must cover: a project and an environment, `*` for none in particular."""
        return {name: self.on.get(name, "*") for name in ("project", "environment")}

    def overdue(self, at: str) -> bool:
        """Say whether it should have been closed by now."""
        return self.closed_by is None and not is_before(at, self.due)


def fold(recorded: Iterable[ev.Recorded]) -> dict[str, Finding]:
    """Return every finding by id, after these entries, oldest first. An id that was given is not given again."""
    found: dict[str, Finding] = {}
    for record in recorded:
        match record.event:
            case ev.FindingOpened() | ev.FindingRaised() as event if event.finding not in found:
                found[event.finding] = _born(record, event)
            case ev.FindingAssigned(finding=name, assignee=who, due=due) if name in found:
                one = found[name]
                found[name] = replace(one, assignee=who, assignees=one.assignees | {who}, due=due or one.due)
            case ev.FindingClosed(finding=name, done=done) if name in found:
                found[name] = replace(found[name], closed_by=record.actor, done=done)
            case _:
                pass
    return found


def _born(record: ev.Recorded, event: ev.FindingOpened | ev.FindingRaised) -> Finding:
    opened = event if isinstance(event, ev.FindingOpened) else None
    assignee = opened.assignee if opened else None
    on = {name: value for name in _PLACES if (value := getattr(event, name)) is not None}
    return Finding(
        id=event.finding, title=event.title, severity=event.severity, source=event.source, due=event.due,
        by=record.actor, seq=record.seq, at=record.time, about=event.about, summary=opened.summary if opened else "",
        duty="" if isinstance(event, ev.FindingOpened) else event.duty, assignee=assignee,
        assignees=frozenset([assignee] if assignee else []), on=MappingProxyType(on),
    )  # fmt: skip


def get(every: Mapping[str, Finding], name: str) -> Finding:
    """Return one open finding. Raises NotFound; Refusal when it was closed."""
    if name not in every:
        raise NotFound(f"there is no finding {name[:40]!a}")
    if every[name].closed_by is not None:
        raise Refusal([f"{name} was closed by {every[name].closed_by}"])
    return every[name]


def checked(title: str, severity: str, source: str) -> None:
    """Raise BadInput when a finding cannot be called so."""
    if not title.strip():
        raise BadInput("a finding needs a title: --title TEXT")
    if severity not in SEVERITIES:
        raise BadInput(f"{severity!a} is no severity of a finding: choose from {', '.join(SEVERITIES)}")
    if source not in SOURCES:
        raise BadInput(f"{source!a} is no source of a finding: choose from {', '.join(SOURCES)}")


def latest(policy: Policy, severity: str, at: str) -> str:
    """Return by when a finding of this severity must be closed that is opened now: what policy says."""
    usual = FindingRules().due_days
    days = policy.findings.due_days.get(severity, usual.get(severity, usual["critical"]))
    return timestamp(parse_timestamp(at) + timedelta(days=days))


def due_of(wanted: str | None, policy: Policy, severity: str, at: str) -> str:
    """Return the day a finding is due: as wanted, if that is neither past nor later than policy lets it.

    Raises:
        BadInput: it is no time, or it has passed already: nothing is overdue from its beginning.
        Refusal: it is later than policy says.
    """
    last = latest(policy, severity, at)
    if wanted is None:
        return last
    try:
        due = timestamp(parse_timestamp(wanted))
    except (ValueError, OverflowError):
        raise BadInput(f"{wanted[:60]!a} is no time (RFC 3339)") from None
    if not is_before(at, due):
        raise BadInput(f"{due} has passed already: a finding is due at a time to come")
    if is_before(last, due):
        raise Refusal([f"policy wants a finding of severity {severity} closed by {last}; {due} is later"],
                      would_unblock=["an earlier --due, or another policy: findings.due_days"])  # fmt: skip
    return due


def check_assign(
    finding: Finding, assignee: str, *, actor: str, people: Principals, moved: bool, note: str, at: str
) -> None:
    """Let `actor` make `assignee` see to a finding, or raise Refusal; NotFound where nobody is called so.

    Raises:
        BadInput: the day is moved without a note that says why.
    """
    require(people, actor, "assign a finding", **finding.place, at=at)
    if assignee not in people.by_handle:
        raise NotFound(f"{assignee[:40]!a} is no principal of this ledger")
    if moved and not note.strip():
        raise BadInput("a finding that is due by another day needs the reason: --note TEXT")
    if moved and actor in finding.assignees | {assignee}:
        others = [one for one in able(people, "assign a finding", **finding.place, at=at) if one != actor]
        raise Refusal(
            [f"{SEPARATION}: {actor} is to see to {finding.id} and cannot give themselves another day for it"],
            would_unblock=[f"{listed(others)} could do it" if others else "an admin grants somebody else auditor"],
        )


def check_close(
    finding: Finding, *, actor: str, people: Principals, policy: Policy, at: str, involved: frozenset[str]
) -> None:
    """Let `actor` say that a finding is dealt with, or raise Refusal with who could instead.

    `involved` are those whose own doing it is about.
    """
    require(people, actor, "close a finding", **finding.place, at=at)
    barred = _barred(finding, policy, involved)
    if actor in barred:
        others = [one for one in able(people, "close a finding", **finding.place, at=at) if one not in barred]
        raise Refusal(
            [f"{SEPARATION}: {actor} {barred[actor]} {finding.id} and cannot close it"],
            would_unblock=[f"{listed(others)} could do it" if others else "an admin grants somebody else auditor"],
        )


def free_to_close(
    finding: Finding, *, people: Principals, policy: Policy, at: str, involved: frozenset[str]
) -> tuple[str, ...]:
    """Return whom `check_close` would let pass, sorted."""
    barred = _barred(finding, policy, involved)
    return tuple(one for one in able(people, "close a finding", **finding.place, at=at) if one not in barred)


def _barred(finding: Finding, policy: Policy, involved: frozenset[str]) -> dict[str, str]:
    """Return who may not close it whatever their role, with the words that say why."""
    barred = {}
    if not policy.separation.opener_closes:
        barred[finding.by] = "opened"
    if not policy.separation.assignee_closes:
        barred |= dict.fromkeys(finding.assignees, "was to see to")
    return barred | dict.fromkeys(involved, "did what is looked at in")
