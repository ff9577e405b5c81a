"""The first two lines of every screen: is anything wrong and what do I press; where am I and what waits elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from console.presentation.frame import FrameFacts
from console.presentation.spans import Line, Span, content, fit, line, width
from console.presentation.text import display
from console.presentation.words import counted, status

_CHAIN_ALARMS = frozenset({"invalid", "diverged", "shorter"})


@dataclass(frozen=True, slots=True)
class Tab:
    """One place in the tab line."""

    key: str
    id: str
    title: str


def headline(facts: FrameFacts, tabs: Sequence[Tab], *, here: str = "", brief: bool = False) -> Line:
    """Return the badge that answers "is anything wrong, and what do I press?", the worst thing first.

    On the screen that a key would lead to (`here`) the badge names no key: that screen's own first line does.
    """
    if not facts.workspace:
        return line((" reading … ", "badge"))  # never "all calm" before anything was read
    keys = {tab.id: tab.key for tab in tabs}

    def badge(words: str, tone: str, place: str) -> Line:
        elsewhere = place in keys and place != here
        press = f" {'→' if brief else 'press'} {keys[place]} " if elsewhere else " "
        return line((f" {words}", tone), (press, tone))

    chain = facts.chain.status.lower()
    if chain in _CHAIN_ALARMS:
        return badge(f"✗ LEDGER {chain.upper()}", "badge-danger", "ledger")
    wrong = [found for found in facts.environments if status(found.status).tone == "danger"]
    wrong.sort(key=lambda found: not found.protected)
    if wrong:
        more = f" +{len(wrong) - 1}" if len(wrong) > 1 else ""
        return badge(f"! {wrong[0].name} {status(wrong[0].status).word}{more}", "badge-danger", "triage")
    if facts.mine:
        return badge(f"! {counted(facts.mine, 'thing')} for you", "badge-warn", "triage")
    if others := facts.counts.get("triage", 0):
        return badge(f"· {counted(others, 'thing')} for others", "badge", "triage")
    return line((" ✓ all calm ", "badge-ok"))


class StatusBar(Widget):
    """One line: what is wrong, where we are, how the environments and the ledger are."""

    DEFAULT_CSS = "StatusBar { height: 1; background: $panel; }"

    facts: reactive[FrameFacts] = reactive(FrameFacts(workspace=""))
    current: reactive[str] = reactive("")
    """The id of the place in front."""
    crumbs: reactive[tuple[str, ...]] = reactive(())

    def __init__(self, tabs: Sequence[Tab] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._bar_tabs = tuple(tabs)

    def render(self) -> Content:
        room = self.size.width
        left = headline(self.facts, self._bar_tabs, here=self.current, brief=room < 80)
        if self.facts.banner is not None:
            most = max(room - width(left), room // 2)  # how long it lasts stands at its end: crumbs give way to it
            banner = line((f" {self.facts.banner} ", "badge-danger"))
            left = (*(banner if width(banner) <= most else fit(banner, most, middle=False)), *left)
        if self.facts.read_only is not None:
            left = (*left, *line((" READ ONLY ", "badge-warn")))
        here = sum(cell_len(part) + 3 for part in self.crumbs)
        roomy = room >= 80 and self.facts.banner is None
        right = self._right(room - width(left) - _cells((self.facts.workspace, *self.crumbs)) - 2) if roomy else ()
        if width(right) <= width(self._strip()):  # which ledger this is goes before how it is, but not before these
            right = self._right(room - width(left) - min(here, room // 3 if roomy else 13))
        crumbs = self._crumbs(room - width(left) - width(right) - 2)
        middle = room - width(left) - width(crumbs) - width(right)
        return content((*left, *crumbs, Span(" " * max(middle, 0)), *right))

    def _crumbs(self, room: int) -> Line:
        """Return workspace ▸ screen ▸ what is open, giving up the workspace first, then the ends of names."""
        parts = (self.facts.workspace, *self.crumbs)
        while len(parts) > 1 and _cells(parts) > room:
            parts = parts[1:]
        spans: list[Span] = []
        for position, part in enumerate(parts):
            spans.append(Span(" ▸ " if position else " ", "faint"))
            spans.append(Span(part, "title" if position == len(parts) - 1 else "muted"))
        return tuple(spans) if width(tuple(spans)) <= room else fit(tuple(spans), max(room, 0))

    def _right(self, room: int) -> Line:
        """Return environments, chain and who, as many as fit; the environments last to go."""
        chain = status(self.facts.chain.status)
        entries = f"{self.facts.chain.entries:,}"
        choices: tuple[Line, ...] = (
            (*self._strip(), Span("  "), *line((f"{chain.symbol} chain {entries}", chain.tone)), *self._who()),
            (*self._strip(), Span("  "), *line((f"{chain.symbol} chain {entries}", chain.tone)), Span(" ")),
            (*self._strip(), Span("  "), *line((f"{chain.symbol} chain", chain.tone)), Span(" ")),
            (*self._strip(), Span(" ")),
            *((*self._strip(letters=4), Span(" ")) for _ in range(self._told_apart(4))),
            *((*self._troubled(most), Span(" ")) for most in (6, 3, 1)),
            *((*self._strip(letters=1), Span(" ")) for _ in range(self._told_apart(1))),
        )
        return next((choice for choice in choices if width(choice) <= room), ())

    def _who(self) -> Line:
        return line("  ", (self.facts.who, "muted"), " ") if self.facts.who else (Span(" "),)

    def _told_apart(self, letters: int) -> bool:
        """Return whether so many letters tell the environments apart: a cut name must not be another's."""
        names = [found.name[:letters] for found in self.facts.environments]
        return len(set(names)) == len(names)

    def _troubled(self, most: int) -> Line:
        """Return the environments that something is wrong with, by name, and how many others there are."""
        wrong = [one for one in self.facts.environments if status(one.status).tone in {"danger", "warn"}]
        wrong.sort(key=lambda one: (status(one.status).tone != "danger", not one.protected))
        spans: list[Span] = []
        for found in wrong[:most]:
            mark = status(found.status)
            name = display(found.name, 16)
            tone = "strong" if found.protected else "muted"
            spans += [Span("  " if spans else ""), Span(f"{name} ", tone), Span(mark.symbol, mark.tone)]
        others = len(self.facts.environments) - len(wrong[:most])
        return (*spans, Span(f"{'  ' if spans else ''}+{others}", "muted")) if others else tuple(spans)

    def _strip(self, letters: int = 40) -> Line:
        spans: list[Span] = []
        for found in self.facts.environments:
            mark = status(found.status)
            name_tone = "strong" if found.protected else "muted"
            name = found.name[:letters] + (" " if letters > 1 else "")
            gap = "  " if letters > 1 else " "
            spans += [Span(gap if spans else ""), Span(name, name_tone), Span(mark.symbol, mark.tone)]
        return tuple(spans)


def _cells(crumbs: Sequence[str]) -> int:
    """Return how wide crumbs are: a blank before the first, an arrow between two."""
    return sum(cell_len(part) + 3 for part in crumbs) - 2


class TabStrip(Widget):
    """One line: every place with its key and what waits there."""

    DEFAULT_CSS = "TabStrip { height: 1; background: $background; }"

    current: reactive[str] = reactive("")
    facts: reactive[FrameFacts] = reactive(FrameFacts(workspace=""))

    class Picked(Message):
        """A place was clicked."""

        def __init__(self, place: str) -> None:
            self.place = place
            super().__init__()

    def __init__(self, tabs: Sequence[Tab] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._strip_tabs = tuple(tabs)
        self._strip_ends: list[tuple[int, str]] = []

    def render(self) -> Content:
        return content(tuple(self._fitting(self.size.width)))

    def _fitting(self, room: int) -> list[Span]:
        """Return the line with as many whole titles as fit: a title goes or stays, it is never cut.

        The last ones go first, those of places where something waits after all others; the number stays.
        """
        every = {tab.id for tab in self._strip_tabs}
        for gap in ("   ", "  ", " "):
            spans = self._drawn(every, gap)
            if width(tuple(spans)) <= room:
                return spans
        named = [tab.id for tab in self._strip_tabs if tab.id != self.current]
        named.sort(key=lambda place: not self.facts.counts.get(place, 0))
        while named and width(tuple(spans)) > room:
            named.pop()
            spans = self._drawn(set(named), " ")
        return spans if width(tuple(spans)) <= room else self._drawn(set(named), "")

    def _drawn(self, named: Collection[str], gap: str) -> list[Span]:
        """Return the line with the titles of these places, and of the current one."""
        spans: list[Span] = []
        self._strip_ends = []
        for tab in self._strip_tabs:
            here = tab.id == self.current
            title = tab.title if here or tab.id in named else ""
            count = self.facts.counts.get(tab.id, 0)
            spans.append(Span(f" {tab.key} " if here else f" {tab.key}", "badge-warn" if here else "key"))
            spans.append(Span(f" {title}" if title else "", "title" if here else "muted"))
            if count:
                spans.append(Span(f" {count}" if title else f":{count}", "strong"))
            spans.append(Span(gap))
            self._strip_ends.append((width(tuple(spans)), tab.id))
        return spans

    def on_click(self, event: events.Click) -> None:
        place = next((place for end, place in self._strip_ends if event.x < end), None)
        if place is not None:
            self.post_message(self.Picked(place))
