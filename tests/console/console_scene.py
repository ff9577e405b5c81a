"""What the console's tests share: a bare host app, a session that answers from memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from textual.app import App, ComposeResult
from textual.message import Message
from textual.widget import Widget

from console.presentation.frame import ChainFacts, EnvironmentFacts, FrameFacts
from console.widgets.reading_threads import ReadingThreads
from console.widgets.terminal import TerminalApp


class Host(TerminalApp[None]):
    """An app that holds some widgets and keeps what they say."""

    def __init__(self, *widgets: Widget, palette: str = "truecolor") -> None:
        super().__init__(palette=palette)
        self.held = widgets
        self.heard: list[Message] = []

    def compose(self) -> ComposeResult:
        yield from self.held

    def said(self, kind: type[Message]) -> list[Message]:
        return [message for message in self.heard if isinstance(message, kind)]

    async def _dispatch_message(self, message: Message) -> None:
        self.heard.append(message)
        await super()._dispatch_message(message)


def screen_text(app: TerminalApp[None]) -> str:
    """Return what is on the screen, line by line, as the terminal would get it."""
    strips = app.screen._compositor.render_strips()  # the only way to the screen's text
    filters = app.get_line_filters()
    lines = []
    for strip in strips:
        segments = list(strip)
        for line_filter in filters:
            segments = line_filter.apply(segments, app.screen.background_colors[1])
        lines.append("".join(segment.text for segment in segments).rstrip())
    return "\n".join(lines)


async def drawn(app: App[Any]) -> None:
    """Wait until nothing is left to do or to draw, but for what a thread or a timer brings later.

    Textual's own wait takes a process that gets no processor for one that has nothing to do.
    """
    for _ in range(200):
        await _all_ran()
        while app._resize_timer is not None:  # Textual follows a terminal's size 8 ms later
            await asyncio.sleep(0.002)
            await _all_ran()
        screen = app.screen
        if not (
            screen._layout_required or screen._scroll_required or screen._repaint_required
            or screen._recompose_required or screen._dirty_widgets or screen._callbacks
        ):  # fmt: skip
            return
        screen._on_timer_update()


async def _all_ran() -> None:
    """Let every callback and task run that can, and those that they wake."""
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]  nothing else tells
    for _ in range(1_000):
        await asyncio.sleep(0)
        if not ready:
            return


FACTS = FrameFacts(
    workspace="acme",
    who="bo",
    environments=(
        EnvironmentFacts(name="dev", status="ok"),
        EnvironmentFacts(name="staging", status="failed"),
        EnvironmentFacts(name="prod", status="drift", protected=True),
    ),
    counts={"triage": 9},
    chain=ChainFacts(status="verified", entries=184_201),
)


class MemorySession:
    """A session whose ledger is a number."""

    def __init__(self, facts: FrameFacts = FACTS) -> None:
        self.threads = ReadingThreads()
        self.facts = facts
        self.grew: int | None = None
        self.interrupted = False
        self.polls = 0
        self.on_poll: Callable[[], None] = lambda: None

    @property
    def read_only(self) -> str | None:
        return self.facts.read_only

    def frame(self) -> FrameFacts:
        return self.facts

    def poll(self) -> int | None:
        self.polls += 1
        self.on_poll()
        grew, self.grew = self.grew, None
        return grew

    def interrupt(self) -> None:
        self.interrupted = True

    def append(self) -> None:
        size = self.facts.chain.entries + 1
        self.facts = replace(self.facts, chain=ChainFacts(status="verified", entries=size))
        self.grew = size
