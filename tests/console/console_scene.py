"""What the console's tests share: hostile strings, a bare host app, a session that answers from memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget

from console.presentation.frame import ChainFacts, EnvironmentFacts, FrameFacts
from console.widgets.terminal import TerminalApp

HOSTILE = (
    "\x1b[2J\x1b[31337mred",
    "\x1b]52;c;SGFja2Vk\x07clip",
    "\x1b]0;title\x07",
    "\x9b31337m\x9d52;c;x\x9c",
    "bell\x07back\x08del\x7fnul\x00",
    "two\nlines\r\nand\ttab\x0b\x0c",
    "\u202egnp.exe\u202c",
    "\u2066iso\u2069\u200b\u200d\ufeff\u00ad",
    "\u2028line\u2029paragraph\u0085next",
    "[/]",
    "[bold red]not bold[/bold red]",
    "[@click=app.quit]press[/]",
    "[link=https://evil.example]x[/link]",
    "\\[b]\\\\[[c]]",
    "lone \ud800 surrogate",
    "private \ue000 unassigned \U000e0fff tag \U000e0041",
    "e" + "\u0301" * 30,
    "\u0301starts with a mark",
    "👨\u200d👩\u200d👧 👍🏽 🇩🇪 ❤\ufe0f",
    "日本語の名前" * 4,
    "blank\u00a0\u2003\u3000\u3164\u115fend",
    "x" * 10_000,
    "раураl",
    "",
    " ",
    "{{template}} $HOME %s {0}",
)
"""Names as a hostile export may carry them."""


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
        self.facts = facts
        self.grew: int | None = None
        self.interrupted = False
        self.polls = 0
        self.on_poll: Callable[[], None] = lambda: None

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
