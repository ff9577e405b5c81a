"""What a verification found wrong, to read and to go to."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.presentation.spans import line
from console.presentation.verdicts import by_cause, problem_where, verdict_lines
from console.widgets.columns import Column, Row
from console.widgets.dialogs import Dialog
from console.widgets.key_caps import KeyCaps
from console.widgets.keyed_table import KeyedTable
from console.widgets.text_view import Facts
from store.ledger.report import Report

_COLUMNS = (
    Column(name="where", keep=9),
    Column(name="what", tone="danger", keep=8),
    Column(name="in words", grow=1, least=20, most=400, prose=True, keep=9),
)


class VerdictDialog(Dialog[int | None]):
    """Every problem and warning of a verification; `enter` answers with the entry that a problem is about."""

    DEFAULT_CSS = """
    VerdictDialog #verdict-detail { max-height: 5; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "close", show=False, id="dialog.cancel")]

    def __init__(self, report: Report, scope: str) -> None:
        super().__init__(classes="-full" if report.ok else "-danger -full")
        self._report = report
        self._rows = (*by_cause(report.problems), *report.warnings)
        self._scope = scope

    def compose(self) -> ComposeResult:
        with Vertical():
            tone = "badge-ok" if self._report.ok else "badge-danger"
            yield Facts(line((f" {self._report.verdict.value} ", tone)), classes="-title")
            yield Facts(*verdict_lines(self._report, self._scope))
            yield KeyedTable(_COLUMNS, empty="no problem in a single entry", classes="-body")
            yield Facts(id="verdict-detail", classes="-last")
            yield KeyCaps(line((" enter ", "keycap"), "  go to the entry    ", (" esc ", "keycap"), "  close"))

    def on_mount(self) -> None:
        table = self.query_one(KeyedTable)
        table.sync(
            [
                Row(key=str(number), cells=(problem_where(found), found.problem, found.detail))
                for number, found in enumerate(self._rows)
            ]
        )
        table.focus()

    def on_keyed_table_highlighted(self, event: KeyedTable.Highlighted) -> None:
        """Say the problem under the cursor whole: its row may have had to be cut."""
        event.stop()
        if event.key is not None:
            self.query_one("#verdict-detail", Facts).show_lines(self._rows[int(event.key)].detail)

    def on_keyed_table_chosen(self, event: KeyedTable.Chosen) -> None:
        event.stop()
        self.dismiss(self._rows[int(event.key)].seq or None)

    def action_close(self) -> None:
        self.dismiss(None)
