"""docs/governance.md answers every demand with commands and screens that exist."""

from __future__ import annotations

import re
from pathlib import Path

import click

from console.cli.main import cli
from console.places import SCREENS

PAGE = Path(__file__).parents[2] / "docs" / "governance.md"
DEMANDS = (
    "metadata", "RBAC", "approvals", "versioning", "immutable log", "lineage", "intent", "testing", "validation",
    "drift", "anomalies", "baselines", "gates", "artifacts", "naming", "connectors", "ownership", "exceptions",
    "reviews", "escalation", "rollback tests", "communication", "monitoring", "audits", "incident plan",
    "default-deny", "mitigations", "templates",
)  # fmt: skip


def rows() -> list[list[str]]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][1:]


def exists(words: list[str]) -> bool:
    """Say whether these words are a command; what follows a command that is no group may be its arguments."""
    found: click.Command = cli
    for word in words:
        if not isinstance(found, click.Group):
            return False
        sub = found.get_command(click.Context(found), word)
        if sub is None:
            return False
        found = sub
    return True


def test_every_command_and_screen_on_the_page_exists() -> None:
    screens = {place.id for place in SCREENS}
    for demand, commands, places, _ in rows():
        named = re.findall(r"`quarterdeck ([^`]+)`", commands)
        assert named, demand
        assert [words for words in named if not exists(words.split())] == []
        assert {place.strip() for place in places.split(",")} <= screens, demand


def test_every_demand_of_the_discipline_has_its_line() -> None:
    assert [demand for demand in DEMANDS if demand not in {row[0] for row in rows()}] == []
