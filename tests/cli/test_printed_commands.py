"""Every command line that a page prints can be typed as it stands: the command, its options and its arguments exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from console.cli.main import cli
from console.cli.session import GlobalOptions, Session

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_LINE = re.compile(r"^(?: {4})?(?:\$ )?quarterdeck (.+)$")


def printed() -> list[str]:
    """Return `page: arguments` of each line that begins with quarterdeck, in a block of code."""
    found = []
    for page in PAGES:
        fenced, joined = False, page.read_text(encoding="utf-8").replace("\\\n", " ")
        for line in joined.splitlines():
            if line.startswith("```"):
                fenced = not fenced
            match = _LINE.match(line) if fenced or line.startswith("    ") else None
            if match:
                found += [f"{page.name}: {one}" for one in without_remarks(match[1])]
    return found


def without_remarks(line: str) -> list[str]:
    """Return the commands of a line without what is said about them, and without what need not be said."""
    bare = re.sub(r"\[[^]]*\]", "", re.split(r"\s#|\s{3,}", line)[0])
    return [one.strip().removeprefix("quarterdeck ") for one in bare.split(";") if one.strip()]


def parse(words: list[str]) -> None:
    """Let click read the words as it would, and run nothing. Raises click.UsageError."""
    context = cli.make_context("quarterdeck", words, obj=Session(options=GlobalOptions()))
    while isinstance(context.command, click.Group) and (rest := [*context._protected_args, *context.args]):
        name, command, rest = context.command.resolve_command(context, rest)
        assert command is not None
        context = command.make_context(name, rest, parent=context)


def test_the_pages_print_commands() -> None:
    assert len(printed()) > 40


@pytest.mark.parametrize("line", printed())
def test_a_command_that_a_page_prints_can_be_typed_as_it_stands(line: str) -> None:
    parse(shlex.split(line.split(": ", 1)[1]))


@pytest.mark.parametrize("line", ["request opn", "finding open --titel x", "explain", "freeze"])
def test_what_cannot_be_typed_would_be_noticed(line: str) -> None:
    with pytest.raises(click.UsageError):
        parse(shlex.split(line))
