"""Everything about one node of the lineage: what is known of it in words, and what it changed."""

from __future__ import annotations

from datetime import datetime

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll

from console.presentation import lineage as words
from console.presentation.changes import changes_of
from console.presentation.component_text import component_text
from console.widgets.change_panel import ChangePanel
from console.widgets.text_view import Facts
from store.services.lineage.lineage_detail import Detail


class NodeDetail(Vertical):
    """Words above, the change below them as far as there is one and room for it."""

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="about", can_focus=False):
            yield Facts()
        yield ChangePanel(roomy=True)

    def show_detail(self, detail: Detail, now: datetime) -> None:
        """Show what was read of a node."""
        self.query_one("#about Facts", Facts).show_lines(*words.facts(detail, now))
        found = detail.comparison
        if found is not None:
            labels = ("desired", "live") if detail.drift is not None else ("before", "after")
            self.query_one(ChangePanel).show_changes(
                changes_of(found.diff.to_json()),
                lambda key: (component_text(found.before.get(key)), component_text(found.after.get(key))),
                old_label=labels[0],
                new_label=labels[1],
                impact=found.diff.impact,
            )

    def show_change(self, *, shown: bool) -> None:
        """Let the change stand below the words, or not."""
        self.query_one(ChangePanel).display = shown
        self.query_one("#about").set_class(shown, "-beside")
