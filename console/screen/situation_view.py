"""What is drawn of the item under the cursor of the home screen: the item in depth, and what it changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from console.presentation import home_preview
from console.presentation.changes import changes_of
from console.presentation.compared import Compared
from console.presentation.spans import Line, line
from console.screen.pane import Pane
from console.widgets.change_panel import ChangePanel
from console.widgets.text_view import Facts
from store.errors import QuarterdeckError
from store.integrity.entry import Entry
from store.services.triage.situation import Situation


class SituationView:
    """Draws a situation into a pane's `#about` and its `ChangePanel`."""

    def __init__(self, pane: Pane[Any], at: datetime, read_only: str | None) -> None:
        self._pane = pane
        self._read_only = read_only
        self.situation: Situation | None = None
        self.unread: str | None = None
        """Why the item under the cursor cannot be told in depth."""
        self.at = at
        self.lately: tuple[Entry, ...] = ()
        """What happened, newest first, in the whole workspace."""

    def show(self, found: Situation | None, *, is_calm: bool) -> None:
        """Show an item in depth; without one, and where it `is_calm`, what stands there as long as there is none."""
        self.unread = None
        before, self.situation = self.situation, found
        about = self._pane.query_one("#about", Facts)
        about.show_lines(*self._about(found, about.size.width or 78, is_calm=is_calm))
        if before is None or found is None or before.item.key != found.item.key:
            self._pane.query_one("#about-scroll").scroll_to(y=0, animate=False)
        _show_differences(self._pane.query_one(ChangePanel), before, found)

    def show_unread(self, error: QuarterdeckError) -> None:
        """Say instead of an item why it cannot be told in depth."""
        self.show(None, is_calm=False)
        self.unread = str(error)
        self._pane.query_one("#about", Facts).show_lines(
            line((f"✗ {error}", "danger")), line(("V on screen 6 looks at every entry and file", "muted"))
        )

    def _about(self, found: Situation | None, room: int, *, is_calm: bool) -> tuple[Line, ...]:
        has_list = self._pane.query_one("#lately").display
        if found is not None:
            most = 4 if has_list else 8
            return home_preview.preview_lines(found, self.at, room, lately=most, read_only=self._read_only)
        return home_preview.calm_lines(() if has_list else self.lately[:12], self.at, room) if is_calm else ()


def _show_differences(panel: ChangePanel, before: Situation | None, found: Situation | None) -> None:
    """Draw what an item changes, or what differs live, where there is any and it is another than that of `before`."""
    panel.set_class(found is not None and bool(found.diff.components), "-filled")
    if found is None or (before is not None and before.diff == found.diff):
        return
    drift = found.three is not None
    labels = ("should be", "is live") if drift else (f"{found.item.environment} now", found.item.key)
    panel.border_title = "What differs live" if drift else f"What {found.item.key} changes"
    texts = Compared(diff=found.diff, before=found.before, after=found.after)
    changes, impact = changes_of(found.diff.to_json()), found.diff.impact
    panel.show_changes(changes, texts, old_label=labels[0], new_label=labels[1], impact=impact)
