"""The console: which screens there are, which keys reach them, and the terminal they stand in. Nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType
from textual.screen import Screen
from textual.widget import Widget

from console.personal.memory import LeftOff
from console.screen import Frame, Pane, Place, Session, checked_keymap
from console.screen.change_question import ConfirmChange
from console.screen.changes_dialog import ChangesDialog
from console.screen.entry_dialog import EntryDialog
from console.screen.explain_dialog import ExplainDialog
from console.screen.keys import KeyRow, keys_of
from console.screen.palette import Going
from console.screen.request_form import RequestForm
from console.screen.rollback_dialog import ConfirmRollback
from console.screen.tour import tour
from console.screen.verdict_dialog import VerdictDialog
from console.screen.words_form import WordsForm
from console.screens.approvals import Approvals
from console.screens.connectors import Connectors
from console.screens.drift import Drift
from console.screens.findings import Findings
from console.screens.health import Health
from console.screens.incidents import Incidents
from console.screens.ledger import Ledger
from console.screens.lineage import Lineage
from console.screens.replay import Replay
from console.screens.triage import Triage
from console.widgets.change_panel import ChangePanel
from console.widgets.choose_some import ChooseSome
from console.widgets.dialogs import Ask, Choose, Confirm, Reading
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

SCREENS: tuple[Place, ...] = (
    Place(key="1", id="triage", title="Triage", factory=Triage),
    Place(key="2", id="approvals", title="Approvals", factory=Approvals, subjects=("CR-",)),
    Place(key="3", id="lineage", title="Lineage", factory=Lineage, subjects=("DEP-",)),
    Place(key="4", id="drift", title="Drift", factory=Drift, subjects=("DR-",)),
    Place(key="5", id="replay", title="Replay", factory=Replay),
    Place(key="6", id="ledger", title="Ledger", factory=Ledger, subjects=("#",)),
    Place(key="7", id="connectors", title="Connectors", factory=Connectors),
    Place(key="8", id="health", title="Health", factory=Health),
    Place(key="9", id="incidents", title="Incidents", factory=Incidents, subjects=("INC-", "BG-")),
    Place(key="0", id="findings", title="Findings", factory=Findings, subjects=("FND-", "AN-")),
)
"""One line a screen: `Place(key="1", id="triage", title="Triage", factory=lambda session: Triage(session.triage))`."""

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
    Confirm,
    Ask,
    Choose,
    Reading,
    ChooseSome,
    TickDialog,
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

_STYLES = Path(__file__).parent / "screens"


class Console(TerminalApp[None]):
    """The whole console over one open workspace."""

    TITLE = "quarterdeck"
    COMMANDS = {Going}  # noqa: RUF012  Textual's own annotation
    ENABLE_COMMAND_PALETTE = True
    DEFAULT_CSS = "CommandPalette SearchIcon { display: none; }"

    def __init__(
        self,
        session: Session,
        *,
        places: Sequence[Place] = SCREENS,
        keymap: Mapping[str, str] | None = None,
        palette: str | None = None,
        ascii_only: bool = False,
        start: LeftOff | None = None,
    ) -> None:
        """Take an open workspace; `keymap` is the person's own (key id → key), `start` where to begin.

        Raises:
            BadInput: the keymap names an unknown key id or gives one key to two acts.
        """
        checked = checked_keymap(keymap or {}, known_keys())
        styles = [_STYLES / f"{place.id}.tcss" for place in places]
        super().__init__(palette=palette, ascii_only=ascii_only, styles=[path for path in styles if path.exists()])
        self.set_keymap(checked)
        self._console_session = session
        self._console_places = tuple(places)
        self._console_start = start
        self._console_greeting: tuple[bool, tuple[str, ...]] = (False, ())
        self.greeted = False
        """Whether all that `greet` was given has been on the screen."""
        self.chosen_look = ""
        """The theme that was chosen while the console ran; empty for none."""
        self.left_off = LeftOff()
        """Where the person was when the console was left."""

    def get_default_screen(self) -> Screen[Any]:
        return Frame(self._console_session, self._console_places, self._console_start)

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """Leave; remember where."""
        frame = next((screen for screen in self.screen_stack if isinstance(screen, Frame)), None)
        if frame is not None and frame.is_mounted and frame.query(FilterBar):
            self.left_off = frame.left_off()
        super().exit(result, return_code, message)

    def greet(self, *, tour: bool = False, notes: Sequence[str] = ()) -> None:
        """Show the tour once the first screen stands, and say these things when nothing lies over them."""
        self._console_greeting = (tour, tuple(notes))

    def on_ready(self) -> None:
        """Greet: the tour first, then what else is to be said, which it would lie over."""
        if self._console_greeting[0]:
            self.push_screen(tour(self._console_places), lambda _: self._say_notes())
        else:
            self._say_notes()

    def _say_notes(self) -> None:
        notes = self._console_greeting[1]
        frame = self.screen_stack[0]
        self.greeted = True
        if isinstance(frame, Frame) and notes:
            frame.say(notes, "info")

    def action_look(self, name: str) -> None:
        """Change the colours, and remember that it was asked for."""
        self.chosen_look = name if self.is_running else ""
        super().action_look(name)

    def told(self, words: str) -> None:
        """Tell it where everything is told."""
        frame = self.screen_stack[0]
        if isinstance(frame, Frame):
            frame.say((words,), "info")

    def leave(self, return_code: int = 0) -> None:
        """Stop the frame's threads, then restore the terminal."""
        for screen in self.screen_stack:
            if isinstance(screen, Frame):
                screen.close()
        super().leave(return_code)


def key_table() -> tuple[KeyRow, ...]:
    """Return every key of the console, its id and its meaning, sorted by id."""
    panes = tuple(place.factory for place in SCREENS if isinstance(place.factory, type))
    return keys_of((TerminalApp, Frame, Pane, *panes, *WIDGETS, *DIALOGS))


def known_keys() -> dict[str, str]:
    """Return every key id of the console and its keys by default."""
    return {row.id: row.keys for row in key_table()}
