"""Base class of messages from widgets that occur several times on one screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from textual.message import Message
from textual.widget import Widget

W = TypeVar("W", bound=Widget)


@dataclass(eq=False)
class WidgetMessage(Message, Generic[W]):
    """Something that `view` says. A subclass adds what, as a dataclass of its own."""

    view: W

    @property
    def control(self) -> W:
        """The widget, for handlers that choose by it (`@on`)."""
        return self.view
