"""`environment` and `freeze`: the places releases go to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import click

from console.cli.output import emit_json, say, say_lines, table
from console.cli.session import Session, command, group
from store.platforms import TARGETS
from store.projections import environments as rows
from store.services.delivery import environments, specifying
from store.services.delivery.environments import RULES
from store.services.requests import reporting


@group(name="environment")
def environment() -> None:
    """Environments: add, edit, list, spec."""


def _settings(function: Callable[..., object]) -> Callable[..., object]:
    """Take the settings of every kind of target, and the rules."""
    for option in reversed(_SETTINGS):
        function = option(function)
    return function


_SETTINGS = (
    click.option("--deliver", help="folder: where releases are delivered (relative to the workspace)."),
    click.option("--observe", help="folder: where exports of what is live appear."),
    click.option("--url", help="node-red, n8n: the address of the Admin API, of the installation."),
    click.option("--user", help="node-red: who logs in."),
    click.option("--password-env", help="node-red: the environment variable that holds the password."),
    click.option("--password-file", help="node-red: the file, of mode 0600, that holds the password."),
    click.option("--token-env", help="node-red: the environment variable that holds a static token."),
    click.option("--token-file", help="node-red: the file, of mode 0600, that holds a static token."),
    click.option("--api-key-env", help="n8n: the environment variable that holds the API key."),
    click.option("--api-key-file", help="n8n: the file, of mode 0600, that holds the API key."),
    click.option("--ca", help="node-red, n8n: a file of certificates to trust instead of the system's."),
    click.option("--fingerprint", help="node-red, n8n: the SHA-256 of the one certificate to trust."),
    click.option("--fetch", help="command: the program that tells what is there (docs/command-target.md)."),
    click.option("--push", help="command: the program that changes it."),
    click.option("--timeout", help="command: how many seconds each may take (60)."),
    click.option("--pass-env", help="command: names of environment variables that they see, with commas."),
    click.option("--enforce", type=click.Choice(RULES["enforce"]), help="What becomes of an unauthorised change."),
    click.option("--on-failure", type=click.Choice(RULES["on-failure"]), help="What becomes of a failed deployment."),
)


@command(environment, name="add")
@click.argument("name")
@click.option("--target", required=True, help=f"{', '.join(TARGETS)}.")
@_settings
def environment_add(session: Session, name: str, target: str, **settings: str | None) -> None:
    """Add a place that releases are deployed to."""
    stated = _stated(settings)
    entry = environments.add(session.context, session.actor(), name, target=target, settings=stated)
    if session.options.json:
        emit_json({"environment": name, "target": target, "settings": stated, "entry": entry.seq})
    else:
        say(f"{name} is an environment now ({target}, entry {entry.seq})")


@command(environment, name="edit")
@click.argument("name")
@_settings
def environment_edit(session: Session, name: str, **settings: str | None) -> None:
    """Change how an environment is reached, or what is done there by itself; an empty value takes a setting away."""
    entry = environments.edit(session.context, session.actor(), name, changes=_stated(settings))
    after = entry.statement.data["settings"]
    if session.options.json:
        emit_json({"environment": name, "settings": after, "entry": entry.seq})
    else:
        said = " ".join(f"{key}={value}" for key, value in sorted(after.items())) if isinstance(after, dict) else ""
        say(f"{name}: {said} (entry {entry.seq})")


def _stated(settings: Mapping[str, str | None]) -> dict[str, str]:
    return {key.replace("_", "-"): value for key, value in settings.items() if value is not None}


@command(environment, name="list")
def environment_list(session: Session) -> None:
    """List the environments."""
    with session.context.ledger.reading() as connection:
        found = rows.listing(connection)
    if session.options.json:
        emit_json([asdict(row) for row in found])
        return
    shown = [(r.name, r.target, " ".join(f"{k}={v}" for k, v in r.settings.items()), r.frozen or "") for r in found]
    table(shown, head=("name", "target", "settings", "frozen"))


@group(name="spec")
def spec() -> None:
    """Machine-readable specifications of environments: set, show."""


environment.add_command(spec)


@command(spec, name="set")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
def spec_set(session: Session, name: str, file: Path) -> None:
    """Let a JSON, TOML or YAML file be the specification that travels with every deployment to an environment."""
    data = reporting.read_file(file)
    entry = specifying.specify(session.context, session.actor(), name, data, name=file.name)
    digest = str(entry.statement.data["specification"])
    if session.options.json:
        emit_json({"environment": name, "specification": digest, "entry": entry.seq})
    else:
        say(f"{name} is specified by {file.name}, {digest[:16]} (entry {entry.seq})")


@command(spec, name="show")
@click.argument("name")
def spec_show(session: Session, name: str) -> None:
    """Show the specification of an environment."""
    found, data = specifying.shown(session.context, name)
    if session.options.json:
        emit_json(asdict(found) | {"content": specifying.read(data, found.name)})
        return
    say(f"{found.name}  {found.digest[:16]}  by {found.by} {found.at} (entry {found.seq})")
    say_lines(data.decode("utf-8", "replace"))


@command(name="freeze")
@click.argument("name")
@click.option("--reason", required=True)
@click.option("--lift", is_flag=True, help="End the freeze.")
def freeze(session: Session, name: str, reason: str, *, lift: bool) -> None:
    """Stop every deployment to an environment, or with --lift let them go on."""
    act = environments.thaw if lift else environments.freeze
    entry = act(session.context, session.actor(), name, reason=reason)
    if session.options.json:
        emit_json({"environment": name, "frozen": not lift, "entry": entry.seq})
    else:
        say(f"{name} {'takes deployments again' if lift else 'is frozen'} (entry {entry.seq})")
