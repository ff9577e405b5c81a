"""What a request states, as options: of every command that opens or edits one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from store.domain.policy.levels import RISKS

_FIELDS = {
    "title": "What it is, in a few words.",
    "why": "The problem it solves.",
    "what": "The intended change.",
    "success": "How you will know that it worked.",
    "impact": "Who and what it touches.",
    "rollback_plan": "How to go back.",
    "dependencies": "Systems it depends on.",
    "constraints": "Regulatory or policy constraints.",
    "tests": "Test coverage, and test data used.",
}


def content_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each field of a request, its risk and its template."""
    for name, help_text in reversed(_FIELDS.items()):
        function = click.option(f"--{name.replace('_', '-')}", name, help=help_text)(function)
    template = click.option("--from-template", "template", help="Its kind: quarterdeck template list.")
    return template(
        click.option("--risk", type=click.Choice(RISKS), help="Risk as you declare it (default: medium).")(function)
    )
