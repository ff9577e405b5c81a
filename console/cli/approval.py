"""`approval`: approvals that were signed elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.output import complain, emit_json, say
from console.cli.session import Session, command, group
from store.errors import QuarterdeckError
from store.services.requests import offsite


@group(name="approval")
def approval() -> None:
    """Approvals signed on a machine of one's own: import."""


@command(approval, name="import")
@click.argument("signatures", metavar="FILE.sig", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--statement", type=click.Path(path_type=Path), help="The statement, when it is not beside its .sig.")
def approval_import(session: Session, signatures: tuple[Path, ...], statement: Path | None) -> int:
    """Record approvals from the signatures that ssh-keygen -Y sign made over exported statements.

    No key is needed here: the signature is the act. One that will not do is named and leaves the others alone.
    """
    if statement is not None and len(signatures) > 1:
        raise click.UsageError("--statement goes with one signature")
    context = session.context
    outcomes: list[dict[str, object]] = []
    status = 0
    for path in signatures:
        try:
            entry = offsite.take(context, path, statement)
        except QuarterdeckError as error:
            refused = f" (recorded: entry {error.entry})" if error.entry is not None else ""
            complain(f"{path}: {str(error).removeprefix(f'{path}: ')}{refused}")
            outcomes.append({"file": str(path), "entry": None, "reason": str(error), "recorded": error.entry})
            status = max(status, error.exit_code)
            continue
        said = entry.statement
        outcomes.append({"file": str(path), "entry": entry.seq, "request": said.on["request"], "actor": said.actor})
        if not session.options.json:
            say(f"{said.actor} approves {said.on['request']} (entry {entry.seq}, imported)")
    if session.options.json:
        emit_json(outcomes)
    return status
