"""The modules of a live installation: recorded when they change, and put beside the releases that run on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from store import archive
from store.domain import events as ev
from store.domain.component import Connector
from store.domain.installed import changes_in_words
from store.domain.secrets import redact
from store.integrity.entry import Entry
from store.services import releases
from store.services.context import SYSTEM, Context, Source, recorded

MOST: Final = 2_000
"""Modules that are recorded of one installation; a Node-RED has some dozens."""
_LONGEST: Final = 200
_MOST_CHANGES: Final = 8
_KINDS: Final = ("modules.observed",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Modules:
    """What an installation had at two moments; nothing on both sides where one of them is not known."""

    before: tuple[Connector, ...] = ()
    after: tuple[Connector, ...] = ()


UNKNOWN: Final = Modules()


def observe_modules(context: Context, *, environment: str, project: str, modules: Sequence[Connector]) -> Entry | None:
    """Record what an installation has, where it is not what is recorded of it already; None where it is.

    Names and versions are somebody else's text: shortened, without secrets, and no more than `MOST`.
    """
    from store.services.acting import statement_of  # a diff reads what is recorded, and records nothing

    there = sorted({_bounded(one) for one in modules}, key=lambda one: (one.name, one.version or ""))[:MOST]
    known = _last(context.ledger, environment, project)
    if known is not None:
        with context.ledger.reading() as connection:
            if archive.connectors(connection, known.connectors) == tuple(there):
                return None
    with context.ledger.writing() as writer:
        last = _last(writer, environment, project)
        digest = archive.put_connectors(writer.connection, there, previous=last.connectors if last else None)
        if last is not None and last.connectors == digest:
            return None
        words = changes_in_words(archive.connectors(writer.connection, last.connectors), there) if last else ()
        event = ev.ModulesObserved(
            environment=environment,
            project=project,
            connectors=digest,
            modules=len(there),
            changes=words[:_MOST_CHANGES],
            more_changes=max(0, len(words) - _MOST_CHANGES),
        )
        return writer.append(statement_of(context, event, SYSTEM))


def since_deployed(source: Source, context: Context, environment: str, project: str) -> Modules:
    """Return the modules as they were when what is desired now was verified, and as they are."""
    deployed = releases.desired(source, environment, project)
    if deployed is None:
        return UNKNOWN
    place = {"environment": environment, "project": project}
    newest = source.entries(kinds=["deployment.verified"], on=place, limit=1, newest_first=True)
    return around(source, context, environment, project, next((entry.seq for entry in newest), None), None)


def around(
    source: Source, context: Context, environment: str, project: str, first: int | None, last: int | None
) -> Modules:
    """Return the modules as of entry `first` and as of entry `last` (now: None).

    An installation that was never asked before `first` counts from when it was asked.
    """
    if first is None:
        return UNKNOWN
    before = _last(source, environment, project, until=first) or _first(source, environment, project)
    after = _last(source, environment, project, until=last)
    if before is None or after is None:
        return UNKNOWN
    with context.ledger.reading() as connection:
        old, new = (archive.connectors(connection, one.connectors) for one in (before, after))
    return Modules(before=old, after=new)


def _last(source: Source, environment: str, project: str, *, until: int | None = None) -> ev.ModulesObserved | None:
    place = {"environment": environment, "project": project}
    found = recorded(source.entries(kinds=_KINDS, on=place, limit=1, newest_first=True, until=until))
    return next((one.event for one in found if isinstance(one.event, ev.ModulesObserved)), None)


def _first(source: Source, environment: str, project: str) -> ev.ModulesObserved | None:
    place = {"environment": environment, "project": project}
    found = recorded(source.entries(kinds=_KINDS, on=place, limit=1))
    return next((one.event for one in found if isinstance(one.event, ev.ModulesObserved)), None)


def _bounded(one: Connector) -> Connector:
    version = redact(one.version)[:_LONGEST] if one.version else None
    licence = redact(one.licence)[:_LONGEST] if one.licence else None
    return replace(one, name=redact(one.name)[:_LONGEST], version=version, licence=licence, components=())
