"""Read tables held against the entries they are made of, where somebody decides or vouches by what they say.

Screens show read tables, and whoever can write the file can edit them: no decision reads them, but a person who
approves does. So what is told of one request before it is approved, and what the log signs of one deployment, is
made anew from its own entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from store import projections
from store.errors import IntegrityFailure
from store.projections import deployments, requests
from store.projections.requests import RequestRow
from store.projections.shape import Connection
from store.services import releases
from store.services.context import Context

_CARRIED_OUT: Final = frozenset({"live", "superseded", "rolled back"})
"""States that other requests' entries move on from there."""


def check_request(context: Context, request: str) -> None:
    """Make sure that what lists and screens say of a request, and of what is live there, is what entries say.

    Raises:
        IntegrityFailure: somebody edited the tables.
    """
    with context.ledger.snapshot() as connection:  # entries and tables of one moment, however busy the ledger is
        if not _same_request(context, connection, request):
            raise _edited(f"about {request}")
        row = requests.one(connection, request)
        if row is not None and not _same_desired(context, connection, row.environment, row.project):
            raise _edited(f"about what is desired in {row.environment}/{row.project}")


@contextmanager
def of_deployment(context: Context, deployment: str) -> Iterator[Connection]:
    """Lend tables that hold one deployment and its request, made of their entries alone."""
    about = {entry.seq: entry for entry in context.ledger.entries(on={"deployment": deployment})}
    for name in {entry.statement.on.get("request") for entry in about.values()} - {None}:
        about.update({entry.seq: entry for entry in context.ledger.entries(on={"request": str(name)})})
    with projections.made_of(about[seq] for seq in sorted(about)) as tables:
        yield tables


def _same_request(context: Context, connection: Connection, request: str) -> bool:
    with projections.made_of(context.ledger.entries(on={"request": request})) as made:
        return _told(connection, request) == _told(made, request)


def _told(connection: Connection, request: str) -> tuple[object, ...]:
    row = requests.one(connection, request)
    return (
        None if row is None else _until_carried_out(row),
        requests.content(connection, request),
        requests.decisions(connection, request),
        requests.gates(connection, request),
        requests.risk(connection, request),
    )


def _until_carried_out(row: RequestRow) -> RequestRow:
    if row.state not in _CARRIED_OUT:
        return row
    return replace(row, state="live", updated_seq=0, updated_at="")


def _same_desired(context: Context, connection: Connection, environment: str, project: str) -> bool:
    wanted = releases.desired(context.ledger, environment, project)
    rows = deployments.desired(connection, environment=environment)
    told = next((row for row in rows if row.project == project), None)
    if wanted is None or told is None:
        return wanted is None and told is None
    return (told.id, told.release, told.manifest) == (wanted.deployment, wanted.target.release, wanted.target.manifest)


def _edited(about: str) -> IntegrityFailure:
    error = IntegrityFailure(f"what the read tables say {about} is not what its entries say: somebody edited them")
    error.add_note("quarterdeck verify says which; verify --rebuild makes them anew from the entries")
    return error
