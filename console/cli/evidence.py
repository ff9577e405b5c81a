"""`checkpoint`, `prove`, `verify-proof` and `export`: evidence, and what others need to check it."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from console.cli.output import emit_json, note, say
from console.cli.session import ENTRY_NUMBER, Session, command, group
from store.services.audit import evidence, tiling
from store.services.witness import cosigning


@command(name="checkpoint")
@click.option("--out", type=click.Path(path_type=Path), help="Write it to this file.")
@click.option("--cosigned", is_flag=True, help="The newest one that the quorum of witnesses cosigned.")
def checkpoint(session: Session, out: Path | None, *, cosigned: bool) -> None:
    """Print the newest signed checkpoint (C2SP tlog-checkpoint): keep it somewhere else."""
    context = session.context
    found = cosigning.cosigned_note(context) if cosigned else evidence.checkpoint(context)
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
@click.option("--cosigned", is_flag=True, help="Up to the newest checkpoint that the quorum of witnesses cosigned.")
def prove(session: Session, seq: int, out: Path | None, *, cosigned: bool) -> None:
    """Prove that an entry is in the log (C2SP tlog-proof); checkable offline."""
    found = evidence.prove(session.context, seq, cosigned=cosigned)
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
    """Write what other people's tools check us by: signers, a statement, evidence, an attestation, tiles."""


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
        signature = str(found.signature) if found.signature else None
        files = {"statement": str(found.statement), "signature": signature, "entry": str(found.body)}
        emit_json({**files, "actor": found.actor})
        return
    if found.signature is None:
        say(f"{found.statement} is an observation of quarterdeck's own: nobody signed it")
        note(f"its place in the log can be proved: quarterdeck prove {seq}, then verify-proof with {found.body}")
        return
    say(f"{found.statement} was signed by {found.actor}")
    check = f"ssh-keygen -Y verify -f SIGNERS -I {found.actor} -n quarterdeck@v1 -s {shlex.quote(str(found.signature))}"
    note(f"check it: {check} < {shlex.quote(str(found.statement))}")


@command(export, name="tiles")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A folder: new, or an earlier export.")
@click.option(
    "--cosigned", is_flag=True, help="Export up to the newest checkpoint that the quorum of witnesses cosigned."
)
def export_tiles(session: Session, out: Path, *, cosigned: bool) -> None:
    """Write the whole log as plain files (C2SP tlog-tiles), for other people's tools."""
    context = session.context
    made = tiling.export_tiles(context, out, note=cosigning.cosigned_note(context) if cosigned else None)
    if session.options.json:
        emit_json({"out": str(out), "entries": made.size, "files": made.files})
    else:
        say(f"{out} holds a log of {made.size:,} entries as tiles ({made.files:,} files written)")
