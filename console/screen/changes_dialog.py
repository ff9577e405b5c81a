"""What differs between two instants, to read: in words, and as the text of each component."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from console.presentation.component_text import component_text
from console.presentation.moments import component_changes, place_line
from console.presentation.spans import Line, line
from console.widgets.change_panel import ChangePanel
from console.widgets.dialogs import Dialog
from console.widgets.key_caps import KeyCaps
from console.widgets.semantic_diff import SemanticDiff
from console.widgets.text_view import Facts
from store.domain.impact import Impact
from store.services.history.moments import PlaceChange

_MOST_PLACES = 6
_KEYS = line(
    (" n/N ", "keycap"), " next   ", (" d ", "keycap"), " words/text   ", (" w ", "keycap"), " layout   ",
    (" esc ", "keycap"), " close",
)  # fmt: skip


class ChangesDialog(Dialog[None]):
    """Every environment and project whose desired state differs; nothing can be changed here."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "close", show=False, id="dialog.cancel")]
    DEFAULT_CSS = """
    ChangesDialog > Vertical { width: 180; max-width: 100%; }
    ChangesDialog.-full > Vertical { max-height: 100%; }
    """

    def __init__(self, title: Line, old_label: str, new_label: str, places: tuple[PlaceChange, ...]) -> None:
        super().__init__(classes="-full")
        self._title = title
        self._labels = (old_label, new_label)
        self._places = places

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Facts(self._title, classes="-title")
            lines = [place_line(one) for one in self._places[:_MOST_PLACES]]
            if len(self._places) > _MOST_PLACES:
                lines.append(line((f"and {len(self._places) - _MOST_PLACES} more places", "muted")))
            yield Facts(*lines)
            yield ChangePanel(classes="-body -last")
            yield KeyCaps(_KEYS)

    def on_mount(self) -> None:
        panel = self.query_one(ChangePanel)
        old, new = self._labels
        impact = Impact(facts=tuple(fact for place in self._places for fact in place.diff.impact.facts))
        panel.show_changes(component_changes(self._places), self._texts, old_label=old, new_label=new, impact=impact)
        self.query_one(SemanticDiff).focus()

    def _texts(self, key: str) -> tuple[str, str]:
        """Return a component's text on both sides. Runs in a thread."""
        number, _, component = key.partition(" ")
        one = self._places[int(number)]
        renamed = next((change.old_id for change in one.diff.components if change.id == component), None)
        return component_text(one.before.get(renamed or component)), component_text(one.after.get(component))

    def action_close(self) -> None:
        self.dismiss(None)
