"""What a person needs to write a request: what it may be about, which kinds there are, what is still wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from store.domain import events as ev
from store.domain.change import OPEN_STATES, Change
from store.domain.policy.in_force import PLACE
from store.domain.templates import Fault, begun, faults, required
from store.errors import BadInput
from store.projections import artifacts
from store.services import releases, rights
from store.services.context import Context
from store.services.delivery.environments import environments
from store.services.identity.people import principals
from store.services.requests.reading import change_of

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Template

__all__ = ["Fault", "Subject", "begin", "check", "edit_blocked", "exports", "subjects", "templates"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What a request can be opened about."""

    project: str
    environment: str
    exports: tuple[str, ...]
    """Names of the exports it would take: the newest of the project."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What is stated, judged by the rules that opening and submitting it are judged by."""

    faults: tuple[Fault, ...]
    required: tuple[str, ...]
    """The fields that must be stated; empty where its template is unknown."""


def subjects(context: Context, handle: str | None) -> tuple[Subject, ...]:
    """Return what `handle` may open a request about: every project that was exported, for every environment."""
    people, found = principals(context.ledger), list[Subject]()
    places = [place.name for place in environments(context.ledger).values()]
    with context.ledger.reading() as connection:
        for project in sorted({name for name, _ in artifacts.projects_of(connection)}):
            for place in places:
                if rights.against(context, people, handle, "open a request", project=project, environment=place):
                    continue
                rows = releases.newest_of_project(connection, project, place)
                found.append(Subject(project=project, environment=place, exports=tuple(row.name for row in rows)))
    return tuple(found)


def exports(context: Context, project: str, environment: str) -> tuple[str, ...]:
    """Return the names of the exports that a request opened now would take; empty when there is none."""
    with context.ledger.reading() as connection:
        try:
            return tuple(row.name for row in releases.newest_of_project(connection, project, environment))
        except BadInput:
            return ()


def templates(context: Context, environment: str) -> Mapping[str, Template]:
    """Return the kinds of change that a request for this environment may be of."""
    found = context.policy.templates
    return {
        name: one for name, one in found.items() if any(fnmatchcase(environment, glob) for glob in one.environments)
    }


def begin(context: Context, environment: str, content: ev.RequestContent) -> ev.RequestContent:
    """Return what is stated, with the words of its template where nothing is."""
    template = templates(context, environment).get(content.template)
    return begun(content, template) if template is not None else content


def check(context: Context, environment: str, content: ev.RequestContent) -> Checked:
    """Return what keeps `content` from being opened or handed in; nothing is read but the policy in force."""
    policy = context.policy
    try:
        wanted = required(content, environment, policy)
    except BadInput:
        wanted = ()
    return Checked(faults=faults(content, environment, policy), required=wanted)


def edit_blocked(context: Context, request: str, handle: str | None) -> tuple[str, ...]:
    """Return why `handle` cannot edit a request, then `→` what would unblock it; empty when they can."""
    return _blocked(context, change_of(context.ledger, request), handle)


def _blocked(context: Context, change: Change, handle: str | None) -> tuple[str, ...]:
    if change.environment == PLACE:
        return (
            f"{change.id} changes the policy: what it says is told from the policy files",
            "→ withdraw it, change the files, and quarterdeck policy propose",
        )
    if change.state not in OPEN_STATES:
        return (f"{change.id} is {change.state}: only a draft or a request in review can be edited",)
    where = {"project": change.project, "environment": change.environment}
    return rights.against(context, principals(context.ledger), handle, "open a request", **where)
