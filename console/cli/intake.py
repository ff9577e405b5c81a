"""`watch`, `ingest` and `artifact`: exports on their way in."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from console.cli.output import complain, emit_json, note, say, table
from console.cli.progress import STOPPED, Meter
from console.cli.session import Session, command, confirmed, group
from console.presentation.words import counted
from store import archive
from store.domain import events as ev
from store.domain import secrets
from store.errors import BadInput, NotFound
from store.formats.archive_covering import is_archive
from store.integrity.utf16 import as_utf8
from store.projections import artifacts
from store.projections.artifacts import ArtifactRow
from store.services import rounds
from store.services.context import Context, recorded
from store.services.delivery.environments import checked_name
from store.services.exports import watching
from store.services.exports.bulk import ingest_paths
from store.services.exports.importing import names_of
from store.services.exports.ingesting import Report
from store.services.notifying import notifying
from store.services.sealing import sealing, unsealing


@command(name="watch")
@click.option("--once", is_flag=True, help="Scan, ingest, print a summary and end.")
def watch(session: Session, *, once: bool) -> int:
    """Ingest the drop folder and watch live targets, until ctrl+c or SIGTERM; --json prints a document a line."""
    context = session.context
    if once:
        with Meter("files") as meter:
            report, troubles = watching.once(
                context, tell=meter.tell, stop=meter.stop, who=lambda: session.actor_if_any()[0]
            )
        done = rounds.Round() if meter.stop.is_set() else rounds.once(context)
        troubles += done.troubles
        _print(session, replace(report, said=(*report.said, *done.said)))
        troubles += notifying.once(context).troubles
        for trouble in troubles:
            complain(trouble)
        return _stopped() if meter.stop.is_set() else 3 if troubles else 0
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, lambda *_: stop.set())
    note(f"watching {context.root / 'inbox'} and live targets; ctrl+c ends")
    for remark in watching.remarks(context):
        note(remark)
    watching.forever(
        context,
        stop=stop,
        tell=lambda report: _print(session, report, goes_on=True),
        complain=complain,
        who=lambda: session.actor_if_any()[0],
    )
    return 0


@command(name="ingest")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--project", required=True)
@click.option("--env", "environment", required=True)
def ingest(session: Session, paths: tuple[Path, ...], project: str, environment: str) -> int:
    """Ingest files, or all that lies in folders, from anywhere; they stay where they are."""
    context = session.context
    checked_name(project)
    checked_name(environment)
    with Meter("files") as meter:
        report = ingest_paths(
            context, paths, project=project, environment=environment, tell=meter.tell, stop=meter.stop
        )
    late = [file for file in report.files if file.outcome in {"refused", "waiting"}]
    for file in late:
        complain(f"{file.path}: {file.reason}")
    taken = tuple(file for file in report.files if file not in late)
    _print(session, report if session.options.json else Report(files=taken, seconds=report.seconds))
    return _stopped() if meter.stop.is_set() else 2 if late else 0


def _stopped() -> int:
    complain("stopped: what is reported is recorded, the rest was not touched; the same command goes on from there")
    return STOPPED


def _print(session: Session, report: Report, *, goes_on: bool = False) -> None:
    if session.options.json:
        emit_json(
            {
                "ingested": report.count("ingested"),
                "unchanged": report.count("unchanged"),
                "quarantined": report.count("quarantined"),
                "observed": report.count("observed"),
                "opened": report.count("opened"),
                "waiting": report.count("waiting"),
                "refused": report.count("refused"),
                "drifts": report.drifts,
                "reverts": list(report.said),
                "files": [
                    {
                        "path": file.path,
                        "outcome": file.outcome,
                        "reason": file.reason,
                        "digest": file.digest,
                        "platform": file.platform,
                    }
                    for file in report.files
                ],
                "seconds": report.seconds,
            },
            one_line=goes_on,
        )
        return
    for file in report.files:
        if file.outcome != "unchanged" or session.options.verbose:
            facts = file.reason or f"{(file.digest or '')[:12]} {file.platform or ''}"
            say(f"{file.outcome:<11}", file.path, facts)
    for done in report.said:
        say(done)
    counts = ("ingested", "unchanged", "quarantined", "observed", "opened", "refused", "waiting")
    words = ", ".join(f"{report.count(word)} {word}" for word in counts if report.count(word)) or "nothing new"
    drifts = f", {counted(report.drifts, 'drift')}" if report.drifts else ""
    say(f"{words}{drifts} in {report.seconds:.2f} s")


@group(name="artifact")
def artifact() -> None:
    """Ingested exports: list, show, cat."""


@command(artifact, name="list")
def artifact_list(session: Session) -> None:
    """List ingested exports, newest first."""
    with session.context.ledger.reading() as connection:
        rows = artifacts.listing(connection, limit=100_000)
    if session.options.json:
        emit_json([_plain(row) for row in rows])
        return
    table(
        [
            (r.digest[:12], r.environment, r.project, r.name, r.platform, r.components, r.bytes, r.time, _origin(r))
            for r in rows
        ],
        head=("digest", "env", "project", "name", "platform", "parts", "bytes", "ingested", "imported from"),
    )


@command(artifact, name="show")
@click.argument("digest")
def artifact_show(session: Session, digest: str) -> None:
    """Show what an export holds: components, connectors, notices."""
    context = session.context
    row = _one(context, digest)
    with context.ledger.reading() as connection:
        parts = archive.manifest(connection, row.manifest)
    if session.options.json:
        components = [{"id": p.id, "name": p.name, "kind": p.kind, "digest": p.digest} for p in parts]
        emit_json(_plain(row) | {"component_list": components})
        return
    say(f"{row.digest}  {row.environment}/{row.project}/{row.name}")
    say(f"{row.platform} (confidence {row.confidence}), {row.bytes} bytes, entry {row.seq}, {row.time}")
    if row.imported:
        say(f"imported from {_origin(row)}{_author(context, row)}")
    table([(p.kind, p.name, p.id, p.digest[:12]) for p in parts], head=("kind", "name", "id", "digest"))


@command(artifact, name="cat")
@click.argument("digest")
@click.option("--unseal", is_flag=True, help="With its secrets; needs the right to, a --reason, and leaves an entry.")
@click.option("--reason", default="", help="Why the secrets must be seen; goes into the ledger.")
def artifact_cat(session: Session, digest: str, *, unseal: bool, reason: str) -> None:
    """Write an export to standard output as it is archived: its secrets are marks (SEALED-…).

    On a terminal the text is made safe; into a file or pipe it is exact. Exports from before secrets were sealed are
    shown with their secrets covered.
    """
    context = session.context
    digest = _sealed_digest(context, digest) if unseal else _one(context, digest).digest
    if unseal:
        data, entry = unsealing.unseal(context, session.actor(), digest, reason=reason)
        note(f"shown with its secrets; recorded as entry {entry.seq}")
    else:
        with context.ledger.reading() as connection:
            data = archive.get(connection, digest)
        data = data if is_archive(data) else secrets.cover(data, lambda _: "redacted").data
    if sys.stdout.isatty():
        for line in as_utf8(data).decode("utf-8", errors="replace").splitlines():
            say(line)
    else:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def _author(context: Context, row: ArtifactRow) -> str:
    """Return the author of an imported version: who it is where somebody had that written down, else a pseudonym."""
    for one in recorded(context.ledger.entries(after=row.seq - 1, until=row.seq)):
        if isinstance(one.event, ev.ArtifactIngested) and one.event.imported is not None:
            author = one.event.imported.author
            return f", by {names_of(context).get(author, author)}"
    return ""


def _origin(row: ArtifactRow) -> str:
    """Return where a version of a git history comes from, with that history's date; empty for an export."""
    return f"git {row.imported[:12]} of {row.authored[:10] or 'no date'}" if row.imported else ""


@command(name="shred")
@click.argument("digest")
@click.option("--reason", required=True, help="Why; goes into the ledger.")
@click.option("--everywhere", is_flag=True, help="Also every other artifact that holds one of its secrets.")
def shred(session: Session, digest: str, reason: str, *, everywhere: bool) -> None:
    """Destroy the sealed secrets of an artifact for good; it can be looked at, but never be delivered again."""
    context = session.context
    first = _sealed_digest(context, digest)
    doomed = [first, *(unsealing.others(context, first) if everywhere else ())]
    confirmed(session, f"destroy the secrets of {', '.join(one[:12] for one in doomed)} for good?")
    actor = session.actor()
    done = [(one, unsealing.shred(context, actor, one, reason=reason)) for one in doomed]
    others = [other for other in done[0][1].others if other not in doomed]
    if session.options.json:
        shredded = [{"artifact": one, "entry": what.entry.seq if what.entry else None} for one, what in done]
        emit_json({"shredded": shredded, "still_sealed_in": others})
        return
    for one, what in done:
        say(f"{one[:12]}: its secrets are destroyed" + (f" (entry {what.entry.seq})" if what.entry else ""))
    if others:
        names = ", ".join(other[:12] for other in others)
        note(f"the same secrets are still sealed in {names}: --everywhere takes them along")
    for path in _left(context, [one for one, _ in done]):
        note(f"{path} is still there, with its secrets: delete it")


def _left(context: Context, digests: Sequence[str]) -> list[str]:
    """Return the files in the drop folders that these artifacts came from and that are still there."""
    with context.ledger.reading() as connection:
        rows = [row for digest in digests for row in artifacts.by_digest(connection, digest)]
    paths = (f"{kind}/{row.environment}/{row.project}/{row.name}" for row in rows for kind in ("inbox", "observed"))
    return [path for path in dict.fromkeys(paths) if (context.root / path).is_file()]


def _sealed_digest(context: Context, digest: str) -> str:
    """Return the whole digest of an artifact, ingested or only observed, that begins with `digest`."""
    try:
        return _one(context, digest).digest
    except NotFound:
        found = {artifact for artifact, _ in sealing.commitments(context.ledger) if artifact.startswith(digest.lower())}
        if len(found) != 1:
            raise
        return found.pop()


def _one(context: Context, digest: str) -> ArtifactRow:
    with context.ledger.reading() as connection:
        rows = artifacts.by_digest(connection, digest.lower())
    if not rows:
        raise NotFound(f"no artifact has a digest starting with {digest}")
    if len({row.digest for row in rows}) > 1:
        raise BadInput(f"{digest} names more than one artifact; give more of it")
    return rows[0]


def _plain(row: ArtifactRow) -> dict[str, object]:
    return {
        "digest": row.digest,
        "name": row.name,
        "platform": row.platform,
        "confidence": row.confidence,
        "project": row.project,
        "environment": row.environment,
        "components": row.components,
        "bytes": row.bytes,
        "seq": row.seq,
        "time": row.time,
        "secrets": row.secrets,
        "notices": row.notices,
        "imported": row.imported or None,
        "authored": row.authored or None,
    }
