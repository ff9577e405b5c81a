"""`lineage`: where something came from and what came of it."""

from __future__ import annotations

import click

from console.cli.output import emit_json, say
from console.cli.session import Session, command
from store.services.lineage import lineage as tree
from store.services.lineage.nodes import Node


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
