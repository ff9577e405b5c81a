"""`state`, `diff`, `lineage` and `triage`: what is, what was, and what needs somebody."""

from __future__ import annotations

from dataclasses import asdict

import click

from console.cli.diff_text import diff_lines
from console.cli.output import complain, emit_json, say, say_lines, table
from console.cli.session import Session, command
from store.services import diffing
from store.services.delivery import environments
from store.services.history import history
from store.services.lineage import lineage as tree
from store.services.lineage.nodes import Node
from store.services.triage import triage as home


@command(name="state")
@click.argument("environment")
@click.option("--project")
@click.option("--at", "when", help="A time, an entry number, or an id; with an offset: INC-0001@-30m.")
def state(session: Session, environment: str, project: str | None, when: str | None) -> None:
    """Show what should be live in an environment, now or at any past instant."""
    context = session.context
    environments.one(context.ledger, environment)
    at = history.now(context) if when is None else history.resolve(context, when)
    if history.lies_ahead(context, at):
        complain(f"{at.time} lies ahead: this is what should be live now")
    found = history.state_at(context, environment, at)
    projects = {}
    for row in found.deployments:
        if project is None or row.project == project:
            release = history.release_of(context, row)
            projects[row.project] = {
                "release": row.release,
                "deployment": row.id,
                "components": {
                    part.id: {
                        "digest": part.digest,
                        "name": part.name,
                        "artifact": part.artifact,
                        "deployed_by_entry": row.ended_seq,
                    }
                    for part in release.components
                },
            }
    if session.options.json:
        emit_json({"environment": environment, "at": {"seq": at.seq, "time": at.time}, "projects": projects})
        return
    say(f"{environment} after entry {at.seq} ({at.time})")
    for name, facts in projects.items():
        say(f"{name}  release {str(facts['release'])[:16]}  {facts['deployment']}")
        parts = facts["components"]
        assert isinstance(parts, dict)
        table(
            [(key, value["name"], value["digest"][:12]) for key, value in parts.items()],
            head=("component", "name", "digest"),
        )
    if not projects:
        say("nothing was deployed here")


@command(name="diff")
@click.argument("old")
@click.argument("new")
@click.option("--noise", is_flag=True, help="Show fields that say nothing about behaviour, too.")
def diff(session: Session, old: str, new: str, *, noise: bool) -> None:
    """Show what changes from OLD to NEW: digests, releases, ENV, ENV@WHEN, ids or files."""
    for side in (old, new):
        environment, at, _ = side.partition("@")
        if at:
            environments.one(session.context.ledger, environment)
    found = diffing.diff(session.context, old, new)
    if session.options.json:
        emit_json(found.to_json())
    else:
        say_lines("\n".join(diff_lines(found, noise=noise)))


@command(name="lineage")
@click.argument("subject", metavar="ID")
def lineage(session: Session, subject: str) -> None:
    """Show where something came from and what came of it."""
    found = tree.of(session.context, subject)
    if session.options.json:
        emit_json(found.to_json())
    else:
        _tree(found, "", "")


def _tree(node: Node, first: str, rest: str) -> None:
    entry = f"  #{node.seq}" if node.seq else ""
    key = node.key[:16] if node.kind == "artifact" else node.key
    say(f"{first}{node.kind} {key}  {node.title}{f'  [{node.state}]' if node.state else ''}{entry}")
    for number, child in enumerate(node.children, start=1):
        last = number == len(node.children)
        _tree(child, f"{rest}{'`- ' if last else '|- '}", f"{rest}{'   ' if last else '|  '}")


@command(name="triage")
def triage(session: Session) -> int:
    """List what needs somebody now, most pressing first; exit 1 when something does."""
    actor, _ = session.actor_if_any()
    handle = actor.handle if actor is not None else None
    found = home.overview(session.context, handle)
    if session.options.json:
        emit_json({"items": [asdict(i) for i in found.items], "environments": [asdict(e) for e in found.environments]})
    elif found.items:
        rows = [(i.severity, i.kind, i.key, f"{i.environment}/{i.project}", i.since, i.what) for i in found.items]
        table(rows, head=("severity", "kind", "id", "where", "since", "what"))
    else:
        say("nothing needs you now")
    return 1 if found.items else 0
