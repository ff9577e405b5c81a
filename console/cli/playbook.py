"""`playbook`: step lists for bad days, ticked off step by step."""

from __future__ import annotations

from dataclasses import asdict

import click

from console.cli.output import emit_json, say, table
from console.cli.session import Session, command, group
from store.domain.policy.encoding import whole
from store.errors import NotFound
from store.services.incidents import playbooks


@group(name="playbook")
def playbook() -> None:
    """Step lists for incidents: list, show, start, tick."""


@command(playbook, name="list")
def playbook_list(session: Session) -> None:
    """List the playbooks of the policy and those under way."""
    policy, runs = session.context.policy.playbooks, playbooks.runs(session.context.ledger)
    if session.options.json:
        emit_json({"playbooks": [{"name": name} | whole(one) for name, one in policy.items()],
                   "runs": [asdict(run) for run in runs.values()]})  # fmt: skip
        return
    rows = [(name, f"{len(one.steps)} steps", one.title) for name, one in policy.items()]
    rows += [(run.id, f"{run.done} of {len(run.steps)}", f"{run.title} for {run.incident}") for run in runs.values()]
    table(rows, head=("name", "steps", "title"))


@command(playbook, name="show")
@click.argument("name")
def playbook_show(session: Session, name: str) -> None:
    """Show a playbook of the policy by its name, or one under way by its id (PB-…)."""
    run = playbooks.runs(session.context.ledger).get(name)
    if run is not None:
        _show(session, name)
        return
    found = session.context.policy.playbooks.get(name)
    if found is None:
        raise NotFound(f"there is no playbook {name!a}: {', '.join(session.context.policy.playbooks)}, or a PB-… id")
    if session.options.json:
        emit_json({"name": name} | whole(found))
        return
    say(f"{name}  {found.title}")
    for number, step in enumerate(found.steps, 1):
        say(f"  {number} {step}")


@command(playbook, name="start")
@click.argument("name")
@click.argument("incident")
def playbook_start(session: Session, name: str, incident: str) -> None:
    """Start a playbook for an open incident."""
    entry = playbooks.start(session.context, session.actor(), name, incident)
    _show(session, entry.statement.on["playbook"])


@command(playbook, name="tick")
@click.argument("run")
@click.argument("step", type=click.IntRange(1, 10_000))
@click.option("--note", default="", help="What was done, or why it was left out.")
def playbook_tick(session: Session, run: str, step: int, note: str) -> None:
    """Tick one step of a playbook under way."""
    playbooks.tick(session.context, session.actor(), run, step, note=note)
    _show(session, run)


def _show(session: Session, name: str) -> None:
    run = playbooks.runs(session.context.ledger)[name]
    if session.options.json:
        emit_json(asdict(run) | {"done": run.done})
        return
    say(f"{run.id}  {run.title} for {run.incident}  {run.done} of {len(run.steps)} steps")
    for number, step in enumerate(run.steps, 1):
        by = f"  {step.by}, entry {step.seq}  {step.note}" if step.by else ""
        say(f"  {'[x]' if step.by else '[ ]'} {number} {step.text}{by}")
