"""Every key of the console: what `quarterdeck keys` lists and a person's own keymap is checked against.

It needs every screen and every widget that binds keys, so nothing that opens the console imports it.
"""

from __future__ import annotations

from dataclasses import replace

from textual.widget import Widget

from console.places import SCREENS
from console.screen import Frame, Pane
from console.screen.change_question import ConfirmChange
from console.screen.changes_dialog import ChangesDialog
from console.screen.entry_dialog import EntryDialog
from console.screen.explain_dialog import ExplainDialog
from console.screen.form_dialog import FormDialog
from console.screen.keys import KeyRow, keys_of
from console.screen.place import AtVisit
from console.screen.request_form import RequestForm
from console.screen.rollback_dialog import ConfirmRollback
from console.screen.verdict_dialog import VerdictDialog
from console.screen.words_form import WordsForm
from console.widgets.change_panel import ChangePanel
from console.widgets.choose_some import ChooseSome
from console.widgets.dialogs import Ask, Choose, Confirm, Dialog, Reading
from console.widgets.diff_view import DiffView
from console.widgets.filter_bar import FilterBar
from console.widgets.form_fields import Pick
from console.widgets.keyed_tree import KeyedTree
from console.widgets.line_view import LineView
from console.widgets.semantic_diff import SemanticDiff
from console.widgets.terminal import TerminalApp
from console.widgets.three_way_view import ThreeWayView
from console.widgets.tick_list import TickDialog
from console.widgets.timeline import Timeline

WIDGETS: tuple[type[Widget], ...] = (
    LineView,
    DiffView,
    SemanticDiff,
    ChangePanel,
    KeyedTree,
    ThreeWayView,
    Timeline,
    FilterBar,
)
"""Every widget that binds keys of its own."""
DIALOGS: tuple[type[Widget], ...] = (
    Dialog,
    Confirm,
    Ask,
    Choose,
    Reading,
    ChooseSome,
    TickDialog,
    FormDialog,
    RequestForm,
    Pick,
    ConfirmRollback,
    ConfirmChange,
    EntryDialog,
    ExplainDialog,
    ChangesDialog,
    VerdictDialog,
    WordsForm,
)


def key_table() -> tuple[KeyRow, ...]:
    """Return every key of the console, its id and its meaning, sorted by id."""
    panes = tuple(place.factory.pane for place in SCREENS if isinstance(place.factory, AtVisit))
    titles = {f"screen.{place.key}": place.title for place in SCREENS}
    rows = keys_of((TerminalApp, Frame, Pane, *panes, *WIDGETS, *DIALOGS))
    return tuple(replace(row, meaning=titles.get(row.id, row.meaning)) for row in rows)


def known_keys() -> dict[str, str]:
    """Return every key id of the console and its keys by default."""
    return {row.id: row.keys for row in key_table()}
