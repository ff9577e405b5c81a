"""One instant drawn: every environment then, beside what had just changed."""

from __future__ import annotations

from datetime import datetime

from textual.app import ComposeResult
from textual.containers import Container, Vertical

from console.presentation import moments as words
from console.presentation.spans import line
from console.widgets.columns import Column, Row
from console.widgets.keyed_table import KeyedTable
from console.widgets.text_view import Facts, TextView
from store.services.history.moments import Moment
from store.services.history.replay import Standing

_COLUMNS = (
    Column(name="environment/project", most=40, least=14, keep=9),
    Column(name="release", width=11, keep=4),
    Column(name="since (UTC)", width=17, keep=3, tone="muted"),
    Column(name="for", width=4, keep=5, align="right"),
    Column(name="by", width=8, keep=7),
    Column(name="drift", most=14, keep=8),
    Column(name="now", width=11, keep=8),
)


class MomentView(Container):
    """Keys of its table are `environment/project`. Its looks stand in `screens/replay.tcss`."""

    def __init__(self) -> None:
        super().__init__()
        self._standings: dict[str, Standing] = {}
        self.wanted: str | None = None
        """The environment that the cursor is to go to once it is shown."""

    def compose(self) -> ComposeResult:
        with Vertical(id="moment-state"):
            yield Facts(id="moment-state-title")
            yield KeyedTable(_COLUMNS, empty="nothing was deployed anywhere yet")
        with Vertical(id="moment-before"):
            yield Facts(id="moment-before-title")
            yield TextView(wrapped=True)

    @property
    def standing(self) -> Standing | None:
        """What the table's cursor is on; None for a place that held nothing."""
        return self._standings.get(self.query_one(KeyedTable).key or "")

    def show(self, found: Moment, at: datetime, *, past: bool) -> None:
        """Draw a moment; `at` is the instant that ages count from."""
        self._standings = {f"{one.environment}/{one.project}": one for one in found.standings}
        rows = [Row(key=k, cells=words.standing_cells(one, at, past=past)) for k, one in self._standings.items()]
        rows += [Row(key=f"{env}/{project}", cells=words.absent_cells(env, project)) for env, project in found.absent]
        title = line(("Every environment  ", "title"), (words.when_words(at, past=past), "warn" if past else "ok"))
        self.query_one("#moment-state-title", Facts).show_lines(title)
        rows.sort(key=lambda row: row.key)
        table = self.query_one(KeyedTable)
        table.sync(rows)
        first = next((row.key for row in rows if self.wanted and row.key.startswith(f"{self.wanted}/")), None)
        if first is not None and table.select(first):
            self.wanted = None
        self.query_one("#moment-before-title", Facts).show_lines(words.before_line(found))
        self.query_one(TextView).show_lines(words.changed_lines(found), cut=words.done_lines(found))
