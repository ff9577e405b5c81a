"""A screen that knows how much room there is before anything on it is styled."""

from __future__ import annotations

from typing import TypeVar

from textual.screen import Screen

R = TypeVar("R")


class SizedScreen(Screen[R]):
    """A screen that has the classes of its breakpoints from the first; Textual gives them after, and styles it again.

    Until then it would be drawn once as if there were the least of room, or the most.
    """

    async def _compose(self) -> None:
        for room, points in zip(self.app.size, (self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS), strict=True):
            self.add_class(*self._get_breakpoint_classes(room, points or []), update=False)
        await super()._compose()
