"""What is drawn of one request: its facts, what it changes, what was ticked off of it and what was said."""

from __future__ import annotations

from datetime import datetime
from time import monotonic
from typing import Any

from console.presentation import reviews
from console.presentation.compared import Compared
from console.presentation.spans import Line, line
from console.screen.pane import Pane
from console.widgets.change_panel import ChangePanel
from console.widgets.keyed_table import ARMING_SECONDS
from console.widgets.text_view import Facts
from store.services.requests.review import Review


class ReviewView:
    """Draws a review into a pane's `#facts` and its `ChangePanel`."""

    def __init__(self, pane: Pane[Any], at: datetime) -> None:
        self._pane = pane
        self._ticked: dict[tuple[str, str], frozenset[str]] = {}
        """What was looked at, by request and digest: an edit makes it another one, to be looked at anew."""
        self._edited_at = float("-inf")
        self._edited: str | None = None
        self.review: Review | None = None
        self.at = at
        self.noise = False

    @property
    def moved(self) -> bool:
        """It was edited under the reader's eyes, just now: acts wait."""
        return monotonic() - self._edited_at < ARMING_SECONDS

    def viewed(self) -> frozenset[str]:
        """Return the components that are ticked off."""
        found = self.review
        return self._ticked.get(_revision(found), frozenset()) if found is not None else frozenset()

    def tick(self, component: str) -> bool:
        """Tick a component off, or on again; return whether it is ticked off now."""
        assert self.review is not None
        ticked = self._ticked[_revision(self.review)] = self.viewed() ^ {component}
        self._show_words()
        return component in ticked

    def left(self) -> None:
        """Forget that it was edited while somebody looked: they look elsewhere now."""
        self._edited = None

    def head(self, room: int) -> list[Line]:
        """Return what stands above a review that has the whole screen."""
        found = self.review
        assert found is not None
        lines = [*reviews.head_lines(found, self.at, room=room), reviews.next_step(found)]
        if found.request.digest == self._edited:
            lines.append(line(("! it was edited while you looked: what you had viewed is void", "warn")))
        return lines

    def title(self) -> str:
        """Return what stands over the changes: how many of them were looked at."""
        assert self.review is not None
        every = reviews.to_view(self.review.diff)
        return f"Changes, {len(self.viewed() & set(every))} of {len(every)} viewed"

    def show(self, found: Review) -> None:
        """Show a review; what is the same as before stays as it is, and where it is."""
        before, self.review = self.review, found
        row = found.request
        same = before is not None and before.request.id == row.id
        if before is not None and same and before.request.digest != row.digest:
            self._edited_at, self._edited = monotonic(), row.digest
        self.show_facts(head=not self._pane.has_class("-review"))
        if before is None or not same or before.diff != found.diff:
            self._pane.query_one("#facts-scroll").scroll_to(y=0, animate=False)
            self.show_changes()
        elif before.comments != found.comments:
            self._show_words()

    def show_facts(self, *, head: bool) -> None:
        """Draw what is stated, as wide as there is room; with `head` what the review has above it too."""
        facts = self._pane.query_one("#facts", Facts)
        if self.review is None:
            facts.show_lines(*reviews.nothing_lines())
        else:
            facts.show_lines(*reviews.fact_lines(self.review, self.at, head=head, room=facts.size.width or 78))

    def show_changes(self) -> None:
        """Draw what it changes, in words and as text."""
        found = self.review
        if found is not None:
            texts = Compared(diff=found.diff, before=found.before, after=found.after, noise=self.noise)
            self._pane.query_one(ChangePanel).show_changes(
                reviews.reviewed_changes(found, self.viewed(), self.at),
                texts,
                old_label=f"{found.request.environment} now",
                new_label=found.request.id,
                impact=found.diff.impact,
            )

    def _show_words(self) -> None:
        """Draw ticks and comments anew; the text below stays where it is."""
        assert self.review is not None
        changes = reviews.reviewed_changes(self.review, self.viewed(), self.at)
        self._pane.query_one(ChangePanel).show_words(changes)


def _revision(review: Review) -> tuple[str, str]:
    return review.request.id, review.request.digest
