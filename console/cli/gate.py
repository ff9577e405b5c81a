"""`gate`: what an environment asks of a release, run on a request, and the reports that gates read."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.cli.gate_text import gate_json, note_next, say_gate
from console.cli.output import emit_json, say, table
from console.cli.session import Session, command, group
from console.presentation.words import counted
from store.domain.gates.reports import Report
from store.domain.gates.wanted import binds_approval, wanted
from store.domain.policy.encoding import encoded
from store.errors import BadInput, NotFound
from store.projections import environments as places
from store.projections import requests as rows
from store.services.requests import gates, reporting
from store.services.requests.reading import change_of

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Policy


@group(name="gate")
def gate() -> None:
    """Gates: list them, run them on a request, bring reports of tests and scans."""


@command(gate, name="list")
@click.argument("request_id", metavar="[ID]", required=False)
@click.option("--env", "environment", help="Only this environment.")
@click.option("--project", default="*", help="With the conditions for this project.")
def gate_list(session: Session, request_id: str | None, environment: str | None, project: str) -> None:
    """List the gates of every environment with their parameters, or the last verdicts on a request."""
    if request_id is not None:
        _list_verdicts(session, request_id)
        return
    context = session.context
    with context.ledger.reading() as connection:
        names = [row.name for row in places.listing(connection)]
    chosen = [environment] if environment is not None else names
    found = [(name, one) for name in chosen for one in wanted(context.policy, project=project, environment=name)]
    shown = [(name, one, binds_approval(one), _parameters(context.policy, name, one)) for name, one in found]
    if session.options.json:
        emit_json([{"environment": name, "gate": one, "binds_approval": binds, "parameters": what}
                   for name, one, binds, what in shown])  # fmt: skip
        return
    table(
        [(name, one, "approval" if binds else "deployment", _words(what)) for name, one, binds, what in shown],
        head=("env", "gate", "before", "parameters"),
    )


@command(gate, name="run")
@click.argument("request_id", metavar="ID")
def gate_run(session: Session, request_id: str) -> int:
    """Run the gates on a request as it stands, and record what they say; exit 1 when one stands in the way."""
    run = gates.run_now(session.context, session.actor(), request_id)
    _list_verdicts(session, request_id)
    return int(bool(run.failed))


@group(name="report")
def report() -> None:
    """JUnit XML and SARIF about one release: add, list."""


gate.add_command(report)


@command(report, name="add")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--request", "request_id", metavar="ID", help="The request whose release it is about.")
@click.option("--digest", help="The release it is about, by its digest or the start of it.")
def report_add(session: Session, file: Path, request_id: str | None, digest: str | None) -> None:
    """Take in a JUnit XML or SARIF file, bound to exactly one release."""
    data = reporting.read_file(file)
    entry = reporting.add(session.context, session.actor(), data, name=file.name, request=request_id, digest=digest)
    stated = entry.statement.data
    if session.options.json:
        kept = ("release", "report", "form", "name", "counts", "tools")
        emit_json({"entry": entry.seq} | {name: stated[name] for name in kept})
        return
    say(f"{stated['name']} is bound to the release {str(stated['release'])[:16]} (entry {entry.seq})")
    say(f"  {_counts(str(stated['form']), stated['counts'])}")
    if request_id:
        note_next(change_of(session.context.ledger, request_id))


@command(report, name="list")
@click.argument("request_id", metavar="ID")
def report_list(session: Session, request_id: str) -> None:
    """List the reports that count for a request's release."""
    context = session.context
    change = change_of(context.ledger, request_id)
    found = reporting.of_release(context, context.ledger, project=change.project, release=change.target.release)
    if session.options.json:
        emit_json([asdict(one) for one in found])
        return
    table(
        [(one.name, one.by, one.at, one.digest[:12], one.damage or _found(one)) for one in found],
        head=("name", "by", "since", "digest", "says"),
    )


def _list_verdicts(session: Session, request_id: str) -> None:
    with session.context.ledger.reading() as connection:
        row = rows.one(connection, request_id)
        found = rows.gates(connection, request_id)
    if row is None:
        raise NotFound(f"there is no request {request_id}")
    if session.options.json:
        emit_json([gate_json(row) for row in found])
        return
    for one in found:
        say_gate(one.verdict, one.gate, one.reason, one.unblock)
        if session.options.verbose:
            say(f"        looked at {one.inputs[:16]} (entry {one.seq})")
    if found:
        say(f"  bound to request digest {row.digest[:16]}, release {row.release[:16]}")


def _parameters(policy: Policy, environment: str, name: str) -> dict[str, Any]:
    """Return what the policy says of a gate; empty where it has no parameters, or none but the defaults."""
    section = encoded(policy.environment(environment).gates).get(name)
    return section if isinstance(section, dict) else {}


def _words(parameters: dict[str, Any]) -> str:
    return ", ".join(f"{key} = {value}" for key, value in parameters.items())


def _found(one: Report) -> str:
    return _counts("sarif" if one.tools else "junit", asdict(one.counts))


def _counts(form: str, counts: Any) -> str:
    if not isinstance(counts, dict):
        raise BadInput("the counts of the report cannot be read")
    if form == "sarif":
        return ", ".join(counted(int(counts[name]), name.removesuffix("s")) for name in ("errors", "warnings", "notes"))
    return f"{counts['passed']} passed, {counts['failed'] + counts['broken']} failed, {counts['skipped']} skipped"
