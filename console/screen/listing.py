"""Which entries the ledger's list shows: all of them by number, or what a search finds, as it finds it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from console.presentation.spans import Line, line
from console.presentation.words import counted
from console.screen.desk import Desk
from console.screen.entry_rows import entry_row
from console.widgets.columns import Row
from console.widgets.virtual_table import Window
from store.services.history import searching
from store.services.history.history import Query

_DRAW_SECONDS = 0.2
_HINT = "/ kind: actor: env: project: subject: since: until: text"


class Listing:
    """Rows by position, newest first. Changed on the main thread only; `rows` may be called from any."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._looked: tuple[int, float] | None = None
        self._text = ""
        self.query = Query()
        self.size: int | None = None
        """How many entries the ledger had when it was last looked at; None before that."""
        self.found: list[int] | None = None
        """What matches so far, newest first; None: everything is shown."""

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.found) if self.found is not None else self.size or 0

    @property
    def searching(self) -> bool:
        """Whether a search is under way."""
        return self._looked is not None

    def begin(self, query: Query, text: str = "") -> None:
        """Begin anew with `query`, typed as `text`; one that is not everything needs `search` next."""
        everything = searching.is_everything(query)
        self._text = text
        self.query, self._looked = query, None if everything else (self.size or 0, monotonic())
        self.found = None if everything else []

    async def search(self, tell: Callable[[int], None]) -> None:
        """Look through the whole ledger a step at a time; `tell` how many rows came in, a few times a second.

        Raises:
            IntegrityFailure: an entry is damaged.
        """
        size, query, found = self.size or 0, self.query, self.found
        assert found is not None
        steps = searching.search(self._desk.context, query, size=size)
        began = monotonic()
        drawn, untold = 0.0, 0
        try:
            while (step := await self._desk.threads.read(next, steps, None)) is not None:
                found += step.seqs
                untold += len(step.seqs)  # not the list's length: new entries may join its other end meanwhile
                self._looked = (step.reached, began)
                if monotonic() - drawn >= _DRAW_SECONDS:
                    tell(untold)
                    drawn, untold = monotonic(), 0
        finally:
            if self.query is query:
                self._looked = None
        tell(untold)

    def fresh(self, size: int) -> tuple[int, ...]:
        """Return what the query selects among the entries since the last look, newest first. Reads."""
        if self.size is None or self.found is None:
            return ()
        steps = searching.search(self._desk.context, self.query, size=size, after=self.size)
        return tuple(seq for step in steps for seq in step.seqs)

    def take(self, size: int, fresh: tuple[int, ...]) -> int:
        """Take note of a grown ledger and return how many rows that adds on top."""
        before, self.size = self.size or 0, size
        if self.found is None:
            return size - before
        self.found[0:0] = fresh
        return len(fresh)

    def rows(self, window: Window) -> list[Row]:
        """Return the rows of a window. Reads."""
        context, found = self._desk.context, self.found
        if found is None:
            entries = searching.window(context, newest=window.total - window.offset, count=window.limit)
        else:
            entries = searching.chosen(context, found[window.offset : window.offset + window.limit])
        return [entry_row(entry) for entry in entries]

    def line(self, unseen: int) -> Line:
        """Return what is listed, in one line; `unseen` rows came in above the window."""
        size = self.size or 0
        above: Line = line((f"   ▲ {unseen:,} new above: ", "info"), ("g", "key")) if unseen else ()
        if self.found is None:
            everything = line((counted(size, "entry", "entries"), "strong"), ", newest first")
            return (*everything, *above, *line((f"   {_HINT}", "muted")))
        asked = line(("/ ", "key"), (self._text, "strong"), "   ")
        found = (*asked, *line((f"{len(self.found):,}", "strong"), f" of {counted(size, 'entry', 'entries')}"))
        if self._looked is None:
            return (*found, *line(" match"), *above, *line("   ", ("esc", "key"), (" shows all", "muted")))
        reached, began = self._looked
        far = f"searching: {max(size - reached, 0):,} looked at · {monotonic() - began:.0f} s"
        return (*found, *line((f" match so far   {far}   ", "info"), ("esc", "key"), " stops"))
