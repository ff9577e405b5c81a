"""`verify`, `checkpoint`, `prove`, `verify-proof` and `export`: evidence, and what others need to check it."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import click

from console.cli.output import complain, emit_json, note, say
from console.cli.session import ENTRY_NUMBER, Session, command, group
from store.errors import IntegrityFailure
from store.ledger.report import Report
from store.services import evidence, verifying
from store.services.verifying import Scope
from store.workspace import verify_unopened


@command(name="verify")
@click.option("--rebuild", is_flag=True, help="Also fill the read tables again from the entries.")
@click.option("--from", "kept", type=click.Path(path_type=Path), help="Trust entries up to this checkpoint of ours.")
@click.option("--fast", is_flag=True, help="Entries, tree, signatures and heads only; no archive, no read tables.")
def verify(session: Session, kept: Path | None, *, rebuild: bool, fast: bool) -> int:
    """Check every entry, signature, checkpoint, kept head and archived file; say what the result is worth."""
    try:
        context = session.context
    except IntegrityFailure as error:
        complain(str(error))
        report = verify_unopened(session.root)
        _show(session, report)
        return 1
    if rebuild:
        verifying.rebuild(context)
    start = evidence.open_kept_checkpoint(context, kept) if kept else None
    scope = Scope(archive=not fast, tables=not fast, start=start)
    report = verifying.verify_workspace(context, scope=scope, progress=_progress if sys.stderr.isatty() else None)
    _show(session, report)
    return 0 if report.ok else 1


def _show(session: Session, report: Report) -> None:
    if session.options.json:
        emit_json(_plain(report))
    else:
        _print(report)


def _progress(what: str, done: int, total: int) -> bool:
    click.echo(f"\r{what}: {done:,} of {total:,}\x1b[K", nl=done >= total, err=True)
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
        "tail": {"entries": report.tail_entries, "minutes": report.tail_minutes},
        "start": report.start,
        "seconds": report.seconds,
    }


def _print(report: Report) -> None:
    say(f"{report.verdict.value}: {report.entries:,} entries in {report.seconds:.2f} s")
    say(f"root {base64.b64encode(report.root).decode()}")
    if report.start:
        say(f"entries up to {report.start:,} were trusted, as the checkpoint given says")
    if report.anchored:
        say(f"agrees with the head of {report.anchored[0]:,} entries that is kept outside the database")
    elif report.ok:
        say("checked against the log's own key only: no head is kept outside that agrees")
    say(f"unanchored tail: {report.tail_entries:,} entries, {report.tail_minutes:,} minutes")
    for problem in report.problems:
        say(f"!! entry {problem.seq}: {problem.problem}: {problem.detail}")
    for warning in report.warnings:
        say(f"?? entry {warning.seq}: {warning.problem}: {warning.detail}")
    for one in report.contradictions:
        for name, text in (("kept", one.kept), ("ours", one.ours)):
            say(f"{name}: {(text or b'nothing').decode('utf-8', errors='replace')}")


@command(name="checkpoint")
@click.option("--out", type=click.Path(path_type=Path), help="Write it to this file.")
def checkpoint(session: Session, out: Path | None) -> None:
    """Print the newest signed checkpoint (C2SP tlog-checkpoint): keep it somewhere else."""
    found = evidence.checkpoint(session.context)
    if out is not None:
        evidence.write_file(out, found)
    if session.options.json:
        emit_json({"checkpoint": found.decode(), "out": str(out) if out else None})
    elif out is None:
        click.echo(found.decode(), nl=False)
    else:
        say(f"{out} holds the newest checkpoint")


@command(name="prove")
@click.argument("seq", type=ENTRY_NUMBER)
@click.option("--out", type=click.Path(path_type=Path), help="The .tlog-proof file to write.")
def prove(session: Session, seq: int, out: Path | None) -> None:
    """Prove that an entry is in the log (C2SP tlog-proof); checkable offline."""
    found = evidence.prove(session.context, seq)
    if out is not None:
        evidence.write_file(out, found)
    if session.options.json:
        emit_json({"seq": seq, "proof": found.decode(), "out": str(out) if out else None})
    elif out is None:
        click.echo(found.decode(), nl=False)
    else:
        say(f"{out} proves entry {seq}")


@command(name="verify-proof")
@click.argument("proof", type=click.Path(path_type=Path))
@click.argument("statement", type=click.Path(path_type=Path))
def verify_proof(session: Session, proof: Path, statement: Path) -> None:
    """Check a .tlog-proof against an entry's exact body (entry.json of export statement)."""
    proven = evidence.check_proof(session.context, proof, statement)
    if session.options.json:
        emit_json({"ok": True, "size": proven.checkpoint.size, "witnesses": list(proven.witnesses)})
    else:
        say(f"the entry is in the log of {proven.checkpoint.size:,} entries that {proven.checkpoint.origin} signed")


@group(name="export")
def export() -> None:
    """Write what other people's tools need to check us: signers, statement."""


@command(export, name="signers")
@click.option("--out", type=click.Path(path_type=Path), required=True)
def export_signers(session: Session, out: Path) -> None:
    """Write an OpenSSH allowed_signers file."""
    evidence.write_file(out, evidence.signers(session.context).encode())
    if session.options.json:
        emit_json({"out": str(out)})
    else:
        say(f"{out} lists who may sign")


@command(export, name="statement")
@click.argument("seq", type=ENTRY_NUMBER)
@click.option("--out", type=click.Path(path_type=Path), required=True)
def export_statement(session: Session, seq: int, out: Path) -> None:
    """Write an entry's signed statement and its signature, for ssh-keygen -Y verify."""
    found = evidence.export_statement(session.context, seq, out)
    if session.options.json:
        emit_json({"statement": str(found.statement), "signature": str(found.signature), "actor": found.actor})
        return
    say(f"{found.statement} was signed by {found.actor}")
    check = f"ssh-keygen -Y verify -f SIGNERS -I {found.actor} -n quarterdeck@v1 -s {found.signature}"
    note(f"check it: {check} < {found.statement}")
