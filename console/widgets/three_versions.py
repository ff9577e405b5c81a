"""One thing in three versions: what changed, in words; below it the texts; any one comparison in the whole room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from console.presentation.changes import ComponentChange
from console.presentation.impacts import brief_impact
from console.presentation.spans import Line, fit, line
from console.widgets.diff_view import DiffView
from console.widgets.semantic_diff import SemanticDiff
from console.widgets.text_view import Facts
from console.widgets.three_way_view import ThreeWayView
from store.domain.impact import Impact

WIDE = 120
"""Cells from which the three versions stand side by side."""
_TEXT_ROWS = 5
"""Fewer lines than this are no text: then the words have the room."""
TITLES = {
    "three": "desired | live | previous",
    "live": "behind our back: desired → live",
    "last": "on purpose before: previous → desired",
}


@dataclass(frozen=True, kw_only=True)
class Versions:
    """What there is to compare; an empty text: that version does not exist."""

    desired: str
    observed: str
    previous: str
    live: Sequence[ComponentChange]
    """From desired to observed."""
    last: Sequence[ComponentChange]
    """From previous to desired."""
    labels: tuple[Line, Line, Line]
    """Headings of desired, observed, previous."""
    impact: Impact = field(default_factory=Impact)
    """What the unauthorised change does to permissions and connectors."""

    @property
    def whole(self) -> bool:
        """All three versions exist."""
        return bool(self.desired and self.observed and self.previous)


class ThreeVersions(Vertical):
    """Words and texts as there is room for; `next_view` gives one comparison all of it."""

    DEFAULT_CSS = """
    ThreeVersions { height: 1fr; }
    ThreeVersions > Horizontal { height: auto; }
    ThreeVersions > Horizontal > Vertical { width: 1fr; height: 1fr; }
    ThreeVersions > Horizontal > Vertical.-last { margin-left: 2; }
    ThreeVersions > Horizontal Facts { padding: 0 1; }
    """
    full: reactive[str] = reactive("", init=False)
    """Which comparison has the whole room: `three`, `live`, `last`; "" for words and text together."""

    class Turned(Message):
        """Another comparison has the room, or none (`full` is "")."""

        def __init__(self, full: str) -> None:
            self.full = full
            super().__init__()

    def __init__(self, *, first: str = "", id: str | None = None) -> None:
        """Turn to the comparison `first` before the others."""
        super().__init__(id=id)
        self._versions: Versions | None = None
        self._versions_first = self._versions_last = first
        """Where turning begins: the comparison that was looked at last, the last time round."""

    def compose(self) -> ComposeResult:
        yield Facts(id="drift-impact")
        with Horizontal():
            with Vertical():
                yield Facts(line((TITLES["live"], "title")))
                yield SemanticDiff(id="live-words")
            with Vertical(classes="-last"):
                yield Facts(line((TITLES["last"], "title")))
                yield SemanticDiff(id="last-words")
        yield ThreeWayView()
        yield DiffView(roomy=True)

    def show_versions(self, versions: Versions | None) -> None:
        """Show these versions, or nothing."""
        self._versions = versions
        if versions is not None:
            self.query_one("#live-words", SemanticDiff).show_changes(versions.live)
            self.query_one("#last-words", SemanticDiff).show_changes(versions.last)
            self._show_texts()
        self._arrange()

    def views(self) -> tuple[str, ...]:
        """Return the comparisons that fit here, in the order in which they are turned to."""
        wide = self.size.width >= WIDE and self._versions is not None and self._versions.whole
        return ("three", "live", "last") if wide else ("live", "last")

    def next_view(self) -> None:
        """Give the next comparison the whole room; after the last one, words and text come back."""
        known = self.views()
        at = known.index(self._versions_first) if self._versions_first in known else 0
        views = ("", *known[at:], *known[:at])
        self.full = views[(views.index(self.full) + 1) % len(views)] if self.full in views else views[1]

    def front(self) -> Widget:
        """Return the view that has the room, to be focused."""
        kind = ThreeWayView if self.full == "three" else DiffView if self.full else SemanticDiff
        return self.query(kind).first(Widget)

    def watch_full(self) -> None:
        self._show_texts()
        self._arrange()
        if not self.full:
            self._versions_first = self._versions_last
        else:
            self._versions_last = self.full
        self.post_message(self.Turned(self.full))

    def on_resize(self, event: events.Resize) -> None:
        del event
        self._arrange()

    def on_semantic_diff_chosen(self, event: SemanticDiff.Chosen) -> None:
        event.stop()
        self.full = "last" if event.view.id == "last-words" else "live"

    def _show_texts(self) -> None:
        found = self._versions
        if found is None:
            return
        if found.whole:
            self.query_one(ThreeWayView).show_texts(found.desired, found.observed, found.previous, labels=found.labels)
        if self.full == "last":
            self.query_one(DiffView).compare(found.previous, found.desired, old_label="previous", new_label="desired")
        else:
            self.query_one(DiffView).compare(found.desired, found.observed, old_label="desired", new_label="live")

    def _arrange(self) -> None:
        if not self.query(DiffView):
            return
        if self.full and self.full not in self.views():
            self.full = "live"
            return
        shown, full = self._versions is not None, self.full
        told = self._show_impact()
        wide = "three" in self.views()
        rows = max(view.row_count() for view in self.query(SemanticDiff)) + 2
        words = min(rows, max((self.size.height - told) // 3, 5))
        text = shown and not full and self.size.height - told - words >= _TEXT_ROWS
        box = self.query_one(Horizontal)
        box.display = shown and not full
        box.styles.height = words if text else "1fr"
        self.query_one(".-last").display = self.size.width >= WIDE
        self.query_one(ThreeWayView).display = full == "three" or (text and wide)
        self.query_one(DiffView).display = full in {"live", "last"} or (text and not wide)

    def _show_impact(self) -> int:
        """Say on top what the change nobody asked for does, in a fifth of the room; return how many lines."""
        facts, found = self.query_one("#drift-impact", Facts), self._versions
        most, room = min(max(self.size.height // 5, 1), 5), max(self.size.width - 1, 20)
        lines = brief_impact(found.impact, most) if found is not None else []
        facts.display = bool(lines)
        facts.show_lines(*(fit(line(" ", *words), room) for words in lines))
        return len(lines)
