"""The dialog behind `W`: why something is as it is, on one page; `o` writes the page for a browser."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.presentation.explained import head_line, page_lines
from console.presentation.explained_files import page_html
from console.presentation.spans import line
from console.screen.desk import Desk
from console.screen.pane import Pane
from console.widgets.dialogs import Dialog
from console.widgets.key_caps import KeyCaps
from console.widgets.text_view import Facts, TextView
from store.errors import QuarterdeckError
from store.services.audit.evidence import write_file
from store.services.explaining.explain import explain
from store.services.explaining.page import Page

FOLDER = "explained"
"""Where in the workspace pages are written to."""
_KEYS = line(
    (" o ", "keycap"), " write HTML for a browser   ", (" j/k ", "keycap"), " scroll   ", (" esc ", "keycap"), " close"
)


async def show_explanation(pane: Pane[Any], desk: Desk, subject: str) -> None:
    """Show the page about a request or deployment until the reader leaves.

    Raises:
        NotFound: there is no such thing.
    """
    page = await desk.threads.read(explain, desk.context, subject)
    await pane.ask(ExplainDialog(desk, page))


async def write_explanation(pane: Pane[Any], desk: Desk, subject: str) -> None:
    """Write the page about a request or deployment as HTML and say where it is."""
    path = await asyncio.to_thread(lambda: write_page(desk, explain(desk.context, subject)))
    pane.say(f"wrote {path}: it stands alone, open it in any browser")


def write_page(desk: Desk, page: Page) -> Path:
    """Write the page into the workspace; return the file. Raises StorageFailure."""
    path = desk.context.root / FOLDER / f"{page.subject}.html"
    write_file(path, page_html(page).encode())
    return path


class ExplainDialog(Dialog[None]):
    """One page to read."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", show=False, id="dialog.cancel"),
        Binding("o", "write", "Write HTML", show=False, id="dialog.write"),
    ]

    def __init__(self, desk: Desk, page: Page) -> None:
        super().__init__(classes="-full")
        self._desk = desk
        self._page = page

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Facts(line((head_line(self._page), "title")), classes="-title")
            yield TextView(wrapped=True)
            yield KeyCaps(_KEYS, id="explain-keys")

    def on_mount(self) -> None:
        view = self.query_one(TextView)
        view.show_lines(page_lines(self._page)[2:])
        view.focus()

    async def action_write(self) -> None:
        """Write the page and say where it is."""
        try:
            path = await asyncio.to_thread(write_page, self._desk, self._page)
        except QuarterdeckError as error:
            said = line((str(error), "danger"))
        else:
            said = line((f"wrote {path}", "ok"))
        self.query_one("#explain-keys", Facts).show_lines(said)

    def action_close(self) -> None:
        self.dismiss(None)
