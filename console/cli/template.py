"""`template`: the kinds of change, what each must state and what its approvers tick off."""

from __future__ import annotations

import click

from console.cli.output import emit_json, say, table
from console.cli.session import Session, command, group
from store.domain.policy.encoding import whole
from store.errors import NotFound


@group(name="template")
def template() -> None:
    """Kinds of change: list, show. They are part of the policy."""


@command(template, name="list")
def template_list(session: Session) -> None:
    """List the templates of the policy in force."""
    found = session.context.policy.templates
    if session.options.json:
        emit_json([{"name": name} | whole(one) for name, one in found.items()])
    else:
        table([(name, one.risk, one.title) for name, one in found.items()], head=("name", "risk", "title"))


@command(template, name="show")
@click.argument("name")
def template_show(session: Session, name: str) -> None:
    """Show what a template makes mandatory and what its checklist holds."""
    policy = session.context.policy
    one = policy.templates.get(name)
    if one is None:
        raise NotFound(f"the policy in force has no template {name!a}: there are {', '.join(policy.templates)}")
    every = tuple(dict.fromkeys((*policy.mandatory, *one.mandatory)))
    if session.options.json:
        emit_json({"name": name} | whole(one) | {"mandatory": every})
        return
    say(f"{name}  {one.title}")
    say(f"  {one.about}")
    say(f"  risk at least {one.risk}; for {', '.join(one.environments)}")
    say(f"  to be stated: {', '.join(every)}")
    for number, item in enumerate(one.checklist, 1):
        say(f"  [ ] {number} {item}")
