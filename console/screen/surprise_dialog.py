"""Somebody changed what is live while a question was being answered: all three versions, before it is asked again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from console.presentation.changes import changes_of
from console.presentation.component_text import component_text
from console.presentation.spans import line
from console.screen.change_question import ConfirmChange
from console.screen.desk import Desk
from console.screen.pane import Pane
from console.widgets.three_versions import ThreeVersions, Versions
from store.services.drift.drift_view import ThreeWay, three_way


class GivenVersions(ThreeVersions):
    """Three versions that are known before they are on the screen."""

    def __init__(self, versions: Versions) -> None:
        super().__init__()
        self._given_versions = versions

    def on_mount(self) -> None:
        self.show_versions(self._given_versions)


async def saw_surprise(pane: Pane[Any], desk: Desk, drifts: Sequence[str]) -> bool:
    """Show what was changed behind our back, one drift after the other; say whether the person wants to go on."""
    for number, drift in enumerate(drifts, 1):
        three = await pane.fetch(partial(three_way, desk.context, drift), doing="reading what changed")
        if not (await pane.ask(_question(three, number, len(drifts)))).confirmed:
            return False
    return True


def _question(three: ThreeWay, number: int, total: int) -> ConfirmChange:
    row = three.drift
    versions = Versions(
        desired=component_text(three.desired),
        observed=component_text(three.observed),
        previous=component_text(three.previous),
        live=changes_of(three.live.to_json()),
        last=changes_of(three.last_change.to_json()),
        labels=(
            line(("desired", "title")),
            line(("live now", "title"), ("  changed just now", "danger")),
            line(("previous", "title")),
        ),
    )
    count = f" ({number} of {total})" if total > 1 else ""
    facts = [
        line((f"{row.id} ", "danger"), f"{row.name}: {row.summary}"),
        line(("nothing was pushed; what is live is archived, and the question is asked again with it", "muted")),
    ]
    title = f"somebody changed {row.project} on {row.environment}{count}"
    return ConfirmChange(title, facts, verb="seen", body=GivenVersions(versions))
