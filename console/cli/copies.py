"""`backup`, `compare` and `restore`: copies of the ledger, and what becomes of it after one was put back."""

from __future__ import annotations

import base64
from dataclasses import asdict
from pathlib import Path

import click

from console.cli.output import emit_json, note, say, table
from console.cli.session import Session, command, confirmed, group
from store.errors import NotFound
from store.ledger.compare import Comparison, Relation
from store.ledger.report import Report, Verdict
from store.ledger.tree import Head
from store.services.audit import backing_up, copies, fork_evidence, restoring
from store.services.witness import cosigning

_WORDS = {
    Relation.SAME: "both are the same",
    Relation.FIRST_LONGER: "the first goes on where the second ends",
    Relation.SECOND_LONGER: "the second goes on where the first ends",
    Relation.FORKED: "they fork: both go on, differently",
    Relation.UNRELATED: "they are two different logs",
}


@command(name="backup")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The new file; nothing is ever replaced.")
def backup(session: Session, out: Path) -> None:
    """Copy the ledger with its archive to one file, whole at one instant, and verify the copy."""
    made = backing_up.backup(session.context, out)
    root = base64.b64encode(made.report.root).decode()
    if session.options.json:
        emit_json({"out": str(out), "bytes": made.size, "entries": made.report.entries, "root": root})
        return
    say(f"{out} holds {made.report.entries:,} entries ({made.size:,} bytes), verified: {made.report.verdict.value}")
    note("keys/ and quarterdeck.toml are not in it: keep them, and apart")


@command(name="compare")
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
@click.option("--log-key", metavar="VKEY", help="The key of the log both should be of; else a workspace's own.")
@click.option("--origin", help="The log's origin, where it is not the key's name.")
@click.option(
    "--evidence", "folder", type=click.Path(path_type=Path), help="On a fork, write both notes and proof here."
)
def compare(
    session: Session, first: Path, second: Path, log_key: str | None, origin: str | None, folder: Path | None
) -> int:
    """Compare two ledgers: how far they are the same, and which goes on.

    A folder is opened as your own workspace is; a file is somebody's, and opened from a private copy.
    """
    log = copies.log_of(log_key, origin) if log_key else None
    found = copies.compare_copies(first, second, log, here=_here(session))
    comparison = found.comparison
    sides = ((first, comparison.first, found.first), (second, comparison.second, found.second))
    if folder is not None and comparison.relation is Relation.FORKED:
        fork_evidence.write_fork(found, folder, (str(first), str(second)))
    if session.options.json:
        plain = {"relation": comparison.relation.value, "common": comparison.common}
        logs = [asdict(one) if one else None for one in (comparison.first_log, comparison.second_log)]
        emit_json(plain | {"copies": [_plain(*side) | {"log": log} for side, log in zip(sides, logs, strict=True)]})
    else:
        table([_row(*side) for side in sides], head=("ledger", "entries", "root", "by itself"))
        say(_words(comparison))
    good = all(report.verdict is not Verdict.INVALID for report in (found.first, found.second))
    return 0 if good and comparison.relation not in {Relation.FORKED, Relation.UNRELATED} else 1


def _words(comparison: Comparison) -> str:
    """Say what two ledgers are to each other; of two logs, which they say they are."""
    words, one, other = _WORDS[comparison.relation], comparison.first_log, comparison.second_log
    if comparison.relation is not Relation.UNRELATED or one is None or other is None:
        return f"{words}; the first {comparison.common:,} entries are common to both"
    if one.origin != other.origin:
        return f"{words}, with no entry in common: {one.origin} and {other.origin}"
    return f"{words} that both say they are {one.origin}, with no entry in common: their first keys differ"


def _here(session: Session) -> Path | None:
    """Return the workspace that is named or that this folder is in; comparing does not need one."""
    try:
        return session.root
    except NotFound:
        return None


def _plain(path: Path, head: Head, report: Report) -> dict[str, object]:
    return {
        "path": str(path),
        "entries": head.size,
        "root": base64.b64encode(head.root).decode(),
        "verdict": report.verdict.value,
    }


def _row(path: Path, head: Head, report: Report) -> tuple[object, ...]:
    return (path, head.size, base64.b64encode(head.root).decode(), report.verdict.value)


@group(name="restore")
def restore() -> None:
    """After a backup was put back: acknowledge that entries are gone."""


@command(restore, name="acknowledge")
@click.option("--reason", required=True, help="What was restored, and what became of the entries since.")
def restore_acknowledge(session: Session, reason: str) -> None:
    """Accept, in a signed entry, that kept heads remember more or other entries than are here."""
    context = session.context
    actor = session.actor()
    lost = restoring.given_up(context)
    size = context.ledger.head().size
    if lost:
        most = max(head.size for head in lost)
        confirmed(session, f"go on from {size} entries, giving up a history of {most}")
    entry = restoring.acknowledge(context, actor, reason=reason)
    incarnation = str(entry.statement.data["incarnation"])
    if session.options.json:
        emit_json({"entry": entry.seq, "incarnation": incarnation, "given_up": [head.size for head in lost]})
        return
    say(f"the ledger goes on from entry {entry.seq}, incarnation {incarnation}")
    if cosigning.verifiers(context):
        note(f"each witness has to let the old head go: quarterdeck witness forget {context.ledger.origin}")
