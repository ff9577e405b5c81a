"""Incidents and annotations: what happened, as people tell it, pinned to the ledger."""

from __future__ import annotations

import re
from collections.abc import Sequence

from store.domain import events as ev
from store.domain.roles import require
from store.errors import BadInput, NotFound, Refusal
from store.integrity.entry import Entry
from store.projections import deployments
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.context import Actor, Context, Source, named, next_id, recorded
from store.services.identity.people import principals
from store.services.subjects import entries_about, field_of, is_id

SEVERITIES = ("low", "medium", "high", "critical")
_ANNOTATED = frozenset({"CR", "DEP", "DR", "INC", "FND"})


@attempt("open an incident")
def open_incident(
    context: Context,
    actor: Actor,
    *,
    title: str,
    severity: str,
    project: str | None = None,
    environment: str | None = None,
) -> Entry:
    """Open an incident; the ledger position and every environment's state are pinned to it."""
    if severity not in SEVERITIES:
        raise BadInput(f"{severity!r} is no severity: choose from {', '.join(SEVERITIES)}")
    head = context.ledger.head().size
    with context.ledger.reading() as connection:
        state = tuple(
            ev.PinnedState(environment=row.environment, project=row.project, release=row.release)
            for row in deployments.desired(connection, at=head)
        )[:200]

    def decide(source: Source) -> Sequence[ev.Event]:
        where = _scope(project, environment)
        require(principals(source), actor.handle, "open an incident", **where, at=context.now)
        return [
            ev.IncidentOpened(
                incident=named("INC", next_id(source, "INC", ["incident.opened"], "incident")),
                title=_stated(title, "a title"),
                severity=severity,
                at_seq=head,
                state=state,
                project=project,
                environment=environment,
            )
        ]

    return perform(context, actor, decide)[0]


@attempt("note on an incident")
def note(context: Context, actor: Actor, incident: str, text: str) -> Entry:
    """Add a note to an open incident."""

    def decide(source: Source) -> Sequence[ev.Event]:
        where = open_scope(source, incident)
        require(principals(source), actor.handle, "annotate", **where, at=context.now)
        return [ev.IncidentNoted(incident=incident, note=_stated(text, "a note"))]

    return perform(context, actor, decide)[0]


@attempt("close an incident")
def close(context: Context, actor: Actor, incident: str, *, cause: str, fix: str, learned: str) -> Entry:
    """Close an incident: cause, fix and what was learned are all needed."""

    def decide(source: Source) -> Sequence[ev.Event]:
        where = open_scope(source, incident)
        require(principals(source), actor.handle, "open an incident", **where, at=context.now)
        return [
            ev.IncidentClosed(
                incident=incident,
                cause=_stated(cause, "a cause"),
                fix=_stated(fix, "a fix"),
                learned=_stated(learned, "what was learned"),
            )
        ]

    return perform(context, actor, decide)[0]


@attempt("annotate")
def annotate(context: Context, actor: Actor, subject: str, text: str) -> Entry:
    """Add a note to an id (CR-…, DEP-…, DR-…, INC-…, FND-…) or an entry number; the original never changes."""
    annotated = is_id(subject) and subject.partition("-")[0] in _ANNOTATED
    field = field_of(subject) if annotated else "entry"
    if field == "entry" and not re.fullmatch(r"[1-9][0-9]{0,15}", subject):
        raise NotFound(f"{subject!a} is no entry number and no id here")

    def decide(source: Source) -> Sequence[ev.Event]:
        if field == "entry":
            found = source.entries(after=int(subject) - 1, until=int(subject))
        else:
            found = entries_about(source, subject)
        about = next(iter(found), None)
        if about is None:
            raise NotFound(f"there is no {'entry ' if field == 'entry' else ''}{subject}")
        where = _scope(about.statement.on.get("project"), about.statement.on.get("environment"))
        require(principals(source), actor.handle, "annotate", **where, at=context.now)
        return [ev.EntryAnnotated(note=_stated(text, "a note"), **{field: subject})]

    return perform(context, actor, decide)[0]


def open_scope(source: Source, incident: str) -> dict[str, str]:
    """Return the scope of an incident that is open, or raise NotFound or Refusal."""
    state, where = None, dict[str, str]()
    for record in recorded(source.entries(on={"incident": incident})):
        match record.event:
            case ev.IncidentOpened(project=project, environment=environment):
                state, where = "open", _scope(project, environment)
            case ev.IncidentClosed():
                state = "closed"
            case _:
                pass
    if state is None:
        raise NotFound(f"there is no incident {incident}")
    if state == "closed":
        raise Refusal([f"{incident} is closed"])
    return where


def _scope(project: str | None, environment: str | None) -> dict[str, str]:
    return {"project": project or "*", "environment": environment or "*"}


def _stated(text: str, what: str) -> str:
    if not text.strip():
        raise BadInput(f"{what} is needed")
    return text
