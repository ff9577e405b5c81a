"""`state`: what should be live, now or then."""

from __future__ import annotations

import click

from console.cli.output import complain, emit_json, say, table
from console.cli.session import Session, command
from store.services.delivery import environments
from store.services.history import history


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
