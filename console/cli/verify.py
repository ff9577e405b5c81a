"""`verify`: what the ledger is worth, in one word, with everything that led to it."""

from __future__ import annotations

import base64
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from console.cli.output import complain, emit_json, note, say, say_lines
from console.cli.session import Session, command
from store import config
from store.errors import BadInput, IntegrityFailure, QuarterdeckError
from store.integrity.note import Verifier
from store.ledger.mounts import doubt, network_problem
from store.ledger.report import Contradiction, Report
from store.services.audit import copies, evidence, fork_evidence, verifying
from store.services.audit.verifying import Scope
from store.workspace import verify_unopened

_FILE = click.Path(path_type=Path)


@command(name="verify")
@click.option("--rebuild", is_flag=True, help="Also fill the read tables again from the entries.")
@click.option("--from", "kept", type=_FILE, help="Trust entries up to this checkpoint of ours.")
@click.option("--resume", is_flag=True, help="Go on from the last verified head, e.g. after Ctrl+C; older is trusted.")
@click.option("--fast", is_flag=True, help="Entries, tree, signatures and heads only; no archive, no read tables.")
@click.option("--evidence", "folder", type=_FILE, help="On a contradiction, write both notes and the proof here.")
@click.option("--file", "copy", type=_FILE, help="Verify somebody's database file instead of the workspace.")
@click.option("--log-key", metavar="VKEY", help="With --file: the key of the log it should be of.")
@click.option("--origin", help="With --file: the log's origin, where it is not the key's name.")
@click.option("--head", "heads", multiple=True, type=_FILE, help="With --file: a kept checkpoint to hold it against.")
@click.option("--witness", "witnesses", multiple=True, metavar="VKEY", help="With --file: a witness to count.")
@click.option("--quorum", type=click.IntRange(min=1), default=1, help="With --file: witnesses it takes.")
@click.option("--time-limit", type=click.IntRange(min=1), default=300, help="With --file: seconds.")
def verify(session: Session, folder: Path | None, copy: Path | None, **options: object) -> int:
    """Check every entry, signature, checkpoint, kept head and archived file; say what the result is worth.

    With --file, from a private copy: the entries, signatures and heads of a database that is not believed.
    """
    if copy is not None:
        log = _log(session, options["log_key"], options["origin"])
        report = _verify_copy(copy, log, options)
        origin, key = log.origin, log.verifier.vkey
    else:
        if options["log_key"] or options["heads"] or options["witnesses"] or options["origin"]:
            raise BadInput("--log-key, --origin, --head and --witness go with --file; a workspace knows its own")
        report = _verify_workspace(session, options)
        settings = config.load(session.root).ledger
        origin, key = settings.origin, settings.log_key
    written = fork_evidence.write_evidence(report, folder, origin=origin, log_key=key) if folder else ()
    if session.options.json:
        emit_json(_plain(report) | {"evidence": [str(path) for path in written]})
    else:
        _print(report)
    if written:
        note(f"{folder} holds the evidence: both notes, the proof, and a README")
    return 0 if report.ok else 1


def _verify_workspace(session: Session, options: dict[str, object]) -> Report:
    try:
        context = session.context
    except IntegrityFailure as error:
        complain(str(error))
        return verify_unopened(session.root)
    for line in (network_problem(context.ledger.path), doubt(context.ledger.path)):
        if line is not None:
            note(line)
    if options["rebuild"]:
        verifying.rebuild(context)
    kept = options["kept"]
    start = evidence.open_kept_checkpoint(context, kept) if isinstance(kept, Path) else None
    scope = Scope(archive=not options["fast"], tables=not options["fast"], start=start, resume=bool(options["resume"]))
    with _stoppable() as progress:
        return verifying.verify_workspace(context, scope=scope, progress=progress)


def _verify_copy(copy: Path, log: copies.Log, options: dict[str, object]) -> Report:
    heads, witnesses, quorum, limit = (options[name] for name in ("heads", "witnesses", "quorum", "time_limit"))
    assert isinstance(heads, tuple)
    assert isinstance(witnesses, tuple)
    assert isinstance(quorum, int)
    assert isinstance(limit, int)
    return copies.verify_copy(
        copy,
        log,
        heads=heads,
        witnesses=[Verifier.from_vkey(vkey) for vkey in witnesses],
        quorum=quorum,
        fast=bool(options["fast"]),
        seconds=limit,
        progress=(lambda done, total: _progress("entries", done, total)) if sys.stderr.isatty() else None,
    )


def _log(session: Session, log_key: object, origin: object) -> copies.Log:
    """Return the log named by --log-key, else the workspace's."""
    if isinstance(log_key, str):
        return copies.log_of(log_key, origin if isinstance(origin, str) else None)
    try:
        return copies.log_at(session.root)
    except QuarterdeckError:
        raise BadInput("--file needs --log-key VKEY: which log should this be of?") from None


@contextmanager
def _stoppable() -> Iterator[Callable[[str, int, int], bool]]:
    """Lend a progress callback that Ctrl+C ends in good order: what is verified by then is kept for --resume."""
    asked = threading.Event()
    shown = sys.stderr.isatty()

    def stop(*_: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, before)  # a second one does not wait

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield lambda what, done, total: not asked.is_set() and (not shown or _progress(what, done, total))
    finally:
        signal.signal(signal.SIGINT, before)


def _progress(what: str, done: int, total: int) -> bool:
    click.echo(f"\r{what}: {done:,} of {total:,}".ljust(60), nl=done >= total, err=True)
    return True


def _plain(report: Report) -> dict[str, object]:
    return {
        "ok": report.ok,
        "verdict": report.verdict.value,
        "entries": report.entries,
        "root": base64.b64encode(report.root).decode(),
        "problems": [{"seq": p.seq, "problem": p.problem, "detail": p.detail} for p in report.problems],
        "warnings": [{"seq": p.seq, "problem": p.problem, "detail": p.detail} for p in report.warnings],
        "contradictions": [
            {
                "kept": one.kept.decode("utf-8", errors="replace"),
                "ours": one.ours.decode("utf-8", errors="replace") if one.ours else None,
                "proof": [base64.b64encode(item).decode() for item in one.proof],
            }
            for one in report.contradictions
        ],
        "anchored": list(report.anchored) if report.anchored else None,
        "cosigned": list(report.cosigned) if report.cosigned else None,
        "witnessed": report.witnessed,
        "tail": {"entries": report.tail_entries, "minutes": report.tail_minutes},
        "start": report.start,
        "seconds": report.seconds,
    }


def _print(report: Report) -> None:
    word = report.verdict.value
    if report.cosigned and report.witnessed and report.ok:
        word += f" {report.cosigned[0]} of {report.cosigned[1]}"
    elif report.anchored and report.ok:
        word += f" {report.anchored[0]:,}/{report.anchored[1]:,}"
    say(f"{word}: {report.entries:,} entries in {report.seconds:.2f} s")
    say(f"root {base64.b64encode(report.root).decode()}")
    if report.start:
        say(f"entries up to {report.start:,} were trusted: a checkpoint says that they were verified before")
    for line in _worth(report):
        say(line)
    say(f"unanchored tail: {report.tail_entries:,} entries, {report.tail_minutes:,} minutes")
    for problem in report.problems:
        say(f"!! entry {problem.seq}: {problem.problem}: {problem.detail}")
    for warning in report.warnings:
        say(f"?? entry {warning.seq}: {warning.problem}: {warning.detail}")
    for one in fork_evidence.distinct(report.contradictions):
        _print_contradiction(one)


def _worth(report: Report) -> list[str]:
    """Say against what it was checked."""
    lines = []
    if report.anchored:
        lines.append(f"agrees with the head of {report.anchored[0]:,} entries that is kept outside the database")
    elif report.ok:
        lines.append("checked against the log's own key only: no head is kept outside that agrees")
    if report.cosigned and report.witnessed:
        newer = report.entries - report.witnessed
        lines.append(
            f"{report.cosigned[0]} of {report.cosigned[1]} witnesses cosigned the first {report.witnessed:,} entries"
            f" or more; {newer:,} entries are newer"
        )
    elif report.cosigned:
        lines.append(f"the quorum of witnesses is not reached: {report.cosigned[0]} of {report.cosigned[1]} agree")
    return lines


def _print_contradiction(one: Contradiction) -> None:
    for name, text in (("kept", one.kept), ("ours", one.ours or b"nothing\n")):
        say(f"--- {name}")
        say_lines(text.decode("utf-8", errors="replace"))
    say(f"--- consistency proof of this file from the kept size: {len(one.proof)} hashes")
    say_lines(fork_evidence.proof_lines(one.proof))
