"""Opening a finding, handing it to somebody, talking about it, closing it; and all of them as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from store.domain import events as ev
from store.domain import findings as rules
from store.domain import roles
from store.domain.findings import Finding
from store.domain.roles import Principal, require
from store.errors import BadInput, NotFound
from store.integrity.entry import Entry
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.attested import attested
from store.services.context import SYSTEM, Actor, Context, Source, named, next_id, recorded
from store.services.findings.subjects import about
from store.services.glass import holding
from store.services.identity.people import principals

_SIGNED: Final = ("finding.opened", "finding.assigned", "finding.noted", "finding.closed")
_RIGHTS: Final = {
    ev.FindingOpened: "open a finding",
    ev.FindingAssigned: "assign a finding",
    ev.FindingClosed: "close a finding",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What somebody says of a finding that they open."""

    title: str
    severity: str = "warning"
    source: str = "audit"
    about: str | None = None
    due: str | None = None
    """None: as late as policy lets a finding of this severity be."""
    assignee: str | None = None
    summary: str = ""


@attempt("open a finding")
def open_finding(context: Context, actor: Actor, wanted: Wanted) -> Entry:
    """Record that something is not as it should be, who sees to it, and by when.

    Raises:
        BadInput: no title, no such severity or source, a day that is past.
        NotFound: what it is about, or who it is assigned to, does not exist.
        Refusal: no role of theirs lets them; or the day is later than policy says.
    """
    rules.checked(wanted.title, wanted.severity, wanted.source)
    at = context.now
    due = rules.due_of(wanted.due, context.policy, wanted.severity, at)

    def decide(source: Source) -> Sequence[ev.Event]:
        subject = about(source, wanted.about)
        people = principals(source)
        place = {name: subject.on.get(name, "*") for name in ("project", "environment")}
        require(people, actor.handle, "open a finding", **place, at=at)
        if wanted.assignee is not None and wanted.assignee not in people.by_handle:
            raise NotFound(f"{wanted.assignee[:40]!a} is no principal of this ledger")
        return [
            ev.FindingOpened(
                finding=named("FND", next_number(source)),
                title=wanted.title,
                severity=wanted.severity,
                source=wanted.source,
                due=due,
                about=subject.named,
                summary=wanted.summary,
                assignee=wanted.assignee,
                **subject.on,
            )
        ]

    return perform(context, actor, decide)[0]


@attempt("assign a finding")
def assign(
    context: Context, actor: Actor, finding: str, *, assignee: str, due: str | None = None, note: str = ""
) -> Entry:
    """Let somebody see to a finding; with `due` by another day, counted by policy from now.

    Raises:
        NotFound, BadInput, Refusal: as the rules say.
    """
    at = context.now

    def decide(source: Source) -> Sequence[ev.Event]:
        one = rules.get(every(source), finding)
        moved = rules.due_of(due, context.policy, one.severity, at) if due is not None else None
        rules.check_assign(
            one, assignee, actor=actor.handle, people=principals(source), moved=moved is not None, note=note, at=at
        )
        return [ev.FindingAssigned(finding=one.id, assignee=assignee, due=moved, note=note, **one.on)]

    return perform(context, actor, decide)[0]


@attempt("note on a finding")
def note(context: Context, actor: Actor, finding: str, text: str) -> Entry:
    """Say something about an open finding: whoever may annotate its place, and who is to see to it."""
    if not text.strip():
        raise BadInput("a note is needed")

    def decide(source: Source) -> Sequence[ev.Event]:
        one = rules.get(every(source), finding)
        people = principals(source)
        if one.assignee != actor.handle or people.get(actor.handle).suspended(context.now) is not None:
            require(people, actor.handle, "annotate", **one.place, at=context.now)
        return [ev.FindingNoted(finding=one.id, note=text, **one.on)]

    return perform(context, actor, decide)[0]


@attempt("close a finding")
def close(context: Context, actor: Actor, finding: str, *, done: str) -> Entry:
    """Say that a finding is dealt with, and what was done about it.

    Raises:
        BadInput: nothing is said.
        NotFound: there is no such finding.
        Refusal: it is closed; or no role of theirs lets them; or it is their own, by policy.
    """
    if not done.strip():
        raise BadInput("closing a finding needs what was done about it: --done TEXT")

    def decide(source: Source) -> Sequence[ev.Event]:
        one = rules.get(every(source), finding)
        rules.check_close(
            one, actor=actor.handle, people=principals(source), policy=context.policy, at=context.now,
            involved=_involved(context, source, one),
        )  # fmt: skip
        return [ev.FindingClosed(finding=one.id, done=done, **one.on)]

    return perform(context, actor, decide)[0]


def closable(context: Context, handle: str, finding: str) -> None:
    """Raise what `close` would raise to `handle` now: asked before they write down what was done."""
    one = rules.get(every(context.ledger), finding)
    rules.check_close(
        one, actor=handle, people=principals(context.ledger), policy=context.policy, at=context.now,
        involved=_involved(context, context.ledger, one),
    )  # fmt: skip


def closers(context: Context, source: Source, one: Finding) -> tuple[str, ...]:
    """Return who could close a finding now."""
    people, at, involved = principals(source), context.now, _involved(context, source, one)
    return rules.free_to_close(one, people=people, policy=context.policy, at=at, involved=involved)


def every(source: Source) -> dict[str, Finding]:
    """Return every finding by id; left out is what nobody signed who could do it when they did."""

    def entitled(record: ev.Recorded, one: Principal) -> bool:
        event = record.event
        act = _RIGHTS.get(type(event))
        if act is None:
            return True
        place = {name: getattr(event, name) or "*" for name in ("project", "environment")}
        people = roles.Principals(by_handle={one.handle: one})
        return roles.may(people, one.handle, act, **place, at=record.time)

    raised = (one for one in recorded(source.entries(kinds=["finding.raised"])) if one.actor == SYSTEM)
    return rules.fold(sorted([*raised, *attested(source, _SIGNED, entitled)], key=lambda record: record.seq))


def next_number(source: Source) -> int:
    """Return the number of the next finding."""
    return next_id(source, "FND", rules.BORN, "finding")


def _involved(context: Context, source: Source, one: Finding) -> frozenset[str]:
    """Return whose own doing a finding is about: who broke the glass whose review is overdue."""
    if context.policy.separation.breaker_reviews:
        return frozenset()
    glass = holding.every(source).get(one.about)
    return frozenset() if glass is None else frozenset({glass.by})
