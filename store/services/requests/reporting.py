"""Reports of tests and scans: taken in by their exact bytes, bound to one release, read again at every gate."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Final

from store import archive
from store.domain import events as ev
from store.domain.gates.reports import JUNIT, SARIF, Report
from store.domain.roles import require
from store.domain.secrets import redact
from store.errors import BadInput, NotFound, QuarterdeckError, Refusal
from store.formats import junit, sarif
from store.formats.archive_covering import secrets_in
from store.intake.guard import read_named
from store.integrity.entry import Entry
from store.projections import requests as rows
from store.services.acting import perform
from store.services.attempts import attempt
from store.services.attested import attested, holder_of
from store.services.context import Actor, Context, Source, recorded
from store.services.identity.people import principals
from store.services.requests.reading import change_of

KIND: Final = "report.added"
_LARGEST: Final = 16 * 1024 * 1024


def read_file(path: Path) -> bytes:
    """Return the bytes of a report or specification that somebody named. Raises BadInput."""
    return read_named(path, limit=_LARGEST)


@attempt("add a report")
def add(
    context: Context, actor: Actor, data: bytes, *, name: str, request: str | None = None, digest: str | None = None
) -> Entry:
    """Take in a JUnit XML or SARIF about the release of `request`, or about the release that `digest` begins.

    Raises:
        BadInput: it is neither, hostile, or holds a secret; or it is not said which release it is about.
        NotFound: there is no such request or release.
        Refusal: the actor may not, or these bytes are the results of another release.
    """
    form, counts, tools = read(data)
    name = _plain_name(name)
    kinds = secrets_in(data)
    if kinds:
        raise BadInput(
            f"{name}: likely secrets stand in it ({', '.join(kinds)}), and what is taken in is kept for ever:"
            " mask them where the report is written"
        )
    if (request is None) == (digest is None):
        raise BadInput("say which release it is about: --request ID or --digest D")
    project, release = _release_of(context, context.ledger, request, digest)

    def decide(source: Source) -> Sequence[ev.Event]:
        people = principals(source)
        require(people, actor.handle, "add a report", project=project, at=context.now, **_place(source, request))
        if request is not None and change_of(source, request).target.release != release:
            raise Refusal([f"{request} was edited just now: it is about another release"])
        _refuse_anothers(source, project, release, sha256(data).hexdigest())
        return [
            ev.ReportAdded(
                project=project,
                release=release,
                report=sha256(data).hexdigest(),
                form=form,
                name=name,
                counts=counts,
                tools=tools,
                request=request,
            )
        ]

    return perform(context, actor, decide, blobs=[data])[0]


def _refuse_anothers(source: Source, project: str, release: str, report: str) -> None:
    """Refuse bytes that were brought as the results of another release: under any name they stay that one's."""
    for record in recorded(source.entries(kinds=[KIND], on={"project": project})):
        event = record.event
        if isinstance(event, ev.ReportAdded) and event.report == report and event.release != release:
            raise Refusal(
                [
                    f"these very bytes are the results of release {event.release[:12]} (entry {record.seq},"
                    f" {event.name}), not of {release[:12]}"
                ],
                would_unblock=["run it on this release: a report that says when it was made is never the same twice"],
            )


def read(data: bytes) -> tuple[str, ev.ReportCounts, tuple[str, ...]]:
    """Return (form, counts, tools) of a report. Raises BadInput: it is none."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        scan = sarif.read(data)
        return SARIF, scan.counts, tuple(redact(tool) for tool in scan.tools)
    return JUNIT, junit.read(data), ()


def of_release(
    context: Context, source: Source, *, project: str, release: str, form: str | None = None
) -> list[Report]:
    """Return the newest report of each name about exactly this release, read again from its archived bytes.

    Those count that somebody signed who could bring them. Bytes that come again are as old as they were.
    """
    first: dict[str, str] = {}
    newest: dict[tuple[str, str], Report] = {}
    for record in attested(source, [KIND], holder_of("add a report", project=project), on={"project": project}):
        event = record.event
        if not isinstance(event, ev.ReportAdded) or event.release != release or form not in {None, event.form}:
            continue
        at = first.setdefault(event.report, record.time)
        newest[event.form, event.name] = _again(context, event, by=record.actor, at=at)
    return list(newest.values())


def _again(context: Context, event: ev.ReportAdded, *, by: str, at: str) -> Report:
    counts, tools, damage = event.counts, event.tools, ""
    try:
        with context.ledger.reading() as connection:
            form, counts, tools = read(archive.get(connection, event.report))
        if form != event.form:
            damage = f"it was taken in as {event.form} and now reads as {form}"
    except QuarterdeckError as error:
        damage = str(error)
    return Report(name=event.name, digest=event.report, by=by, at=at, counts=counts, tools=tools, damage=damage)


def _release_of(context: Context, source: Source, request: str | None, digest: str | None) -> tuple[str, str]:
    if request is not None:
        change = change_of(source, request)
        return change.project, change.target.release
    assert digest is not None
    if len(digest) < 8:
        raise BadInput(f"{digest!a} is too little of a digest to mean one release: give at least 8 digits")
    with context.ledger.reading() as connection:
        found = rows.releases_like(connection, digest.lower())
    if len(found) != 1:
        what = "no release" if not found else "more than one release"
        raise NotFound(f"{digest!a} names {what} that any request is about")
    return found[0]


def _place(source: Source, request: str | None) -> dict[str, str]:
    return {} if request is None else {"environment": change_of(source, request).environment}


def _plain_name(name: str) -> str:
    plain = redact(PurePosixPath(name).name)[:100]
    if not plain or not plain.isprintable():
        raise BadInput(f"{name[:60]!a} is no name of a report")
    return plain
