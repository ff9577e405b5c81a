"""What an item of the home screen changes, or what differs live, in its panel of changes."""

from __future__ import annotations

from console.presentation.changes import changes_of
from console.presentation.compared import Compared
from console.widgets.change_panel import ChangePanel
from store.services.triage.situation import Situation


def show_differences(panel: ChangePanel, before: Situation | None, found: Situation | None) -> None:
    """Draw them, where there are any and they are others than those of `before`."""
    panel.set_class(found is not None and bool(found.diff.components), "-filled")
    if found is None or (before is not None and before.diff == found.diff):
        return
    drift = found.three is not None
    labels = ("should be", "is live") if drift else (f"{found.item.environment} now", found.item.key)
    panel.border_title = "What differs live" if drift else f"What {found.item.key} changes"
    texts = Compared(diff=found.diff, before=found.before, after=found.after)
    changes, impact = changes_of(found.diff.to_json()), found.diff.impact
    panel.show_changes(changes, texts, old_label=labels[0], new_label=labels[1], impact=impact)
