"""A room that says when its height changed, for who shares it out among what stands in it."""

from __future__ import annotations

from textual.containers import Container
from textual.message import Message


class Room(Container):
    """Room that is shared out: the lines above it come and go, and so does its height."""

    class Changed(Message):
        """It is higher or lower than before."""

    def on_resize(self) -> None:
        self.post_message(self.Changed())
