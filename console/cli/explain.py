"""`explain`: one page about a request or deployment, every fact with its entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import click

from console.cli.output import emit_json, note
from console.cli.session import Session, command
from console.presentation.explained import page_text
from console.presentation.explained_files import page_html, page_markdown
from store.services.audit.evidence import write_file
from store.services.explaining.explain import explain as explained
from store.services.explaining.page import Page

_FORMS: Final[Mapping[str, Callable[[Page], str]]] = {
    "text": lambda page: "\n".join(page_text(page)) + "\n",
    "md": page_markdown,
    "html": page_html,
}


@command(name="explain")
@click.argument("subject", metavar="ID")
@click.option("--format", "form", type=click.Choice(list(_FORMS)), default="text", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="The file to write (default: standard output).")
def explain(session: Session, subject: str, form: str, out: Path | None) -> None:
    """Explain CR-… or DEP-…: why, what, who, when, tests, approvals, gates, risks accepted, what happened after."""
    page = explained(session.context, subject)
    if out is not None:
        write_file(out, _FORMS[form](page).encode())
    if session.options.json:
        emit_json(page.to_json())
    elif out is not None:
        note(f"{out} explains {subject}, as of entry {page.size}")
    else:
        click.echo(_FORMS[form](page), nl=False)
