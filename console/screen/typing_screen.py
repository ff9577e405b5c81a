"""A screen whose last line can be typed into: `/` narrows what the pane in front lists, `:` runs a command."""

from __future__ import annotations

from typing import Any

from textual.widgets import ContentSwitcher

from console.screen.pane import Pane
from console.widgets.filter_bar import FilterBar, Mode
from console.widgets.terminal import PatientScreen


class TypingScreen(PatientScreen):
    """One pane stands in front and gets what is typed after `/`; a subclass runs the commands."""

    @property
    def pane(self) -> Pane[Any] | None:
        """The pane in front."""
        front = self.query_one(ContentSwitcher).visible_content
        return front if isinstance(front, Pane) else None

    async def run_command(self, text: str) -> None:
        """Run what was typed after `:`."""
        raise NotImplementedError

    def narrow(self, text: str) -> None:
        """Filter what is listed, as if it had been typed after `/`."""
        bar = self.query_one(FilterBar)
        bar.open(Mode.FILTER, text)
        bar.close()
        if self.pane is not None:
            self.pane.filter_rows(text)
            self.refocus()

    @property
    def narrowed_by(self) -> str:
        """What is listed is filtered by this; empty: by nothing."""
        bar = self.query_one(FilterBar)
        return bar.field.value if bar.mode is Mode.FILTER else ""

    def leave_filter(self) -> bool:
        """Empty the filter and close the bar; return whether there was a filter."""
        bar = self.query_one(FilterBar)
        filtered = bool(self.narrowed_by)
        if filtered and self.pane is not None:
            self.pane.filter_rows("")
        bar.close()
        bar.field.value = ""
        return filtered

    def stop_typing(self) -> None:
        """Close the bar, keep its filter, and give the pane its keys back: an act is asked for by its key."""
        self.query_one(FilterBar).close()
        self.refocus()

    def refocus(self) -> None:
        """Give the focus back to the pane in front."""
        if self.pane is not None:
            self.set_focus(None)
            self.focus_in(self.pane)

    def focus_in(self, pane: Pane[Any]) -> None:
        """Give the focus to what `pane` wants it on first, unless something in it has it."""
        focused = self.focused
        if focused is not None and pane in focused.ancestors_with_self:
            return
        target = pane.first_focus()
        if target is None:
            pane.can_focus = True
            target = pane
        self.set_focus(target, scroll_visible=False)  # at once: the keys shown are those of what has the focus

    def action_filter(self) -> None:
        hint = self.pane.filter_hint() if self.pane is not None else ""
        self.query_one(FilterBar).open(Mode.FILTER, self.narrowed_by, hint=hint)

    def action_command(self) -> None:
        self.query_one(FilterBar).open(Mode.COMMAND)

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        if self.pane is not None:
            self.pane.filter_rows(event.text)

    def on_filter_bar_dismissed(self) -> None:
        self.refocus()

    async def on_filter_bar_submitted(self, event: FilterBar.Submitted) -> None:
        self.refocus()
        if event.mode is Mode.FILTER and self.pane is not None:
            self.pane.filter_entered(event.text)
        elif event.text.strip():
            await self.run_command(event.text.strip())
