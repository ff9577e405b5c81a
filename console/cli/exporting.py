"""`export evidence` and `export attestation`: evidence that stands without quarterdeck."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from console.cli.evidence import export
from console.cli.output import emit_json, note, say
from console.cli.session import Session, command
from store.services.audit import bundling, evidence

__all__ = ["export"]


@command(export, name="evidence")
@click.argument("subject", required=False, metavar="[ID]")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The zip to write.")
def export_evidence(session: Session, subject: str | None, out: Path) -> None:
    """Write one zip that an auditor checks without quarterdeck: about an id, or about every entry."""
    data = bundling.bundle(session.context, subject)
    evidence.write_file(out, data)
    if session.options.json:
        emit_json({"out": str(out), "bytes": len(data), "subject": subject, "verifier": bundling.VERIFIER})
        return
    say(f"{out} holds the evidence about {subject or 'every entry'} ({len(data):,} bytes)")
    bundle = shlex.quote(str(out))
    note(f"check it: unzip -p {bundle} {bundling.VERIFIER} > v.py; python3 v.py {bundle} --log-key VKEY")


@command(export, name="attestation")
@click.argument("deployment", metavar="DEP-…")
@click.option("--out", type=click.Path(path_type=Path), help="The .intoto.jsonl to write.")
@click.option("--summary", is_flag=True, help="SLSA's verification summary instead of our own predicate.")
def export_attestation(session: Session, deployment: str, out: Path | None, *, summary: bool) -> None:
    """Write an in-toto statement about a deployment in a DSSE envelope, signed by the log's key."""
    document = bundling.attestation(session.context, deployment, summary=summary)
    if out is not None:
        evidence.write_file(out, f"{bundling.dumps(document)}\n".encode())
    if session.options.json or out is None:
        emit_json(document)
    else:
        say(f"{out} attests {deployment}")
